"""What names a paper: links and ids -> (scheme, value), the title key, and the content hash of a record.

The forms of arXiv identifiers follow https://info.arxiv.org/help/arxiv_identifier.html.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from papers.records import Identifier, PaperRecord, Rejected

# No real paper is longer, and each of these fits into a row of PostgreSQL's indexes (about 2,700 bytes) and of its
# full-text search (1 MB), however badly it compresses. One record beyond them would fail its whole page.
_LONGEST_TITLE = 1000  # characters
_LONGEST_TITLE_KEY = 500  # characters
_LONGEST_ABSTRACT = 100_000  # characters
_LONGEST_IDENTIFIER = 1000  # bytes
_LONGEST_NAME = 300  # characters of an author or a subject
_VERSIONS = range(1, 2**15)

_DEFAULT_PORTS = {"http": 80, "https": 443}
_NEW_ARXIV = r"\d{4}\.\d{4,5}"
# Those that gave numbers until March 2007, and two that began then: no other name before seven digits is arXiv's.
_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|"
    "q-alg|q-bio|q-fin|quant-ph|solv-int|stat|supr-con"
)
_OLD_ARXIV = rf"(?:{_ARCHIVES})(?:\.[a-z][a-z-]{{1,8}})?/\d{{7}}"  # with its subject: math.GT, cond-mat.str-el
_ARXIV = re.compile(rf"(?P<id>{_NEW_ARXIV}|{_OLD_ARXIV})(?:v(?P<version>\d+))?", re.IGNORECASE)
_ARXIV_HOSTS = re.compile(r"(?:[a-z0-9-]+\.)*arxiv\.org$|(?:www\.)?alphaxiv\.org$|ar5iv\.(?:labs\.arxiv\.)?org$")
_ARXIV_PATHS = re.compile(r"^/(?:abs|pdf|html|ps|src|format|overview|forum|e-print)/(?P<rest>.+)$")
_HF_HOSTS = {"huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com"}
_ACM_DOI = re.compile(r"/doi/(?:(?:abs|pdf|epdf|full|fullHtml|pdfplus)/)?(?P<doi>10\.\d{4,9}/[^/]+)/?")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ARXIV_DOI = re.compile(r"^10\.48550/arxiv\.(?P<id>.+)$", re.IGNORECASE)
_ACL_DOI = re.compile(r"^10\.(?:18653/v1|3115/v1)/(?P<id>.+)$", re.IGNORECASE)
_ACL_ID = re.compile(r"^(?:[A-Z]\d{2}-\d{4}|\d{4}\.[a-z0-9_]+-[a-z0-9_]+\.\d+)$", re.IGNORECASE)


def arxiv_id(text: str) -> tuple[str, int | None] | None:
    """Return (id without version, version or None) when the whole text is an arXiv id, else None.

    `math.GT/0309136` is the same paper as `math/0309136`; the slash belongs to the id.
    """
    match = _ARXIV.fullmatch(re.sub(r"^(?:oai:)?arxiv(?:\.org)?:\s*", "", text.strip(), flags=re.IGNORECASE))
    if match is None:
        return None
    value = match["id"]
    if "/" in value:
        archive, number = value.lower().split("/")
        value = f"{archive.partition('.')[0]}/{number}"
    return value, int(match["version"]) if match["version"] else None


def arxiv_month(value: str) -> tuple[int, int, int]:
    """Return the year, the month and the number within it that an arXiv id says: `math/0309136` -> (2003, 9, 136)."""
    digits = value.rpartition("/")[2].replace(".", "")
    year = int(digits[:2])
    return (1900 if year > 90 else 2000) + year, int(digits[2:4]), int(digits[4:])


def identify(text: str) -> Identifier | None:
    """Return what a link or an id names, or None when it names nothing.

    Knows arXiv (all its hosts and URL forms), Hugging Face paper pages, DOI, ACL Anthology and OpenReview;
    any other http(s) address is its own identifier, without fragment, tracking, trailing slash or password. Its
    scheme, host and port stay as they are, since people follow it: what another host or port has is not known.
    """
    text = text.strip().strip("<>")
    if bare := arxiv_id(text):
        return Identifier("arxiv", bare[0])
    if re.match(r"^(?:doi:\s*)?10\.\d{4,9}/", text, re.IGNORECASE):
        return _doi(re.sub(r"^doi:\s*", "", text, flags=re.IGNORECASE))
    if _ACL_ID.fullmatch(text):
        return Identifier("acl", _acl(text))
    if re.match(r"^(?:www\.)?(?:arxiv\.org|aclanthology\.org|openreview\.net|huggingface\.co|doi\.org)/", text):
        text = f"https://{text}"
    return _from_url(text) if re.match(r"^https?://", text, re.IGNORECASE) else None


def _from_url(url: str) -> Identifier | None:
    try:
        parts = urlsplit(url)
        host, port, path = (parts.hostname or "").lower(), parts.port, unquote(parts.path)
    except ValueError:
        return None
    if not host:
        return None
    if (number := _arxiv_number(host, path)) and (name := arxiv_id(number)):
        return Identifier("arxiv", name[0])
    if host in {"doi.org", "dx.doi.org", "www.doi.org"} and _DOI.fullmatch(path.strip("/")):
        return _doi(path.strip("/"))
    if host in {"dl.acm.org", "www.dl.acm.org"} and (acm := _ACM_DOI.fullmatch(path)):
        return _doi(acm["doi"])
    if host in {
        "aclanthology.org",
        "www.aclanthology.org",
        "aclweb.org",
        "www.aclweb.org",
        "aclanthology.info",
    }:
        name_part = re.sub(r"\.(?:pdf|bib|xml)$", "", path.rstrip("/").rsplit("/", 1)[-1])
        if _ACL_ID.fullmatch(name_part):
            return Identifier("acl", _acl(name_part))
    if host.removeprefix("www.") == "openreview.net" and path in {"/forum", "/pdf", "/attachment"}:
        note = re.search(r"(?:^|&)id=([^&#]+)", parts.query)
        if note is not None:
            return Identifier("openreview", note[1])
    query = "&".join(p for p in parts.query.split("&") if p and not p.startswith(("utm_", "ref=")))
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        place = f"{place}:{port}"
    return Identifier("url", f"{parts.scheme}://{place}{parts.path.rstrip('/')}{'?' + query if query else ''}")


def _arxiv_number(host: str, path: str) -> str | None:
    """Return what stands where an address of arXiv or of Hugging Face has the paper's id."""
    if _ARXIV_HOSTS.search(host) and (found := _ARXIV_PATHS.match(path)):
        return re.sub(r"\.pdf$", "", found["rest"].rstrip("/"), flags=re.IGNORECASE)
    if host in _HF_HOSTS and path.startswith("/papers/"):
        return path.removeprefix("/papers/").strip("/").removesuffix(".md")
    return None


def _doi(text: str) -> Identifier:
    text = text.rstrip(".,;)")
    if (own := _ARXIV_DOI.match(text)) and (name := arxiv_id(own["id"])):
        return Identifier("arxiv", name[0])
    if (acl := _ACL_DOI.match(text)) and _ACL_ID.fullmatch(acl["id"]):
        return Identifier("acl", _acl(acl["id"]))
    return Identifier("doi", text.lower())


def _acl(name: str) -> str:
    return name.upper() if re.fullmatch(r"[A-Za-z]\d{2}-\d{4}", name) else name.lower()


def link(identifier: Identifier) -> str:
    """Return the address where people read the paper of this identifier."""
    scheme, value = identifier
    return {
        "arxiv": f"https://arxiv.org/abs/{value}",
        "doi": f"https://doi.org/{value}",
        "acl": f"https://aclanthology.org/{value}",
        "openreview": f"https://openreview.net/forum?id={value}",
    }.get(scheme, value)


def title_key(title: str) -> str:
    """Return the title's first 500 letters and digits, without case or accents, to compare titles by."""
    decomposed = unicodedata.normalize("NFKD", title.casefold())
    return "".join(c for c in decomposed if c.isalnum())[:_LONGEST_TITLE_KEY]


def _one_line(text: str) -> str:
    # PostgreSQL stores no NUL, and lone surrogates cannot be encoded.
    return " ".join(text.replace("\x00", "").encode("utf-8", "replace").decode().split())


def _names(given: Iterable[str]) -> Iterator[str]:
    return (name for each in given if 0 < len(name := _one_line(each)) <= _LONGEST_NAME)


def normalise(record: PaperRecord) -> PaperRecord | Rejected:
    """Return the record with white space joined and duplicates dropped, or why it cannot be taken.

    Authors, subjects and a version that no paper has are dropped, for the paper is known without them.
    LaTeX and entities that were decoded once stay as they are: a title may well say `<eos>` or `$k$-NN`.
    """
    identifiers = tuple(dict.fromkeys(i for i in record.identifiers if i.value))
    title, abstract = _one_line(record.title), _one_line(record.abstract)
    name = (identifiers[0].value if identifiers else title)[:80]
    if not identifiers:
        return Rejected(name or "(no title)", "no identifier: nothing to recognise this paper by")
    if title == "":
        return Rejected(name, "no title")
    if len(title) > _LONGEST_TITLE:
        return Rejected(name, f"a title of more than {_LONGEST_TITLE:,} characters")
    if len(abstract) > _LONGEST_ABSTRACT:
        return Rejected(name, f"an abstract of more than {_LONGEST_ABSTRACT:,} characters")
    if any(len(i.value.encode("utf-8", "replace")) > _LONGEST_IDENTIFIER for i in identifiers):
        return Rejected(name, f"an identifier of more than {_LONGEST_IDENTIFIER:,} bytes")
    return replace(
        record,
        identifiers=identifiers,
        title=title,
        abstract=abstract,
        authors=tuple(_names(record.authors)),
        subjects=tuple(dict.fromkeys(_names(record.subjects))),
        # A range is asked only about numbers: anything else it would seek one by one.
        version=record.version if record.version is not None and record.version in _VERSIONS else None,
        comment=_one_line(record.comment),
        journal_ref=_one_line(record.journal_ref),
    )


def content_hash(record: PaperRecord) -> str:
    """Return a SHA-256 over what makes this record the same text: facts that change daily are left out."""
    content = {
        "identifiers": sorted(record.identifiers),
        "title": record.title,
        "abstract": record.abstract,
        "authors": record.authors,
        "subjects": record.subjects,
        "published": record.published and record.published.isoformat(),
        "updated": record.updated and record.updated.isoformat(),
        "version": record.version,
        "comment": record.comment,
        "journal_ref": record.journal_ref,
        "withdrawn": record.withdrawn,
    }
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text, the key under which its embedding is kept."""
    return hashlib.sha256(text.encode()).hexdigest()
