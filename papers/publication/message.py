"""The message of a commit that publishes a list: a count of what was done, and a line for each paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from papers.publication.changes import Unpublished, Verb, one_line


@dataclass(frozen=True, slots=True)
class Message:
    """A commit's message: its first line, and the lines below."""

    subject: str
    body: str = ""

    @property
    def text(self) -> str:
        """Both, as git takes them."""
        return f"{self.subject}\n\n{self.body}\n" if self.body else f"{self.subject}\n"


def compose(changes: Sequence[Unpublished], paths: Sequence[str], subject: str = "") -> Message:
    """Return the message of these changes to the files; `subject` stands in place of the count."""
    usual = _counted(changes) or f"Update {', '.join(one_line(path) for path in paths)}"
    return Message(one_line(subject) or usual, "\n".join(sentence(change) for change in changes))


def _counted(changes: Sequence[Unpublished]) -> str:
    """`Add 2 papers, move 1, fix 3, remove 1`, or nothing."""
    counts = Counter(change.verb for change in changes)
    told = [(verb, counts[verb]) for verb in Verb if counts[verb]]
    if not told:
        return ""
    (first, count), *others = told
    opening = f"{first.capitalize()} {count} {'paper' if count == 1 else 'papers'}"
    return ", ".join([opening, *(f"{verb} {number}" for verb, number in others)])


def sentence(change: Unpublished) -> str:
    """Return one change in words: `Add SnapKV to KV Compression (alice)`."""
    category, name = one_line(change.category), change.name
    fields = _listed([one_line(field) for field in change.fields])
    match change.verb:
        case Verb.ADD:
            said = f"Add {name} to {category}"
        case Verb.MOVE:
            said = f"Move {name} to {category}" + (f" and fix its {fields}" if fields else "")
        case Verb.FIX:
            said = f"Fix {fields} of {name}" if fields else f"Add the missing row of {name}"
        case Verb.REMOVE:
            said = f"Remove {name}" + (f" from {category}" if category else "")
    return f"{said} ({one_line(change.who)})" if change.who else said


def _listed(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
