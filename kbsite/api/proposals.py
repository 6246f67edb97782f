"""What authors propose, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from kbsite import curation, mail, proposing
from kbsite.access import ALL, Action, places
from kbsite.api.base import Resource
from kbsite.api.errors import Conflict, Unavailable
from kbsite.api.fields import Cell, Key, SlugRef, Text
from kbsite.api.filters import Filters, ListFilter
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.papers import PaperRefSerializer
from kbsite.proposalform import LONGEST_WHY
from papers import proposals
from papers.models import Decision, PaperList, Proposal
from papers.proposals import Put
from papers.standings import State


class ProposalFilters(Filters):
    list = ListFilter(label="Slug of a list")

    class Meta:
        model = Proposal
        fields: tuple[str, ...] = ()


class ProposalRequestSerializer(serializers.Serializer[Any]):
    """A paper for a list, by its author."""

    list = SlugRef(slug_field="slug", queryset=PaperList.objects.all())
    paper = Cell(max_length=1000, help_text="Its link, arXiv id or DOI")
    title = Cell(required=False, allow_blank=True, max_length=500, help_text="Needed where the paper is not on arXiv")
    category = Key(required=False, max_length=80, help_text="Where it may belong: a category's key")
    why = Text(required=False, allow_blank=True, max_length=LONGEST_WHY, default="", help_text="Why it belongs there")
    email = serializers.EmailField(max_length=254, help_text="A mail is sent there, with a link that confirms")


class AskedSerializer(serializers.Serializer[Any]):
    """That a mail is on its way. Where the proposal's state stands only the mail says."""

    detail = serializers.CharField()


class ConfirmRequestSerializer(serializers.Serializer[Any]):
    token = Text(max_length=500, help_text="The last part of the link in the mail")


class ProposalStateSerializer(serializers.Serializer[Any]):
    """What has become of a proposal, for its author."""

    key = serializers.UUIDField(help_text="Of this address, which only its author knows")
    list: Any = serializers.SlugField(source="list.slug")
    identifier = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField(help_text="`unconfirmed`, or how the paper stands in the list")
    categories = serializers.SerializerMethodField(help_text="Of an accepted one: the names of those it stands in")
    reason = serializers.SerializerMethodField(help_text="Of a declined one; may be empty")
    until = serializers.SerializerMethodField(help_text="Of a deferred one; else null")
    asked_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)

    def _put(self, proposal: Proposal) -> Put | None:
        found: dict[int, Put] = self.context["puts"]
        return found.get(proposal.pk)

    def get_identifier(self, proposal: Proposal) -> str:
        return f"{proposal.scheme}:{proposal.value}"

    def get_state(self, proposal: Proposal) -> str:
        put = self._put(proposal)
        return put.standing.state.value if put else "unconfirmed"

    def get_categories(self, proposal: Proposal) -> list[str]:
        put = self._put(proposal)
        return [*put.standing.categories] if put else []

    def get_reason(self, proposal: Proposal) -> str:
        put = self._put(proposal)
        decision = put.standing.decision if put and put.standing.state is State.REJECTED else None
        return Decision.Reason(decision.reason).value if decision and decision.reason else ""

    def get_until(self, proposal: Proposal) -> str | None:
        put = self._put(proposal)
        return put.standing.until.isoformat() if put and put.standing.until else None


class ProposalSerializer(ProposalStateSerializer):
    """A paper that a person put before a list's curators, for these."""

    source = serializers.SerializerMethodField(  # type: ignore[assignment]  # the field of this name, not of the class
        help_text="`author`, or `hand`: a curator added it"
    )
    user = serializers.CharField(source="user.username", allow_null=True, default=None, help_text="The curator")
    email = serializers.CharField(help_text="The author's; empty once it was erased")
    paper = PaperRefSerializer()
    category: Any = serializers.CharField(source="category.key", allow_null=True, default=None, help_text="A guess")
    why = serializers.CharField()
    relevance = serializers.SerializerMethodField(help_text="By the classifier; null where it has not spoken yet")

    def get_source(self, proposal: Proposal) -> str:
        return "author" if proposal.by_author else "hand"

    def get_relevance(self, proposal: Proposal) -> float | None:
        put = self._put(proposal)
        return put.relevance if put else None


_EXAMPLE = OpenApiExample(
    "A paper on arXiv",
    value={
        "list": "context-compression",
        "paper": "https://arxiv.org/abs/2407.12345",
        "category": "kv",
        "why": "It drops keys and values by their norm.",
        "email": "ada@example.org",
    },
    request_only=True,
)


@extend_schema_view(
    list=reads(
        "What was put before curators, by hand and by authors; for curators", ProposalSerializer(many=True), 400, 403
    ),
    retrieve=reads("What has become of a proposal, for its author", ProposalStateSerializer, 404),
)
class ProposalViewSet(Resource[Proposal]):
    """Papers that people put before a list's curators. An author's is nobody's business until it is confirmed."""

    serializer_class = ProposalSerializer
    lookup_field = "key"
    lookup_value_converter = "uuid"
    filterset_class = ProposalFilters
    needs = {"list": Action.DECIDE, "create": Action.PROPOSE, "confirm": Action.PROPOSE}
    queryset = (
        Proposal.objects.filter(paper__isnull=False)
        .select_related("list", "user", "category", "paper")
        .prefetch_related("paper__identifiers")
        .order_by("-id")
    )

    def get_throttles(self) -> list[BaseThrottle]:
        return [*super().get_throttles(), *([proposing.ByAddress()] if self.action == "create" else [])]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found, curated = self.filter_queryset(self.get_queryset()), places(request.user, Action.DECIDE)
        page = self.paginate_queryset(found if ALL in curated else found.filter(list__slug__in=curated))
        assert page is not None  # every list of ours has pages
        return self.get_paginated_response(ProposalSerializer(page, many=True, context=_puts(page)).data)

    def retrieve(self, request: Request, *args: Any, key: UUID, **kwargs: Any) -> Response:
        proposal = Proposal.objects.select_related("list", "paper").filter(key=key, user=None).first()
        if proposal is None:
            raise Http404
        return Response(_state(proposal))

    @writes(
        "Propose a paper",
        {202: AskedSerializer},
        409,
        503,
        request=ProposalRequestSerializer,
        examples=[_EXAMPLE],
        description="For authors, without an account. A mail asks to confirm it; until then nobody sees it. "
        "A paper is proposed once for a list: 409 says why not again.",
    )
    def create(self, request: Request) -> Response:
        asked = ProposalRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        _propose(request, **asked.validated_data)
        detail = "A mail with a link is on its way; it is proposed once that is followed."
        return Response(AskedSerializer({"detail": detail}).data, status.HTTP_202_ACCEPTED)

    @writes(
        "Confirm a proposal",
        {200: ProposalStateSerializer},
        404,
        409,
        request=ConfirmRequestSerializer,
    )
    @action(detail=False, methods=["post"])
    def confirm(self, request: Request) -> Response:
        """Put it before the curators, once, by what the mail holds."""
        asked = ConfirmRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            proposal = curation.confirm(proposing.key_of(asked.validated_data["token"]))
        except proposals.Gone:
            raise Http404 from None
        except proposals.Refused as refused:
            raise Conflict(str(refused), "settled") from refused
        return Response(_state(proposal))


def _propose(
    request: Request, *, list: PaperList, paper: str, email: str, why: str, title: str = "", category: str = ""
) -> None:
    """Keep a proposal and send its mail. What is refused is an error of the field it is about."""
    guess = list.categories.filter(key=category).first() if category else None
    if category and guess is None:
        raise ValidationError({"category": [f"{list} has no category “{category}”."]})
    try:
        proposing.propose(request._request, list, proposals.named(paper, title), email, guess, why)
    except proposals.TitleMissing as error:
        raise ValidationError({"title": [str(error)]}) from error
    except proposals.NoPaper as error:
        raise ValidationError({"paper": [str(error)]}) from error
    except proposals.TooMany as error:
        raise Throttled(detail=str(error)) from error
    except proposals.Refused as refused:
        raise Conflict(str(refused), "settled") from refused
    except proposing.Closed as closed:
        raise PermissionDenied(str(closed)) from closed
    except mail.Undeliverable as trouble:
        raise Unavailable(str(trouble)) from trouble


def _state(proposal: Proposal) -> dict[str, Any]:
    return dict(ProposalStateSerializer(proposal, context=_puts([proposal])).data)


def _puts(found: Sequence[Proposal]) -> dict[str, Any]:
    """What has become of each proposal, by its key, in as many queries as lists."""
    by_list: dict[PaperList, list[Proposal]] = {}
    for proposal in found:
        by_list.setdefault(proposal.list, []).append(proposal)
    puts = [put for each, some in by_list.items() for put in proposals.with_standing(each, some)]
    return {"puts": {put.proposal.pk: put for put in puts}}
