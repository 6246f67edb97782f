"""What the API shows of lists: their READMEs, their categories, their entries, and what an export would change."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kbsite.api.fields import Address, Cell
from kbsite.api.serializers.papers import PaperRefSerializer
from papers.models import Category, Document, Entry, EntryText, PaperList


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
        fields = [
            *("id", "slug", "name", "homepage", "created_at"),
            *("second_opinion", "takes_proposals", "documents", "categories"),
        ]
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
