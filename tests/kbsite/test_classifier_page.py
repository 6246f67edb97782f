"""The classifier's page: figures of any head as plots with their tables, and how the heads got there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingest import learningcurve, scorecard
from ingest.models import Head
from kbsite.curves import Series, curves, thinned
from papers import acts, review
from papers.models import Act, Decision
from tests import factories as make
from tests.kbsite.test_reading_pages import METRICS, make_head

ADDRESS = "/lists/small/classifier/"
FULL = METRICS | {
    "brier": 0.133,
    "reliability": [
        {"from": 0.4, "papers": 4, "sure": 0.45, "right": 0.25},
        {"from": 0.9, "papers": 26, "sure": 0.96, "right": 0.98},
    ],
    "unsure": {"below": 0.62, "share": 0.2, "accuracy_outside": 0.97, "accuracy_inside": 0.5},
    "relevance": METRICS["relevance"]
    | {"recall_at_2_percent": 0.07, "recall_at_3_percent": 0.07, "recall_at_5_percent": 0.14},
}


@pytest.fixture
def small(db):
    return make.make_list()


def page(client, query: str = "") -> str:
    answer = client.get(ADDRESS + query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def table(text: str, section: str) -> list[list[str]]:
    """The cells of the table in a section, row by row."""
    part = text[text.index(f'<h2 id="{section}"') :]
    part = part[: part.index("</section>")]
    rows = re.findall(r"<tr.*?</tr>", part)
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def test_every_plot_has_its_data_as_a_table(small, client):
    make_head(small, 1, METRICS)
    make_head(small, 2, FULL)
    text = page(client)
    assert table(text, "confidence")[1:] == [["40 %", "4", "45 %", "25 %"], ["90 %", "26", "96 %", "98 %"]]
    assert table(text, "order")[1:] == [
        ["1 %", "7 %", "7 %"], ["2 %", "7 %", "7 %"], ["3 %", "7 %", "7 %"], ["5 %", "14 %", "14 %"],
        ["10 %", "21 %", "21 %"],
    ]  # fmt: skip
    learned = table(text, "learning")
    assert [row[0] for row in learned] == ["Head", "v2 in use", "v1"]
    assert learned[1][2:] == ["0", "30", "80 %", "0.75", "0.93"]
    assert text.count("<figure") == 3


def test_the_unsure_band_is_said_in_words(small, client):
    make_head(small, 1, FULL)
    text = page(client)
    assert "unsure where its answer is less than 62 % probable, as it was for 20 % of the papers" in text
    assert "Of its other answers 97 % were right, of the unsure ones 50 %." in text
    assert "Brier score 0.133" in text


@pytest.mark.parametrize(
    ("unsure", "words"),
    [
        ({"below": 1.0, "share": 1.0, "accuracy_outside": None, "accuracy_inside": 0.8}, "never sure enough"),
        ({"below": 0.3, "share": 0.0, "accuracy_outside": 0.98, "accuracy_inside": None}, "sure of every answer"),
    ],
)
def test_a_band_that_holds_all_or_nothing(small, client, unsure, words):
    make_head(small, 1, FULL | {"unsure": unsure})
    assert words in page(client)


@pytest.mark.parametrize("missing", [*sorted(METRICS.keys() - {"papers", "accuracy", "macro_f1", "per_class"}), ""])
def test_a_head_whose_version_did_not_measure_all_is_shown(small, client, missing):
    make_head(small, 1, {name: value for name, value in METRICS.items() if name != missing})
    make_head(small, 2, {})
    assert "Head v1" in page(client, "?head=1")
    assert "no figures" in page(client)


def test_null_figures_are_no_figures(small, client):
    make_head(small, 1, METRICS | {"relevance": None})
    assert "Not measured" in page(client)


def test_any_head_can_be_chosen(small, client):
    for version in (1, 2, 3):
        make_head(small, version, METRICS | {"accuracy": version / 10})
    text = page(client, "?head=2")
    assert 'href="?head=1" rel="prev"' in text and 'href="?head=3" rel="next"' in text and "not in use" in text
    assert client.get(f"{ADDRESS}?head=2").context["card"].accuracy.value == 0.2
    assert "not in use" not in page(client) and "Head v3" in page(client)


@pytest.mark.parametrize("version", ["4", "0", "-1", "x", "", "²", "9" * 30])
def test_a_head_that_is_not_there_is_not_found(small, client, version):
    make_head(small, 1)
    assert client.get(f"{ADDRESS}?head={version}").status_code == 404


def test_decisions_count_from_when_they_were_made_until_they_were_undone(small):
    curator = make.make_user("lin", curator=True)
    start = timezone.now() - timedelta(days=1)
    for version, hours in enumerate((1, 3, 5, 7, 9), start=1):
        head = make_head(small, version)
        Head.objects.filter(pk=head.pk).update(trained_at=start + timedelta(hours=hours))
    first, second = (review.reject(small, make.make_paper(), curator) for _ in range(2))
    undone = review.undo(first, curator)
    acts.undo(Act.objects.latest("pk"), curator)
    again = Decision.objects.get(undoes=undone)
    review.defer(small, make.make_paper(), curator, timezone.localdate() + timedelta(days=7))  # teaches nothing
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # decisions are append-only
    for hours, decision in ((2, first), (4, second), (6, undone), (8, again)):
        Decision.objects.filter(pk=decision.pk).update(at=start + timedelta(hours=hours))
    assert [step.decisions for step in learningcurve.curve(small)] == [0, 1, 2, 1, 2]


def test_more_heads_and_decisions_ask_no_more_queries(small, client):
    curator = make.make_user("lin", curator=True)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(client)
        return len(captured)

    make_head(small, 1, FULL)
    before = queries()
    for version in range(2, 30):
        make_head(small, version, FULL)
        review.reject(small, make.make_paper(), curator)
    assert queries() == before
    assert Decision.objects.count() == 28


def test_what_is_read_may_be_too_little_for_all_that_belongs(small):
    card = scorecard.scorecard(small, make_head(small, 1, FULL))
    assert [(depth.percent, round(depth.best, 3)) for depth in card.recall] == [
        (1, 0.071), (2, 0.071), (3, 0.071), (5, 0.143), (10, 0.214),  # 1, 1, 1, 2 and 3 of the 14 of 30
    ]  # fmt: skip


# --- plots ----------------------------------------------------------------------------------------------------


def test_points_stand_where_their_numbers_say():
    plot = curves([Series("a", [(1, 0.5, "one"), (3, 1.0, "two")], [1, 4])], ends=(1, 5), ticks=[(5, "5")], lowest=0.0)
    one, two = plot.lines[0].points
    assert (one.x, two.x, plot.across[0].at) == ("0.00%", "50.00%", "100.00%")
    assert (float(one.y), float(two.y)) == (plot.height / 2, 0)
    assert float(two.radius) == 2 * float(one.radius)
    assert [(each.x1, each.x2) for each in plot.lines[0].segments] == [("0.00%", "50.00%")]


def test_a_share_that_is_not_known_is_left_out_and_small_differences_are_seen():
    plot = curves([Series("a", [(1, 0.91, ""), (2, None, ""), (3, 0.95, "")])], ends=(1, 3), ticks=[])
    assert [tick.label for tick in plot.upright] == ["90", "95", "100"]
    assert len(plot.lines[0].points) == 2 and len(plot.lines[0].segments) == 1


def test_one_place_alone_stands_in_the_middle():
    assert curves([Series("a", [(7, 0.5, "")])], ends=(7, 7), ticks=[]).lines[0].points[0].x == "50%"


@pytest.mark.parametrize(("count", "most"), [(0, 5), (3, 5), (5, 5), (6, 5), (500, 60)])
def test_few_enough_are_left_and_the_last_of_them(count, most):
    left = thinned(range(count), most)
    assert len(left) <= most and left[-1:] == list(range(count))[-1:]
    assert left == sorted(left)
