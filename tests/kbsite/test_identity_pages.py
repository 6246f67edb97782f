"""Pages and API of papers that turned out to be one, that came back, and that were withdrawn."""

from __future__ import annotations

import pytest

from papers import catalog, review
from papers.models import Decision, Merge, Paper
from papers.records import FactRecord, Identifier, PaperRecord
from tests.factories import make_entry, make_list, make_paper, make_suggestion

pytestmark = pytest.mark.django_db

ARXIV, DOI = Identifier("arxiv", "2407.00001"), Identifier("doi", "10.1/a")


@pytest.fixture
def merge():
    """A paper that was two."""
    for record in [
        PaperRecord("arxiv", (ARXIV,), "Small Caches"),
        PaperRecord("file", (DOI,), "Small caches!"),
        PaperRecord("arxiv", (ARXIV, DOI), "Small Caches"),
    ]:
        catalog.upsert([record])
    return Merge.objects.get()


@pytest.fixture
def returned(curator):
    """A paper that was rejected in a list and then got its code."""
    paper_list, paper = make_list(), make_paper("Small Caches")
    make_suggestion(paper_list, paper)
    review.reject(paper_list, paper, curator)
    catalog.upsert(
        [PaperRecord("file", (paper.main_identifier,), paper.title, facts=(FactRecord("code", "https://x.org/c"),))]
    )
    return paper


def test_the_address_of_a_merged_paper_leads_to_what_it_is_now(client, merge):
    answer = client.get(f"/papers/{merge.old_id}/")
    assert (answer.status_code, answer["Location"]) == (301, f"/papers/{merge.paper_id}/")
    assert client.get(f"/papers/{merge.old_id + 1}/").status_code == 404


def test_its_page_tells_of_the_merge(client, merge):
    page = client.get(f"/papers/{merge.paper_id}/").content.decode()
    assert f"“Small caches!”, paper {merge.old_id}, is this one" in page
    assert "arxiv 2407.00001 and doi 10.1/a" in page
    assert "Once known as several" not in client.get(f"/papers/{make_paper().pk}/").content.decode()


def test_the_api_leads_there_too(client, merge):
    answer = client.get(f"/api/v1/papers/{merge.old_id}/")
    assert (answer.status_code, answer["Location"]) == (301, f"http://testserver/api/v1/papers/{merge.paper_id}/")
    found = client.get(answer["Location"]).json()
    assert [(each["old_id"], each["source"]) for each in found["merges"]] == [(merge.old_id, "arxiv")]
    assert client.get(f"/api/v1/papers/{merge.old_id + 1}/").status_code == 404


def test_the_card_of_a_merged_paper_is_that_of_what_it_is_now(client, curator, merge):
    make_list()
    client.force_login(curator)
    assert "Small Caches" in client.get(f"/lists/small/queue/?paper={merge.old_id}").content.decode()
    client.post(f"/lists/small/queue/{merge.old_id}/", {"reject": "weak"})
    assert Decision.objects.get().paper_id == merge.paper_id
    assert client.get(f"/lists/small/queue/?paper={merge.old_id + 1}").status_code == 404


def test_the_card_says_why_a_paper_is_back(client, curator, returned):
    client.force_login(curator)
    page = client.get("/lists/small/queue/").content.decode()
    assert "Small Caches" in page
    assert "Back: has code now" in page
    catalog.upsert([PaperRecord("arxiv", (returned.main_identifier,), returned.title, comment="ICML 2026")])
    review.reject(returned.reviews.get().list, returned, curator)
    assert "Back: has code now" not in client.get(f"/lists/small/queue/?paper={returned.pk}").content.decode()


def test_a_paper_that_is_back_with_a_venue_says_which(client, curator):
    paper_list, paper = make_list(), make_paper("Small Caches")
    make_suggestion(paper_list, paper)
    review.reject(paper_list, paper, curator)
    catalog.upsert([PaperRecord("arxiv", (paper.main_identifier,), paper.title, comment="Accepted at NeurIPS 2026")])
    client.force_login(curator)
    for address in ("/lists/small/queue/", f"/papers/{paper.pk}/", "/papers/"):
        assert "Back: now at NeurIPS 2026" in client.get(address).content.decode(), address


def test_papers_that_are_back_can_be_filtered(client, returned):
    other = make_paper()
    page = client.get("/papers/").content.decode()
    assert 'id="status-returned"' in page
    assert returned.title in client.get("/papers/?status=returned").content.decode()
    found = client.get("/api/v1/papers/?status=returned").json()["results"]
    assert [each["id"] for each in found] == [returned.pk]
    (standing,) = found[0]["reviews"]
    assert (standing["list"], standing["state"], standing["returned_for"]) == ("small", "open", "code")
    assert standing["returned_with"] == "https://x.org/c"
    assert other.pk not in {each["id"] for each in found}
    (suggestion,) = client.get("/api/v1/suggestions/?awaiting=true").json()["results"]
    assert suggestion["returned"]["returned_for"] == "code"


def test_a_suggestion_of_a_paper_that_was_never_rejected_says_nothing(client):
    make_suggestion(make_list())
    (suggestion,) = client.get("/api/v1/suggestions/").json()["results"]
    assert suggestion["returned"] is None


def test_a_listed_paper_that_is_withdrawn_is_marked_in_its_list(client, django_assert_num_queries):
    paper_list = make_list()
    paper = make_paper("Small Caches")
    make_entry(paper_list.categories.get(key="alpha"), paper)
    make_entry(paper_list.categories.get(key="alpha"))
    assert "withdrawn" not in client.get("/lists/small/").content.decode()
    Paper.objects.filter(pk=paper.pk).update(withdrawn=True)
    assert client.get("/lists/small/").content.decode().count(">withdrawn<") == 1
