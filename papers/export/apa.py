"""A reference in the style of the American Psychological Association, seventh edition, as plain text.

https://apastyle.apa.org/style-grammar-guidelines/references/examples: a preprint names its archive and number.
"""

from __future__ import annotations

import re

from papers.export.citation import OTHERS, Citation

_MOST_NAMES = 20  # of more, the first nineteen and the last
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def reference(citation: Citation) -> str:
    """Return `Jiang, H., & Wu, Q. (2023). Title. Venue. https://…`, on one line."""
    title = " ".join(citation.title.split()).rstrip(".")
    if citation.arxiv and not citation.venue:
        source, link = f"{title} (arXiv:{citation.arxiv}). arXiv", f"https://doi.org/10.48550/arXiv.{citation.arxiv}"
    else:
        source = f"{title}. {citation.venue}" if citation.venue else title
        link = f"https://doi.org/{citation.doi}" if citation.doi else citation.link
    end = "" if source.endswith(("?", "!", ".")) else "."
    written_by = _authors(citation.authors)
    day = f"({citation.year or 'n.d.'})."
    start = f"{written_by} {day} {source}" if written_by else f"{source}{end} {day}"
    return f"{start}{end if written_by else ''} {link}".strip()


def _authors(names: tuple[str, ...]) -> str:
    told = [_name(name) for name in names if name != OTHERS and name.strip()]
    if not told:
        return ""
    if OTHERS in names:
        return f"{', '.join(told)}, et al."
    if len(told) > _MOST_NAMES:
        return f"{', '.join(told[: _MOST_NAMES - 1])}, . . . {told[-1]}"
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])}, & {told[-1]}"


def _name(name: str) -> str:
    """`Laurens van der Maaten` -> `van der Maaten, L.`; a name in Chinese, and that of a group, stays."""
    words = name.split()
    if len(words) < 2 or _CJK.search(name) or "," in name:
        return " ".join(words)
    suffix = words.pop() if _SUFFIX.fullmatch(words[-1]) and len(words) > 2 else ""
    last = len(words) - 1
    while last > 1 and words[last - 1].islower():  # a particle belongs to the last name
        last -= 1
    initials = " ".join("-".join(f"{part[0].upper()}." for part in word.split("-") if part) for word in words[:last])
    return ", ".join(part for part in (" ".join(words[last:]), initials, suffix) if part)
