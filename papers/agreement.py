"""Closes a conflict by itself once both sides say the same: a curator wrote the README's word, or a README has ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.utils import timezone

from papers.models import Document, EntryText, Finding, Paper, PaperList
from papers.readme.fieldwise import ROW, is_same, is_same_row, values_of
from papers.readme.row import RowFields
from papers.texts import fields_of

AGREED = "agreed"  # the choice of a finding that both sides came to answer alike

Rows = Mapping[str, RowFields]  # what one side says of a paper, by the key of the category


def after_change(paper_list: PaperList, paper: Paper, user: AbstractBaseUser | None) -> None:
    """Close what stands here now as the README had it, for `user` made it so.

    A row that was moved here to the README's section waits for its next import, or for somebody who takes its line.
    """
    for finding in _open().filter(list=paper_list, paper=paper):
        readme, here = finding.values["readme"], _here(finding)
        if _field(finding) != ROW:
            agrees = _same_value(finding, here, readme)
        elif readme is None:
            agrees = finding.entry is None
        else:
            agrees = finding.values["here"] is None and _same_place(
                finding, here, readme["category"], RowFields.from_json(readme["fields"])
            )
        if agrees:
            _close(finding, "the list says so too now", user)


def after_import(document: Document, rows: Mapping[int, Rows], user: AbstractBaseUser | None) -> None:
    """Close what the README that was taken in has as it stands here; `rows` are what it says, by paper."""
    for finding in _open().filter(document=document):
        paper = finding.entry.paper_id if finding.entry is not None else finding.paper_id
        there, here = rows.get(paper or 0, {}), _here(finding)
        recorded = finding.values["readme"]["category"] if _field(finding) == ROW and finding.values["readme"] else ""
        own = finding.entry.category.key if finding.entry is not None else ""
        category = next((key for key in (own, recorded) if key in there), None)
        if category is None:
            agrees = _field(finding) == ROW and finding.entry is None  # gone on both sides
        elif _field(finding) != ROW:
            agrees = _same_value(finding, here, values_of(there[category]).get(_field(finding), ""))
        else:
            agrees = _same_place(finding, here, category, there[category])
        if agrees:
            _close(finding, f"{document.path} says so too now", user)


def _open() -> QuerySet[Finding]:
    found = Finding.objects.filter(rule=Finding.Rule.CONFLICT, state=Finding.State.OPEN)
    return found.select_related("entry__category")


def _field(finding: Finding) -> str:
    return finding.field.removesuffix(f"@{finding.values.get('in', '')}")


def _here(finding: Finding) -> Rows:
    paper = finding.entry.paper_id if finding.entry is not None else finding.paper_id
    texts = EntryText.objects.filter(document=finding.document_id, entry__paper=paper)
    return {text.entry.category.key: fields_of(text) for text in texts.select_related("entry__category")}


def _same_value(finding: Finding, here: Rows, readme: Any) -> bool:
    own = here.get(finding.entry.category.key) if finding.entry is not None else None
    return own is not None and is_same(_field(finding), values_of(own).get(_field(finding), ""), readme)


def _same_place(finding: Finding, here: Rows, category: str, fields: RowFields) -> bool:
    """Whether the row stands in the README's category; with its words, where the question was about these too."""
    is_about_words = finding.values["base"] is None or finding.values["here"] is None
    return category in here and (not is_about_words or is_same_row(here[category], fields))


def _close(finding: Finding, why: str, user: AbstractBaseUser | None) -> None:
    finding.state, finding.choice, finding.settled_at = Finding.State.SETTLED, AGREED, timezone.now()
    finding.settled_by = user  # type: ignore[assignment]
    finding.message = f"{finding.message}; {why}"
    finding.save(update_fields=["state", "choice", "settled_at", "settled_by", "message"])
