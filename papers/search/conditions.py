"""What a query asks for, as conditions on papers: exactly those that fulfil it, in no order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, TextField
from django.db.models.functions import Cast

from papers.search import tsquery
from papers.search.syntax import Kind, Query, Term
from papers.search.tsquery import Words

_YEARS = re.compile(r"(?P<from>\d{4})?(?P<to_>-|\.\.)?(?P<to>\d{4})?")
_BOUND = re.compile(r"(?P<sign>[<>]=?)(?P<year>\d{4})")
_YES, _NO = {"yes", "true", "1", "any", "*"}, {"no", "false", "0", "none"}


def holds(query: Query) -> Q:
    """Return the condition of papers that fulfil the query."""
    condition, words = Q(), words_of(query)
    if words is not None:
        condition &= has_words("body", words)
    for group in other_than_words(query).groups:
        condition &= _any(group)
    return condition


def words_of(query: Query) -> Words | None:
    """Return what is asked of all words of a paper; None where nothing is."""
    return tsquery.of_groups([group for group in query.groups if _is_of_body(group)])


def other_than_words(query: Query) -> Query:
    """Return the part of a query that is not asked of all words of a paper."""
    return Query(tuple(group for group in query.groups if not _is_of_body(group)))


def has_words(where: str, words: Words) -> Q:
    """Return the condition of papers whose words of this kind (body, title, names) fulfil a tsquery."""
    from papers.models import SearchText

    return Q(pk__in=SearchText.objects.filter(**{where: words}).values("pk"))


def _is_of_body(group: tuple[Term, ...]) -> bool:
    return all(term.field in ("", "abstract") for term in group)


def _any(group: tuple[Term, ...]) -> Q:
    condition = Q(pk__in=[])
    for term in group:
        condition |= _one(term)
    return condition


def _one(term: Term) -> Q:
    if term.field in _WORDS_OF:  # whose tsquery says itself that it is negated
        return has_words(_WORDS_OF[term.field], tsquery.of_term(term))
    one = _OF_FIELDS[term.field](term)
    return ~one if term.negated else one


_WORDS_OF = {"": "body", "abstract": "body", "title": "title", "author": "names"}


def _subject(term: Term) -> Q:
    archive, dot, rest = term.text.partition(".")
    if term.kind is Kind.PREFIX:
        return _in_array("subjects", term)
    exact = archive.lower() + dot + (rest if any(char.isupper() for char in rest) else rest.upper())
    return Q(subjects__overlap=list({term.text, exact, term.text.lower()}))


def _venue(term: Term) -> Q:
    from papers.models import EntryText, Fact

    in_lists = EntryText.objects.filter(entry__paper=OuterRef("pk"), venue_name__icontains=term.text)
    told = _as_text(Fact.objects.filter(paper=OuterRef("pk"), kind="venue"), "value")
    told = told.filter(as_text__icontains=term.text)
    return Q(Exists(in_lists)) | Q(Exists(told)) | Q(journal_ref__icontains=term.text)


def _year(term: Term) -> Q:
    if bound := _BOUND.fullmatch(term.text):
        return Q(**{f"published__year__{_LOOKUPS[bound['sign']]}": _year_of(bound["year"])})
    found = _YEARS.fullmatch(term.text)
    if found is None or not (found["from"] or found["to"]):
        return Q(pk__in=[])
    condition = Q()
    if found["from"]:
        condition &= Q(published__gte=date(_year_of(found["from"]), 1, 1))
    last = found["to"] or (found["from"] if not found["to_"] else None)
    if last:
        condition &= Q(published__lte=date(_year_of(last), 12, 31))
    return condition


_LOOKUPS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


def _year_of(digits: str) -> int:
    return min(max(int(digits), 1), 9999)


def _tag(term: Term) -> Q:
    from papers.models import EntryText

    return Q(Exists(EntryText.objects.filter(_in_array("tags", term), entry__paper=OuterRef("pk"))))


def _category(term: Term) -> Q:
    """Listed in a category of this key or name, in any language, or likely to belong there."""
    from papers.models import Category, Entry, Suggestion
    from papers.querysets import LIKELY

    lookup = "istartswith" if term.kind is Kind.PREFIX else "iexact"
    by_name = "istartswith" if term.kind is Kind.PREFIX else "icontains"
    named = Q(**{f"key__{lookup}": term.text}) | Q(**{f"texts__name__{by_name}": term.text})
    categories = Category.objects.filter(named).values("pk")
    listed = Entry.objects.filter(category__in=categories, paper=OuterRef("pk"))
    elsewhere = Entry.objects.filter(paper=OuterRef("paper"), category__list=OuterRef("list"))
    likely = Suggestion.objects.filter(category__in=categories, paper=OuterRef("pk"), relevance__gte=LIKELY)
    return Q(Exists(listed)) | Q(Exists(likely.filter(~Exists(elsewhere))))


def _code(term: Term) -> Q:
    from papers.models import EntryText, Fact

    facts = Fact.objects.filter(paper=OuterRef("pk"), kind="code")
    told = EntryText.objects.filter(entry__paper=OuterRef("pk")).exclude(code=[])
    said = term.text.lower()
    if said in _YES or not said:
        return Q(Exists(facts)) | Q(Exists(told))
    if said in _NO:
        return ~(Q(Exists(facts)) | Q(Exists(told)))
    facts, told = _as_text(facts, "value"), _as_text(told, "code")
    return Q(Exists(facts.filter(as_text__icontains=term.text))) | Q(Exists(told.filter(as_text__icontains=term.text)))


def _as_text(rows: Any, column: str) -> Any:
    return rows.annotate(as_text=Cast(column, TextField()))


_OF_FIELDS: Mapping[str, Callable[[Term], Q]] = {
    "subject": _subject,
    "venue": _venue,
    "year": _year,
    "tag": _tag,
    "category": _category,
    "code": _code,
}


def _in_array(column: str, term: Term) -> Q:
    """Whether an array has the value, whatever its case; or one that begins so."""
    text = term.text.lower()
    escaped = re.sub(r"([\\%_])", r"\\\1", text) + ("%" if term.kind is Kind.PREFIX else "")
    return Q(_ArrayLike(F(column), escaped))


class _ArrayLike(Func):
    """Whether some value of an array of texts is like a pattern."""

    template = "EXISTS (SELECT 1 FROM unnest(%(expressions)s) AS each WHERE lower(each) LIKE %%s)"

    def __init__(self, column: F, pattern: str) -> None:
        super().__init__(column, output_field=BooleanField())
        self.pattern = pattern

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        sql, params = super().as_sql(*args, **kwargs)
        return sql, [*params, self.pattern]
