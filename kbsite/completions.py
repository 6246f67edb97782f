"""What the search box suggests while somebody types, for the page and the API alike."""

from __future__ import annotations

from typing import TypedDict

from django.urls import reverse
from django.utils.http import urlencode

from papers.search import completion


class Completion(TypedDict):
    """One suggestion: "paper", "author" or "tag", its text, and the address that it leads to."""

    kind: str
    text: str
    address: str


def completions(text: str) -> list[Completion]:
    """Return what may be meant by what stands in the box so far."""
    return [Completion(kind=each.kind, text=each.text, address=_address(each)) for each in completion.complete(text)]


def _address(each: completion.Completion) -> str:
    if each.paper is not None:
        return reverse("paper", args=[each.paper])
    return f"{reverse('papers')}?{urlencode({'q': each.query})}"
