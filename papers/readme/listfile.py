"""Reads list.toml: what a list is called, which file is which language, and what its sections are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "list.toml"

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
SCHEDULES = ("hourly", "daily", "weekly")  # how often a topic is pulled

# Characters that the database holds.
_LONGEST_LANGUAGE = 16
_LONGEST_SLUG = 50
_LONGEST_KEY = 80
_LONGEST_HOMEPAGE = 200
_SCHEDULE = re.compile("|".join(SCHEDULES))
_OUT = "out"  # the classifier's word for papers that belong nowhere


class ListFileError(ValueError):
    """A list.toml that cannot be used; the message names the file and the key."""


@dataclass(frozen=True, slots=True)
class CategorySetting:
    """A category's key, and what its headings contain in any of the languages."""

    key: str
    headings: tuple[str, ...]

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

    def language_of(self, file_name: str) -> str | None:
        """Return the language that this README is written in, if it is one of the list's."""
        return next((language for language, name in self.languages.items() if name == file_name), None)


def is_language(text: str) -> bool:
    """Whether a text is a language code, as `en` or `zh-Hans`."""
    return len(text) <= _LONGEST_LANGUAGE and _LANGUAGE.fullmatch(text) is not None


def read_list_file(path: Path) -> ListFile:
    """Return the settings in a list.toml; raise ListFileError with the file, the key and what is wrong."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ListFileError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ListFileError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise ListFileError(f"{path}: {error}") from error
    table = _Table(path, "", data)
    result = ListFile(
        path=path,
        slug=table.text("slug", _SLUG, "lower-case letters, digits and hyphens", longest=_LONGEST_SLUG),
        name=table.text("name"),
        homepage=table.text("homepage", default="", longest=_LONGEST_HOMEPAGE),
        languages={key: each.text("file") for key, each in table.tables_by_name("languages").items()},
        categories=tuple(_category(each) for each in table.tables("categories")),
        topics=tuple(_topic(each) for each in table.tables("topics")),
    )
    table.refuse_unknown({"slug", "name", "homepage", "languages", "categories", "topics"})
    _refuse_twice(path, "categories", [category.key for category in result.categories])
    _refuse_twice(path, "topics", [topic.slug for topic in result.topics])
    _refuse_twice(path, "languages", list(result.languages.values()))
    return result


def _category(table: _Table) -> CategorySetting:
    table.refuse_unknown({"key", "headings"})
    key = table.text("key", _SLUG, "lower-case letters, digits and hyphens", longest=_LONGEST_KEY)
    if key == _OUT:
        raise table.error("key", '"out" is the word for papers that belong nowhere')
    return CategorySetting(key, table.texts("headings"))


def _topic(table: _Table) -> TopicSetting:
    table.refuse_unknown({"slug", "source", "query", "schedule"})
    return TopicSetting(
        slug=table.text("slug", _SLUG, "lower-case letters, digits and hyphens", longest=_LONGEST_SLUG),
        source=table.text("source"),
        query=table.text("query", default=""),
        schedule=table.text("schedule", _SCHEDULE, "hourly, daily or weekly", default="daily"),
    )


def _refuse_twice(path: Path, key: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ListFileError(f'{path}: {key}: "{value}" stands there twice')


class _Table:
    """A table of the file, with its place in it for error messages."""

    def __init__(self, path: Path, place: str, data: Any) -> None:
        self.path, self.place = path, place
        if not isinstance(data, dict):
            raise ListFileError(f"{path}: {place}: must be a table")
        self.data: dict[str, Any] = data

    def error(self, key: str, problem: str) -> ListFileError:
        return ListFileError(f"{self.path}: {self._name(key)}: {problem}")

    def _name(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def text(
        self,
        key: str,
        pattern: re.Pattern[str] | None = None,
        meaning: str = "",
        default: str | None = None,
        longest: int | None = None,
    ) -> str:
        value = self.data.get(key, default)
        if value is None:
            raise self.error(key, "is missing")
        if not isinstance(value, str):
            raise self.error(key, "must be a text in quotes")
        if value.strip() == "" and default is None:
            raise self.error(key, "must not be empty")
        if pattern is not None and not pattern.fullmatch(value):
            raise self.error(key, f'"{value}" must be {meaning}')
        if longest is not None and len(value) > longest:
            raise self.error(key, f"must be of at most {longest} characters")
        if "\x00" in value:
            raise self.error(key, "must not hold a NUL")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.data.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(v, str) and v.strip() for v in value):
            raise self.error(key, 'must be a list of texts, as ["Surveys", "综述"]')
        return tuple(value)

    def tables(self, key: str) -> list[_Table]:
        value = self.data.get(key, [])
        if not isinstance(value, list):
            raise self.error(key, f"must be written as [[{key}]]")
        return [_Table(self.path, f"{self._name(key)}[{number}]", each) for number, each in enumerate(value, 1)]

    def tables_by_name(self, key: str) -> dict[str, _Table]:
        value = self.data.get(key, {})
        if not isinstance(value, dict) or not value:
            raise self.error(key, f'must name at least one file, as [{key}.en] file = "README.md"')
        for name in value:
            if not is_language(name):
                raise self.error(f"{key}.{name}", 'must be a language code, as "en" or "zh"')
        return {name: _Table(self.path, f"{key}.{name}", each) for name, each in value.items()}

    def refuse_unknown(self, known: set[str]) -> None:
        for key in self.data:
            if key not in known:
                raise self.error(key, f"is not known; known are {', '.join(sorted(known))}")
