"""Who works on which list, and who is invited to: for those who manage its people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import Q
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kbsite import people
from kbsite.access import ALL, Action, demand, place_of, places
from kbsite.api.base import Resource
from kbsite.api.errors import Conflict
from kbsite.api.fields import Flag, SlugRef, Text
from kbsite.api.filters import InvitationFilters, MembershipFilters
from kbsite.api.schema import reads, writes
from kbsite.models import Invitation, Membership
from kbsite.views.people import site_of
from papers.models import PaperList

_LIST_HELP = "null: all lists"


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    user: Any = serializers.SlugRelatedField(slug_field="username", read_only=True)
    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True, allow_null=True, help_text=_LIST_HELP)

    class Meta:
        model = Membership
        fields = ["id", "user", "list", "role", "since"]
        read_only_fields = fields


class RoleSerializer(serializers.Serializer[Any]):
    """Another role for a member."""

    role = serializers.ChoiceField(choices=Membership.Role.choices)
    sure = Flag(required=False, default=False, help_text="Although it takes one's own right, or the last maintainer's")


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True, allow_null=True, help_text=_LIST_HELP)
    invited_by: Any = serializers.SlugRelatedField(slug_field="username", read_only=True, allow_null=True)

    class Meta:
        model = Invitation
        fields = ["id", "email", "list", "role", "invited_by", "created_at", "mailed_at", "expires_at"]
        read_only_fields = fields


class SentInvitationSerializer(InvitationSerializer):
    """An invitation just sent; `link` is told where no mail took it, this once."""

    link = serializers.SerializerMethodField(help_text="To be passed on by hand; null where it was mailed")

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "link"]
        read_only_fields = fields

    def get_link(self, invitation: Invitation) -> str | None:
        link: str | None = self.context.get("link")
        return link


class InviteSerializer(serializers.Serializer[Any]):
    """Whom to invite, as what, and to which list."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=Membership.Role.choices)
    list = SlugRef(slug_field="slug", queryset=PaperList.objects.all(), allow_null=True, help_text=_LIST_HELP)


class SecretSerializer(serializers.Serializer[Any]):
    """The secret of an invitation: what follows `/join/` in its link."""

    secret = Text(max_length=100)


def _managed(user: Any) -> Q:
    """Rows of the places whose people this person manages."""
    where = places(user, Action.MANAGE_PEOPLE)
    return Q() if ALL in where else Q(list__slug__in=where)


@extend_schema_view(
    list=reads("Memberships of the lists whose people you manage", MembershipSerializer(many=True), 400, 403),
    retrieve=reads("A membership", MembershipSerializer, 403, 404),
)
class MembershipViewSet(Resource[Membership]):
    """Who has which role in which list."""

    serializer_class = MembershipSerializer
    lookup_value_converter = "int"
    filterset_class = MembershipFilters
    queryset = Membership.objects.select_related("user", "list").order_by("id")
    needs = dict.fromkeys(("list", "retrieve", "partial_update", "destroy"), Action.MANAGE_PEOPLE)

    def get_queryset(self) -> Any:
        found = super().get_queryset()
        return found.filter(_managed(self.request.user)) if self.action == "list" else found

    @writes("Change a role", {200: MembershipSerializer}, 404, 409, request=RoleSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        """409 when it would take your own right or the last maintainer's, unless `sure` is true."""
        membership = self.get_object()
        asked = RoleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        role, is_sure = asked.validated_data["role"], asked.validated_data["sure"]
        try:
            people.change(membership, role, request.user, is_sure=is_sure)
        except people.NoMember:
            raise Http404 from None
        except (people.OwnRight, people.LastMaintainer) as problem:
            raise Conflict(str(problem), "not-sure") from None
        return Response(self.get_serializer(membership).data)

    @writes(
        "End a membership",
        {204: None},
        404,
        409,
        request=None,
        parameters=[OpenApiParameter("sure", bool, description="As `sure` of changing a role")],
    )
    def destroy(self, request: Request, pk: int) -> Response:
        """409 when it would take your own right or the last maintainer's, unless `sure` is true."""
        try:
            people.remove(self.get_object(), request.user, is_sure=request.query_params.get("sure") == "true")
        except (people.OwnRight, people.LastMaintainer) as problem:
            raise Conflict(str(problem), "not-sure") from None
        return Response(status=HTTPStatus.NO_CONTENT)


@extend_schema_view(
    list=reads("Pending invitations to the lists whose people you manage", InvitationSerializer(many=True), 400, 403),
    retrieve=reads("An invitation", InvitationSerializer, 403, 404),
)
class InvitationViewSet(Resource[Invitation]):
    """Who is invited to which list and has not joined yet."""

    serializer_class = InvitationSerializer
    lookup_value_converter = "int"
    filterset_class = InvitationFilters
    queryset = Invitation.objects.select_related("list", "invited_by").order_by("-id")
    needs = dict.fromkeys(("list", "retrieve", "create", "destroy", "resend"), Action.MANAGE_PEOPLE) | {
        "accept": Action.KEEP_ACCOUNT
    }

    def get_queryset(self) -> Any:
        found: Any = super().get_queryset()
        return found.pending().filter(_managed(self.request.user)) if self.action == "list" else found

    @writes("Invite somebody", {201: SentInvitationSerializer}, 409, request=InviteSerializer)
    def create(self, request: Request) -> Response:
        """A mail brings the link; `link` in the answer where this site sends no mail. It works once, for 14 days."""
        asked = InviteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        demand(request.user, Action.MANAGE_PEOPLE, place_of(given["list"]))
        try:
            sent = people.invite(given["email"], given["role"], given["list"], request.user, site_of(request))
        except people.AlreadyMember as problem:
            raise Conflict(str(problem), "already-member") from None
        except people.TooMany as problem:
            raise Throttled(detail=str(problem)) from None
        where = reverse("api:invitation-detail", [sent.invitation.pk], request=request)
        return Response(_told(sent), HTTPStatus.CREATED, headers={"Location": where})

    @writes("Send an invitation again", {200: SentInvitationSerializer}, 404, 409, request=None)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: int) -> Response:
        """With a new link; the older one opens nothing any more."""
        try:
            return Response(_told(people.resend(self.get_object(), request.user, site_of(request))))
        except people.NotPending as problem:
            raise Conflict(str(problem), "not-pending") from None
        except people.TooMany as problem:
            raise Throttled(detail=str(problem)) from None

    @writes("Take an invitation back", {204: None}, 404, 409, request=None)
    def destroy(self, request: Request, pk: int) -> Response:
        """Its link opens nothing any more."""
        try:
            people.revoke(self.get_object())
        except people.NotPending as problem:
            raise Conflict(str(problem), "not-pending") from None
        return Response(status=HTTPStatus.NO_CONTENT)

    @writes("Accept an invitation", {201: MembershipSerializer}, 404, 409, request=SecretSerializer)
    @action(detail=False, methods=["post"])
    def accept(self, request: Request) -> Response:
        """Join with the account whose token this is. Who has none makes one on the page that the link leads to."""
        asked = SecretSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        invitation = people.invitation_of(asked.validated_data["secret"])
        if invitation is None:
            raise ValidationError({"secret": ["No invitation has this secret."]})
        try:
            membership = people.join(invitation, request.user)
        except people.NotPending as problem:
            raise Conflict(str(problem), "not-pending") from None
        return Response(MembershipSerializer(membership).data, HTTPStatus.CREATED)


def _told(sent: people.Sent) -> Any:
    return SentInvitationSerializer(sent.invitation, context={"link": sent.link if sent.by_hand else None}).data
