"""A screening task: a pool of papers and which of them are relevant, from a labelled file or a list's README."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.classifier.heads import OUT
from ingest.classifier.labelled import LabelledFileError, LabelledPaper
from papers.readme.document import DocumentTree, Section, parse
from papers.readme.inline import plain, without_emoji
from papers.records import Identifier

FEWEST = 2  # papers of a kind: one is known beforehand, one is to be read


class TaskError(Exception):
    """There is nothing to screen; the message names the file and says why."""


@dataclass(frozen=True)
class Task:
    """Papers in the order of the file."""

    keys: tuple[str, ...]  # scheme and identifier, as "arxiv:2407.12345"
    titles: tuple[str, ...]
    texts: tuple[str, ...]  # "title\nabstract", or the title where there is no abstract
    relevant: NDArray[np.bool_]  # shape (papers,)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def abstracts(self) -> list[str]:
        """The abstracts, "" where there is none."""
        return [text[len(title) :].strip() for title, text in zip(self.titles, self.texts, strict=True)]

    def titles_only(self) -> Task:
        """Return the task without abstracts."""
        return replace(self, texts=self.titles)

    def with_abstracts(self, corpus: Iterable[LabelledPaper]) -> Task:
        """Return the task with the abstracts that the corpus knows, under the titles that the file gives."""
        abstracts = {paper.key: paper.record.abstract for paper in corpus if paper.record.abstract}
        each = zip(self.keys, self.titles, self.texts, strict=True)
        return replace(
            self,
            texts=tuple(f"{title}\n{abstracts[key]}" if key in abstracts else text for key, title, text in each),
        )


def of_labelled(path: Path, papers: Sequence[LabelledPaper], relevant: Collection[str] = ()) -> Task:
    """Return the papers that have a label, those with one of `relevant` to be found; by default all but "out".

    A paper that stands twice counts once, with its first label.

    Raise LabelledFileError for a label that no paper has, TaskError where too few papers are to be found or left.
    """
    chosen = _first_of_each(paper for paper in papers if paper.label is not None)
    occurring = {paper.label for paper in chosen if paper.label is not None}
    for label in relevant:
        if label not in occurring:
            raise LabelledFileError(f"{path}: no paper has the label “{label}”, only {', '.join(sorted(occurring))}")
    wanted = set(relevant) or occurring - {OUT}
    return _checked(
        path,
        Task(
            keys=tuple(paper.key for paper in chosen),
            titles=tuple(paper.record.title for paper in chosen),
            texts=tuple(paper.text for paper in chosen),
            relevant=np.array([paper.label in wanted for paper in chosen], dtype=np.bool_),
        ),
    )


def of_readme(path: Path, section: str) -> Task:
    """Return the papers of a README, those in a section or below it to be found.

    A section is named by its heading, or by headings from the outside in, "Method > Merging", where its own is not
    enough. Raise TaskError when the file cannot be read, has no such section, or has too few papers in or outside it.
    """
    tree = _tree(path)
    titles = _titles(tree)
    asked = tuple(_bare(name) for name in section.split(">"))
    found = {key for each in tree.sections if _lies_in(each, asked) for key in _papers(each)}
    if not found:
        raise TaskError(f"{path}: no section “{section}” with papers, only: {'; '.join(_sections(tree))}")
    return _checked(
        path,
        Task(
            keys=tuple(":".join(identifier) for identifier in titles),
            titles=tuple(titles.values()),
            texts=tuple(titles.values()),
            relevant=np.array([identifier in found for identifier in titles], dtype=np.bool_),
        ),
    )


def sections(path: Path) -> list[str]:
    """Return the headings of a README's sections that hold papers, as `of_readme` takes them; raise TaskError."""
    return _sections(_tree(path))


def _tree(path: Path) -> DocumentTree:
    """Return what a README holds; raise TaskError when it cannot be read or holds no paper."""
    try:
        tree = parse(path.read_bytes())
    except OSError as error:
        raise TaskError(f"{path}: {error.strerror or error}") from error
    if not _titles(tree):
        raise TaskError(f"{path}: no row's link names a paper")
    return tree


def _sections(tree: DocumentTree) -> list[str]:
    return [section.name for section in tree.sections if _papers(section)]


def _checked(path: Path, task: Task) -> Task:
    wanted = int(task.relevant.sum())
    if min(wanted, len(task) - wanted) < FEWEST:
        raise TaskError(
            f"{path}: {wanted} of {len(task)} papers are to be found; a session needs {FEWEST} such papers and "
            f"{FEWEST} others"
        )
    return task


def _titles(tree: DocumentTree) -> dict[Identifier, str]:
    """Return the papers of all sections with their titles; of a paper in several rows, the first counts."""
    titles: dict[Identifier, str] = {}
    for section in tree.sections:
        for identifier, title in _papers(section).items():
            titles.setdefault(identifier, title)
    return titles


def _papers(section: Section) -> dict[Identifier, str]:
    titles: dict[Identifier, str] = {}
    for row in section.rows:
        title = without_emoji(plain(row.fields.title))
        if row.identifier is not None and title:
            titles.setdefault(row.identifier, title)
    return titles


def _first_of_each(papers: Iterable[LabelledPaper]) -> list[LabelledPaper]:
    """Return the papers without those that stood before already."""
    first: dict[str, LabelledPaper] = {}
    for paper in papers:
        first.setdefault(paper.key, paper)
    return list(first.values())


def _lies_in(section: Section, asked: tuple[str, ...]) -> bool:
    """Tell whether headings of these names follow each other on the way down to the section, or are it."""
    way = [_bare(name) for name in (*section.path, section.name)]
    return any(tuple(way[begin : begin + len(asked)]) == asked for begin in range(len(way)))


def _bare(name: str) -> str:
    return " ".join(without_emoji(plain(name)).split()).casefold()
