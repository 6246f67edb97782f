"""What the API shows and takes: plain shapes, named by the words of the design."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ingest import topics
from ingest.models import Run, Topic
from ingest.sources import SOURCES, BadQuery, source
from kbsite import access
from kbsite.api.fields import Address, Cell, Flag, Key, SlugRef, Text
from kbsite.topicform import sentence
from papers import cards, identity
from papers.models import (
    Act,
    Category,
    Decision,
    Document,
    Entry,
    EntryText,
    Fact,
    IdentifierRow,
    Merge,
    Opinion,
    Paper,
    PaperList,
    Review,
    SourceRecord,
    Suggestion,
)
from papers.paperhistory import versions
from papers.records import Identifier

# --- problems -------------------------------------------------------------------------------------------------


class ProblemSerializer(serializers.Serializer[Any]):
    """Every error of this API (RFC 9457)."""

    type = serializers.CharField(help_text="`about:blank`, or what kind of problem it is")
    title = serializers.CharField(help_text="The status in words")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What went wrong, for people")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        help_text="By field (`rows.en.title`): what is wrong with it",
    )


# --- papers ---------------------------------------------------------------------------------------------------


class PaperRefSerializer(serializers.ModelSerializer[Paper]):
    """A paper, briefly."""

    link = serializers.CharField(read_only=True, help_text="Where it is read")

    class Meta:
        model = Paper
        fields = ["id", "title", "link"]


class IdentifierSerializer(serializers.ModelSerializer[IdentifierRow]):
    link = serializers.SerializerMethodField()

    class Meta:
        model = IdentifierRow
        fields = ["scheme", "value", "link"]

    def get_link(self, row: IdentifierRow) -> str:
        return identity.link(Identifier(row.scheme, row.value))


class FactSerializer(serializers.ModelSerializer[Fact]):
    value = serializers.JSONField(help_text="A text, a number, a list or an object, by kind")

    class Meta:
        model = Fact
        fields = ["kind", "source", "value", "observed_at"]


class EntryRefSerializer(serializers.ModelSerializer[Entry]):
    """Where a paper is listed."""

    list = serializers.CharField(source="category.list.slug", read_only=True)
    category = serializers.CharField(source="category.key", read_only=True)

    class Meta:
        model = Entry
        fields = ["id", "list", "category"]


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """Where a paper stands in a list's review."""

    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    returned_for = serializers.ChoiceField(choices=Review.News.choices, allow_blank=True, read_only=True)

    class Meta:
        model = Review
        fields = ["list", "state", "until", "decision", "returned_for", "returned_with", "returned_at"]
        read_only_fields = fields


class MergeSerializer(serializers.ModelSerializer[Merge]):
    """A stored paper that turned out to be this one."""

    class Meta:
        model = Merge
        fields = ["old_id", "source", "why", "note", "at"]
        read_only_fields = fields


class SourceRecordSerializer(serializers.ModelSerializer[SourceRecord]):
    """That a source tells of a paper, and when it last told something new."""

    version = serializers.IntegerField(read_only=True, allow_null=True, help_text="As this source knows it")

    class Meta:
        model = SourceRecord
        fields = ["source", "version", "first_seen", "changed_at"]
        read_only_fields = fields


class VersionSerializer(serializers.Serializer[Any]):
    """A version on arXiv."""

    number = serializers.IntegerField()
    link = serializers.CharField()
    day = serializers.DateField(allow_null=True, help_text="Known of the first and the current one")


class PaperSerializer(serializers.ModelSerializer[Paper]):
    link = serializers.CharField(read_only=True, help_text="Where it is read")
    identifiers = IdentifierSerializer(many=True, read_only=True)
    facts = FactSerializer(many=True, read_only=True)
    entries = EntryRefSerializer(many=True, read_only=True)
    reviews = ReviewSerializer(
        many=True, read_only=True, help_text="Of a rejected paper that is back in the queue: `returned_for` says why"
    )
    merges = MergeSerializer(many=True, read_only=True, help_text="Papers that turned out to be this one")
    versions = serializers.SerializerMethodField(help_text="On arXiv, the current one first")
    source_records = SourceRecordSerializer(many=True, read_only=True, help_text="Who tells of it")

    @extend_schema_field(VersionSerializer(many=True))
    def get_versions(self, paper: Paper) -> Any:
        return VersionSerializer(versions(paper), many=True).data

    class Meta:
        model = Paper
        fields = [
            "id",
            "title",
            "abstract",
            "authors",
            "subjects",
            "published",
            "updated",
            "version",
            "comment",
            "journal_ref",
            "withdrawn",
            "source",
            "link",
            "identifiers",
            "facts",
            "entries",
            "reviews",
            "merges",
            "versions",
            "source_records",
            "added_at",
            "changed_at",
        ]
        read_only_fields = fields


class IdentifierQuerySerializer(serializers.Serializer[Any]):
    """How a paper is looked up by what it is called elsewhere."""

    value = serializers.CharField(
        max_length=2000, help_text="An identifier or a link in any form: `2310.05736v2`, a DOI, a PDF's address"
    )
    scheme = serializers.ChoiceField(
        choices=["arxiv", "doi", "acl", "openreview", "url"], required=False, help_text="Needed for OpenReview ids only"
    )


# --- lists ----------------------------------------------------------------------------------------------------


class CategoryTextSerializer(serializers.Serializer[Any]):
    """What the README of one language says of a category."""

    name = serializers.CharField()
    definition = serializers.CharField()
    keywords = serializers.ListField(child=serializers.CharField())


class CategorySerializer(serializers.ModelSerializer[Category]):
    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    name = serializers.CharField(read_only=True, help_text="In the list's first language")
    texts = serializers.SerializerMethodField(help_text="By language")

    class Meta:
        model = Category
        fields = ["id", "list", "key", "position", "name", "criterion", "texts"]
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=CategoryTextSerializer()))
    def get_texts(self, category: Category) -> dict[str, Any]:
        return {text.document.language: CategoryTextSerializer(text).data for text in category.texts.all()}


class DocumentSerializer(serializers.ModelSerializer[Document]):
    class Meta:
        model = Document
        fields = ["language", "path", "is_primary", "imported_at"]
        read_only_fields = fields


class PaperListSerializer(serializers.ModelSerializer[PaperList]):
    categories = CategorySerializer(many=True, read_only=True)
    documents = DocumentSerializer(many=True, read_only=True)

    class Meta:
        model = PaperList
        fields = ["id", "slug", "name", "homepage", "created_at", "second_opinion", "documents", "categories"]
        read_only_fields = fields


class CodeLinkSerializer(serializers.Serializer[Any]):
    label = Cell(  # type: ignore[assignment]
        allow_blank=True, max_length=200, help_text="Empty: the label that the table usually has"
    )
    address = Address()

    def to_representation(self, instance: Any) -> dict[str, str]:
        label, address = instance
        return {"label": label, "address": address}


class EntryTextSerializer(serializers.ModelSerializer[EntryText]):
    """An entry as the README of one language shows it."""

    code = CodeLinkSerializer(many=True, read_only=True)
    extra = serializers.DictField(child=serializers.CharField(), help_text="Further columns by their header")

    class Meta:
        model = EntryText
        fields = [
            *("title", "link", "nickname", "authors", "venue", "date", "tags", "code", "tldr", "extra"),
            *("clean_title", "known_as", "venue_name", "dated"),
            *("position", "untranslated", "stale"),
        ]
        read_only_fields = fields


class EntrySerializer(serializers.ModelSerializer[Entry]):
    list = serializers.CharField(source="category.list.slug", read_only=True)
    category = serializers.CharField(source="category.key", read_only=True)
    paper = PaperRefSerializer(read_only=True)
    texts = serializers.SerializerMethodField(help_text="By language")

    class Meta:
        model = Entry
        fields = ["id", "list", "category", "paper", "decision", "added_at", "texts"]
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=EntryTextSerializer()))
    def get_texts(self, entry: Entry) -> dict[str, Any]:
        return {text.document.language: EntryTextSerializer(text).data for text in entry.texts.all()}


class ChangedEntrySerializer(EntrySerializer):
    """An entry as it stands after a change."""

    act = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="What undoes the change; null where nothing differs"
    )

    class Meta(EntrySerializer.Meta):
        fields = [*EntrySerializer.Meta.fields, "act"]
        read_only_fields = fields


class MovedSerializer(serializers.Serializer[Any]):
    """What became of entries that were to move."""

    moved = serializers.ListField(child=serializers.IntegerField(), help_text="Ids of those that moved")
    left = serializers.ListField(
        child=serializers.IntegerField(), help_text="Ids of those whose paper stands in the category already"
    )
    act = serializers.IntegerField(allow_null=True, help_text="What undoes it as one; null where nothing moved")


class DiffSerializer(serializers.Serializer[Any]):
    """What an export would change in the README that was imported."""

    list = serializers.CharField()
    language = serializers.CharField()
    path = serializers.CharField(help_text="File name in the list's repository")
    changed_lines = serializers.IntegerField(help_text="How many lines differ")
    diff = serializers.CharField(help_text="A unified diff; empty when nothing changed")


# --- reviews --------------------------------------------------------------------------------------------------


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
        help_text="Of a paper that was rejected once and is back in the queue: why; else null"
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
        source="user.get_username", read_only=True, default=None, help_text="null where it was read from a README"
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


class ConflictSerializer(ProblemSerializer):
    """A problem with what is already there."""

    decision = DecisionSerializer(required=False, help_text="The decision that stands in the way")
    followers = ActSerializer(
        many=True,
        required=False,
        help_text="Of an act that cannot be undone alone: those that go with it, newest first",
    )


# --- the work -------------------------------------------------------------------------------------------------


class TopicSerializer(serializers.ModelSerializer[Topic]):
    serializer_field_mapping: ClassVar[dict[Any, Any]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.TextField: Text,
        models.SlugField: Key,
        models.BooleanField: Flag,
    }
    list = SlugRef(slug_field="slug", queryset=PaperList.objects.all(), allow_null=True, required=False)
    source = serializers.ChoiceField(choices=sorted(SOURCES))  # type: ignore[assignment]

    class Meta:
        model = Topic
        fields = ["id", "slug", "list", "source", "query", "schedule", "enabled", "watermark"]
        read_only_fields = ["watermark"]
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "slug": {"required": False, "help_text": "Made from the query if it is not given"}
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Have the source say whether it understands the query, and name a topic that has no name."""
        asked, query = (attrs.get(name, getattr(self.instance, name, "")) for name in ("source", "query"))
        try:
            source(asked).check(query)
        except BadQuery as problem:
            raise serializers.ValidationError({"query": [sentence(str(problem))]}) from None
        if self.instance is None and "slug" not in attrs:
            attrs["slug"] = topics.propose_slug(asked, query)
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Topic:
        return topics.save(Topic(**validated_data))

    def update(self, instance: Topic, validated_data: dict[str, Any]) -> Topic:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        return topics.save(instance)


class SentSerializer(serializers.Serializer[Any]):
    """A worker was asked."""

    kind = serializers.CharField(help_text="Of the run: `pull`, `try`, …")
    topic = serializers.CharField(allow_null=True)
    runs = serializers.URLField(help_text="Where the run stands as soon as a worker has begun it")


class RejectionSerializer(serializers.Serializer[Any]):
    record = serializers.CharField()
    reason = serializers.CharField()


class RunSerializer(serializers.ModelSerializer[Run]):
    topic: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True, allow_null=True)
    rejections = serializers.SerializerMethodField(help_text="The first 100")
    error = serializers.SerializerMethodField(help_text="Of a failed run: for curators only")

    class Meta:
        model = Run
        fields = [
            "id",
            "kind",
            "subject",
            "topic",
            "state",
            "since",
            "until",
            "started_at",
            "finished_at",
            "next_try",
            "attempt",
            "cancel_asked",
            "pages",
            "total",
            "fetched",
            "new",
            "changed",
            "same",
            "rejected",
            "rejections",
            "details",
            "note",
            "error",
        ]
        read_only_fields = fields

    @extend_schema_field(RejectionSerializer(many=True))
    def get_rejections(self, run: Run) -> Any:
        return [{"record": record, "reason": reason} for record, reason in run.rejections]

    def get_error(self, run: Run) -> str:
        return access.error_of(run, self.context["request"].user)
