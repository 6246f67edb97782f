"""BibTeX: what a paper that cites the list's papers needs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from papers.export.citation import Citation, cited
from papers.export.formats import Exported, Format, file_name, listed
from papers.models import PaperList

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # BibTeX counts braces even behind a backslash, so these must come in pairs.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    **{character: f"\\{character}" for character in "&%$#_"},
}
# As pandoc finds formulas: "$5 and $10" is none.
_FORMULA = re.compile(r"\$(?!\s)(?:[^$]*[^\s$\\])\$(?!\d)")
# What would end the line, or reach beyond typesetting: a title comes from the network.
_NO_FORMULA = re.compile(
    r"(?<!\\)[%#&]|\\(?:input|include|write|read|open|immediate|catcode|def|[egx]def|let|csname|loop|newcommand|href|url)"
)
_SMALL_WORDS = frozenset({"a", "an", "the", "on", "of", "for", "in", "to", "and", "with", "from", "towards", "toward"})


def render(paper_list: PaperList, language: str) -> Exported:
    """Return an entry for every paper: @inproceedings or @article where it was published, else @misc."""
    written = many(cited(listed(paper_list, language)))
    return Exported(file_name(paper_list, language, "bib"), "application/x-bibtex; charset=utf-8", written.encode())


def many(citations: Iterable[Citation]) -> str:
    """Return the entries of papers, no two under one key."""
    return "".join(each(citations))


def each(citations: Iterable[Citation]) -> Iterator[str]:
    """Yield the entries of papers, no two under one key, with an empty line between them."""
    stems: Counter[str] = Counter()
    for citation in citations:
        yield ("\n" if stems else "") + _entry(citation, _key(citation, stems))


def one(citation: Citation) -> str:
    """Return the entry of a paper by itself."""
    return _entry(citation, _key(citation, Counter()))


def _entry(citation: Citation, key: str) -> str:
    fields = {
        "title": f"{{{_escape(citation.title)}}}",  # the second braces keep its capitals
        "author": " and ".join(_author(author) for author in citation.authors),
        "year": citation.year,
    }
    if citation.venue and citation.is_journal:
        kind, fields["journal"] = "article", _escape(citation.venue)
    elif citation.venue:
        kind, fields["booktitle"] = "inproceedings", _escape(citation.venue)
    else:
        kind = "misc"
    if citation.arxiv:
        fields |= {"eprint": citation.arxiv, "archiveprefix": "arXiv", "primaryclass": _escape(citation.subject)}
    fields |= {"doi": _address(citation.doi), "url": _address(citation.link)}
    lines = [f"  {name:<13} = {{{value}}},\n" for name, value in fields.items() if value and value != "{}"]
    return f"@{kind}{{{key},\n{''.join(lines)}}}\n"


def _escape(text: str) -> str:
    """The text for LaTeX: formulas stay as they are, all else is plain text."""
    parts = re.split(f"({_FORMULA.pattern})", " ".join(text.split()))
    return "".join(part if _is_formula(part) else _plain(part) for part in parts)


def _is_formula(part: str) -> bool:
    return bool(_FORMULA.fullmatch(part)) and _balanced(part) and not _NO_FORMULA.search(part)


def _plain(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in text)


def _balanced(text: str) -> bool:
    """Whether braces pair, as BibTeX counts them: even escaped ones."""
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0


def _author(name: str) -> str:
    """A name; one that holds the word that separates names goes in braces."""
    escaped = _escape(name)
    return f"{{{escaped}}}" if re.search(r"\band\b|,", name) else escaped


def _address(text: str) -> str:
    """An address or a DOI: taken literally, but braces and backslashes would end the field."""
    return re.sub(r"[{}\\\s]", lambda found: f"%{ord(found[0]):02X}", text)


def _key(citation: Citation, stems: Counter[str]) -> str:
    """`jiang2023llmlingua`: the first author's last name, the year, the first telling word of the title.

    `stems` counts those that were given: the second of a stem, which has no hyphen, ends in `-2`.
    """
    author = _ascii(citation.authors[0].split()[-1]) if citation.authors and citation.authors[0].split() else ""
    words = [_ascii(word) for word in re.split(r"[\s:–—-]+", citation.title)]
    word = next((word for word in words if word and word not in _SMALL_WORDS), "")
    stem = f"{author}{citation.year}{word}" or "paper"
    stems[stem] += 1
    return stem if stems[stem] == 1 else f"{stem}-{stems[stem]}"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())


FORMAT = Format("bibtex", "BibTeX", render)
