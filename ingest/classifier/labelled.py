"""A labelled file: papers that people have sorted, one JSON object a line, plain or gzipped.

A line has `arxiv_id`, `title`, `abstract` and, for scoring, `label`: a category's key, "out", or null for a paper
nobody has sorted; `published`, as 2026-01-31, where a command asks for it. Nothing of it is stored.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from papers import identity
from papers.records import Identifier, PaperRecord, Rejected

_GZIP = b"\x1f\x8b"


class LabelledFileError(Exception):
    """The file cannot be used; the message names it, the line and the record."""


@dataclass(frozen=True, slots=True)
class LabelledPaper:
    """One line of the file, its text cleaned as the catalogue would clean it."""

    line: int
    record: PaperRecord
    label: str | None

    @property
    def name(self) -> str:
        """The arXiv id, or whatever the line names the paper by."""
        return self.record.identifiers[0].value

    @property
    def key(self) -> str:
        """Scheme and identifier, as "arxiv:2407.12345"."""
        return ":".join(self.record.identifiers[0])

    @property
    def text(self) -> str:
        return f"{self.record.title}\n{self.record.abstract}".strip()


def read(path: Path) -> list[LabelledPaper]:
    """Return the papers of the file in its order; raise LabelledFileError at the first line that is wrong."""
    try:
        papers = list(_papers(path))
    except UnicodeDecodeError as error:
        raise LabelledFileError(f"{path}: not UTF-8 text") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LabelledFileError(f"{path}: a damaged gzip file ({error})") from error
    except OSError as error:
        raise LabelledFileError(f"{path}: {error.strerror or error}") from error
    if not papers:
        raise LabelledFileError(f"{path}: holds no papers")
    return papers


def with_labels(path: Path, papers: Sequence[LabelledPaper], classes: Sequence[str]) -> list[LabelledPaper]:
    """Return the papers that somebody has sorted; raise LabelledFileError for a label that is no class."""
    for paper in papers:
        if paper.label is not None and paper.label not in classes:
            raise LabelledFileError(
                f"{path}:{paper.line}: {paper.name}: label “{paper.label}” is none of {', '.join(classes)}"
            )
    return [paper for paper in papers if paper.label is not None]


def with_abstracts(papers: Sequence[LabelledPaper], corpus: Path) -> list[LabelledPaper]:
    """Return the papers with title and abstract of the corpus; raise LabelledFileError for one that it lacks."""
    wanted = {paper.key for paper in papers}
    known = {paper.key: paper.record for paper in read(corpus) if paper.key in wanted}
    for paper in papers:
        if paper.key not in known:
            raise LabelledFileError(f"{corpus}: holds no {paper.name} (line {paper.line} of the labelled file)")
    return [replace(paper, record=known[paper.key]) for paper in papers]


def fields(line: str, where: str) -> tuple[dict[str, Any], Identifier]:
    """Return the values of a line, by field, and the paper that it is about; raise LabelledFileError."""
    try:
        row: Any = json.loads(line)
    except ValueError as error:
        raise LabelledFileError(f"{where}: not JSON ({error})") from error
    if not isinstance(row, dict):
        raise LabelledFileError(f"{where}: not a JSON object")
    identifier = identity.identify(str(row.get("arxiv_id") or ""))
    if identifier is None:
        raise LabelledFileError(f"{where}: arxiv_id {row.get('arxiv_id')!r} names no paper")
    return row, identifier


def _papers(path: Path) -> Iterator[LabelledPaper]:
    with path.open("rb") as raw:
        packed = raw.peek(2)[:2] == _GZIP
    with gzip.open(path, "rt", encoding="utf-8-sig") if packed else path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _paper(line, number, f"{path}:{number}")


def _paper(line: str, number: int, where: str) -> LabelledPaper:
    row, identifier = fields(line, where)
    title, abstract, label = str(row.get("title") or ""), str(row.get("abstract") or ""), row.get("label")
    published = _day(row.get("published"), where)
    clean = identity.normalise(PaperRecord("file", (identifier,), title, abstract, published=published))
    if isinstance(clean, Rejected):
        raise LabelledFileError(f"{where}: {clean.record}: {clean.reason}")
    return LabelledPaper(number, clean, None if label is None else str(label))


def _day(text: Any, where: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except (TypeError, ValueError) as error:
        raise LabelledFileError(f"{where}: published {text!r} is no day as 2026-01-31") from error
