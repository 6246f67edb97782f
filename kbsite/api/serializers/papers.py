"""What the API shows of papers: what they are called, what is known of them, and where they stand."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from papers import identity
from papers.models import Entry, Fact, IdentifierRow, Merge, Paper, Review, SourceRecord
from papers.paperhistory import versions
from papers.records import Identifier


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
        many=True, read_only=True, help_text="Of a paper that is back in the queue: `returned_for` says why"
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
