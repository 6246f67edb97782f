"""How the review of a list goes: the figures of its page of progress."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ingest import remaining
from ingest.classifier.stopping import Advice
from kbsite.access import Action, may
from kbsite.api.base import Endpoint
from kbsite.api.schema import reads
from papers import progress
from papers.models import PaperList


class LeftSerializer(serializers.Serializer[Any]):
    """Papers among those that wait which belong in the list: the interval holds their number 90 times in 100."""

    estimate = serializers.IntegerField()
    low = serializers.IntegerField()
    high = serializers.IntegerField()


class AgreementSerializer(serializers.Serializer[Any]):
    """How often curators decided as the classifier had suggested."""

    agreed = serializers.IntegerField()
    of = serializers.IntegerField()


class PaceSerializer(serializers.Serializer[Any]):
    """What one curator, or all together, decided."""

    today = serializers.IntegerField()
    in_all = serializers.IntegerField(help_text="Among the latest decisions")
    hours = serializers.FloatField(help_text="At work: pauses of more than 15 minutes do not count")
    per_hour = serializers.FloatField(allow_null=True)
    agreement = AgreementSerializer()


class PersonPaceSerializer(PaceSerializer):
    """What one curator decided."""

    user = serializers.CharField()


class InCategorySerializer(serializers.Serializer[Any]):
    """Agreement on what was accepted into a category, or rejected."""

    category = serializers.SlugField(source="category.key", default=None, allow_null=True, help_text="Null: rejected")
    agreement = AgreementSerializer()


class ReasonSerializer(serializers.Serializer[Any]):
    """A reason for which papers were rejected."""

    reason = serializers.CharField(allow_blank=True, help_text="Empty where none was given")
    papers = serializers.IntegerField()


class ReadSerializer(serializers.Serializer[Any]):
    """A point of the recall curve."""

    read = serializers.IntegerField(help_text="Papers accepted or rejected so far")
    found = serializers.IntegerField(help_text="Of these, accepted")


class DaySerializer(serializers.Serializer[Any]):
    """How long the queue was at the end of a day."""

    day = serializers.DateField()
    waiting = serializers.IntegerField()


class ConcordSerializer(serializers.Serializer[Any]):
    """How often two curators said the same of a paper, in a list that wants two opinions."""

    agreed = serializers.IntegerField()
    of = serializers.IntegerField(help_text="Papers on which both spoke")
    share = serializers.FloatField(allow_null=True)
    kappa = serializers.FloatField(allow_null=True, help_text="Cohen’s: agreement beyond chance; 0 is chance, 1 always")


class PairConcordSerializer(ConcordSerializer):
    """How often these two agreed."""

    one = serializers.CharField()
    other = serializers.CharField()


class ListProgressSerializer(serializers.Serializer[Any]):
    """How the review of a list goes. Decisions that were taken back do not count."""

    list = serializers.SlugField()
    waiting = serializers.IntegerField()
    left = LeftSerializer(allow_null=True, help_text="Null before five papers were accepted and five rejected")
    expected = serializers.FloatField(help_text="What the classifier's probabilities of the waiting papers add up to")
    advice = serializers.ChoiceField(choices=[each.value for each in Advice])
    recall = serializers.FloatField(
        allow_null=True, help_text="The share that is found already, were as many left as the interval allows"
    )
    everybody = PaceSerializer()
    people = serializers.SerializerMethodField(help_text="By curator; empty unless a curator asks")
    categories = InCategorySerializer(many=True)
    reasons = ReasonSerializer(many=True)
    curve = ReadSerializer(many=True)
    days = DaySerializer(many=True)
    second_opinions = ConcordSerializer(help_text="First and second opinions, of whomever")
    pairs = serializers.SerializerMethodField(help_text="By two curators; empty unless a curator asks")
    is_whole = serializers.BooleanField(help_text="False where there are older decisions than the latest, looked at")

    @extend_schema_field(PersonPaceSerializer(many=True))
    def get_people(self, found: dict[str, Any]) -> Any:
        return PersonPaceSerializer(found["people"], many=True).data

    @extend_schema_field(PairConcordSerializer(many=True))
    def get_pairs(self, found: dict[str, Any]) -> Any:
        return PairConcordSerializer(found["pairs"], many=True).data


class ProgressView(Endpoint):
    """How the review of a list goes."""

    @reads("How the review of a list goes, and what its queue likely still holds", ListProgressSerializer, 404)
    def get(self, request: Request, slug: str) -> Response:
        """The figures that the list's page of progress draws."""
        paper_list = get_object_or_404(PaperList, slug=slug)
        found, outlook = progress.progress(paper_list), remaining.outlook(paper_list)
        answer = {
            "list": slug,
            "waiting": outlook.waiting,
            "left": outlook.left,
            "expected": outlook.expected,
            "advice": outlook.advice,
            "recall": outlook.recall,
            "everybody": found.everybody,
            "people": found.people if may(request.user, Action.DECIDE, slug) else (),
            "categories": found.categories,
            "reasons": found.reasons,
            "curve": found.curve,
            "days": found.days,
            "second_opinions": found.between.everybody,
            "pairs": found.between.pairs if may(request.user, Action.DECIDE, slug) else (),
            "is_whole": found.is_whole,
        }
        return Response(ListProgressSerializer(answer).data)
