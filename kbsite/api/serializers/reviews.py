"""What the API shows of a review: suggestions, decisions, opinions, acts, and what a bulk action did."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kbsite.api.serializers.papers import PaperRefSerializer, ReviewSerializer
from papers import cards
from papers.models import Act, Decision, Opinion, Suggestion


class NearestSerializer(serializers.Serializer[Any]):
    paper = serializers.IntegerField(help_text="A listed paper")
    similarity = serializers.FloatField(help_text="Cosine of the two vectors")


class TermSerializer(serializers.Serializer[Any]):
    term = serializers.CharField()
    weight = serializers.FloatField()


class CriterionSerializer(serializers.Serializer[Any]):
    """What the list says of the suggested category."""

    definition = serializers.CharField(help_text="In the curators' own words, else in the list's first language")
    keywords = serializers.ListField(
        child=serializers.CharField(), help_text="Those of the category that stand in the paper's title or abstract"
    )


class SuggestionSerializer(serializers.ModelSerializer[Suggestion]):
    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    paper = PaperRefSerializer(read_only=True)
    category: Any = serializers.SlugRelatedField(
        slug_field="key", read_only=True, allow_null=True, help_text="The most probable one"
    )
    probabilities = serializers.DictField(
        child=serializers.FloatField(), help_text="By category key, and `out`; they sum to 1"
    )
    nearest = serializers.SerializerMethodField(help_text="The listed papers most like it")
    terms = serializers.SerializerMethodField(help_text="The terms that spoke loudest")
    sentence = serializers.CharField(
        read_only=True, help_text="The sentence of the abstract that spoke loudest for the category; may be empty"
    )
    criterion = serializers.SerializerMethodField(
        help_text="What the list says of the category; null when it says nothing or there is no category"
    )
    returned = serializers.SerializerMethodField(
        help_text="Of a paper that was set aside and is back in the queue: why; else null"
    )

    class Meta:
        model = Suggestion
        fields = [
            "id",
            "list",
            "paper",
            "relevance",
            "category",
            "probabilities",
            "nearest",
            "terms",
            "sentence",
            "criterion",
            "head",
            "made_at",
            "returned",
        ]
        read_only_fields = fields

    @extend_schema_field(ReviewSerializer(allow_null=True))
    def get_returned(self, suggestion: Suggestion) -> Any:
        reviews = suggestion.paper.reviews.all()
        review = next((each for each in reviews if each.list_id == suggestion.list_id and each.returned_at), None)
        return ReviewSerializer(review).data if review is not None and review.state == "open" else None

    @extend_schema_field(CriterionSerializer(allow_null=True))
    def get_criterion(self, suggestion: Suggestion) -> Any:
        if suggestion.category is None:
            return None
        said = cards.criterion(suggestion.category, suggestion.paper)
        return {"definition": said.words, "keywords": said.keywords} if said else None

    @extend_schema_field(NearestSerializer(many=True))
    def get_nearest(self, suggestion: Suggestion) -> Any:
        return [{"paper": paper, "similarity": similarity} for paper, similarity in suggestion.nearest]

    @extend_schema_field(TermSerializer(many=True))
    def get_terms(self, suggestion: Suggestion) -> Any:
        return [{"term": term, "weight": weight} for term, weight in suggestion.terms]


class SeenSerializer(serializers.Serializer[Any]):
    """What the classifier had said when the decision was made."""

    head = serializers.CharField()
    relevance = serializers.FloatField()
    probabilities = serializers.DictField(child=serializers.FloatField())


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    paper = PaperRefSerializer(read_only=True)
    category: Any = serializers.SlugRelatedField(slug_field="key", read_only=True, allow_null=True)
    reason = serializers.ChoiceField(choices=Decision.Reason.choices, allow_blank=True, read_only=True)
    undone_by = serializers.SerializerMethodField(help_text="The decision that took this one back")
    suggestion = SeenSerializer(read_only=True, allow_null=True)
    user = serializers.CharField(
        source="user.get_username",
        read_only=True,
        default=None,
        allow_null=True,
        help_text="null where it was read from a README",
    )

    class Meta:
        model = Decision
        fields = [
            "id",
            "list",
            "paper",
            "kind",
            "category",
            "reason",
            "note",
            "until",
            "duplicate_of",
            "undoes",
            "undone_by",
            "suggestion",
            "origin",
            "user",
            "at",
            "act",
        ]
        read_only_fields = fields

    def get_undone_by(self, decision: Decision) -> int | None:
        return decision.undone_by.pk if hasattr(decision, "undone_by") else None


class OpinionSerializer(serializers.ModelSerializer[Opinion]):
    """What one of two curators says of a paper, in a list that wants two opinions."""

    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    paper = PaperRefSerializer(read_only=True)
    user = serializers.CharField(source="user.get_username", read_only=True)
    kind = serializers.CharField(read_only=True, help_text="`accept`, `reject`, `defer` or `duplicate`")
    category: Any = serializers.SlugRelatedField(slug_field="key", read_only=True, allow_null=True)
    reason = serializers.ChoiceField(choices=Decision.Reason.choices, allow_blank=True, read_only=True)
    decision: Any = serializers.PrimaryKeyRelatedField(
        read_only=True, allow_null=True, help_text="What it came to; null while another’s is awaited, or differs"
    )

    class Meta:
        model = Opinion
        fields = [
            "id",
            "list",
            "paper",
            "user",
            "kind",
            "category",
            "reason",
            "note",
            "until",
            "duplicate_of",
            "decision",
            "at",
        ]
        read_only_fields = fields


class ActSerializer(serializers.ModelSerializer[Act]):
    """Something that was done to a list as one unit."""

    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    user = serializers.CharField(
        source="user.get_username",
        read_only=True,
        default=None,
        allow_null=True,
        help_text="null where nobody is known",
    )
    undoes: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True, help_text="The acts that it took back")
    undone_by: Any = serializers.PrimaryKeyRelatedField(
        read_only=True, allow_null=True, help_text="The act that took it back, while it is taken back"
    )
    is_kept = serializers.BooleanField(
        read_only=True, help_text="Whether it is known what it changed, so that it can be undone"
    )

    class Meta:
        model = Act
        fields = ["id", "list", "kind", "note", "user", "at", "undoes", "undone_by", "is_kept"]
        read_only_fields = fields


class BulkResultSerializer(serializers.Serializer[Any]):
    """What became of one paper."""

    paper = serializers.IntegerField()
    decision = serializers.IntegerField(source="decision.pk", default=None, allow_null=True, help_text="Its id")
    refused = serializers.CharField(help_text="Why there is none, for people")


class BulkSerializer(serializers.Serializer[Any]):
    """What a bulk action did."""

    act = serializers.IntegerField(
        source="act.pk", default=None, allow_null=True, help_text="What undoes it as one; null where nothing was done"
    )
    decided = serializers.IntegerField(help_text="On how many papers it decided")
    results = BulkResultSerializer(many=True)
