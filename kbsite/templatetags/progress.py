"""What the queue says of its progress."""

from __future__ import annotations

from typing import Any

from django import template

from ingest import remaining
from papers.models import PaperList

register = template.Library()


@register.inclusion_tag("kbsite/queue/progress_line.html")
def progress_line(paper_list: PaperList) -> dict[str, Any]:
    """Return the line under the queue's title: decided today, what likely is left, and when it is time to stop."""
    return {"list": paper_list, "summary": remaining.summary(paper_list)}
