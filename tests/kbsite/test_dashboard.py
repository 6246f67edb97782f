"""The first page: one list at a time, what is new in it and talked about, its figures, each with its CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kbsite import dashboard
from papers import review
from papers.models import Embedding, Entry
from papers.models.papers import DEFAULT_DIMENSIONS
from papers.readme.row import RowFields
from tests import factories as make

pytestmark = pytest.mark.django_db


def days_ago(days: int):
    return timezone.localdate() - timedelta(days=days)


@pytest.fixture
def small():
    return make.make_list()


def listed(paper_list, key: str = "alpha", days: int = 200, **fields):
    """A paper of the list that was published and came in so many days ago."""
    facts = fields.pop("facts", ())
    paper = make.make_paper(fields.pop("title", ""), published=days_ago(days), facts=facts)
    entry = make.make_entry(paper_list.categories.get(key=key), paper, **fields)
    Entry.objects.filter(pk=entry.pk).update(added_at=timezone.now() - timedelta(days=days))
    return paper


def likely(paper_list, days: int, title: str = ""):
    paper = make.make_paper(title, published=days_ago(days))
    return make.make_suggestion(paper_list, paper, 0.9)


def page(address: str = "/", client: Client | None = None) -> str:
    """The page as text, as somebody sees it who comes first."""
    cache.clear()
    answer = (client or Client()).get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def part(text: str, heading: str) -> str:
    """The section that the heading of this id names."""
    found = re.search(rf'<section aria-labelledby="{heading}">.*?</section>', text)
    assert found, heading
    return found[0]


# --- one of several lists -------------------------------------------------------------------------------------


def test_one_list_is_shown_and_the_others_are_a_line_each(small):
    other = make.make_list("other", name="A second list")
    listed(other, days=2, title="In the other list")
    text = page()
    assert "<h1>A second list</h1>" in text and 'href="?list=small"' in text
    assert "<h1>The small list</h1>" in page("/?list=small")
    assert '<a class="title" href="?list=other">A second list</a>' in page("/?list=small")
    assert "1 paper, 1 added in the last week" in page("/?list=small")
    assert "In the other list" not in page("/?list=small")
    assert "<h1>A second list</h1>" in page("/?list=nothing-such")


# --- what is new ----------------------------------------------------------------------------------------------


def test_the_address_says_how_far_back_new_reaches(small):
    for days in (0, 5, 20):
        likely(small, days, title=f"Candidate of {days}")
        listed(small, days=days, title=f"Entry of {days}")
    shown = {span: page(f"/?new={span}") for span in ("day", "week", "month")}
    for span, n in (("day", 1), ("week", 2), ("month", 3)):
        assert [f"Candidate of {days}" in shown[span] for days in (0, 5, 20)] == [n >= 1, n >= 2, n >= 3]
        assert [f"Entry of {days}<" in part(shown[span], "new-entries") for days in (0, 5, 20)] == [
            n >= 1, n >= 2, n >= 3,
        ]  # fmt: skip
        address = (
            f"/papers/?list=small&amp;status=likely&amp;since={days_ago({'day': 1, 'week': 7, 'month': 30}[span])}"
        )
        assert f'href="{address}"' in shown[span]
        found = Client().get(address.replace("&amp;", "&")).context["page"].paginator.count
        assert found == n
        assert re.search(rf'new={span}" aria-current="true">\w+ <span class="count">{2 * n}<', shown[span])
    # At the foot, the switch of languages names the address.
    assert (
        page("/").split("<footer")[0] == shown["week"].split("<footer")[0] == page("/?new=decade").split("<footer")[0]
    )


def test_where_nothing_is_new_the_newest_is_shown_and_it_is_said(small):
    likely(small, 90, title="An old candidate")
    listed(small, days=80, title="An old entry")
    text = page("/?new=day")
    assert "None was published in this time. The newest before it:" in text and "An old candidate" in text
    assert "None was added in this time. The newest before it:" in text and "An old entry" in text


# --- trending -------------------------------------------------------------------------------------------------


def test_what_is_talked_about_has_its_source_and_day(small):
    listed(small, title="Much liked", facts=[("upvotes", 120)])
    listed(small, title="Less liked", facts=[("upvotes", 7)])
    listed(small, title="Long ago", days=900, facts=[("upvotes", 999)])
    make.make_paper("In no list", published=days_ago(3), facts=[("upvotes", 500)])
    shown = part(page(), "trending")
    assert shown.index("Much liked") < shown.index("Less liked")
    assert "Long ago" not in shown and "In no list" not in shown
    assert f'arXiv, <time class="nowrap" datetime="{timezone.localdate()}">' in shown
    assert shown.count("No source tells a number yet.") == 2  # stars, citations


# --- venues and tags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("heading", "parameter"), [("venues", "venue"), ("tags", "tag")])
def test_each_venue_and_tag_leads_to_as_many_papers_as_it_says(small, heading, parameter):
    other = make.make_list("other", name="Z")
    listed(small, venue_name="ICML & co", tags=["a/b", "KV"])
    listed(small, "beta", venue_name="ICML & co", tags=["KV"])
    listed(other, venue_name="ICML & co", tags=["KV"])
    rows = re.findall(r'<a href="([^"]+)">([^<]+)</a></th><td class="num">(\d+)', part(page("/?list=small"), heading))
    assert rows
    for address, name, n in rows:
        assert f"{parameter}=" in address
        found = Client().get(address.replace("&amp;", "&")).context["page"].paginator.count
        assert found == int(n), name


# --- the most connected ---------------------------------------------------------------------------------------


def test_the_most_connected_paper_is_the_one_that_others_are_nearest_to(small):
    middle = listed(small, title="In the middle")
    around = [listed(small) for _ in range(7)]
    for place, paper in enumerate([middle, *around]):
        vector = [1.0] + [0.0] * (DEFAULT_DIMENSIONS - 1)
        if place:
            vector[place] = 1.5
        Embedding.objects.create(paper=paper, encoder="e", text_hash=paper.text_hash, vector=vector)
    found = dashboard.of(small, "week").connections
    assert (found.papers[0].paper, found.papers[0].links, found.compared) == (middle, 7, 8)
    shown = part(page(), "connected")
    assert 'In the middle</a></th><td class="num">7</td>' in shown and "how many of 8 listed papers" in shown


# --- curation -------------------------------------------------------------------------------------------------


def test_decisions_are_drawn_by_week_and_lead_to_their_history(small, curator):
    review.reject(small, make.make_paper("Turned down"), curator)
    review.accept(small.categories.first(), make.make_paper("Taken in"), {"en": RowFields(title="Taken in")}, curator)
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    shown = part(page(), "activity")
    assert f"<title>{monday}: 1 accepted</title>" in shown
    (address,) = set(re.findall(r'href="(/lists/small/history/\?before=\d+)"', shown))
    history = Client().get(address).content.decode()
    assert "Turned down" in history and "Taken in" in history


def test_what_a_curator_does_is_seen_by_readers_at_once(small, curator):
    reader = Client()
    reader.get("/")
    review.reject(small, make.make_paper("Just turned down"), curator)
    assert "Just turned down" in reader.get("/").content.decode()


def test_a_reader_that_comes_again_costs_little(small):
    reader = Client()
    with CaptureQueriesContext(connection) as first:
        once = reader.get("/").content
    with CaptureQueriesContext(connection) as second:
        assert reader.get("/").content == once
    assert len(second) < 10 < len(first)


# --- every figure ---------------------------------------------------------------------------------------------


@pytest.fixture
def full(small, curator):
    """A list that has something in each figure."""
    for place in range(3):
        paper = listed(small, title=f"=Paper {place}", venue_name="ICML", tags=["KV"], facts=[("stars", 10 + place)])
        vector = [1.0, place / 10] + [0.0] * (DEFAULT_DIMENSIONS - 2)
        Embedding.objects.create(paper=paper, encoder="e", text_hash=paper.text_hash, vector=vector)
    likely(small, 2)
    review.reject(small, make.make_paper(), curator)
    return small


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_every_figure_has_its_data_as_csv_where_the_page_says(full, client):
    addresses = re.findall(r'href="(/lists/small/figures/[\w-]+\.csv)"', page())
    assert sorted(addresses) == sorted(f"/lists/small/figures/{name}.csv" for name in dashboard.FIGURES)
    for address in addresses:
        answer = client.get(address)
        assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
        assert rows_of(answer), address


def test_figures_hold_what_the_page_shows(full, client):
    def figure(name):
        return rows_of(client.get(f"/lists/small/figures/{name}.csv"))

    assert figure("venues") == [{"venue": "ICML", "papers": "3"}]
    assert figure("tags") == [{"tag": "KV", "papers": "3"}]
    month = f"{days_ago(200):%Y-%m}"
    assert {"category": "alpha", "month": month, "listed": "3", "likely": "0"} in figure("categories")
    assert [row["count"] for row in figure("trending")] == ["12", "11", "10"]
    assert {row["title"] for row in figure("trending")} == {f"'=Paper {place}" for place in range(3)}  # no formula
    assert sum(int(row["rejected"]) for row in figure("decisions")) == 1
    assert client.get("/lists/small/figures/nothing.csv").status_code == 404
    assert client.get("/lists/none/figures/venues.csv").status_code == 404


def test_every_plot_has_a_table_that_says_the_same(full):
    text = page()
    for plot in re.findall(r'<svg class="plot[^>]*role="group".*?</svg>', text):
        assert re.search(r"<title[^>]*>[^<]+</title>", plot)
    assert text.count('<details class="as-table">') == 2  # the others are tables
    assert text.count('class="table table-tight bars"') == 3


def test_more_rows_of_everything_ask_no_more_queries(full, curator):
    def queries() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            Client().get("/")
        return len(captured)

    before = queries()
    for place in range(8):
        paper = listed(full, "beta", days=3, venue_name=f"V{place}", tags=[f"t{place}"], facts=[("stars", place)])
        vector = [1.0, 1 + place / 10] + [0.0] * (DEFAULT_DIMENSIONS - 2)
        Embedding.objects.create(paper=paper, encoder="e", text_hash=paper.text_hash, vector=vector)
        likely(full, place)
        review.reject(full, make.make_paper(), curator)
    assert queries() == before
    for place in range(3):
        make.make_list(f"more-{place}", name=f"Z{place}")
    assert queries() == before
