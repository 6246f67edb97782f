"""Reads list.toml: what a list is called, which file is which language, and what its sections are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from papers.models import Order
from papers.readme.roles import Role
from papers.readme.rules import HOMEPAGE, KEY, SLUG, TOPIC, Rule
from papers.readme.tomltable import ListFileError, TomlTable, is_language, read_toml

__all__ = ["NAME", "CategorySetting", "ListFile", "ListFileError", "TopicSetting", "is_language", "read_list_file"]

NAME = "list.toml"

SCHEDULES = ("hourly", "daily", "weekly")  # how often a topic is pulled

_KEYS = {"slug", "name", "homepage", "languages", "categories", "topics", "publish", "columns", "glossary"}


def _one_of(*words: str, meaning: str = "") -> Rule:
    pattern = re.compile("|".join(map(re.escape, words)))
    return Rule(pattern, meaning or f"one of {', '.join(filter(None, words))}", may_be_empty=True)


_SCHEDULE = _one_of(*SCHEDULES, meaning="hourly, daily or weekly")
_ORDER = _one_of("", *Order.values)
_ROLE = _one_of(*Role)


@dataclass(frozen=True, slots=True)
class CategorySetting:
    """A category's key, and what its headings contain in any of the languages."""

    key: str
    headings: tuple[str, ...]
    order: str = ""  # one of Order: how its rows follow each other, where it is not as they are found

    def matches(self, heading: str) -> bool:
        """Whether a section of this heading is the category."""
        return any(part.casefold() in heading.casefold() for part in self.headings)


@dataclass(frozen=True, slots=True)
class TopicSetting:
    """A saved query against one source."""

    slug: str
    source: str
    query: str
    schedule: str


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list.toml."""

    path: Path
    slug: str
    name: str
    homepage: str
    languages: Mapping[str, str]  # language -> file name, the primary one first
    categories: tuple[CategorySetting, ...]
    topics: tuple[TopicSetting, ...]
    checks: tuple[str, ...] = ()  # a command that must succeed before `publish` commits: its words
    columns: Mapping[str, str] = field(default_factory=dict)  # header -> role, where reading would get it wrong
    glossary: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # language -> tag -> its translation

    def language_of(self, file_name: str) -> str | None:
        """Return the language that this README is written in, if it is one of the list's."""
        return next((language for language, name in self.languages.items() if name == file_name), None)


def read_list_file(path: Path) -> ListFile:
    """Return the settings in a list.toml; raise ListFileError with the file, the key and what is wrong."""
    table = read_toml(path)
    slug, name, homepage, languages, topics = read_new_list_parts(table)
    result = ListFile(
        path=path,
        slug=slug,
        name=name,
        homepage=homepage,
        languages=languages,
        categories=tuple(_category(each) for each in table.tables("categories")),
        topics=topics,
        checks=_checks(table),
        columns=_columns(table),
        glossary=_glossary(table),
    )
    table.refuse_unknown(_KEYS)
    _refuse_twice(path, "categories", [category.key for category in result.categories])
    return result


def read_new_list_parts(table: TomlTable) -> tuple[str, str, str, dict[str, str], tuple[TopicSetting, ...]]:
    """Return what a list.toml and the TOML of a new list both say: slug, name, homepage, languages and topics."""
    slug = table.text("slug", SLUG)
    name = table.text("name")
    homepage = table.text("homepage", HOMEPAGE, default="")
    languages = {key: each.text("file") for key, each in table.tables_by_name("languages").items()}
    topics = tuple(_topic(each) for each in table.tables("topics"))
    _refuse_twice(table.path, "topics", [topic.slug for topic in topics])
    _refuse_twice(table.path, "languages", list(languages.values()))
    return slug, name, homepage, languages, topics


def _category(table: TomlTable) -> CategorySetting:
    table.refuse_unknown({"key", "headings", "order"})
    key, order = table.text("key", KEY), table.text("order", _ORDER, default="")
    return CategorySetting(key, table.texts("headings"), order)


def _topic(table: TomlTable) -> TopicSetting:
    table.refuse_unknown({"slug", "source", "query", "schedule"})
    return TopicSetting(
        slug=table.text("slug", TOPIC),
        source=table.text("source"),
        query=table.text("query", default=""),
        schedule=table.text("schedule", _SCHEDULE, default="daily"),
    )


def _checks(table: TomlTable) -> tuple[str, ...]:
    if "publish" not in table.data:
        return ()
    publish = table.table("publish")
    publish.refuse_unknown({"checks"})
    return publish.texts("checks", 'must be a command as a list of words, as ["python", "scripts/check.py"]')


def _columns(table: TomlTable) -> dict[str, str]:
    columns = table.table("columns")
    return {header: columns.text(header, _ROLE) for header in columns.data}


def _glossary(table: TomlTable) -> dict[str, dict[str, str]]:
    """A table of words for each language but the primary one."""
    if "glossary" not in table.data:
        return {}
    spoken = table.tables_by_name("glossary")
    return {language: {term: words.text(term) for term in words.data} for language, words in spoken.items()}


def _refuse_twice(path: Path, key: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ListFileError(f'{path}: {key}: "{value}" stands there twice')
