"""How the API shows a head and its figures (ingest/classifier/evaluate.py says what each one is)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ingest.models import Head


class ClassFiguresSerializer(serializers.Serializer[Any]):
    """One class."""

    precision = serializers.FloatField()
    recall = serializers.FloatField()
    f1 = serializers.FloatField()
    support = serializers.IntegerField(help_text="Papers of this class")


class ConfusionSerializer(serializers.Serializer[Any]):
    """What was taken for what."""

    classes = serializers.ListField(child=serializers.CharField(), help_text="Category keys, and `out`")
    matrix = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Rows: the class; columns: what was said; both in the order of `classes`",
    )


class AmongSerializer(serializers.Serializer[Any]):
    """Categories told from each other, when the answer must be one of them."""

    papers = serializers.IntegerField()
    accuracy = serializers.FloatField(allow_null=True)


class BinSerializer(serializers.Serializer[Any]):
    """Answers that were about equally sure."""

    papers = serializers.IntegerField()
    sure = serializers.FloatField(help_text="How sure on the mean")
    right = serializers.FloatField(help_text="How often right")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        since = serializers.FloatField(help_text="The least probability in it; it is a tenth wide")
        return {"from": since, **super().get_fields()}


class UnsureSerializer(serializers.Serializer[Any]):
    """The band of answers that are not to be trusted."""

    below = serializers.FloatField(help_text="Answers less probable than this are in it")
    share = serializers.FloatField(help_text="Of all answers")
    accuracy_outside = serializers.FloatField(allow_null=True)
    accuracy_inside = serializers.FloatField(allow_null=True)


class FiguresSerializer(serializers.Serializer[Any]):
    """Measured on the papers that the head learned from, each told as if it had not seen it."""

    papers = serializers.IntegerField(allow_null=True)
    accuracy = serializers.FloatField(allow_null=True)
    macro_f1 = serializers.FloatField(allow_null=True)
    per_class = serializers.DictField(child=ClassFiguresSerializer(), allow_null=True, help_text="By category key")
    confusion = ConfusionSerializer(allow_null=True)
    among = AmongSerializer(allow_null=True)
    log_loss = serializers.FloatField(allow_null=True)
    brier = serializers.FloatField(allow_null=True, help_text="0 to 2")
    expected_calibration_error = serializers.FloatField(allow_null=True, help_text="Over ten bins")
    reliability = BinSerializer(many=True, allow_null=True)
    unsure = UnsureSerializer(allow_null=True)
    relevance = serializers.DictField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="Of the order by relevance: `average_precision`, `recall_at_1_percent`, …, `wss_at_95`; "
        "null when all papers belong in the list or none does",
    )


class DriftSerializer(serializers.Serializer[Any]):
    """Whether the newest papers look like what the head has learned from."""

    looked_at = serializers.DateTimeField()
    papers = serializers.IntegerField(source="drift.new", help_text="That came in the 14 days before, at most 1000")
    before = serializers.IntegerField(source="drift.before", help_text="Papers that came before those")
    strange = serializers.IntegerField(source="drift.strange", help_text="Of `papers`: unlike anything it learned from")
    expected = serializers.FloatField(source="drift.expected", help_text="Strange ones if nothing has changed")
    chance = serializers.FloatField(source="drift.chance", help_text="How probable so many are if nothing has changed")
    is_alarming = serializers.BooleanField(source="drift.is_alarming", help_text="`chance` is at most 0.001")


class HeadSerializer(serializers.ModelSerializer[Head]):
    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    name = serializers.CharField(read_only=True, help_text="As suggestions name it")
    in_use = serializers.BooleanField(read_only=True, help_text="It is the newest of its list, and speaks")
    again = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The version that it is once more, where somebody rolled back"
    )
    is_kept = serializers.BooleanField(
        read_only=True, help_text="It is stored whole and can be rolled back to; of others the figures are kept"
    )
    decisions = serializers.IntegerField(
        read_only=True, help_text="Of curators, in force when it was trained: what it could learn from"
    )
    lexicon = serializers.CharField(read_only=True, allow_null=True)
    recipe = serializers.DictField(read_only=True, allow_null=True, help_text="The numbers it was trained by")
    drift = DriftSerializer(
        read_only=True,
        allow_null=True,
        help_text="Of the one in use; null of others, and where too few papers came to tell",
    )
    metrics = serializers.SerializerMethodField(
        help_text="Null where it had no paper to be measured on; a figure is null where its version knew it not"
    )

    class Meta:
        model = Head
        fields = [
            *("id", "list", "version", "name", "trained_at", "in_use", "again", "is_kept", "decisions"),
            *("encoder", "lexicon", "recipe", "examples_hash", "drift", "metrics"),
        ]
        read_only_fields = fields

    @extend_schema_field(FiguresSerializer(allow_null=True))
    def get_metrics(self, head: Head) -> Any:
        return {name: head.metrics.get(name) for name in FiguresSerializer().fields} if head.metrics else None
