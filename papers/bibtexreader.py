"""One entry of BibTeX as what it says of a paper: by bibtexparser, its LaTeX by pylatexenc."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import DuplicateFieldKeyBlock, Entry
from django.utils.translation import gettext as _
from pylatexenc.latex2text import LatexNodes2Text
from pylatexenc.latexwalker import LatexWalkerError

from papers import identity
from papers.readme.inline import is_code_address
from papers.records import Identifier

# What it would warn of is told to the person who pasted it.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)

_TEXT = LatexNodes2Text(math_mode="verbatim")
_COMMENT = re.compile(r"(?<!\\)%")  # LaTeX would drop what follows; in a title it is a per cent
_COMMAND = re.compile(r"\\(?:url|href)\s*\{\s*([^{}\s]+)\s*\}")
_ADDRESS = re.compile(r"https?://[^\s{}\"<>]+")
_ARXIV = re.compile(r"arxiv[:.\s]*(?:abs/)?((?:[a-z-]+(?:\.[A-Z]{2})?/)?\d{4}[.\d]\d{3,5})(?:v\d+)?", re.IGNORECASE)
_CORR = re.compile(r"abs/(\S+)")  # how DBLP writes the number of a preprint, as its volume
_IN_FREE_TEXT = ("journal", "note", "howpublished", "volume", "number", "publisher", "annote")
_VENUE = ("booktitle", "journal", "journaltitle", "booktitleaddon")


class Unreadable(ValueError):
    """It is no entry of BibTeX; the message says what is wrong, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class BibtexPaper:
    """What an entry says: the identifiers that it names, the surest first, and texts without LaTeX."""

    key: str
    identifiers: tuple[Identifier, ...]
    title: str
    authors: tuple[str, ...]
    venue: str  # with its year, as "NeurIPS 2023"
    code: str  # address, empty without


def read_entry(text: str, strings: str = "") -> BibtexPaper:
    """Return what one entry says, with the `@string` blocks of its file; raise Unreadable."""
    fields = _fields(_entry(text, strings))
    names = tuple(dict.fromkeys(_identifiers(fields)))
    # An address beside a number or a DOI may be anything: the publisher's, the project's, the laboratory's.
    papers = (
        tuple(each for each in names if each.scheme != "url")
        or tuple(each for each in names if not is_code_address(each.value))[:1]
    )
    code = next((each.value for each in names if each.scheme == "url" and is_code_address(each.value)), "")
    return BibtexPaper(
        key=fields.get("", ""),
        identifiers=papers,
        title=_plain(fields.get("title", "")),
        authors=tuple(_authors(fields.get("author", ""))),
        venue=_venue(fields),
        code=code,
    )


def _entry(text: str, strings: str) -> Entry:
    try:
        library = parse_string(f"{strings}\n{text}")
    except Exception as error:  # whatever a library makes of what people paste
        raise Unreadable(_("this BibTeX cannot be read: %(error)s") % {"error": error}) from error
    for block in library.failed_blocks:
        if isinstance(block, DuplicateFieldKeyBlock) and isinstance(block.ignore_error_block, Entry):
            return block.ignore_error_block  # BibTeX takes the first one, too
    if not library.entries:
        why = next((str(block.error) for block in library.failed_blocks if str(block.error)), "")
        raise Unreadable(
            _("this BibTeX is not well formed: %(why)s") % {"why": why} if why else _("this BibTeX is not well formed")
        )
    return library.entries[0]


def _fields(entry: Entry) -> Mapping[str, str]:
    """The fields by name in lower case, the first of each; the entry's key under no name."""
    fields = {"": entry.key}
    for field in entry.fields:
        value = str(field.value)
        if re.search(r"[}\"]\s*[\w-]+\s*=", value):
            raise Unreadable(
                _("this BibTeX is not well formed: a comma may be missing after “%(key)s”") % {"key": field.key}
            )
        fields.setdefault(field.key.lower(), value)
    return fields


def _identifiers(fields: Mapping[str, str]) -> Iterator[Identifier]:
    """What the entry names: arXiv's number, DOI, addresses; those in free text last."""
    eprint = fields.get("eprint", "").strip()
    if eprint and fields.get("archiveprefix", fields.get("eprinttype", "arxiv")).lower() == "arxiv":
        yield from _named(f"arxiv:{eprint}")
    yield from _named(fields.get("doi", "").replace("\\_", "_"))
    for name in ("url", "link", "ee", "pdf", "code"):
        for address in _ADDRESS.findall(_COMMAND.sub(r"\1", fields.get(name, "")).replace("\\", "")):
            yield from _named(address)
    for name in _IN_FREE_TEXT:
        text = fields.get(name, "")
        if found := _ARXIV.search(text) or (_CORR.search(text) if name == "volume" else None):
            yield from _named(f"arxiv:{found[1]}")
        for address in _ADDRESS.findall(_COMMAND.sub(r"\1", text)):
            yield from _named(address.rstrip(".,;"))


def _named(text: str) -> Iterator[Identifier]:
    if (found := identity.identify(text.strip())) is not None:
        yield found


def _authors(text: str) -> Iterator[str]:
    for name in split_multiple_persons_names(text) if text.strip() else ():
        with suppress(ValueError):  # else it stays as it is written
            name = parse_single_name_into_parts(name, strict=False).merge_first_name_first
        if (told := _plain(name)) and told.lower() != "others":
            yield told


def _venue(fields: Mapping[str, str]) -> str:
    """Where it was published, with the year; nothing of a preprint, whose day its source knows better."""
    venue = next((told for name in _VENUE if (told := _plain(fields.get(name, "")))), "")
    if not venue or re.search(r"\barxiv\b|\bcorr\b|preprint", venue, re.IGNORECASE):
        return ""
    year = _plain(fields.get("year", "") or fields.get("date", "")[:4])
    return venue if not year or year in venue else f"{venue} {year}"


def _plain(text: str) -> str:
    """The text without LaTeX: braces gone, accents as letters, formulas kept."""
    try:
        told = str(_TEXT.latex_to_text(_COMMENT.sub(r"\\%", text)))
    except (LatexWalkerError, RecursionError):  # brackets without end, thousands of them: no title of a paper
        told = re.sub(r"[{}\\]", "", text)
    return " ".join(told.split())
