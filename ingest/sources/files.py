"""Papers from files that the operator put into the inbox, a folder of the data folder: what others harvested.

Curators choose the file, so nothing outside of the inbox can be named, nor be reached by a link in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingest.sources import BadQuery, Page, SourceUnavailable, Window, jsonl
from papers.records import Rejected

if TYPE_CHECKING:
    from ingest.models import Topic

LABEL = gettext_lazy("Files")
QUERY = gettext_lazy(
    "A file, or a folder with files, in the inbox of the data folder: dumps/2026.jsonl.gz. Empty for all of them."
)
OVERLAP_DAYS = 0

SUFFIXES = (".jsonl", ".jsonl.gz")

_Marks = dict[str, list[int]]  # by file: its size, and when it was changed last, in nanoseconds


def inbox() -> Path:
    """Return the folder that files are read from."""
    return Path(settings.DATA_DIR) / "inbox"


def check(query: str) -> None:
    """Raise BadQuery for a path that leads out of the inbox."""
    _path(query)


def fetch(topic: Topic, window: Window) -> Iterator[Page]:
    """Yield the papers of the files that are new or changed since they were read last; the window is not used.

    A line that cannot be read is Rejected as "dumps/2026.jsonl: line 7". A file that breaks off or cannot be opened
    is Rejected after what could be read of it, and tried again the next time. Raise SourceUnavailable when there is
    no such file or folder.
    """
    files = _files(topic.query)
    if not files:
        raise SourceUnavailable(f"there is no {' or '.join(SUFFIXES)} in {_path(topic.query)}")
    marks = {name: mark for name, path in files.items() if (mark := _mark(path))}
    read = _read_before(topic.validator)
    changed = [name for name in files if name not in marks or marks[name] != read.get(name)]
    done = {name: mark for name, mark in marks.items() if name not in changed}
    if not changed:
        number = f"The {len(files)} files have" if len(files) > 1 else "The file has"
        yield Page((), validator=_validator(done), note=f"{number} not changed since the last time.")
        return
    for name in changed:
        try:
            for page in jsonl.read(files[name]):
                rejected = tuple(Rejected(f"{name}: {record}", reason) for record, reason in page.rejected)
                yield replace(page, rejected=rejected, validator=_validator(done))
        except jsonl.UnreadableFile as error:
            reason = str(error).removeprefix(f"{files[name]}: ")
            yield Page((), (Rejected(name, reason),), validator=_validator(done))
        else:
            done |= {name: marks[name]} if name in marks else {}
            yield Page((), validator=_validator(done))


def _files(query: str) -> dict[str, Path]:
    """Return the files that a query names, by their path within the inbox; hidden ones and links out of it are none."""
    path, root = _path(query), inbox().resolve()
    try:
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        return {
            each.relative_to(root).as_posix(): each
            for each in found
            if each.name.endswith(SUFFIXES)
            and not any(part.startswith(".") for part in each.relative_to(root).parts)
            and each.is_file()
            and each.resolve().is_relative_to(root)
        }
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be read: {error.strerror or error}") from error


def _path(query: str) -> Path:
    """Return the file or folder within the inbox; raise BadQuery for one outside."""
    query = query.strip()
    parts = PurePosixPath(query)
    if "\x00" in query or "\\" in query or parts.is_absolute() or ".." in parts.parts:
        raise BadQuery(_("name a file or folder in %(folder)s, as dumps/2026.jsonl.gz") % {"folder": inbox()})
    root = inbox().resolve()
    path = root / parts
    try:
        inside = path.resolve().is_relative_to(root)
    except (OSError, RuntimeError) as error:  # too long a name, a circle of links
        raise BadQuery(f"{query[:200]!r} names no file: {error}") from error
    if not inside:
        raise BadQuery(_("%(query)s leads out of %(folder)s") % {"query": query, "folder": inbox()})
    return path


def _mark(path: Path) -> list[int] | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return [told.st_size, told.st_mtime_ns]


def _validator(marks: _Marks) -> str:
    return json.dumps(marks, sort_keys=True, ensure_ascii=False)


def _read_before(validator: str) -> _Marks:
    """Return what a validator says was read; nothing for one that is not ours."""
    try:
        marks = json.loads(validator)
    except ValueError:
        return {}
    return marks if isinstance(marks, dict) else {}
