"""A list as the first page shows it: what is new, talked about, frequent and connected, and how much is decided."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from kbsite import dashboard
from kbsite.api.base import Endpoint
from kbsite.api.schema import reads
from kbsite.api.serializers.papers import PaperRefSerializer
from papers import whatsnew
from papers.models import PaperList
from papers.momentum import COUNTS

NEW = OpenApiParameter(
    "new", str, OpenApiParameter.QUERY, enum=list(whatsnew.SPANS), default=whatsnew.WEEK, description="How far back"
)


class MonthSerializer(serializers.Serializer[Any]):
    """Papers of a category that appeared in a month."""

    month = serializers.DateField(source="first", help_text="Its first day")
    listed = serializers.IntegerField()
    likely = serializers.IntegerField(help_text="Likely to belong there, and awaiting review")


class CategoryLineSerializer(serializers.Serializer[Any]):
    """A category over time."""

    category = serializers.SlugField(source="category.key")
    name = serializers.CharField(source="category.name")
    definition = serializers.CharField(allow_blank=True)
    listed = serializers.IntegerField()
    likely = serializers.IntegerField()
    months = MonthSerializer(many=True, help_text="Those in which anything appeared, the earliest first")


class NewCandidateSerializer(serializers.Serializer[Any]):
    """A paper that likely belongs in the list."""

    paper = PaperRefSerializer()
    published = serializers.DateField(source="paper.published", allow_null=True)
    category = serializers.SlugField(source="category.key", default=None, allow_null=True)
    relevance = serializers.FloatField()


class NewEntrySerializer(serializers.Serializer[Any]):
    """A paper that came into the list."""

    paper = PaperRefSerializer()
    published = serializers.DateField(source="paper.published", allow_null=True)
    category = serializers.SlugField(source="category.key")
    added_at = serializers.DateTimeField()


class NewCountSerializer(serializers.Serializer[Any]):
    """How much is new in a span."""

    span = serializers.ChoiceField(choices=list(whatsnew.SPANS))
    likely = serializers.IntegerField(help_text="Candidates published in it")
    listed = serializers.IntegerField(help_text="Papers that came into the list in it")


class ListNewsSerializer(serializers.Serializer[Any]):
    """What is new."""

    span = serializers.ChoiceField(choices=list(whatsnew.SPANS))
    since = serializers.DateField()
    counts = serializers.SerializerMethodField()
    likely = NewCandidateSerializer(
        source="suggestions", many=True, help_text="The newest; older ones where the span has none"
    )
    listed = NewEntrySerializer(source="entries", many=True, help_text="The newest; older ones where the span has none")

    @extend_schema_field(NewCountSerializer(many=True))
    def get_counts(self, news: whatsnew.News) -> Any:
        return [{"span": span, "likely": news.likely[span], "listed": news.listed[span]} for span in whatsnew.SPANS]


class GainSerializer(serializers.Serializer[Any]):
    """By how much a count changed lately."""

    by = serializers.IntegerField()
    since = serializers.DateField()


class TrendSerializer(serializers.Serializer[Any]):
    """A paper and what a source counted of it."""

    paper = PaperRefSerializer()
    count = serializers.IntegerField()
    source: Any = serializers.CharField()
    observed = serializers.DateField(source="day")
    gain = GainSerializer(allow_null=True, help_text="Null where it was seen once, or never changed lately")


class TrendsSerializer(serializers.Serializer[Any]):
    """The papers of which one kind of count says most, what they gained lately first."""

    kind = serializers.ChoiceField(choices=list(COUNTS))
    published_since = serializers.DateField(source="since")
    papers = TrendSerializer(many=True)


class FrequentSerializer(serializers.Serializer[Any]):
    """A venue or a tag."""

    name = serializers.CharField()
    papers = serializers.IntegerField(help_text="Of the list")


class ConnectedSerializer(serializers.Serializer[Any]):
    """A listed paper to which others of the list are nearest."""

    paper = PaperRefSerializer()
    links = serializers.IntegerField(help_text="Papers that have it among the five nearest by their vectors")


class WeekSerializer(serializers.Serializer[Any]):
    """What curators decided in a week."""

    week = serializers.DateField(source="monday", help_text="Its Monday")
    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    deferred = serializers.IntegerField()
    duplicates = serializers.IntegerField()


class ListDashboardSerializer(serializers.Serializer[Any]):
    """A list at a glance."""

    list = serializers.SlugField(source="overview.list.slug")
    name = serializers.CharField(source="overview.list.name")
    languages = serializers.ListField(child=serializers.CharField(), source="overview.languages")
    listed = serializers.IntegerField(source="overview.listed", help_text="Papers, each once")
    likely = serializers.IntegerField(source="overview.likely", help_text="Papers that likely belong, awaiting review")
    new = ListNewsSerializer(source="overview.news")
    trending = TrendsSerializer(source="trends", many=True)
    categories = CategoryLineSerializer(source="overview.lines", many=True)
    venues = FrequentSerializer(many=True, help_text="The most frequent")
    tags = FrequentSerializer(many=True, help_text="The most frequent")
    connected = ConnectedSerializer(source="connections.papers", many=True)
    compared = serializers.IntegerField(source="connections.compared", help_text="Papers whose vectors were compared")
    weeks = WeekSerializer(many=True, help_text="The last half year, this week the last")


class DashboardView(Endpoint):
    """A list as the first page shows it."""

    @reads("What is new, talked about and frequent in a list", ListDashboardSerializer, 400, 404, parameters=[NEW])
    def get(self, request: Request, slug: str) -> Response:
        """What the first page shows of the list. `lists/SLUG/figures/NAME.csv` has the figures whole."""
        paper_list = get_object_or_404(PaperList, slug=slug)
        span = request.query_params.get("new", whatsnew.WEEK)
        if span not in whatsnew.SPANS:
            raise ValidationError({"new": [f"It is one of {', '.join(whatsnew.SPANS)}."]})
        return Response(ListDashboardSerializer(dashboard.of(paper_list, span)).data)
