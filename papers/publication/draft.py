"""What publishing a list would write: its READMEs as they are now, and the message that goes with them."""

from __future__ import annotations

from dataclasses import dataclass

from papers.models import Document, PaperList
from papers.publication.changes import unpublished
from papers.publication.message import Message, compose
from papers.publication.patch import FileChange
from papers.readme.exporter import export


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A README of the list: as it was last imported or published, and as it is exported now."""

    document: Document
    before: bytes
    after: bytes

    @property
    def path(self) -> str:
        """Its name in the list's repository."""
        return self.document.path


@dataclass(frozen=True, slots=True)
class Draft:
    """All READMEs of a list, the primary one first, and the message of the changes."""

    files: tuple[DraftFile, ...]
    message: Message

    @property
    def has_changes(self) -> bool:
        """Whether any file is another one than it was."""
        return any(file.before != file.after for file in self.files)

    @property
    def changes(self) -> list[FileChange]:
        """The files for a patch, against what was imported or published."""
        return [FileChange(file.path, file.before, file.after) for file in self.files]


def draft(paper_list: PaperList, subject: str = "") -> Draft:
    """Return what publishing the list now would write; `subject` replaces the message's first line."""
    files = tuple(
        DraftFile(document, bytes(document.source), export(document)) for document in paper_list.documents.all()
    )
    changed = [file.path for file in files if file.before != file.after]
    changes = unpublished(paper_list) if changed else []
    return Draft(files, compose(changes, changed or [file.path for file in files], subject))
