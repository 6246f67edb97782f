"""What authors say of their paper in comment and abstract: where the code is, and that it was withdrawn."""

from __future__ import annotations

import re

_REPOSITORY = re.compile(
    r"(?<![\w.-])(?:www\.)?github\.com/(?P<owner>[a-z0-9][a-z0-9-]{0,38})/(?P<name>[a-z0-9_.-]+)",
    re.IGNORECASE,
)
# Pages of github.com that look like owner/name and are none.
_NO_OWNERS = {
    "about",
    "apps",
    "collections",
    "features",
    "marketplace",
    "orgs",
    "search",
    "sponsors",
    "topics",
}
_WITHDRAWN = re.compile(
    r"""(?:(?:this|the)\s+(?:[\w-]+\s+){0,3}?
           (?:paper|article|submission|manuscript|work|preprint|version|draft|document|report|note)\s+
           (?:[\w.,-]+\s+){0,4}?(?:has|is|was)\s+(?:been\s+)?(?:temporarily\s+)?
        )?withdrawn\b
        (?!\s+(?:from|at)\b)  # withdrawn from a conference is still on arXiv""",
    re.IGNORECASE | re.VERBOSE,
)


def code_link(*sayings: str) -> str | None:
    """Return `https://github.com/owner/name` of the first GitHub repository named in these texts."""
    for saying in sayings:
        if "github.com/" not in saying.lower():  # most abstracts: a pattern would try every place of them
            continue
        for found in _REPOSITORY.finditer(saying.replace("\\_", "_")):
            name = re.sub(r"\.git$", "", found["name"].rstrip("."), flags=re.IGNORECASE)
            if name.strip(".") and found["owner"].lower() not in _NO_OWNERS:
                return f"https://github.com/{found['owner']}/{name}"
    return None


def says_withdrawn(comment: str, abstract: str = "") -> bool:
    """Tell whether a comment or an abstract begins with the news that the paper was withdrawn."""
    return any(_WITHDRAWN.match(saying.lstrip(" \n\t[(*")) for saying in (comment, abstract))
