"""The index of facets says what the database says, whatever happens to papers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.utils import timezone

from papers import facetindex, paperorders, review
from papers.models import Fact, Paper, PaperList, Suggestion, Touched
from papers.querysets import in_category, standing
from tests import factories as make

STATUSES = ("listed", "likely", "awaiting", "returned", "rejected", "deferred", "duplicate")


@pytest.fixture
def world(db):
    """Papers that stand everywhere a paper can stand, in two lists."""
    small, other = make.make_list(), make.make_list("other", ("alpha", "gamma"))
    alpha, beta = small.categories.order_by("position")
    curator = make.make_user("lin", curator=True)
    make.make_entry(alpha, make.make_paper(published=None), tags=["eviction"], venue_name="ICLR")
    both = make.make_paper(subjects=("cs.LG", "cs.CL", "cs.LG"), facts=[("upvotes", 7)])
    make.make_entry(alpha, both, tags=["eviction", "reading"], code=[["code", "https://example.org"]])
    make.make_entry(other.categories.get(key="gamma"), both)
    make.make_suggestion(small, make.make_paper(facts=[("code", "https://example.org")]), 0.9, beta)
    make.make_suggestion(other, make.make_paper(published=date(2024, 2, 29)), 0.3, other.categories.first())
    make.make_suggestion(small, make.make_paper(withdrawn=True), 0.8, alpha)
    for decide in (review.reject, lambda *of: review.defer(*of, timezone.localdate() + timedelta(days=7))):
        paper = make.make_paper(source="file", facts=[("upvotes", 70)])
        make.make_suggestion(small, paper, 0.6, alpha)
        decide(small, paper, curator)
    due = make.make_paper()
    make.make_suggestion(small, due, 0.7, beta)
    review.defer(small, due, curator, timezone.localdate() + timedelta(days=1))
    due.reviews.update(until=timezone.localdate())
    back = make.make_paper()
    make.make_suggestion(small, back, 0.2)
    review.reject(small, back, curator)
    back.reviews.update(state="open", decision=None, returned_for="code", returned_with="x", returned_at=timezone.now())
    return small, other, curator


def pks(papers) -> set[int]:
    return set(papers.order_by().aggregate(ids=ArrayAgg("pk", default=[]))["ids"])


def agree() -> None:
    """Compare what the index says with what the database is asked, for every list and for none."""
    index = facetindex.current()

    def having(facet, value, paper_list=None):
        mask = index.having(facet, [value], paper_list.pk if paper_list else None)
        return set(index.ids[mask].tolist())

    everything = Paper.objects.all()
    assert set(index.ids[index.alive].tolist()) == pks(everything)
    lists = [None, *PaperList.objects.all()]
    for paper_list in lists:
        for name in STATUSES:
            assert having("status", name, paper_list) == pks(everything.filter(standing(name, paper_list))), name
        for key in ("alpha", "beta", "gamma"):
            assert having("category", key, paper_list) == pks(everything.filter(in_category(key, paper_list))), key
        for tag in ("eviction", "reading"):
            assert having("tag", tag, paper_list) == pks(everything.with_tags([tag], paper_list)), tag
        assert having("venue", "ICLR", paper_list) == pks(everything.of_venues(["ICLR"], paper_list))
    for year in (2024, 2026):
        assert having("year", str(year)) == pks(everything.filter(published__year=year))
    for subject in ("cs.CL", "cs.LG"):
        assert having("subject", subject) == pks(everything.filter(subjects__contains=[subject]))
    for source in ("arxiv", "file"):
        assert having("source", source) == pks(everything.from_source(source))
    assert having("code", "true") == pks(everything.with_code())
    for order, papers in (
        ("newest", everything.newest()),
        ("added", everything.last_added()),
        ("title", everything.by_title()),
        ("upvotes", everything.most_upvoted()),
        ("relevance", everything.most_relevant(lists[1])),
    ):
        keys = paperorders.keys(index, order, lists[1])
        slots = paperorders.part(keys, index.alive, 0, len(index.ids))
        assert index.ids[slots].tolist() == [paper.pk for paper in papers], order


def test_it_says_what_the_database_says(world):
    agree()


def test_it_counts_a_paper_once_whatever_lists_it_stands_in(world):
    index = facetindex.current()
    assert index.counts("status", index.alive)["listed"] == 2
    assert index.counts("subject", index.alive)["cs.LG"] == 1


def test_it_follows_every_change(world):
    small, _other, curator = world
    facetindex.current()
    beta = small.categories.get(key="beta")
    likely = Paper.objects.get(suggestions__relevance=0.9)

    def step(change) -> None:
        change()
        agree()

    step(lambda: make.make_paper(source="file"))
    step(lambda: make.make_entry(beta, likely, tags=["reading"]))
    step(lambda: likely.entries.get().texts.update(tags=["eviction"], venue_name="ICLR"))
    step(lambda: likely.entries.get().texts.all().delete())
    step(lambda: likely.entries.all().delete())
    step(lambda: Suggestion.objects.update(relevance=0.1))
    step(lambda: review.reject(small, likely, curator))
    step(lambda: Paper.objects.filter(pk=likely.pk).update(withdrawn=True, published=date(2024, 1, 1)))
    step(lambda: Fact.objects.filter(kind="upvotes").update(value=99))
    step(lambda: Fact.objects.filter(kind="code").delete())
    step(lambda: beta.__class__.objects.filter(pk=beta.pk).update(key="gamma"))
    step(lambda: make.make_paper().delete())


def test_only_what_changed_is_read_anew(world):
    before = facetindex.current()
    assert facetindex.current() is before
    paper = make.make_paper()
    after = facetindex.current()
    assert len(after.ids) == len(before.ids) + 1 and after.ids[-1] == paper.pk


def test_what_does_not_matter_touches_nothing(world):
    before = Touched.objects.count()
    Suggestion.objects.filter(relevance__gte=0.5).update(relevance=0.95)
    Paper.objects.update(comment="A remark")
    assert Touched.objects.count() == before


def test_who_missed_touches_reads_all_anew(world, monkeypatch):
    before = facetindex.current()
    make.make_paper()
    monkeypatch.setattr(facetindex, "KEPT", 0)
    assert facetindex.prune() > 0
    assert facetindex.current() is not before
    agree()


def connection_of_another():
    """Return a connection of another process to the same database."""
    import psycopg

    said = connection.get_connection_params()
    return psycopg.connect(**{n: said[n] for n in ("dbname", "user", "password", "host", "port") if said.get(n)})


@pytest.mark.django_db(transaction=True)
def test_what_a_slow_transaction_tells_late_is_not_missed():
    """Its touch has a lower number than one that was seen before it."""
    make.make_paper("First")
    facetindex.current()
    with connection_of_another() as slow:
        slow.execute("UPDATE papers_paper SET subjects = '{cs.XY}' WHERE title = 'First'")
        make.make_paper("Second")
        assert "cs.XY" not in facetindex.current().counts("subject", facetindex.current().alive)
        slow.commit()
    index = facetindex.current()
    assert index.counts("subject", index.alive)["cs.XY"] == 1


@pytest.mark.django_db(transaction=True)
def test_what_comes_while_it_is_read_is_not_taken_for_another_paper(monkeypatch):
    """A paper that is committed after the papers were read and before their values has no slot yet."""
    make.make_list()
    last = make.make_paper("Last")
    early = last.pk - 1000  # its number was drawn long ago, by a slow transaction
    values = facetindex.facetrows.values

    def meanwhile(*asked):
        with connection_of_another() as other:
            for pk, subject in ((early, "cs.XY"), (last.pk + 1000, "cs.YZ")):
                other.execute(
                    "INSERT INTO papers_paper SELECT (json_populate_record(paper, json_build_object("
                    "'id', %s::int, 'title', 'Meanwhile', 'subjects', ARRAY[%s]))).* "
                    "FROM papers_paper AS paper WHERE id = %s",
                    [pk, subject, last.pk],
                )
        monkeypatch.setattr(facetindex.facetrows, "values", values)
        return values(*asked)

    monkeypatch.setattr(facetindex.facetrows, "values", meanwhile)
    facetindex.current()
    agree()
    index = facetindex.current()
    for pk, subject in ((early, "cs.XY"), (last.pk + 1000, "cs.YZ")):
        assert index.ids[index.having("subject", [subject])].tolist() == [pk]


def test_of_many_touches_none_is_passed_over(world, monkeypatch):
    """A paper is touched by each of its rows, so there are more touches than papers."""
    facetindex.current()
    monkeypatch.setattr(facetindex, "MOST_TOUCHED", 12)
    for number in range(8):
        make.make_paper(f"New {number}", source="file", facts=[("upvotes", number)])
    agree()


def test_touches_of_the_database_that_a_dump_was_taken_of_are_read_once(world):
    """There transactions had numbers that this database will not come to for years."""
    Touched.objects.create(paper=Paper.objects.first().pk, transaction=2**40)
    index = facetindex.current()
    make.make_paper()
    newer = facetindex.current()
    assert newer is not index
    assert facetindex.current() is newer


@pytest.mark.parametrize("value", [-3, 2.5, 10**30, 10**400])
def test_upvotes_may_be_any_number(world, value):
    make.make_paper(facts=[("upvotes", 3)])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE papers_fact SET value = %s::text::jsonb WHERE kind = 'upvotes'", [str(value)])
    agree()
