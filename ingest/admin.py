"""Django's admin, for administrators: topics to manage."""

from __future__ import annotations

from django.contrib import admin

from ingest.models import Topic


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("slug", "source", "query", "schedule", "enabled", "watermark")
    list_filter = ("source", "enabled")
    list_editable = ("enabled",)
