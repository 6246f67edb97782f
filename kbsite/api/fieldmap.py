"""The map of the field, for programs."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kbsite.api.base import Endpoint
from kbsite.api.schema import reads
from papers import cards, fieldmap
from papers.fieldmap import NO_CATEGORY, STANDINGS
from papers.models import PaperList

DIGITS = 5


class RegionSerializer(serializers.Serializer[Any]):
    """A part of the map."""

    number = serializers.IntegerField(help_text="As `region` in the filters of papers")
    terms = serializers.ListField(child=serializers.CharField(), help_text="That tell it from the others, best first")
    x = serializers.FloatField()
    y = serializers.FloatField()
    listed = serializers.IntegerField()
    likely = serializers.IntegerField()
    others = serializers.IntegerField(help_text="Unlisted papers that are not likely to belong in the list")


class PointsSerializer(serializers.Serializer[Any]):
    """Points column by column, the least relevant first; a paper in two categories is two of them."""

    papers = serializers.ListField(child=serializers.IntegerField())
    x = serializers.ListField(child=serializers.FloatField())
    y = serializers.ListField(child=serializers.FloatField(), help_text="Upwards")
    years = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    categories = serializers.ListField(child=serializers.CharField(allow_null=True), help_text="Keys")
    statuses = serializers.ListField(child=serializers.ChoiceField(choices=STANDINGS))
    regions = serializers.ListField(child=serializers.IntegerField())


class FieldMapSerializer(serializers.Serializer[Any]):
    """Papers by what they are about: what stands near is alike, distances across the map mean little."""

    list = serializers.SlugField()
    version = serializers.CharField(help_text="The same version is the same map; it is the ETag, too")
    layout = serializers.IntegerField(allow_null=True, help_text="Null before papers have places")
    encoder = serializers.CharField(allow_null=True, help_text="Whose vectors were placed")
    regions = RegionSerializer(many=True)
    points = PointsSerializer()


class FieldMapView(Endpoint):
    """The map of the field of a list."""

    @reads(
        "The map of the field",
        {200: FieldMapSerializer, 304: OpenApiResponse(description="It is the version of If-None-Match")},
        404,
    )
    def get(self, request: Request, slug: str) -> Any:
        """The list's papers, and up to 20,000 that its classifier looked at, with their places."""
        paper_list = get_object_or_404(PaperList, slug=slug)
        found = fieldmap.field_map(paper_list)
        etag = f'"{found.version if found else "none"}"'
        if (same := get_conditional_response(request._request, etag=etag)) is not None:
            return same
        points = found.points if found else fieldmap.none()
        keys = {rank: category.key for rank, category in enumerate(cards.categories(paper_list))}
        keys[NO_CATEGORY] = None  # type: ignore[assignment]
        return Response(
            {
                "list": slug,
                "version": found.version if found else "none",
                "layout": found.layout.pk if found else None,
                "encoder": found.layout.encoder if found else None,
                "regions": RegionSerializer(found.regions if found else (), many=True).data,
                # 20,000 rows: built of the columns, which a serializer would take half a second for.
                "points": {
                    "papers": points.papers.tolist(),
                    "x": [round(each, DIGITS) for each in points.x.tolist()],
                    "y": [round(each, DIGITS) for each in points.y.tolist()],
                    "years": [each or None for each in points.year.tolist()],
                    "categories": [keys[each] for each in points.category.tolist()],
                    "statuses": [STANDINGS[each] for each in points.standing.tolist()],
                    "regions": points.region.tolist(),
                },
            },
            headers={"ETag": etag, "Cache-Control": "no-cache"},
        )
