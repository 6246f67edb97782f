"""What is stored, to compare one state of the database with another."""

from __future__ import annotations

from typing import Any

from django.forms.models import model_to_dict

from ingest.models import Topic
from papers.models import Paper

_FIELDS = ("title", "abstract", "authors", "subjects", "published", "updated", "version", "comment", "journal_ref")


def rows(without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what is known of each paper: its fields, names and facts, but for facts of these kinds."""
    told = Paper.objects.prefetch_related("identifiers", "facts")
    return {
        paper.main_identifier.value: model_to_dict(paper, [*_FIELDS, "withdrawn", "source"])
        | {"identifiers": sorted((row.scheme, row.value) for row in paper.identifiers.all())}
        | {"facts": sorted((f.kind, f.source, str(f.value)) for f in paper.facts.all() if f.kind not in without)}
        for paper in told
    }


def forget_everything() -> None:
    """Leave no paper and no topic."""
    Paper.objects.all().delete()
    Topic.objects.all().delete()
