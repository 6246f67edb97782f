"""Windows, watermarks and pages, with a source written by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from ingest import pipeline, runs, topics
from ingest.models import Run, Topic
from ingest.sources import Page, SourceUnavailable, Window
from papers.models import Paper, PaperList
from papers.records import Identifier, PaperRecord, Rejected

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()


def record(number: int) -> PaperRecord:
    return PaperRecord("arxiv", (Identifier("arxiv", f"2601.{number:05}"),), f"Paper {number}")


class ByHand:
    """A source that yields what it was given and remembers what it was asked; an exception is raised in its place."""

    OVERLAP_DAYS = 2

    def __init__(self, *pages):
        self.pages, self.asked = pages, []

    def fetch(self, topic, window):
        self.asked.append(window)
        for page in self.pages:
            if isinstance(page, Exception):
                raise page
            yield page


@pytest.fixture
def give(monkeypatch):
    """Put a hand-written source in the place of every source."""

    def put(*pages):
        source = ByHand(*pages)
        monkeypatch.setattr(pipeline, "source", lambda name: source)
        return source

    return put


@pytest.fixture
def topic():
    return Topic.objects.create(slug="caches", source="arxiv", query="cache")


def test_the_first_window_is_the_last_thirty_days(topic):
    assert pipeline.window(topic) == Window(TODAY - timedelta(days=30), TODAY)


def test_later_windows_begin_before_the_watermark_by_what_the_source_wants(topic, give):
    give()
    topic.watermark = TODAY - timedelta(days=40)
    assert pipeline.window(topic) == Window(TODAY - timedelta(days=42), TODAY)


def test_a_window_that_ends_before_it_begins_is_refused(topic):
    with pytest.raises(ValueError, match="before it begins"):
        pipeline.window(topic, date(2026, 2, 1), date(2026, 1, 1))


def test_pages_are_stored_and_counted(topic, give):
    give(
        Page((record(1), record(2)), total=4),
        Page((record(2), record(3)), (Rejected("2601.9", "no title"),), total=4),
    )
    run = pipeline.pull(topic)
    assert (run.fetched, run.new, run.changed, run.same, run.rejected) == (5, 3, 0, 1, 1)
    assert (run.state, run.rejections) == ("done", [["2601.9", "no title"]])
    assert Paper.objects.count() == 3


def test_news_of_older_papers_are_taken_where_the_paper_is_known(topic, give):
    give(Page((record(1),)))
    pipeline.pull(topic)
    news = replace(record(1), comment="Accepted at a venue")
    give(Page((record(2),), updates=(news, record(3))))
    run = pipeline.pull(topic)
    assert (run.fetched, run.new, run.changed) == (2, 1, 1)
    assert Paper.objects.get(title="Paper 1").comment == "Accepted at a venue"
    assert not Paper.objects.filter(title="Paper 3").exists()


def test_the_watermark_stops_before_today_which_is_not_over(topic, give):
    give(Page((record(1),)))
    pipeline.pull(topic)
    topic.refresh_from_db()
    assert topic.watermark == TODAY - timedelta(days=1)


def test_an_outage_in_the_middle_keeps_the_pages_and_not_the_watermark(topic, give):
    give(Page((record(1),)), Page((record(2),)), SourceUnavailable("gone"))
    run = pipeline.pull(topic)
    topic.refresh_from_db()
    assert run.state == "late"
    assert (run.fetched, Paper.objects.count()) == (2, 2)
    assert topic.watermark is None


@pytest.mark.parametrize("pages", [(), (Page(()),), (Page((), complete_to=TODAY), Page(()))], ids=len)
def test_an_empty_window_says_so_and_is_asked_for_again(topic, give, pages):
    topic.watermark = TODAY - timedelta(days=10)
    topic.save()
    give(*pages)
    run = pipeline.pull(topic)
    topic.refresh_from_db()
    assert (run.state, run.fetched) == ("done", 0)
    assert "nothing from" in run.note and "asked for again" in run.note
    assert topic.watermark == TODAY - timedelta(days=10), "a source that falters may say that of any window"


def test_an_answer_that_is_known_to_be_the_same_moves_the_watermark(topic, give):
    topic.watermark = TODAY - timedelta(days=10)
    topic.save()
    give(Page((), validator='"same"', note="Nothing new."))
    run = pipeline.pull(topic)
    topic.refresh_from_db()
    assert (run.note, topic.watermark) == ("Nothing new.", TODAY - timedelta(days=1))


def test_a_completed_part_moves_the_watermark_whatever_comes_after(topic, give):
    topic.watermark = TODAY - timedelta(days=10)
    topic.save()
    give(Page((record(1),)), Page((), complete_to=TODAY - timedelta(days=5)), SourceUnavailable("gone"))
    assert pipeline.pull(topic).state == "late"
    topic.refresh_from_db()
    assert topic.watermark == TODAY - timedelta(days=5)


def test_an_old_window_asked_for_by_hand_moves_no_watermark_back_or_past_a_gap(topic, give):
    topic.watermark = TODAY - timedelta(days=10)
    topic.save()
    give(Page((record(1),)))
    pipeline.pull(topic, TODAY - timedelta(days=400), TODAY - timedelta(days=300))
    topic.refresh_from_db()
    assert topic.watermark == TODAY - timedelta(days=10)
    pipeline.pull(topic, TODAY - timedelta(days=5), TODAY)
    topic.refresh_from_db()
    assert topic.watermark == TODAY - timedelta(days=10), "the days between were not asked for"


def test_an_old_window_sets_no_first_watermark(topic, give):
    give(Page((record(1),)))
    pipeline.pull(topic, date(2020, 1, 1), date(2020, 1, 31))
    topic.refresh_from_db()
    assert topic.watermark is None, "the next scheduled pull would ask for all the years since"


def test_thirty_days_in_one_pull_ask_for_no_gap(topic, give):
    topic.watermark = TODAY - timedelta(days=30)
    topic.save()
    source = give(Page((record(1),)))
    pipeline.pull(topic)
    assert source.asked == [Window(TODAY - timedelta(days=32), TODAY)]


def test_topics_are_due_by_their_schedule(topic, give):
    give(Page((record(1),)))
    assert pipeline.due() == [topic]
    pipeline.pull(topic)
    assert pipeline.due() == []
    Run.objects.update(started_at=timezone.now() - timedelta(days=1, minutes=1))
    assert pipeline.due() == [topic]
    Topic.objects.update(enabled=False)
    assert pipeline.due() == []


def test_a_pull_that_was_cut_off_is_due_again(topic):
    Run.objects.create(
        kind=Run.Kind.PULL, topic=topic, subject=topic.slug, state="interrupted", finished_at=timezone.now()
    )
    assert pipeline.due() == [topic]


def test_listed_papers_known_by_their_row_only_are_looked_up(monkeypatch):
    from papers import catalog
    from papers.models import Category, Entry, PaperList

    paper_list = PaperList.objects.create(slug="a-list", name="A list")
    category = Category.objects.create(list=paper_list, key="kv", position=1)
    row = PaperRecord("readme", (Identifier("arxiv", "2601.00001"),), "Nick: a paper")
    catalog.upsert([row])
    Entry.objects.create(category=category, paper=Paper.objects.get())
    asked = []

    def lookup(ids):
        asked.extend(ids)
        yield Page((PaperRecord("arxiv", row.identifiers, "A paper", abstract="About caches."),))

    monkeypatch.setattr(pipeline.arxiv_api, "lookup", lookup)
    assert pipeline.lists_to_look_up() == [paper_list]
    run = pipeline.look_up_listed(paper_list)
    assert asked == ["2601.00001"]
    assert (run.changed, Paper.objects.get().abstract) == (1, "About caches.")
    assert pipeline.lists_to_look_up() == []


def test_a_run_tells_of_papers_that_turned_out_to_be_one(topic, give):
    doi = Identifier("doi", "10.1/a")
    of_doi = PaperRecord("file", (doi,), "Paper 1")
    both = replace(record(1), identifiers=(*record(1).identifiers, doi))
    give(Page((record(1), of_doi)), Page((both,)))
    run = pipeline.pull(topic)
    assert (run.new, run.changed, run.note) == (2, 1, "1 paper turned out to be another one that is stored: merged.")
    assert Paper.objects.count() == 1


def test_a_topic_that_asks_something_else_meanwhile_gets_no_watermark_of_the_old_question(topic, monkeypatch):
    class ChangedMeanwhile:
        OVERLAP_DAYS = 2

        def fetch(self, asked, window):
            topics.save(Topic(pk=topic.pk, slug=topic.slug, source=topic.source, query="something else"))
            yield Page((record(1),), validator='"1"')

    monkeypatch.setattr(pipeline, "source", lambda name: ChangedMeanwhile())
    pipeline.pull(topic)
    topic.refresh_from_db()
    assert (topic.query, topic.watermark, topic.validator) == ("something else", None, "")


def test_an_error_of_ours_between_two_pages_keeps_what_was_complete_and_no_more(topic, give):
    """The watermark and its rows are one transaction, so neither is ahead of the other."""
    topic.watermark = TODAY - timedelta(days=20)
    topic.save()
    done_to = TODAY - timedelta(days=15)
    give(Page((record(1),), complete_to=done_to), Page((record(2),)), ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        pipeline.pull(topic)
    topic.refresh_from_db()
    assert topic.watermark == done_to
    assert Run.objects.get().state == "failed"


def test_a_page_that_cannot_be_stored_moves_nothing(topic, give, monkeypatch):
    topic.watermark = TODAY - timedelta(days=20)
    topic.save()
    give(Page((record(1),), complete_to=TODAY - timedelta(days=15)), Page(()))
    monkeypatch.setattr(pipeline, "_keep_validator", lambda *_: None)
    monkeypatch.setattr(runs, "save", raising)
    with pytest.raises(ZeroDivisionError):
        pipeline.pull(topic)
    topic.refresh_from_db()
    assert (topic.watermark, Paper.objects.count()) == (TODAY - timedelta(days=20), 0)


def raising(*_):
    raise ZeroDivisionError


def test_a_topic_that_was_late_is_due_at_its_next_try(topic, give):
    give(SourceUnavailable("503"))
    pipeline.pull(topic)
    assert pipeline.due() == []
    Run.objects.update(next_try=timezone.now())
    assert pipeline.due() == [topic]


def test_what_runs_or_is_parked_is_not_due(topic):
    run = Run.objects.create(
        kind=Run.Kind.PULL, topic=topic, subject=topic.slug, state="parked", finished_at=timezone.now()
    )
    Run.objects.update(started_at=timezone.now() - timedelta(days=9))
    assert pipeline.due() == []
    Run.objects.filter(pk=run.pk).update(next_try=timezone.now())
    assert pipeline.due() == [topic], "a person said so"
    with runs.open(Run.Kind.PULL, topic.slug, topic=topic):
        assert pipeline.due() == []


@pytest.mark.parametrize("state", ["done", "parked"])
def test_a_topic_does_not_wait_for_what_became_of_another_one_of_its_name(state):
    Run.objects.create(kind=Run.Kind.PULL, subject="caches", state=state, finished_at=timezone.now())  # it was deleted
    again = Topic.objects.create(slug="caches", source="arxiv", query="cache")
    assert pipeline.due() == [again]


def test_listed_papers_are_looked_up_every_few_hours(monkeypatch):
    paper_list = PaperList.objects.create(slug="a-list", name="A list")
    monkeypatch.setattr(pipeline.arxiv_api, "lookup", lambda ids: iter(()))
    assert pipeline.is_look_up_due(paper_list)
    pipeline.look_up_listed(paper_list)
    assert not pipeline.is_look_up_due(paper_list)
    Run.objects.update(started_at=timezone.now() - timedelta(hours=7))
    assert pipeline.is_look_up_due(paper_list)
