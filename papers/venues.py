"""Venues as lists write them, and the one name of each: NIPS'23 is NeurIPS, Findings of EMNLP is EMNLP Findings."""

from __future__ import annotations

import re
from functools import lru_cache

# What lists write -> the name. Compared without case.
_SPELLINGS = {
    "nips": "NeurIPS",
    "thewebconf": "WWW",
    "the web conference": "WWW",
    "acmmm": "ACM MM",
    "mm": "ACM MM",
    "usenix atc": "ATC",
    "pvldb": "VLDB",
    "corr": "arXiv",
    "preprint": "arXiv",
    "preprints": "arXiv",
}
_NAMES = re.findall(
    r"\S+",
    """
    NeurIPS NIPS ICML ICLR ACL EMNLP NAACL EACL AACL COLING CoNLL COLM LREC IJCNLP TACL AAAI IJCAI UAI
    AISTATS COLT ECAI ACML TMLR JMLR MLCB KDD WWW SIGIR CIKM WSDM RecSys ECIR TheWebConf CVPR ICCV ECCV WACV
    BMVC 3DV ACCV ICIP ACMMM TPAMI IJCV TIP SIGGRAPH MLSys OSDI SOSP NSDI ATC EuroSys ASPLOS ISCA MICRO HPCA
    SC PPoPP PACT SIGCOMM HotOS HotNets SoCC CIDR VLDB PVLDB SIGMOD ICDE EDBT FAST DAC DATE ICCAD ISSCC TCAD
    ICPP IPDPS HPDC ISPASS IISWC FPGA FCCM Middleware ICASSP INTERSPEECH ASRU SLT TASLP ICRA IROS CoRL RSS
    RA-L CHI UIST IUI CSCW CCS NDSS ICSE FSE ASE ISSTA PLDI POPL OOPSLA CGO DCC TKDE TOIS TNNLS TIST CSUR
    MDAI PNAS PMLR JAIR Neurocomputing Nature Science Cell arXiv CoRR bioRxiv medRxiv SSRN OpenReview
    Preprint Preprints HAL Zenodo Blog
    """,
)
_LONG_NAMES = (
    "ACM MM",
    "USENIX ATC",
    "USENIX Security",
    "The Web Conference",
    "ACM Computing Surveys",
    "Computational Linguistics",
    "Technical Report",
    "Tech Report",
    "LREC-COLING",
)
_FAMILIES = r"Nature [A-Z]\w+(?: [A-Z]\w+)?|Science [A-Z]\w+|Frontiers in [\w ]+|IEEE [\w&. -]+|ACM Trans[\w&. -]+"
_HOSTS = r"ACM|USENIX|IEEE/CVF|CVF"  # societies that hold a venue: ACM SIGCOMM is SIGCOMM
_YEAR = r"['’]?(?:(?:19|20)\d\d(?:[./-]\d{1,2}){0,2}|\d\d)"
_TRACKS = {  # what lists write -> the track that is another publication than the main one
    r"findings?(?: of)?(?: the)?": "Findings",
    r"(?:industry(?: track)?)": "Industry",
    r"(?:demos?|system demonstrations?)": "Demo",
    r"(?:workshops?|ws|\w+ workshop)": "Workshop",
    r"(?:datasets? (?:and|&) benchmarks?(?: track)?|d&b)": "Datasets and Benchmarks",
    r"(?:tiny ?papers?)": "Tiny Papers",
    r"(?:blog ?posts?)": "Blog",
}
_WORDS = (  # that come with a venue and are no part of its name
    r"main|long|short|orals?|posters?|spotlights?|highlights?|outstanding[\w ]*|best[\w ]*|notable[\w -]*|"
    r"under review|submission|submitted|accepted|conference|journal|proceedings|tutorial|student|vol\.? ?\d+|"
    r"top[\w -]*%?|main conference|conf\.?|track"
)
_KNOWN = "|".join(re.escape(name) for name in sorted([*_NAMES, *_LONG_NAMES], key=len, reverse=True))
_TRACK = "|".join(_TRACKS)
_VENUE = re.compile(
    rf"(?:(?:in|published (?:at|in)|accepted (?:by|to|at))\s+)?"
    rf"(?:(?:conference|journal|proceedings|proc\.?)(?:\s+of)?(?:\s+the)?[\s:-]+)?"
    rf"(?:(?P<before>{_TRACK})[\s:-]+)?(?:(?:the)\s+)?(?:{_YEAR}\s+)?(?:(?:{_HOSTS})\s+)?"
    rf"(?P<name>{_KNOWN}|{_FAMILIES})(?![A-Za-z])"
    rf"(?P<rest>(?:[\s:/@(),-]*(?:{_YEAR}|{_KNOWN}|{_TRACK}|{_WORDS})\)?)*)[.!]?",
    re.IGNORECASE,
)
# Within a sentence a venue has its capitals: `fast`, `date` and `science` are words.
_NAMED = re.compile(
    rf"(?<![\w-])(?:(?P<before>(?i:{_TRACK}))[\s:-]+)?(?:[Tt]he\s+)?(?:{_YEAR}\s+)?(?P<name>{_KNOWN})(?![A-Za-z])"
    rf"(?P<rest>(?:[\s:/@(),-]*(?:{_YEAR}|(?i:{_TRACK}|{_WORDS}))\)?)*)"
)
_TAKEN = re.compile(
    r"\b(?:accepted|to appear|appear(?:s|ed|ing)?|published|(?:to be )?presented|forthcoming|camera[- ]ready)\b",
    re.IGNORECASE,
)
_NOT_TAKEN = re.compile(r"\b(?:review|submitted|submission|rejected)\b", re.IGNORECASE)
_ARCHIVED = re.compile(r"(?:arxiv\b|corr\b|biorxiv\b|https?://arxiv)", re.IGNORECASE)
_CANONICAL = {name.casefold(): name for name in [*_NAMES, *_LONG_NAMES]} | _SPELLINGS
_LONGEST = 80  # characters
PREPRINTS = frozenset({"arXiv", "bioRxiv", "medRxiv", "SSRN", "OpenReview", "HAL", "Zenodo"})
_UNPUBLISHED = PREPRINTS | {"", "Blog", "Technical Report", "Tech Report"}
_NOT_YET = re.compile(r"\b(?:under review|submitted|submission)\b", re.IGNORECASE)


@lru_cache(maxsize=20_000)
def name(text: str) -> str:
    """Return the normalised name of a venue, with its track where that is a publication of its own.

    `EMNLP 2025 Main` -> `EMNLP`, `Findings of ACL 2024` -> `ACL Findings`. What is no venue that is known stays as
    it is, without emphasis and year; dates alone and placeholders give an empty text.
    """
    text = _bare(text)
    found = _VENUE.fullmatch(text) if 0 < len(text) <= _LONGEST else None
    if found is None:
        words = re.sub(rf"\b{_YEAR}(?!\w)", " ", re.sub(r"[*_`\[\]]", " ", text))
        words = " ".join(words.split()).strip(" ,.;:-–—/()（）")
        return words if re.search(r"[^\W\d_]{2}", words) else ""
    known = " ".join(found["name"].split())
    named = _CANONICAL.get(known.casefold(), known)
    if named.casefold() in _CANONICAL:
        named = _CANONICAL[named.casefold()]
    said = f"{found['before'] or ''} {found['rest']}"
    track = next((track for words, track in _TRACKS.items() if re.search(rf"(?<!\w){words}(?!\w)", said, re.I)), "")
    return f"{named} {track}".strip() if named not in PREPRINTS else named


def is_venue(text: str) -> bool:
    """Return whether a whole phrase names a venue, `EMNLP 2025 Main` or `Arxiv 2024`, or says `under review`."""
    text = _bare(text)
    if _NOT_YET.fullmatch(text):
        return True
    return 0 < len(text) <= _LONGEST and _VENUE.fullmatch(text) is not None


def is_preprint(text: str) -> bool:
    """Return whether a venue as written is an archive, or says nothing."""
    return name(text) in PREPRINTS or name(text) == ""


def is_published(text: str) -> bool:
    """Return whether a venue as written is one that papers are published at: no archive, blog or mere submission."""
    return name(text) not in _UNPUBLISHED and _NOT_YET.search(text) is None


def of_reference(text: str) -> str:
    """Return the venue that a journal reference names, as short as it is known; empty for an archive's own."""
    text = " ".join(text.split())
    if _ARCHIVED.match(text) or not is_published(text):
        return ""
    return _with_year(text) or text


def of_comment(text: str) -> str:
    """Return the venue that an author's comment says has taken the paper, `NeurIPS 2026`, else an empty text.

    `Accepted at`, `to appear in`, `published at` a venue count, and a venue alone, as in `ICML 2024, 12 pages`; to be
    submitted or under review does not.
    """
    for sentence in re.split(r"[;\n]|\.(?=\s|$)", text):
        if _NOT_TAKEN.search(sentence):
            continue
        if (taken := _TAKEN.search(sentence)) and (venue := _with_year(sentence[taken.end() :])):
            return venue
        for phrase in sentence.split(","):
            if is_venue(phrase) and re.search(r"\d{2}", phrase) and is_published(phrase):
                return _with_year(phrase)
    return ""


def _with_year(text: str) -> str:
    """Return the first venue in a text by its name, with its year where one follows; empty without any."""
    for found in _NAMED.finditer(text):
        said = f"{found['before'] or ''} {found['name']} {found['rest']}".strip()
        if is_published(said):
            year = re.search(r"(?:19|20)\d\d", text[found.start() :]) or re.search(r"(?:19|20)\d\d", text)
            short = re.search(r"['’](\d\d)\b", found["rest"])
            return f"{name(said)} {year[0] if year else f'20{short[1]}' if short else ''}".strip()
    return ""


def _bare(text: str) -> str:
    return " ".join(text.replace("_", " ").replace("*", " ").split()).strip("()[]（） ,;")
