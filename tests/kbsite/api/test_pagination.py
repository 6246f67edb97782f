"""Pages by cursor: every row once, forwards and backwards, through equal and missing sort values."""

from __future__ import annotations

from datetime import date

import pytest
from django.db.models import F
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from kbsite.api.pagination import Pages
from papers.models import Paper, PaperList, Suggestion
from tests.kbsite.api.conftest import add_papers, suggest

pytestmark = pytest.mark.django_db

ORDERS = [
    ["id"],
    ["-id"],
    ["published"],
    ["-published"],
    ["title"],
    [F("published").desc(nulls_last=True), "-id"],
    [F("published").asc(nulls_first=True), "id"],
    [F("version").desc(nulls_first=True), F("published").asc(nulls_last=True)],
    ["-added_at", "title"],
    [],  # the model's own
]


@pytest.fixture
def papers():
    add_papers(4, 0, date(2026, 11, 1))
    add_papers(4, 4, None)
    add_papers(4, 8, date(2026, 11, 2))
    Paper.objects.filter(pk__in=Paper.objects.order_by("pk").values("pk")[2:7]).update(version=None)
    return list(Paper.objects.all())


def page(queryset, address="/papers/"):
    pages = Pages()
    request = Request(APIRequestFactory().get(address))
    rows = pages.paginate_queryset(queryset, request)
    return [row.pk for row in rows], pages.next, pages.previous


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("size", [1, 3, 5, 100])
def test_walking_there_and_back_meets_every_row_once_in_order(papers, order, size):
    queryset = Paper.objects.order_by(*order) if order else Paper.objects.all()
    seen, address = [], f"/papers/?page_size={size}"
    there = []
    while address:
        there.append(address)
        rows, address, previous = page(queryset, address)
        assert len(rows) <= size
        seen.append(rows)
    assert len({pk for rows in seen for pk in rows}) == sum(map(len, seen)) == 12
    ranks = [tuple(getattr(p, f) for f in ("published", "version")) for p in papers]
    assert len(ranks) == 12
    if order:
        expected = list(queryset.values_list("pk", flat=True))
        if len(order) > 1 and order[1] in {"-id", "id"}:
            assert [pk for rows in seen for pk in rows] == expected
    back = [seen[-1]]
    while previous:
        rows, following, previous = page(queryset, previous)
        assert following
        back.append(rows)
    assert [pk for rows in reversed(back) for pk in rows] == [pk for rows in seen for pk in rows]


def test_the_first_page_has_no_previous_and_the_last_no_next(papers):
    rows, following, previous = page(Paper.objects.order_by("id"), "/papers/?page_size=12")
    assert (len(rows), following, previous) == (12, None, None)


def test_new_rows_shift_nothing(papers):
    queryset = Paper.objects.order_by("-id")
    first, following, _ = page(queryset, "/papers/?page_size=5")
    add_papers(3, 50)
    second, _, _ = page(queryset, following)
    assert not set(first) & set(second)
    assert second == list(queryset.filter(pk__lt=first[-1]).values_list("pk", flat=True)[:5])


def test_equal_relevance_is_no_trouble(papers):
    paper_list = PaperList.objects.create(slug="small", name="Small")
    for paper in papers:
        suggest(paper_list, paper, 0.1 + 0.2)  # a number that is easily rounded
    queryset = Suggestion.objects.order_by("-relevance", "paper_id")
    seen, address = [], "/?page_size=5"
    while address:
        rows, address, _ = page(queryset, address)
        seen += rows
    assert seen == list(queryset.values_list("pk", flat=True))


def test_a_search_is_paged_by_its_rank(papers):
    Paper.objects.filter(pk=papers[0].pk).update(abstract="cache cache cache")
    queryset = Paper.objects.matching("cache")
    seen, address = [], "/?page_size=5"
    while address:
        rows, address, _ = page(queryset, address)
        seen += rows
    assert sorted(seen) == sorted(paper.pk for paper in papers)


@pytest.mark.parametrize("size", ["0", "-1", "101", "many", "1.5", "", "9" * 5000, "１", "\x00"])
def test_a_page_size_that_is_none_is_refused(size):
    with pytest.raises(ValidationError) as refusal:
        page(Paper.objects.all(), f"/papers/?page_size={size}")
    assert set(refusal.value.detail) == {"page_size"}


@pytest.mark.parametrize("cursor", ["x", "x:y", "é", "\x00", "W10:abc", "9" * 5000])
def test_a_cursor_that_is_none_of_ours_is_refused(papers, cursor):
    with pytest.raises(ValidationError) as refusal:
        page(Paper.objects.all(), f"/papers/?cursor={cursor}")
    assert set(refusal.value.detail) == {"cursor"}


def test_a_changed_cursor_and_one_of_another_order_are_refused(papers):
    _, following, _ = page(Paper.objects.order_by("id"), "/papers/?page_size=5")
    with pytest.raises(ValidationError):
        page(Paper.objects.order_by("-id"), following)
    start = following.index("cursor=") + len("cursor=")
    with pytest.raises(ValidationError):
        page(Paper.objects.order_by("id"), following[:start] + "A" + following[start + 1 :])


def test_the_same_page_has_the_same_addresses(papers):
    address = "/papers/?page_size=5"
    assert page(Paper.objects.order_by("id"), address) == page(Paper.objects.order_by("id"), address)


def test_filters_stay_in_the_addresses(papers):
    _, following, _ = page(Paper.objects.order_by("id"), "/papers/?page_size=5&search=cache")
    assert "search=cache" in following and "page_size=5" in following
