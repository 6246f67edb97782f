"""What an action has to say after it, with the button that undoes it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest

from papers.models import Act


def done(request: HttpRequest, words: str, act: Act) -> None:
    """Say on the next page what was done; an act that changed something can be undone there."""
    messages.success(request, words, extra_tags="" if act.is_empty else f"act-{act.pk}")


def act_of(tags: str) -> int | None:
    """Return the act that a message's tags name, if any."""
    name, _, number = (tags or "").rpartition("act-")
    return int(number) if not name and number.isdigit() else None
