"""Papers from a file: JSON Lines, one object a line, plain or gzipped. It streams, so no file is too large.

A line names its paper by `arxiv_id`, `doi`, `url` or `id` (one is enough) and has a `title`. It may have
`abstract`, `authors` (names, or objects with a `name`), `categories` (a list, or one string with blanks),
`published`, `updated` (ISO days or times), `version`, `comment`, `journal_ref`, `code` (an address) and
`withdrawn`. `comments`, `journal-ref` and authors in one string, as in arXiv's own dumps, are understood too.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ingest.sources import Page, fields, remarks
from papers import identity
from papers.records import FactRecord, Identifier, PaperRecord, Rejected

PAGE_SIZE = 500
LONGEST_LINE = 4 * 2**20  # bytes; the longest abstracts with thousands of authors stay far below
_GZIP = b"\x1f\x8b"


class UnreadableFile(OSError):
    """The file is missing, is not what its name says, or breaks off; the message names it."""


def read(path: str | Path) -> Iterator[Page]:
    """Yield the file's records in pages of 500; a line that cannot be read is Rejected as "line N".

    Raise UnreadableFile at the first page for a file that cannot be opened, and after the pages that could be
    read for one that breaks off.
    """
    path, number = Path(path), 0
    results: list[PaperRecord | Rejected] = []
    try:
        with _open(path) as file:
            for number, line in enumerate(_lines(file), 1):
                if line.strip():
                    results.append(_record(line, f"line {number}"))
                if len(results) == PAGE_SIZE:
                    yield _page(results)
                    results = []
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        if results:
            yield _page(results)
        raise UnreadableFile(f"{path}: damaged after line {number} ({error})") from error
    except UnreadableFile:
        raise
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror or error}") from error
    if results:
        yield _page(results)


def _page(results: list[PaperRecord | Rejected]) -> Page:
    return Page(
        tuple(result for result in results if isinstance(result, PaperRecord)),
        tuple(result for result in results if isinstance(result, Rejected)),
    )


def _open(path: Path) -> IO[bytes]:
    """Open by what the file is, not by what it is called; a `.gz` that is no gzip is somebody's mistake."""
    file = path.open("rb")
    start = file.peek(2)[:2]
    if start == _GZIP:
        file.close()
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if path.suffix == ".gz":
        file.close()
        raise UnreadableFile(f"{path}: not a gzip file")
    return file


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines; of one that is too long only a start, which tells as much."""
    while line := file.readline(LONGEST_LINE + 1):
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE + 1)
        yield line


def _record(line: bytes, name: str) -> PaperRecord | Rejected:
    if len(line) > LONGEST_LINE:
        return Rejected(name, f"longer than {LONGEST_LINE // 2**20} MB")
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Rejected(name, "not UTF-8")
    except (ValueError, RecursionError) as error:
        return Rejected(name, f"invalid JSON: {error}")
    if not isinstance(row, dict):
        return Rejected(name, "not a JSON object")
    try:
        return _paper(row)
    except ValueError as problem:
        return Rejected(name, str(problem))


def _paper(row: dict[str, Any]) -> PaperRecord:
    """Return the paper of a row; ValueError says what is missing or unreadable."""
    title = fields.text(row.get("title"))
    if not title:
        raise ValueError("no title")
    identifiers = tuple(dict.fromkeys(_identifiers(row)))
    if not identifiers:
        raise ValueError("no arxiv_id, doi, url or id that names a paper")
    comment = fields.text(row.get("comment")) or fields.text(row.get("comments"))
    abstract = fields.text(row.get("abstract"))
    withdrawn = row.get("withdrawn")
    return PaperRecord(
        source="file",
        identifiers=identifiers,
        title=title,
        abstract=abstract,
        authors=_authors(row.get("authors")),
        subjects=_subjects(row.get("categories")),
        published=fields.day(row.get("published")),
        updated=fields.day(row.get("updated")),
        version=_version(row),
        comment=comment,
        journal_ref=fields.text(row.get("journal_ref")) or fields.text(row.get("journal-ref")),
        withdrawn=withdrawn if isinstance(withdrawn, bool) else remarks.says_withdrawn(comment, abstract) or None,
        facts=_facts(row, comment, abstract),
    )


def _identifiers(row: dict[str, Any]) -> Iterator[Identifier]:
    for key in ("arxiv_id", "doi", "url", "id"):
        given = fields.text(row.get(key))
        if given and (found := identity.identify(given)):
            yield found
        elif given and key == "arxiv_id":
            raise ValueError(f"no arXiv id: {given[:80]!r}")


def _version(row: dict[str, Any]) -> int | None:
    """Return the version given, or the one at the end of the arXiv id."""
    given = fields.count(row.get("version"))
    named = identity.arxiv_id(fields.text(row.get("arxiv_id")) or fields.text(row.get("id")))
    return given or (named[1] if named else None)


def _authors(given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        return fields.texts(re.split(r"\s*(?:;|,\s+and\s|,|\sand\s)\s*", given))
    return fields.names(given)


def _subjects(given: Any) -> tuple[str, ...]:
    return fields.texts(given.split() if isinstance(given, str) else given)


def _facts(row: dict[str, Any], comment: str, abstract: str) -> tuple[FactRecord, ...]:
    given = fields.text(row.get("code"))
    named = remarks.code_link(given) or (given if re.match(r"https?://\S+$", given) else None)
    code = named or remarks.code_link(comment, abstract)
    return (FactRecord("code", code),) if code else ()
