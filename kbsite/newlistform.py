"""What a curator types to make a list: about it, its languages, and its categories in each of them.

Languages and categories are numbered rows, as many as somebody asks for. Hidden fields say which numbers there are,
in order, so that taking a row away changes no other one's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kbsite.forms import OneLine, typed_tags
from papers.newlist import (
    ListExists,
    NewCategory,
    NewLanguage,
    NewList,
    Problem,
    Words,
    completed,
    is_taken,
    problems,
    proposed_file,
)
from papers.readme.rules import FILE, HOMEPAGE, KEY, LANGUAGE, SLUG

LANGUAGES, CATEGORIES = "languages", "categories"  # the kinds of rows
_MOST = {LANGUAGES: 20, CATEGORIES: 100}


@dataclass(frozen=True, slots=True)
class Rows:
    """The numbers of the rows there are, in order."""

    languages: tuple[int, ...] = (0,)
    categories: tuple[int, ...] = (0, 1)

    @classmethod
    def sent(cls, data: QueryDict) -> Rows:
        """Return the rows of a form that was sent; at least one of each kind."""
        return cls(_numbers(data, LANGUAGES) or (0,), _numbers(data, CATEGORIES) or (0,))

    def with_another(self, kind: str) -> Rows:
        """Return them with one more at the end, as long as there may be more."""
        return self._changed(kind, lambda rows: (*rows, max(rows) + 1)[: _MOST[kind]])

    def without(self, kind: str, number: str) -> Rows:
        """Return them without one; the last one of its kind stays."""
        return self._changed(kind, lambda rows: tuple(row for row in rows if str(row) != number) or rows)

    def _changed(self, kind: str, change: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Rows:
        return replace(self, **{kind: change(getattr(self, kind))}) if kind in _MOST else self


def _numbers(data: QueryDict, kind: str) -> tuple[int, ...]:
    given = (int(text) for text in data.getlist(kind) if re.fullmatch(r"[0-9]{1,4}", text))
    return tuple(dict.fromkeys(given))[: _MOST[kind]]


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """The fields of a language."""

    number: int
    code: forms.BoundField
    file: forms.BoundField


@dataclass(frozen=True, slots=True)
class WordsRow:
    """The fields of a category in one language, whose code may not be known yet."""

    language: int
    code: str
    name: forms.BoundField
    definition: forms.BoundField
    keywords: forms.BoundField


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """The fields of a category."""

    number: int
    key: forms.BoundField
    words: tuple[WordsRow, ...]


class NewListForm(forms.Form):
    """A list to be. Bound, it tells all that is wrong; given as `initial`, what was typed is only shown again."""

    name = OneLine(label=_("Name"), max_length=200, required=False)
    slug = OneLine(label=_("Short name"), max_length=SLUG.longest, required=False)
    homepage = OneLine(label=_("Homepage"), max_length=HOMEPAGE.longest, required=False)

    def __init__(
        self, data: QueryDict | None = None, *, rows: Rows | None = None, initial: Mapping[str, Any] | None = None
    ) -> None:
        self.rows = rows or Rows()
        super().__init__(data, initial=dict(initial or {"language-0-code": "en"}))
        typed = self.initial if data is None else data
        self.codes = [str(typed.get(f"language-{number}-code", "")).strip() for number in self.rows.languages]
        self.fields["slug"].help_text = _("In addresses and commands. Left empty, it is made from the name.")
        self.fields["homepage"].help_text = _("Where the list lives, as its repository. May be empty.")
        self._propose("slug", "name")
        self.languages = [self._language(place, number) for place, number in enumerate(self.rows.languages)]
        self.categories = [self._category(number) for number in self.rows.categories]
        for field in self.fields.values():
            field.widget.attrs |= {"autocomplete": "off"}

    def _language(self, place: int, number: int) -> LanguageRow:
        code, file = f"language-{number}-code", f"language-{number}-file"
        self.fields[code] = OneLine(label=_("Language code"), max_length=16, required=False)
        self.fields[code].widget.attrs |= {"list": "languages", "spellcheck": "false"}
        self.fields[file] = OneLine(label=_("File name"), max_length=FILE.longest, required=False)
        if place == 0:
            self._propose(file, proposal=proposed_file("", place))
        else:
            self._propose(file, code, proposed_file(self.codes[place], place) if self.codes[place] else "")
            self.fields[file].widget.attrs["data-proposal"] = proposed_file("*", place)
        return LanguageRow(number, self[code], self[file])

    def _category(self, number: int) -> CategoryRow:
        key, first = f"category-{number}-key", f"category-{number}-name-{self.rows.languages[0]}"
        words = [
            self._words(number, language, code) for language, code in zip(self.rows.languages, self.codes, strict=True)
        ]
        self.fields[key] = OneLine(label=_("Key"), max_length=KEY.longest, required=False)
        self.fields[key].help_text = _("Of the API and the classifier. Left empty, it is made from the name.")
        self._propose(key, first)
        return CategoryRow(number, self[key], tuple(words))

    def _words(self, number: int, language: int, code: str) -> WordsRow:
        definition = forms.Textarea({"rows": 2})
        fields = {
            "name": OneLine(label=_("Name"), max_length=200, required=False),
            "definition": OneLine(label=_("Definition"), max_length=5000, required=False, widget=definition),
            "keywords": OneLine(label=_("Keywords"), max_length=2000, required=False),
        }
        if language != self.rows.languages[0]:
            fields["name"].help_text = _("Left empty, it is called as in the first language.")
        fields["keywords"].help_text = _("Separated by commas")
        for name, field in fields.items():
            self.fields[f"category-{number}-{name}-{language}"] = field
            if not LANGUAGE.problem(code):
                field.widget.attrs |= {"lang": code}
        bound = {name: self[f"category-{number}-{name}-{language}"] for name in fields}
        return WordsRow(language, code, **bound)

    def _propose(self, name: str, source: str = "", proposal: str = "") -> None:
        """Show what a field becomes when it is left empty; the page's script follows the field that it comes from."""
        attrs = self.fields[name].widget.attrs
        attrs |= {"placeholder": proposal, "spellcheck": "false"}
        if source:
            attrs["data-proposed-from"] = self[source].id_for_label

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.filled = [row for row in self.rows.categories if self._is_filled(row)]
        self.new = completed(self._typed())
        for problem in problems(self.new):
            self._refuse(self._name_of(problem), problem.words)
        if is_taken(self.new.slug):
            self._refuse("slug", ListExists.words)
        return cleaned

    def go_on_at(self, kind: str) -> None:
        """Give the focus to the last row of a kind."""
        field = self.languages[-1].code if kind == LANGUAGES else self.categories[-1].words[0].name
        field.field.widget.attrs["autofocus"] = True

    def go_on_at_error(self) -> None:
        """Give the focus to the first field with an error; the fields are in the order of the page."""
        for name in [name for name in self.fields if name in self.errors][:1]:
            self.fields[name].widget.attrs["autofocus"] = True

    def refuse_taken(self) -> None:
        """Say that somebody has made a list of this slug meanwhile."""
        self._refuse("slug", ListExists.words)

    def _refuse(self, name: str, words: str) -> None:
        if name not in self.errors:
            self.add_error(name, gettext("%(words)s.") % {"words": capfirst(words)})

    def _is_filled(self, category: int) -> bool:
        """Whether anything was typed for a category: what is blank is none."""
        return any(self.cleaned_data.get(name) for name in self.fields if name.startswith(f"category-{category}-"))

    def _typed(self) -> NewList:
        given = self.cleaned_data.get
        return NewList(
            given("slug", ""),
            given("name", ""),
            given("homepage", ""),
            tuple(
                NewLanguage(given(f"language-{n}-code", ""), given(f"language-{n}-file", ""))
                for n in self.rows.languages
            ),
            tuple(
                NewCategory(
                    given(f"category-{number}-key", ""),
                    tuple(
                        Words(
                            given(f"category-{number}-name-{language}", ""),
                            given(f"category-{number}-definition-{language}", ""),
                            typed_tags(given(f"category-{number}-keywords-{language}", "")),
                        )
                        for language in self.rows.languages
                    ),
                )
                for number in self.filled
            ),
        )

    def _name_of(self, problem: Problem) -> str:
        """The field that a problem is about."""
        languages, categories = self.rows.languages, self.filled
        if problem.category is not None and problem.language is not None:
            return f"category-{categories[problem.category]}-{problem.field}-{languages[problem.language]}"
        if problem.category is not None:
            return f"category-{categories[problem.category]}-{problem.field}"
        if problem.language is not None:
            return f"language-{languages[problem.language]}-{problem.field}"
        if problem.field == "categories":
            return f"category-{self.rows.categories[0]}-name-{languages[0]}"
        return problem.field
