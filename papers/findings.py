"""What awaits a curator's word about an entry: opened where a README and the list disagree, and settled by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from papers import acts, entries, review
from papers.models import Act, Category, Document, Entry, EntryText, Finding, Origin, Paper, PaperList
from papers.readme import exporter
from papers.readme.document import parse
from papers.readme.fieldwise import ROW, fields_of_values, values_of
from papers.readme.row import Row, RowFields
from papers.shelves import as_text
from papers.texts import fields_of

HERE, README, BASE = "here", "readme", "base"  # the sides of a conflict


class NotOpen(Exception):
    """Somebody else settled it first."""


class CannotSettle(Exception):
    """The README's value can no longer be taken; the message says why."""


def open_conflict(
    document: Document, paper: Paper, entry: Entry | None, field: str, values: Mapping[str, Any], message: str
) -> Finding:
    """Ask curators about a field that was changed here and in the README; an open question on it is renewed.

    `values` are those of `base`, `here` and `readme`. For the field "row" each is {"category": key, "fields": …}, or
    None where there is no such row. Where several rows of a paper disagree on a field, `in` is the key of the
    category of this one, and the field ends in it: "title@surveys".
    """
    finding, _ = Finding.objects.update_or_create(
        list=document.list,
        document=document,
        paper=paper,
        rule=Finding.Rule.CONFLICT,
        field=field,
        state=Finding.State.OPEN,
        defaults={"entry": entry, "values": dict(values), "message": message},
    )
    return finding


def field_of(finding: Finding) -> str:
    """Return the field that is asked about, "row" for the whole row."""
    return finding.field.removesuffix(f"@{finding.values.get('in', '')}")


def waiting(paper_list: PaperList) -> QuerySet[Finding]:
    """Return what is open, the newest first, with all that a page shows of it."""
    found = Finding.objects.filter(list=paper_list, state=Finding.State.OPEN)
    return found.select_related("document", "paper", "entry").defer("document__source")


def count(paper_list: PaperList) -> int:
    """Return how many findings await somebody's word."""
    return Finding.objects.filter(list=paper_list, state=Finding.State.OPEN).count()


@dataclass(frozen=True, slots=True)
class Value:
    """What one side says: the fields that are in question with their values, as people read them."""

    side: str  # "here", "readme" or "base"
    is_absent: bool  # there is no such row
    fields: tuple[tuple[str, str], ...]  # one for a question about one field


def values(finding: Finding) -> list[Value]:
    """Return what the sides say, ours first; of whole rows only the fields that are not the same everywhere."""
    sides = {side: finding.values.get(side) for side in (HERE, README, BASE)}
    if field_of(finding) != ROW:
        return [Value(side, False, ((field_of(finding), as_text(value)),)) for side, value in sides.items()]
    rows = {
        side: {"category": row["category"]} | values_of(RowFields.from_json(row["fields"]))
        for side, row in sides.items()
        if row is not None
    }
    names = dict.fromkeys(name for row in rows.values() for name in row)
    shown = [name for name in names if name == "category" or len({as_text(row.get(name)) for row in rows.values()}) > 1]
    return [
        Value(
            side,
            side not in rows,
            tuple((name, as_text(rows[side].get(name))) for name in shown if side in rows and rows[side].get(name)),
        )
        for side in sides
    ]


def settle(finding: Finding, choice: str, user: AbstractBaseUser) -> None:
    """Settle a conflict: keep what stands "here", or take the "readme"'s value, in one transaction.

    Raise NotOpen when it was settled already, and CannotSettle when the README's value has no place any more.
    """
    with acts.act(finding.list, user, Act.Kind.FINDING):
        # The list comes first, as at an import, which would change the very rows meanwhile.
        PaperList.objects.select_for_update().get(pk=finding.list_id)
        _closed(finding, Finding.State.SETTLED, choice, user)
        if choice == README:
            if field_of(finding) == ROW:
                _take_row(finding, user)
            else:
                _take_field(finding, user)


def dismiss(finding: Finding, user: AbstractBaseUser) -> None:
    """Close a finding that asks for nothing any more; raise NotOpen when it was settled already."""
    with acts.act(finding.list, user, Act.Kind.FINDING):
        _closed(finding, Finding.State.DISMISSED, "", user)


def _closed(finding: Finding, state: Finding.State, choice: str, user: AbstractBaseUser) -> None:
    locked = Finding.objects.select_for_update().filter(pk=finding.pk, state=Finding.State.OPEN).first()
    if locked is None:
        raise NotOpen(_("This was settled already."))
    finding.values, finding.entry = locked.values, locked.entry  # an import may have renewed the question
    finding.state, finding.choice = state, choice
    finding.settled_at, finding.settled_by = timezone.now(), user  # type: ignore[assignment]
    finding.save(update_fields=["state", "choice", "settled_at", "settled_by"])


def _take_field(finding: Finding, user: AbstractBaseUser) -> None:
    texts = EntryText.objects.filter(entry=finding.entry_id, document=finding.document)
    text = texts.select_related("entry__category", "document__list").first()
    if text is None:
        raise CannotSettle(_("The entry is no longer in the list, so there is nothing to change."))
    fields = fields_of_values(values_of(fields_of(text)) | {field_of(finding): finding.values[README]})
    entries.edit(text, fields, user, Origin.README)


def _take_row(finding: Finding, user: AbstractBaseUser) -> None:
    assert finding.document is not None and finding.paper is not None, "a conflict has both"
    wanted = finding.values[README]
    if wanted is None:
        if finding.entry is None:
            return  # it is gone already
        entries.remove(finding.entry, user, Origin.README)
        if not Entry.objects.filter(category__list=finding.list, paper=finding.paper).exists():
            review.told_by_readme(finding.list, [(finding.paper, None)], _note(finding.document), user)
        return
    category = Category.objects.filter(list=finding.list, key=wanted["category"]).first()
    if category is None:
        raise CannotSettle(_("The list no longer has the category “%(wanted)s”.") % {"wanted": wanted["category"]})
    fields = RowFields.from_json(wanted["fields"])
    try:
        (decision,) = review.told_by_readme(finding.list, [(finding.paper, category)], _note(finding.document), user)
        entry = finding.entry or Entry.objects.filter(category=category, paper=finding.paper).first()
        if entry is not None:
            if entry.category_id != category.pk:
                entries.move(entry, category, user, Origin.README)
            Entry.objects.filter(pk=entry.pk).update(decision=decision)
            # Each side added it with words of its own: before, or after it was removed here.
            if finding.values[BASE] is None or finding.entry is None:
                text = entry.texts.filter(document=finding.document).first()
                text = text or entries.fill(entry, finding.document, user)
                entries.edit(text, fields, user, Origin.README)
        else:
            rows = {finding.document.language: fields}
            entry = entries.admit(category, finding.paper, rows, user, decision, Origin.README)
    except entries.AlreadyListed as problem:
        raise CannotSettle(str(problem)) from problem
    _on_its_line(finding.document, entry, fields)


def _note(document: Document) -> str:
    return f"As {document.path} has it"


def _on_its_line(document: Document, entry: Entry, fields: RowFields) -> None:
    """Give an entry the row that the README has of it, so that an export keeps that very row at its place."""
    text = EntryText.objects.get(entry=entry, document=document)
    row = _row_of(document, fields)
    if row is None or document.texts.filter(line=row.line).exclude(pk=text.pk).exists():
        return
    text.line, text.imported = row.line, row.fields.as_json()
    there = document.texts.filter(entry__category=entry.category_id).exclude(pk=text.pk)
    above = there.filter(line__lt=row.line).order_by("-line").first()
    below = there.filter(line__gt=row.line).order_by("line").first()
    if above and below and above.position < below.position:
        text.position = (above.position + below.position) / 2
    elif above or below:
        text.position = above.position + 0.5 if above else below.position - 0.5  # type: ignore[union-attr]
    text.save()


def _row_of(document: Document, fields: RowFields) -> Row | None:
    tree = parse(bytes(document.source), document.list.columns)
    lines = exporter.imported_lines(document)
    rows = (row for section in tree.sections for row in section.rows if row.line in lines)
    return next((row for row in rows if row.fields == fields), None)
