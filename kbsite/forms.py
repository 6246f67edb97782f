"""What curators type: the row of an entry in each language, and the particulars of a decision.

A field that was left as it stood is taken as it stood, whatever its form: an old row that would not pass today
can still be edited elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from papers import identity
from papers.models import Category, Decision, Document, Paper
from papers.readme.columns import columns
from papers.readme.roles import Column, Role
from papers.readme.row import RowFields

BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
WEB_ADDRESS = RegexValidator(r"^https?://[^\s<>\"]+$", _("Give an address that begins with https:// or http://."))


# The fields of a row that are one text each, in the order of the form.
TEXTS = ("title", "link", "nickname", "authors", "venue", "date", "tags", "tldr")


class OneLine(forms.CharField):
    """Text for one cell of a table: line breaks that came along when it was pasted become spaces."""

    def to_python(self, value: Any) -> str | None:
        return super().to_python(one_line(value) if isinstance(value, str) else value)


def one_line(text: str) -> str:
    """Return the text without line breaks and control characters."""
    return BREAKS.sub(" ", text).strip()


def typed_tags(text: str) -> tuple[str, ...]:
    """Return the tags that somebody typed, separated by commas; backticks around them are the table's business."""
    words = (word.strip(" `") for word in re.split(r"[,，、;；]", text))
    return tuple(dict.fromkeys(word for word in words if word))


class RowForm(forms.Form):
    """The row of an entry in one document; the document's language is the prefix.

    Asks for what the table has columns for, without a table for everything; as a translation, of that only for
    what differs between languages. `target` is the table that the row goes to: what is typed must have a column.
    """

    target: Sequence[Column] = ()

    title = OneLine(label=_("Title"), max_length=2000, required=False, widget=forms.Textarea({"rows": 1}))
    link = OneLine(label=_("Link"), max_length=2000, required=False)
    nickname = OneLine(max_length=200, required=False, label=_("Short name"))
    authors = OneLine(max_length=5000, required=False, label=_("Authors"))
    venue = OneLine(max_length=500, required=False, label=_("Venue or date"))
    date = OneLine(max_length=100, required=False, label=_("Date"))
    tags = OneLine(label=_("Tags"), max_length=2000, required=False, help_text=_("Separated by commas"))
    tldr = OneLine(max_length=5000, required=False, label=_("TL;DR"), widget=forms.Textarea({"rows": 3}))

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        document: Document,
        row: RowFields,
        table: Sequence[Column] = (),
        translation: bool = False,
    ) -> None:
        self.document, self.row, self.translation = document, row, translation
        self.headers = [column.name for column in table if column.role == Role.EXTRA] if table else list(row.extra)
        super().__init__(data, prefix=document.language, initial=_initial(row, self.headers))
        has_code = not translation and _has(table, "code")
        self.code_places = range(max(len(row.code), 1) if has_code else 0)
        for place in self.code_places:
            self.fields[f"code_label_{place}"] = OneLine(max_length=200, required=False, label=_("Label"))
            self.fields[f"code_url_{place}"] = OneLine(max_length=2000, required=False, label=_("Code"))
        for place, header in enumerate(self.headers):
            self.fields[f"extra_{place}"] = OneLine(max_length=5000, required=False, label=header)
        for name in TEXTS:
            if (translation and name not in ("tags", "tldr")) or not self._asks_for(name, table):
                del self.fields[name]
        for field in self.fields.values():
            field.widget.attrs |= {"lang": document.language, "autocomplete": "off"}

    def _asks_for(self, name: str, table: Sequence[Column]) -> bool:
        """Whether a row has room for it; what few lists have is asked for only where the row says it."""
        if not table and name in ("nickname", "authors", "date"):
            return bool(getattr(self.row, name))
        return _has(table, name)

    @property
    def code_pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The fields of each code link: (label, address)."""
        return [(self[f"code_label_{place}"], self[f"code_url_{place}"]) for place in self.code_places]

    @property
    def first(self) -> forms.BoundField:
        """The field that editing begins with: the TL;DR, which is written anew most often, where rows have one."""
        return self["tldr" if "tldr" in self.fields else next(iter(self.fields))]

    @property
    def extras(self) -> list[forms.BoundField]:
        """The fields of further columns."""
        return [self[f"extra_{place}"] for place in range(len(self.headers))]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("title") == "" and not self._is_kept("title"):
            self.add_error("title", _("A row needs a title."))
        for name in ("link", *(f"code_url_{place}" for place in self.code_places)):
            value = cleaned.get(name, "")
            if value and not self._is_kept(name):
                try:
                    WEB_ADDRESS(value)
                except forms.ValidationError as error:
                    self.add_error(name, error)
        for place in self.code_places:
            if cleaned.get(f"code_label_{place}") and not cleaned.get(f"code_url_{place}", True):
                self.add_error(f"code_url_{place}", _("A label needs an address."))
        if not self._is_kept("tags") and any(len(tag) > 200 for tag in typed_tags(cleaned.get("tags", ""))):
            self.add_error("tags", _("A tag has at most 200 characters; separate tags by commas."))
        for name, kind, header in self._cells():
            if cleaned.get(name) and not self._is_kept(name) and not _has(self.target, kind, header):
                message = _("This section's table has no %(column)s column.")
                self.add_error(name, forms.ValidationError(message, params={"column": header or _COLUMNS[kind]}))
        return cleaned

    def _cells(self) -> Iterator[tuple[str, str, str]]:
        """The fields that a table may lack a column for: name, what it tells, header of an extra column."""
        yield from ((name, name, "") for name in TEXTS[2:] if name in self.fields)
        yield from ((f"code_url_{place}", "code", "") for place in self.code_places)
        yield from ((f"extra_{place}", "extra", header) for place, header in enumerate(self.headers))

    def _is_kept(self, name: str) -> bool:
        given = self.cleaned_data.get(name, "")
        return name not in self.fields or bool(given == one_line(self.initial.get(name, "")))

    def to_fields(self) -> RowFields:
        """Return the row as typed; what was not asked for stays as it was."""
        given = {name: self.initial[name] if self._is_kept(name) else self.cleaned_data[name] for name in self.fields}
        code = [(given[f"code_label_{place}"], given[f"code_url_{place}"]) for place in self.code_places]
        typed = {
            header: given[f"extra_{place}"]
            for place, header in enumerate(self.headers)
            if not self._is_kept(f"extra_{place}")
        }
        return RowFields(
            title=given.get("title", self.row.title),
            link=given.get("link", self.row.link),
            nickname=given.get("nickname", self.row.nickname),
            authors=given.get("authors", self.row.authors),
            venue=given.get("venue", self.row.venue),
            date=given.get("date", self.row.date),
            tags=self.row.tags if self._is_kept("tags") else typed_tags(given["tags"]),
            code=tuple(pair for pair in code if pair[1]) if self.code_places else self.row.code,
            tldr=given.get("tldr", self.row.tldr),
            extra={**self.row.extra, **typed},
        )


_COLUMNS = {
    "nickname": _("short name"),
    "authors": _("authors"),
    "venue": _("venue"),
    "date": _("date"),
    "tags": _("tags"),
    "code": _("code"),
    "tldr": _("TL;DR"),
}


def _has(table: Sequence[Column], kind: str, header: str = "") -> bool:
    """Whether rows of a table can tell this; without a table nothing is known to be lost."""
    if not table or kind in ("title", "link"):
        return True
    if header:
        return any(column.role == Role.EXTRA and column.name == header for column in table)
    places = {"code": (Role.CODE, Role.LINK)}.get(kind, (Role(kind),))  # links to code stand with the paper's too
    return any(column.role in places for column in table)


def _initial(row: RowFields, headers: Iterable[str]) -> dict[str, str]:
    initial = {
        "title": row.title,
        "link": row.link,
        "nickname": row.nickname,
        "authors": row.authors,
        "venue": row.venue,
        "date": row.date,
        "tags": ", ".join(row.tags),
        "tldr": row.tldr,
        "code_label_0": "",
        "code_url_0": "",
    }
    for place, (label, url) in enumerate(row.code):
        initial |= {f"code_label_{place}": label, f"code_url_{place}": url}
    return initial | {f"extra_{place}": row.extra.get(header, "") for place, header in enumerate(headers)}


def admission_forms(rows: Iterable[tuple[Document, RowFields]], data: Mapping[str, Any] | None = None) -> list[RowForm]:
    """Return the forms of a new entry: the primary language's row, and its translations."""
    rows = list(rows)
    if not rows:
        return []
    (primary, source), *others = rows
    first = RowForm(data, document=primary, row=source, table=columns(primary))
    # What another language has in the primary one's words is no translation yet: the curator starts from nothing.
    blank = [(document, replace(row, tldr="" if row.tldr == source.tldr else row.tldr)) for document, row in others]
    others_forms = (
        RowForm(data, document=document, row=row, table=columns(document), translation=True) for document, row in blank
    )
    return [first, *others_forms]


def row_forms(
    rows: Iterable[tuple[Document, RowFields]], category: Category, data: Mapping[str, Any] | None = None
) -> list[RowForm]:
    """Return a form for the whole row of each document, as an entry of this category has it."""
    return [RowForm(data, document=document, row=row, table=columns(document, category)) for document, row in rows]


def typed_rows(forms: Sequence[RowForm], category: Category) -> dict[str, RowFields] | None:
    """Return the rows for this category by language, or None when one has an error (each form holds its own)."""
    for form in forms:
        form.target = columns(form.document, category)
    checked = [(form, form.is_valid()) for form in forms]
    if not all(valid for _, valid in checked):
        return None
    return {form.document.language: form.to_fields() for form, _ in checked}


class RejectForm(forms.Form):
    """Why a paper does not belong."""

    reject = forms.ChoiceField(choices=[("", _("No reason")), *Decision.Reason.choices], required=False)


class DeferForm(forms.Form):
    """Until when a paper is put off: a number of days, a day, or (0) until there is a newer version."""

    CHOICES = ((7, _("A week")), (30, _("A month")), (91, _("Three months")), (0, _("A new version")))

    defer = forms.IntegerField(min_value=0, max_value=3650, required=False)
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput({"type": "date"}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        days = cleaned.get("defer")
        if days is None and not cleaned.get("until") and "until" not in self.errors:
            self.add_error("until", _("Say until when."))
        elif days is None and cleaned.get("until") and cleaned["until"] <= timezone.localdate():
            self.add_error("until", _("Choose a day after today."))
        return cleaned

    @property
    def day(self) -> date | None:
        """The day on which the paper comes back; None: with a newer version."""
        days: int | None = self.cleaned_data["defer"]
        until: date = self.cleaned_data["until"]
        if days is None:
            return until
        return timezone.localdate() + timedelta(days=days) if days else None


class DuplicateForm(forms.Form):
    """Which paper this one is: by its number here, or by a link or identifier."""

    duplicate = forms.IntegerField(required=False, min_value=1)
    of = forms.CharField(
        required=False, max_length=2000, label=_("Another paper"), help_text=_("Its link, arXiv id or DOI")
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, paper: Paper) -> None:
        super().__init__(data)
        self.paper = paper
        self.other: Paper | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        name = "duplicate" if cleaned.get("duplicate") else "of"
        if cleaned.get("duplicate"):
            self.other = Paper.objects.filter(pk=cleaned["duplicate"]).first()
        elif identifier := identity.identify(cleaned.get("of", "")):
            self.other = Paper.objects.with_identifier(*identifier).first()
        if self.other is None:
            self.add_error("of", _("No paper here has this link or identifier."))
        elif self.other.pk == self.paper.pk:
            self.add_error(name, _("This is the paper itself."))
        return cleaned


class TokenForm(forms.Form):
    """A new key to the API."""

    name = forms.CharField(max_length=100, label=_("What is it for?"), widget=forms.TextInput({"autocomplete": "off"}))
