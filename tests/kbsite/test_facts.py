"""What other lists and Semantic Scholar say of a paper, as its page shows it."""

from __future__ import annotations

import pytest

from papers import catalog
from papers.records import FactRecord, Identifier, PaperRecord
from tests import factories as make

pytestmark = pytest.mark.django_db


def told(source: str, *facts: FactRecord) -> PaperRecord:
    return PaperRecord(source, (Identifier("arxiv", "2501.00001"),), "A Paper", facts=facts)


@pytest.fixture
def page(client) -> str:
    """The page of a paper that a list and Semantic Scholar tell of."""
    paper = make.make_paper("A Paper", identifiers=[("arxiv", "2501.00001")])
    evidence = {
        "signal": "dblp",
        "key": "conf/nips/A25",
        "venue": "Neural Systems",
        "known_as": "NeurIPS",
        "year": 2025,
    }
    catalog.upsert(
        [
            told("peer:owner/name", FactRecord("listed", ["Caches › <b>Eviction</b>", "Surveys"])),
            told("semanticscholar", FactRecord("venue_evidence", evidence), FactRecord("citations", 1234)),
        ]
    )
    return client.get(f"/papers/{paper.pk}/").content.decode()


def test_another_list_is_called_by_its_name(page):
    assert "Listed under" in page and "Caches › &lt;b&gt;Eviction&lt;/b&gt;, Surveys" in page
    assert "owner/name" in page and "peer:" not in page.split("What is known")[1]


def test_evidence_of_a_venue_is_read_by_people(page):
    known = " ".join(page.split("What is known")[1].split())
    assert "NeurIPS 2025 <code>conf/nips/A25</code>" in known
    assert "1,234" in known and "Semantic Scholar" in known
    assert "signal" not in known
