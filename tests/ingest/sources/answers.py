"""Answers in the sources' formats, written by hand after their documentation."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from tests.servers import Asked, Reply

ATOM = "application/atom+xml; charset=utf-8"


def entry(id: str = "2501.00001v1", title: str = "A Paper", extra: str = "", **fields: str) -> str:
    """Return an entry of arXiv's feed; a field given as "" is left out."""
    given = {
        "published": "2025-01-06T10:00:00Z",
        "updated": "2025-01-06T10:00:00Z",
        "summary": "An abstract.",
    }
    given |= fields
    lines = [f"<{name}>{escape(text)}</{name}>" for name, text in given.items() if text]
    address = f"http://arxiv.org/abs/{id}" if id else ""
    return f"<entry><id>{address}</id><title>{escape(title)}</title>{''.join(lines)}{extra}</entry>"


def feed(*entries: str, total: int | str | None = None, start: int = 0) -> str:
    """Return an arXiv feed of these entries; it counts `total` results, or as many as there are."""
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
        ' xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">\n'
        "<id>https://arxiv.org/api/x</id><title>arXiv Query</title><updated>2026-01-01T00:00:00Z</updated>\n"
        f"<opensearch:totalResults>{len(entries) if total is None else total}</opensearch:totalResults>\n"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>\n" + "\n".join(entries) + "\n</feed>\n"
    )


def atom(*entries: str, total: int | str | None = None, start: int = 0, **more: Any) -> Reply:
    """Return the reply that carries this feed."""
    return Reply(feed(*entries, total=total, start=start), kind=ATOM, **more)


class Archive:
    """An arXiv of papers 2501.00001, 2501.00002, … that answers `start`, `max_results` and `id_list`."""

    def __init__(self, size: int) -> None:
        self.names = [f"2501.{number:05}" for number in range(1, size + 1)]

    def __call__(self, asked: Asked) -> Reply:
        start, size = int(asked.params["start"]), int(asked.params["max_results"])
        found = self.names
        if "id_list" in asked.params:
            found = [name for name in asked.params["id_list"].split(",") if name in self.names]
        return atom(*(entry(f"{name}v1") for name in found[start : start + size]), total=len(found), start=start)


def hf_item(id: Any = "2501.00001", title: Any = "A Paper", **paper: Any) -> dict[str, Any]:
    """Return an item of Hugging Face's lists."""
    inner = {
        "id": id,
        "title": title,
        "summary": "An abstract.",
        "authors": [{"name": "Ada Vóss", "hidden": False}, {"name": "Bo Lin", "hidden": True}],
        "publishedAt": "2025-01-06T23:30:00.000Z",
        "upvotes": 0,
    }
    return {
        "paper": inner | paper,
        "publishedAt": "2025-01-07T04:30:00.000Z",
        "title": "Outer",
        "numComments": 1,
    }


def raw(name: str = "2501.00001", title: str = "A Paper", extra: str = "", **fields: str) -> str:
    """Return a record of OAI-PMH in arXivRaw; `versions` are `day source_type size`, with commas between."""
    given = {"authors": "Ada Vóss, Bo Lin", "categories": "cs.CL cs.LG", "abstract": "An abstract."} | fields
    versions = ""
    for number, version in enumerate(given.pop("versions", "2025-01-06").split(","), 1):
        day, source_type, size = (*version.split(), "", "")[:3]
        stamp = f"{datetime.fromisoformat(day):%a, %d %b %Y} 10:00:00 GMT" if day[:2] == "20" else day
        versions += f'<version version="v{number}"><date>{stamp}</date><size>{size or "90kb"}</size>'
        versions += f"<source_type>{source_type or 'D'}</source_type></version>"
    lines = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in given.items() if text)
    return (
        f"<record><header><identifier>oai:arXiv.org:{name}</identifier><datestamp>2025-01-07</datestamp></header>"
        f'<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{name}</id>{versions}'
        f"<title>{escape(title)}</title>{lines}{extra}</arXivRaw></metadata></record>"
    )


def oai(*records: str, token: str = "", error: str = "", **more: Any) -> Reply:
    """Return a reply of OAI-PMH: a list of these records, or an error of this code."""
    said = f"<error code='{error}'>It says {error}.</error>"
    more_to_come = f"<resumptionToken expirationDate='2026-01-02T00:00:00Z'>{escape(token)}</resumptionToken>"
    listed = f"<ListRecords>{''.join(records)}{more_to_come}</ListRecords>"
    return Reply(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2025-01-07T00:00:00Z</responseDate>'
        f"<request>http://oaipmh.arxiv.org/oai</request>{said if error else listed}</OAI-PMH>\n",
        kind="text/xml",
        **more,
    )


def announcement(name: str = "2501.00001v1", kind: str = "new", title: str = "A Paper", extra: str = "") -> str:
    """Return an entry of arXiv's daily feed."""
    return (
        f"<entry><id>oai:arXiv.org:{name}</id><title>{escape(title)}</title>"
        f"<summary>arXiv:{name} Announce Type: {kind} \nAbstract: An abstract.</summary>"
        '<category term="cs.CL"/><category term="cs.LG"/><published>2025-01-07T00:00:00-05:00</published>'
        f"<arxiv:announce_type>{kind}</arxiv:announce_type><dc:rights>http://creativecommons.org/licenses/by/4.0/"
        f"</dc:rights>{extra}<dc:creator>Ada Vóss, Bo Lin</dc:creator></entry>"
    )


def daily(*entries: str, etag: str = '"today"', **more: Any) -> Reply:
    """Return the reply that carries the daily feed of these entries."""
    return Reply(
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns="http://www.w3.org/2005/Atom"><title>cs.CL updates on arXiv.org</title>'
        "<updated>2025-01-07T05:00:02+00:00</updated>" + "".join(entries) + "</feed>\n",
        kind="application/atom+xml",
        headers={"ETag": etag},
        **more,
    )
