"""A patch that `git apply` and `git am` take: a mail whose body is a commit message and a diff of bytes.

Lines end with \\n here and nowhere else, as git counts them; a README whose own lines end otherwise stays exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from email.utils import format_datetime
from itertools import takewhile

from papers.publication.message import Message

_SENDER = "Listkeeper <listkeeper@localhost>"
_CONTEXT = 3  # lines around a change
_NOBODY = "0" * 40  # the commit that a patch was made from, which there is none of
_SPECIAL = re.compile(rb'[\x00-\x1f\x7f"\\]')


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file before and after; `before` is None for a new one."""

    path: str
    before: bytes | None
    after: bytes


def mail(message: Message, changes: Sequence[FileChange], at: datetime) -> bytes:
    """Return the patch with its message, as `git format-patch` writes them; empty when no file changed."""
    difference = diff(changes)
    if not difference:
        return b""
    header = (
        f"From {_NOBODY} Mon Sep 17 00:00:00 2001\n"  # the date that git's mails have, by which it knows them
        f"From: {_SENDER}\n"
        f"Date: {format_datetime(at)}\n"
        f"Subject: [PATCH] {message.subject}\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: 8bit\n"
        "\n"
    )
    body = f"{message.body}\n" if message.body else ""
    return f"{header}{body}---\n\n".encode("utf-8", "replace") + difference + b"-- \nListkeeper\n\n"


def diff(changes: Sequence[FileChange]) -> bytes:
    """Return a unified diff of the files that changed, empty when none did."""
    return b"".join(b"".join(_file(change)) for change in changes if change.before != change.after)


def _file(change: FileChange) -> Iterator[bytes]:
    old, new = _name("a/", change.path), _name("b/", change.path)
    yield b"diff --git %b %b\n" % (old, new)
    if change.before is None:
        yield b"new file mode 100644\n"
        old = b"/dev/null"
    before, after = _lines(change.before or b""), _lines(change.after)
    if before or after:
        yield b"--- %b%b\n+++ %b%b\n" % (old, _tab(old), new, _tab(new))
        yield from _hunks(before, after)


def _name(side: str, path: str) -> bytes:
    """A path as git writes it: in quotes when it holds a character that would end it."""
    name = f"{side}{path}".encode("utf-8", "surrogateescape")
    if not _SPECIAL.search(name):
        return name
    return b'"%b"' % _SPECIAL.sub(lambda found: b"\\%03o" % found[0][0], name)


def _tab(name: bytes) -> bytes:
    """What ends a name that holds spaces."""
    return b"\t" if b" " in name and not name.startswith(b'"') else b""


def _lines(content: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+", content)


def _hunks(before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[bytes]:
    # What both begin and end with is not compared: long lists differ in a few lines.
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    rest = zip(reversed(before[head:]), reversed(after[head:]), strict=False)
    tail = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], rest))
    start, lead, trail = max(0, head - _CONTEXT), min(head, _CONTEXT), min(tail, _CONTEXT)
    old, new = (lines[start : len(lines) - tail + trail] for lines in (before, after))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    # Where difflib keeps what it found. git wants lines after a change wherever there are some.
    matcher.opcodes = list(_around(lead, trail, old, new))  # type: ignore[attr-defined]
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        _, first_old, _, first_new, _ = group[0]
        _, _, end_old, _, end_new = group[-1]
        yield b"@@ -%b +%b @@\n" % (
            _range(start + first_old, start + end_old),
            _range(start + first_new, start + end_new),
        )
        for kind, old_start, old_end, new_start, new_end in group:
            if kind == "equal":
                yield from _marked(b" ", old[old_start:old_end])
            else:
                yield from _marked(b"-", old[old_start:old_end])
                yield from _marked(b"+", new[new_start:new_end])


def _around(
    lead: int, trail: int, old: Sequence[bytes], new: Sequence[bytes]
) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield what was done to lines whose first and last ones are the same, and only to those between them."""
    end_old, end_new = len(old) - trail, len(new) - trail
    if lead:
        yield "equal", 0, lead, 0, lead
    for kind, *places in SequenceMatcher(None, old[lead:end_old], new[lead:end_new], autojunk=False).get_opcodes():
        first_old, last_old, first_new, last_new = (lead + place for place in places)
        yield kind, first_old, last_old, first_new, last_new
    if trail:
        yield "equal", end_old, len(old), end_new, len(new)


def _range(start: int, end: int) -> bytes:
    """Lines as a hunk names them: from 1, and the line before for none."""
    length = end - start
    return b"%d" % (start + 1) if length == 1 else b"%d,%d" % (start + (length > 0), length)


def _marked(sign: bytes, lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield sign + line
        if not line.endswith(b"\n"):
            yield b"\n\\ No newline at end of file\n"
