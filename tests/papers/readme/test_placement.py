"""Where a new row goes."""

from __future__ import annotations

from datetime import date

import pytest

from papers.models import EntryText, Paper
from papers.readme import placement
from papers.readme.importer import import_readme
from papers.readme.placement import Order, Placed, order_of, place
from tests.papers.readme.lists import new_list


def rows(*months: int | None, titles: str = "") -> list[Placed]:
    """Rows of these months (YYMM), titled by single letters."""
    return [
        Placed(float(number), None if month is None else (month // 100 * 12 + month % 100, 0), title)
        for number, (month, title) in enumerate(zip(months, titles or "x" * len(months), strict=True), 1)
    ]


@pytest.mark.parametrize(
    ("found", "order"),
    [
        (rows(2502, 2410, 2403, 2310), Order.NEWEST_FIRST),
        (rows(2502, 2403, 2310, 2403, 2310, 2310), Order.NEWEST_FIRST),
        (rows(2310, 2310, 2403, 2502), Order.OLDEST_FIRST),
        (rows(2403, 2502, 2310, 2412), Order.NONE),
        (rows(2502, 2403), Order.NONE),
        (rows(None, None, 2502, None), Order.NONE),
        (rows(*[None] * 5, titles="abcde"), Order.ALPHABETICAL),
        (rows(*[None] * 5, titles="edcba"), Order.NONE),
        (rows(*[None] * 4, titles="abcd"), Order.NONE),
        ([], Order.NONE),
    ],
)
def test_the_order_of_a_table_is_seen(found, order):
    assert order_of(found) == order


@pytest.mark.parametrize(
    ("found", "month", "position"),
    [
        (rows(2502, 2410, 2403, 2310), 2601, 0.0),
        (rows(2502, 2410, 2403, 2310), 2408, 2.5),
        (rows(2502, 2410, 2403, 2310), 2410, 1.5),
        (rows(2502, 2410, 2403, 2310), 2201, 5.0),
        (rows(2502, 2410, 2403, 2310), None, 5.0),
        (rows(2310, 2403, 2410, 2502), 2601, 5.0),
        (rows(2310, 2403, 2410, 2502), 2403, 2.5),
        (rows(2310, 2403, 2410, 2502), 2201, 0.0),
        (rows(2502, None, 2403, 2310), 2408, 1.5),
        (rows(2403, 2502, 2310, 2412), 2408, 5.0),
        ([], 2408, 1.0),
    ],
)
def test_a_new_row_goes_where_the_order_wants_it(found, month, position):
    new = Placed(0.0, None if month is None else (month // 100 * 12 + month % 100, 0), "new")
    assert place(new, found) == position


def test_a_new_title_goes_into_the_alphabet():
    found = rows(*[None] * 5, titles="abdef")
    assert place(Placed(0.0, None, "C"), found) == 2.5
    assert place(Placed(0.0, None, "[z]"), found) == 6.0


@pytest.fixture
def listed(db):
    source = "## KV\n\n| Title | Venue |\n| --- | --- |\n" + "".join(
        f"| [{name}](https://arxiv.org/abs/{name}) | x |\n" for name in ("2502.00001", "2410.00001", "2403.00001")
    )
    paper_list = new_list()
    import_readme(paper_list, "en", source.encode(), "README.md")
    return paper_list


def test_a_paper_is_placed_by_its_arxiv_id(listed):
    paper = Paper.objects.create(title="New", text_hash="", title_key="new", source="arxiv", published=date(1999, 1, 1))
    paper.identifiers.create(scheme="arxiv", value="2408.00001")
    document, category = listed.documents.get(), listed.categories.get()
    assert placement.position(document, category, paper) == 2.5


def test_a_paper_elsewhere_is_placed_by_its_date(listed):
    paper = Paper.objects.create(title="New", text_hash="", title_key="new", source="file", published=date(2024, 8, 3))
    paper.identifiers.create(scheme="acl", value="2024.acl-long.1")
    assert placement.position(listed.documents.get(), listed.categories.get(), paper) == 2.5


def test_a_gap_without_room_is_made_wider(listed):
    document, category = listed.documents.get(), listed.categories.get()
    first, second, third = EntryText.objects.order_by("position")
    second.position, third.position = 1.0000000000000002, 5.0
    second.save()
    third.save()
    paper = Paper.objects.create(title="New", text_hash="", title_key="new", source="arxiv")
    paper.identifiers.create(scheme="arxiv", value="2412.00001")
    assert placement.position(document, category, paper) == 1.5
    assert [text.position for text in EntryText.objects.order_by("position")] == [1.0, 2.0, 3.0]
    assert [text.pk for text in EntryText.objects.order_by("position")] == [first.pk, second.pk, third.pk]
