"""The page of a list's progress, its line for the queue, and the same figures over the API."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kbsite import progressplots as plots
from papers import progress, review
from papers.models import Paper
from papers.readme.row import RowFields
from tests.factories import make_list, make_paper, make_suggestion, make_user

pytestmark = pytest.mark.django_db
ADDRESS = "/lists/small/queue/progress/"
API = "/api/v1/lists/small/progress/"


@pytest.fixture
def small():
    return make_list()


def read(small, user, found: int, in_vain: int, reason: str = "off-topic") -> None:
    for _ in range(found):
        review.accept(small.categories.first(), make_suggestion(small).paper, {"en": RowFields(title="A paper")}, user)
    for _ in range(in_vain):
        review.reject(small, make_suggestion(small, relevance=0.2).paper, user, reason)


def wait(small, count: int, relevance: float = 0.1) -> None:
    waiting = [make_suggestion(small, relevance=relevance).paper_id for _ in range(count)]
    Paper.objects.filter(pk__in=waiting).update(added_at=timezone.now() - timedelta(days=9))


def page(client) -> str:
    answer = client.get(ADDRESS)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).strip()


def table(text: str, section: str) -> list[list[str]]:
    """The cells of the table in a section, row by row."""
    part = text[text.index(f'<h2 id="{section}"') :]
    part = part[: part.index("</section>")]
    rows = re.findall(r"<tr.*?</tr>", part)
    return [[words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def line(paper_list) -> str:
    return words(Template("{% load progress %}{% progress_line list %}").render(Context({"list": paper_list})))


# --- the page -----------------------------------------------------------------------------------------------------


def test_a_list_without_decisions_says_what_is_missing(small, client, curator):
    client.force_login(curator)
    text = words(page(client))
    for said in ("Nothing waits.", "A curve needs two papers", "No paper was rejected yet", "No curator has decided"):
        assert said in text
    wait(small, 3)
    assert "Too early to say." in page(client)


def test_every_plot_has_its_data_as_a_table(small, client, curator):
    read(small, curator, 2, 1)
    read(small, curator, 0, 3, reason="weak")
    wait(small, 4)
    text = page(client)
    assert table(text, "recall")[1:] == [[str(n), str(min(n, 2))] for n in range(7)]
    days = table(text, "length")[1:]
    assert days[0] == [f"{timezone.localdate()}", "4"] and len(days) == plots.FEWEST_DAYS
    assert [row[:3] for row in table(text, "reasons")[1:]] == [["Too weak", "3", "75 %"], ["Off topic", "1", "25 %"]]
    assert table(text, "agreement")[1:] == [
        ["Alpha", "2", "2", "100 %"], ["Beta", "0", "0", "–"], ["Rejected", "4", "4", "100 %"],
    ]  # fmt: skip
    assert text.count("<figure") == 2


def test_the_advice_says_why(small, client, curator):
    wait(small, 30)
    read(small, curator, 8, 7)
    text = words(page(client))
    assert "Reading on is worth it. Of the last 15 papers read, 8 were accepted." in text
    read(small, curator, 32, 60)
    text = words(page(client))
    assert "You may stop." in text and "beside the 40 that were found" in text


def test_who_decided_how_much_is_for_curators(small, client, curator, reader):
    read(small, make_user("lin", curator=True), 1, 1)
    for who, sees in ((None, False), (reader, False), (curator, True)):
        client.logout()
        if who:
            client.force_login(who)
        text = page(client)
        assert ("By curator" in text) is sees and (">lin<" in text) is sees


def test_it_is_reached_from_the_pages_of_the_list(small, client):
    assert f'href="{ADDRESS}"' in client.get("/lists/small/").content.decode()
    assert f'href="{ADDRESS}" aria-current="page"' in page(client)
    assert client.get("/lists/none/queue/progress/").status_code == 404
    assert client.post(ADDRESS).status_code == 405


@pytest.mark.parametrize("address", [ADDRESS, API])
def test_more_of_everything_asks_no_more_queries(small, client, curator, address):
    client.force_login(curator)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    read(small, curator, 6, 6)
    wait(small, 1)
    before = queries()
    for _ in range(4):
        read(small, make_user(curator=True), 2, 3, reason="weak")
    wait(small, 20)
    assert queries() == before


# --- the line -----------------------------------------------------------------------------------------------------


def test_the_line_of_the_queue(small, curator):
    assert line(small) == "0 decided today · Progress"
    wait(small, 30)
    read(small, curator, 8, 7)
    assert re.fullmatch(
        r"15 decided today · about \d+ \(\d+–\d+\) of the 30 waiting belong in the list · Progress", line(small)
    )
    read(small, curator, 32, 60)
    assert line(small).startswith("107 decided today · likely none, at most ")
    assert line(small).endswith("of the 30 waiting belong in the list · you may stop · Progress")


# --- the API ------------------------------------------------------------------------------------------------------


def test_the_api_tells_what_the_page_draws(small, client, curator):
    wait(small, 30)
    read(small, curator, 8, 7)
    review.reject(small, make_paper(), curator)
    client.force_login(curator)
    told = client.get(API).json()
    assert told["list"] == "small" and told["waiting"] == 30 and told["expected"] == pytest.approx(3)
    assert told["advice"] == "go-on" and 0 <= told["left"]["low"] <= told["left"]["estimate"] <= told["left"]["high"]
    assert told["recall"] == pytest.approx(8 / (8 + told["left"]["high"]))
    assert told["everybody"]["today"] == 16 and told["everybody"]["agreement"] == {"agreed": 15, "of": 15}
    assert [each["user"] for each in told["people"]] == ["curator"]
    assert told["categories"] == [
        {"category": "alpha", "agreement": {"agreed": 8, "of": 8}},
        {"category": "beta", "agreement": {"agreed": 0, "of": 0}},
        {"category": None, "agreement": {"agreed": 7, "of": 7}},
    ]
    assert told["reasons"] == [{"reason": "off-topic", "papers": 7}, {"reason": "", "papers": 1}]
    assert told["curve"][-1] == {"read": 16, "found": 8} and told["curve"][0] == {"read": 0, "found": 0}
    assert told["days"][-1] == {"day": f"{timezone.localdate()}", "waiting": 30} and told["is_whole"] is True


def test_the_api_names_no_curator_to_others(small, client, curator, reader):
    read(small, curator, 1, 1)
    for who in (None, reader):
        if who:
            client.force_login(who)
        told = client.get(API).json()
        assert told["people"] == [] and told["left"] is None and told["everybody"]["in_all"] == 2
    assert client.get("/api/v1/lists/none/progress/").status_code == 404


# --- plots --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("most", "labels"),
    [
        (1, ["0", "1"]),
        (3, ["0", "1", "2", "3"]),
        (5, ["0", "2", "4", "6"]),
        (40, ["0", "10", "20", "30", "40"]),
        (214, ["0", "100", "200", "300"]),
        (12_345, ["0", "5000", "10000", "15000"]),
    ],
)
def test_the_upright_axis_counts_in_round_numbers(most, labels):
    top, ticks = plots._scale(most)
    assert [tick.label for tick in ticks] == labels and top >= most
    assert float(ticks[0].at) == plots.HEIGHT and float(ticks[-1].at) == 0


@pytest.mark.parametrize(("waiting", "shown"), [(0, 14), (5, 14), (13, 14), (14, 15), (40, 41), (61, 61)])
def test_the_days_begin_where_papers_began_to_wait(waiting, shown):
    days = [progress.Day(date(2026, 1, 1), int(61 - at <= waiting)) for at in range(61)]
    assert plots.days_shown(progress.Progress(None, (), (), (), (), 0, tuple(days), True)) == days[61 - shown :]


def test_a_long_curve_is_thinned_and_keeps_its_end(small):
    curve = tuple(progress.Read(n, n // 3) for n in range(1000))
    whole = progress.Progress(None, (), (), (), curve, 0, (), True)
    points = plots.curve_points(whole)
    assert len(points) <= plots.MOST_POINTS and points[-1] == curve[-1]
