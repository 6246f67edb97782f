"""Terms of a query -> expressions of PostgreSQL's type tsquery."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import connection

from papers.search.syntax import Kind, Query, Term

_FUNCTIONS = {
    Kind.WORDS: "plainto_tsquery",
    Kind.PHRASE: "phraseto_tsquery",
    Kind.RUN: "phraseto_tsquery",
    Kind.PREFIX: "to_tsquery",
}
_LEXEME = re.compile(r"'((?:[^']|'')*)'")


class Words(SearchQuery):
    """A tsquery as SQL and its parameters; `&`, `|` and `~` put them together."""

    def __init__(self, sql: str, *params: str) -> None:
        super().__init__("", search_type="raw")
        self.sql, self.params = sql, params

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        return self.sql, list(self.params)

    @property
    def identity(self) -> tuple[Any, ...]:
        return (type(self), self.sql, *self.params)

    def __and__(self, other: Words) -> Words:  # type: ignore[override]
        return Words(f"({self.sql} && {other.sql})", *self.params, *other.params)

    def __or__(self, other: Words) -> Words:  # type: ignore[override]
        return Words(f"({self.sql} || {other.sql})", *self.params, *other.params)

    def __invert__(self) -> Words:  # type: ignore[override]
        return Words(f"(!! {self.sql})", *self.params)


def of_lexemes(lexemes: Sequence[str]) -> Words:
    """Return the tsquery that asks for one of these stems."""
    return Words("%s::tsquery", either_of(lexemes))


def either_of(lexemes: Sequence[str]) -> str:
    """Return the text of that tsquery."""
    return " | ".join(_quoted(lexeme) for lexeme in lexemes)


def of_term(term: Term) -> Words:
    """Return what a term asks of a text; it is empty where its words are in every text, as "the" is."""
    config = "simple" if term.field == "author" else "english"
    said = f"{_quoted(term.text)}:*" if term.kind is Kind.PREFIX else term.text
    sql = f"{_FUNCTIONS[term.kind]}('{config}', %s)"
    if term.field == "abstract":
        text = f"{sql}::text"
        sql = (
            f"replace({text}, ':*', ':*B')::tsquery"
            if term.kind is Kind.PREFIX
            else rf"regexp_replace({text}, '(''(?:[^'']|'''')*'')', '\1:B', 'g')::tsquery"
        )
    asked = Words(sql, said)
    return ~asked if term.negated else asked


def of_group(group: Iterable[Term]) -> Words:
    """Return the tsquery that asks for one of the terms."""
    return reduce(Words.__or__, map(of_term, group))


def of_groups(groups: Sequence[tuple[Term, ...]]) -> Words | None:
    """Return the tsquery that asks for one term of each group; None where there is no group."""
    return reduce(Words.__and__, map(of_group, groups)) if groups else None


def lexemes(query: Query) -> list[list[str]]:
    """Return the stems that each group of a query would like to see in a text, in one question to the database."""
    wanted = [[term for term in group if not term.negated and term.field in _SHOWN] for group in query.groups]
    asked = [of_group(group) if group else Words("''::tsquery") for group in wanted]
    if not asked:
        return []
    with connection.cursor() as cursor:
        sql = ", ".join(f"{each.sql}::text" for each in asked)
        cursor.execute(f"SELECT {sql}", [param for each in asked for param in each.params])
        return [_named(text) for text in cursor.fetchone()]


_SHOWN = ("", "title", "abstract")


def _named(text: str) -> list[str]:
    return list(dict.fromkeys(found[1].replace("''", "'") for found in _LEXEME.finditer(text)))


def _quoted(word: str) -> str:
    """A word as the reader of a tsquery takes it whole, whatever it holds."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
