"""RIS: what Zotero, EndNote and Mendeley import."""

from __future__ import annotations

from papers.export.citation import OTHERS, Citation, cited
from papers.export.formats import Exported, Format, file_name, listed
from papers.models import PaperList


def render(paper_list: PaperList, language: str) -> Exported:
    """Return a record for every paper; lines end in CR LF, as the format wants."""
    records = "".join(record(citation) for citation in cited(listed(paper_list, language)))
    name = file_name(paper_list, language, "ris")
    return Exported(name, "application/x-research-info-systems; charset=utf-8", records.encode())


def record(citation: Citation) -> str:
    """Return the record of a paper."""
    kind = "JOUR" if citation.is_journal else "CONF" if citation.venue else "UNPB"
    tags = [
        ("TY", kind),
        ("TI", citation.title),
        *(("AU", author) for author in citation.authors if author != OTHERS),  # each is taken for a person
        ("PY", citation.year),
        ("DA", f"{citation.published:%Y/%m/%d}" if citation.published else ""),
        ("T2", citation.venue),
        ("DO", citation.doi),
        ("AN", f"arXiv:{citation.arxiv}" if citation.arxiv else ""),
        ("UR", citation.link),
        ("AB", citation.abstract),
        *(("KW", keyword) for keyword in citation.keywords),
    ]
    lines = [f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in tags if value.strip()]
    return "".join(lines) + "ER  - \r\n"


FORMAT = Format("ris", "RIS", render)
