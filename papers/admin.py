"""Django's admin, for administrators: lists and papers to look into. Decisions are made on the pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from papers.models import Category, Decision, Document, IdentifierRow, Paper, PaperList, Proposal


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """History and source data are looked at here, never edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(PaperList)
class PaperListAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("slug", "name", "homepage")


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("key", "list", "position")
    list_filter = ("list",)


class IdentifierInline(admin.TabularInline):  # type: ignore[type-arg]
    model = IdentifierRow
    extra = 0


@admin.register(Paper)
class PaperAdmin(ReadOnly):
    list_display = ("title", "published", "source", "withdrawn")
    search_fields = ("title",)
    inlines = (IdentifierInline,)


@admin.register(Document)
class DocumentAdmin(ReadOnly):
    list_display = ("path", "list", "language", "imported_at")
    exclude = ("source",)


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    list_display = ("at", "user", "kind", "paper", "category", "reason")
    list_filter = ("list", "kind")


@admin.register(Proposal)
class ProposalAdmin(ReadOnly):
    list_display = ("asked_at", "list", "scheme", "value", "email", "confirmed_at")
    list_filter = ("list",)
    search_fields = ("email", "value")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Whoever proposed may want to be forgotten.
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
