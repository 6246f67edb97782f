"""Browsing papers: several values of a facet, pages that stay where they are, and the same papers in other forms."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kbsite.browsing import Browse
from kbsite.filters import SORTS, PaperFilters
from kbsite.paperpages import ids_of
from papers.models import Paper
from tests import factories as make

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def world(db) -> SimpleNamespace:
    """A list of two categories with papers of three years and subjects, one of them listed with a venue and tags."""
    paper_list = make.make_list()
    alpha, beta = paper_list.categories.order_by("position")
    listed = make.make_paper("Listed", published=date(2025, 3, 9), facts=[("upvotes", 3)])
    make.make_entry(alpha, listed, tags=["eviction"], venue="ICLR", venue_name="ICLR")
    likely = make.make_paper(
        "Likely", subjects=("cs.LG", "cs.AI"), authors=("Grace Hopper",), facts=[("code", "https://example.org/")]
    )
    make.make_suggestion(paper_list, likely, 0.9, beta)
    old = make.make_paper("Old", published=date(2019, 1, 1), subjects=("stat.ML",), source="file")
    make.make_suggestion(paper_list, old, 0.1, beta)
    return SimpleNamespace(**locals())


def titles(client, address: str) -> list[str]:
    return [paper.title for paper in client.get(address).context["page"]]


def facet(client, address: str, name: str) -> dict[str, tuple[int, str]]:
    shown = {facet.name: facet for facet in client.get(address).context["facets"]}
    return {value.value: (value.count, value.address) for value in shown[name].values}


# --- facets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("year=2025", ["Listed"]),
        ("year=2025&year=2019", ["Listed", "Old"]),
        ("subject=cs.AI&subject=stat.ML", ["Likely", "Old"]),
        ("subject=cs.AI&subject=stat.ML&year=2019", ["Old"]),
        ("category=alpha&category=beta", ["Likely", "Listed"]),
        ("status=listed&status=likely", ["Likely", "Listed"]),
        ("tag=eviction&venue=ICLR", ["Listed"]),
        ("author=Grace+Hopper&author=nobody", ["Likely"]),
        ("source=file&source=huggingface", ["Old"]),
        ("code=true", ["Likely"]),
        ("code=false&year=2019", ["Old"]),
        ("listed=small&listed=no-such-list", ["Listed"]),
        ("since=2025-01-01&until=2025-12-31", ["Listed"]),
        ("q=title:old&sort=newest&year=2019", ["Old"]),
    ],
)
def test_values_of_a_facet_are_alternatives_and_facets_hold_together(world, client, words, found):
    assert titles(client, f"/papers/?{words}") == found
    answer = client.get(f"/api/v1/papers/?{words}")
    assert [paper["title"] for paper in answer.json()["results"]] == found


@pytest.mark.parametrize("order", [order for order in SORTS if order != "match"])
def test_pages_and_the_database_find_the_same_in_the_same_order(world, order):
    filters = PaperFilters({"sort": order}, queryset=Paper.objects.all())
    assert ids_of(Browse(filters)) == [paper.pk for paper in filters.qs]


def test_a_second_value_is_chosen_beside_the_first(world, client):
    years = facet(client, "/papers/?year=2025&subject=cs.CL", "year")
    assert years["2025"] == (1, "?subject=cs.CL")  # chosen: its link takes it away
    both = facet(client, "/papers/?year=2025", "year")["2019"]
    assert both == (1, "?year=2025&year=2019")
    assert titles(client, f"/papers/{both[1]}") == ["Listed", "Old"]


def test_a_choice_begins_at_the_first_page(world, client):
    years = facet(client, f"/papers/?after={world.likely.pk}&page=3", "year")
    assert years["2019"][1] == "?year=2019"


def test_another_question_begins_at_the_first_page(world, client):
    client.force_login(make.make_user("reader"))
    text = client.get(f"/papers/?year=2025&after={world.listed.pk}").content.decode()
    assert 'href="?year=2025&amp;seen=false"' in text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_address_means_the_same_in_every_language(world, client, language):
    client.cookies["django_language"] = language
    for day, found in (("2020-01-31", ["Likely", "Listed"]), ("01/31/2020", 3), ("2020年1月31日", 3)):
        papers = titles(client, f"/papers/?since={day}")
        assert papers == found or len(papers) == found


def test_crawlers_are_led_into_no_sets_of_values(world, client):
    for address in ("/papers/?year=2025", "/papers/facets/subject/"):
        main = client.get(address).content.decode().partition("<main")[2].partition("</main")[0]
        for link in re.findall(r"<a [^>]*>", main):
            href = re.search(r'href="([^"]*)"', link)[1]
            if re.search(r"subject=|papers\.|facets/|api/", href) and "sort=" not in href:
                assert 'rel="nofollow"' in link, link


@pytest.mark.parametrize("address", ["/papers/", "/papers/facets/tag/"])
def test_no_two_values_have_one_id(world, client, address):
    make.make_entry(world.alpha, world.old, tags=["缓存", "压缩", "C", "C++", "<b>"])
    text = client.get(address).content.decode()
    ids = re.findall(r' id="([^"]*)"', text)
    assert sorted(ids) == sorted(set(ids)) and "tag-C%2B%2B" in ids


def test_a_facet_without_values_has_no_heading(world, client):
    Paper.objects.exclude(pk=world.old.pk).filter(entries=None).delete()
    text = client.get("/papers/?q=no+such+words+anywhere").content.decode()
    assert "<h3>Status</h3>" not in text and "<h3>Tag</h3>" not in text


def test_a_long_facet_has_a_page_of_its_own(world, client):
    make.make_paper(subjects=[f"cs.{letter}{letter}" for letter in "ABCDEFGHIJKLMNO"])
    text = client.get("/papers/?year=2026&code=false").content.decode()
    assert 'href="/papers/facets/subject/?year=2026&amp;code=false"' in text
    page = client.get("/papers/facets/subject/?year=2026&code=false").content.decode()
    assert 'href="/papers/?year=2026&amp;code=false&amp;subject=cs.OO"' in page
    assert client.get("/papers/facets/nothing/").status_code == 404


def test_what_is_chosen_is_shown_and_taken_away(world, client):
    text = client.get("/papers/?year=2025&year=2019&status=listed").content.decode()
    assert '<a href="?year=2025&amp;year=2019">Listed</a>' in text
    assert '<input type="hidden" form="papers-search" name="year" value="2019">' in text


# --- pages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [order for order in SORTS if order != "match"])
def test_what_arrives_shifts_no_page(db, client, order):
    for _ in range(60):
        make.make_paper(facts=[("upvotes", 5)])
    address = f"/papers/?sort={order}"
    first = client.get(address).context["page"]
    for number in range(3):
        make.make_paper(f"A paper {number}", facts=[("upvotes", 9)], published=date(2026, 12, 1))
    second = client.get(f"{address}&after={first[-1].pk}").context["page"]
    third = client.get(f"{address}&after={second[-1].pk}").context["page"]
    shown = [paper.pk for page in (first, second, third) for paper in page]
    assert len(shown) == len(set(shown)) == 60
    assert [paper.pk for paper in client.get(f"{address}&before={third[0].pk}").context["page"]] == [
        paper.pk for paper in second
    ]
    assert first.previous_words is None and third.next_words is None


def test_a_page_begins_where_the_paper_stood_that_left(db, client):
    for _ in range(30):
        make.make_paper()
    first = client.get("/papers/").context["page"]
    gone = first[-1].pk
    Paper.objects.filter(pk=gone).update(subjects=["cs.LG"])
    assert len(client.get(f"/papers/?subject=cs.CL&after={gone}").context["page"]) == 5
    assert client.get("/papers/?after=999999").context["page"].number == 1


def test_there_are_pages_by_number(db, client):
    for _ in range(30):
        make.make_paper()
    text = client.get("/papers/?page=2").content.decode()
    assert 'rel="prev" href="?before=' in text and 'rel="next"' not in text
    assert 'href="?page=1"' in text


def test_a_layout_is_in_the_address_only(world, client):
    assert "<table" in client.get("/papers/?layout=table").content.decode()
    assert "<table" not in client.get("/papers/").content.decode()
    assert "<table" not in client.get("/papers/?layout=x").content.decode()
    assert 'href="?layout=table&amp;year=2025"' in client.get("/papers/?layout=table").content.decode()


# --- other forms ----------------------------------------------------------------------------------------------


def text_of(answer) -> str:
    return b"".join(answer.streaming_content).decode()


def test_the_same_papers_in_the_same_order_in_other_forms(world, client):
    text = client.get("/papers/?year=2025&year=2019&sort=title&layout=table").content.decode()
    words = "year=2025&amp;year=2019&amp;sort=title"
    for address in ("/api/v1/papers/", "/papers.csv", "/papers.bib", "/papers.atom"):
        assert f'href="{address}?{words}"' in text
    assert f'<link rel="alternate" type="application/atom+xml" title="Papers" href="/papers.atom?{words}">' in text


def test_csv_is_streamed_and_calculates_nothing(world, client):
    make.make_paper('=HYPERLINK("http://example.org")', published=date(2024, 1, 1), authors=("@SUM(1)",))
    answer = client.get("/papers.csv?year=2024&year=2025")
    assert answer.streaming and answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(text_of(answer))))
    assert [row["title"] for row in rows] == ["Listed", '\'=HYPERLINK("http://example.org")']
    assert rows[1]["authors"] == "'@SUM(1)"
    assert (rows[0]["venue"], rows[0]["listed_in"], rows[0]["published"]) == ("ICLR", "small", "2025-03-09")


def test_csv_asks_as_often_for_more_papers(world, client):
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            text_of(client.get("/papers.csv"))
        return len(captured)

    asked()
    before = asked()
    for _ in range(10):
        make.make_entry(world.beta)
    asked()
    assert asked() == before


def test_bibtex_has_every_paper_under_a_key_of_its_own(world, client):
    make.make_paper("Listed", published=date(2025, 4, 1))
    text = text_of(client.get("/papers.bib?year=2025"))
    assert text.count("@") == 2 and "booktitle     = {ICLR}" in text
    assert len({line for line in text.splitlines() if line.startswith("@")}) == 2


def test_a_feed_has_stable_ids_and_says_when_nothing_changed(world, client):
    answer = client.get("/papers.atom?sort=added")
    entries = ElementTree.fromstring(answer.content).findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["Old", "Likely", "Listed"]
    assert entries[0].findtext(f"{ATOM}id") == f"http://testserver/papers/{world.old.pk}/"
    again = client.get("/papers.atom?sort=added", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    make.make_paper()
    assert client.get("/papers.atom?sort=added", headers={"If-None-Match": answer["ETag"]}).status_code == 200


def test_a_feed_names_its_own_address_and_says_nothing_that_xml_cannot(world, client):
    root = ElementTree.fromstring(client.get("/papers.atom?q=%01&tag=a+b").content)
    (own,) = [each for each in root.findall(f"{ATOM}link") if each.get("rel") == "self"]
    assert own.get("href") == "http://testserver/papers.atom?q=%01&tag=a+b"
    assert root.findtext(f"{ATOM}title") == "  · Listkeeper"


def test_a_feed_of_nothing_is_a_feed(world, client):
    answer = client.get("/papers.atom?year=1900")
    assert ElementTree.fromstring(answer.content).findtext(f"{ATOM}updated") == "1991-08-14T00:00:00+00:00"


def test_a_form_that_there_is_not(world, client):
    assert client.get("/papers.exe").status_code == 404


def test_a_saved_search_keeps_several_values(world, client):
    client.force_login(make.make_user("reader"))
    client.post("/searches/?status=listed&year=2025&year=2019")
    text = client.get("/searches/").content.decode()
    assert "listed, 2025 or 2019" in text.lower()


def test_a_row_is_kept_until_its_paper_is_touched(world, client, monkeypatch):
    monkeypatch.setattr("papers.keptrows.HOLDS", 60)
    client.get("/papers/")
    with CaptureQueriesContext(connection) as captured:
        client.get("/papers/")
    assert not any("papers_identifier" in query["sql"] for query in captured)
    make.make_entry(world.alpha, world.likely)
    assert client.get("/papers/?status=listed").content.decode().count("badge-good") == 2
    Paper.objects.filter(pk=world.old.pk).update(title="Told anew")
    assert "Told anew" in client.get("/papers/?layout=table").content.decode()


def test_who_is_signed_in_has_marks_beside_kept_rows(world, client, monkeypatch):
    monkeypatch.setattr("papers.keptrows.HOLDS", 60)
    assert "data-marks" not in client.get("/papers/").content.decode()
    client.force_login(make.make_user("reader"))
    assert client.get("/papers/").content.decode().count("data-marks") == 3


def test_the_api_counts_as_the_page_does(world, client):
    words = "year=2025&year=2019&list=small"
    told = {each["name"]: each["values"] for each in client.get(f"/api/v1/papers/facets/?{words}").json()}
    shown = client.get(f"/papers/?{words}").context["facets"]
    for each in shown:
        counts = {value["value"]: value["count"] for value in told[each.name]}
        assert {value.value: counts.get(value.value, 0) for value in each.values} == {
            value.value: value.count for value in each.values
        }
    assert client.get("/api/v1/papers/facets/?year=x").status_code == 400
