"""A table of a TOML file that a person wrote: values are asked for by key, and errors name the file and the key."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from papers.readme.rules import LANGUAGE, OPTIONAL, TEXT, Rule


class ListFileError(ValueError):
    """A TOML file that cannot be used; the message names the file and the key."""


def is_language(text: str) -> bool:
    """Whether a text is a language code, as `en` or `zh-Hans`."""
    return not LANGUAGE.problem(text)


def read_toml(path: Path) -> TomlTable:
    """Return the whole of a TOML file; raise ListFileError with the file and what is wrong."""
    try:
        return TomlTable(path, "", tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ListFileError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ListFileError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ListFileError(f"{path}: {error}") from error


class TomlTable:
    """A table of the file, with its place in it for error messages."""

    def __init__(self, path: Path, place: str, data: Any) -> None:
        self.path, self.place = path, place
        if not isinstance(data, dict):
            raise ListFileError(f"{path}: {place}: must be a table")
        self.data: dict[str, Any] = data

    def error(self, key: str, problem: str) -> ListFileError:
        """Return the error that a key of this table is wrong."""
        return ListFileError(f"{self.path}: {self._name(key)}: {problem}")

    def _name(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def text(self, key: str, rule: Rule | None = None, default: str | None = None) -> str:
        """Return a text that keeps the rule; without one, a default may be empty and what must be there may not."""
        value = self.data.get(key, default)
        if value is None:
            raise self.error(key, "is missing")
        if not isinstance(value, str):
            raise self.error(key, "must be a text in quotes")
        if problem := (rule or (TEXT if default is None else OPTIONAL)).problem(value):
            raise self.error(key, problem)
        return value

    def texts(self, key: str, meaning: str = 'must be a list of texts, as ["Surveys", "综述"]') -> tuple[str, ...]:
        """Return a list of at least one text."""
        value = self.data.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(v, str) and v.strip() for v in value):
            raise self.error(key, meaning)
        if any("\x00" in text for text in value):
            raise self.error(key, "must not hold a NUL")
        return tuple(value)

    def table(self, key: str) -> TomlTable:
        """Return a table within this one, empty when it is missing."""
        return TomlTable(self.path, self._name(key), self.data.get(key, {}))

    def tables(self, key: str) -> list[TomlTable]:
        """Return a list of tables, which may be missing."""
        value = self.data.get(key, [])
        if not isinstance(value, list):
            raise self.error(key, f"must be written as [[{key}]]")
        return [TomlTable(self.path, f"{self._name(key)}[{number}]", each) for number, each in enumerate(value, 1)]

    def tables_by_name(self, key: str) -> dict[str, TomlTable]:
        """Return the table of each language, at least one."""
        value = self.data.get(key, {})
        if not isinstance(value, dict) or not value:
            raise self.error(key, f'must name at least one file, as [{key}.en] file = "README.md"')
        for name in value:
            if not is_language(name):
                raise self.error(f"{key}.{name}", f"must be {LANGUAGE.meaning}")
        return {name: TomlTable(self.path, f"{key}.{name}", each) for name, each in value.items()}

    def refuse_unknown(self, known: set[str]) -> None:
        """Raise ListFileError when the table holds another key than these."""
        for key in self.data:
            if key not in known:
                raise self.error(key, f"is not known; known are {', '.join(sorted(known))}")
