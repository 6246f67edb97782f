"""manage.py pull: each topic fails alone, the exit code tells, and a dry run stores nothing."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from ingest import pipeline
from ingest.models import Run, Topic
from ingest.sources import Page, SourceUnavailable, Window
from papers.models import Paper
from papers.records import Identifier, PaperRecord, Rejected

pytestmark = pytest.mark.django_db


def record(number: int) -> PaperRecord:
    return PaperRecord("arxiv", (Identifier("arxiv", f"2601.{number:05}"),), f"Paper {number}")


@pytest.fixture
def answers(monkeypatch):
    """What each source says, by name: pages, or exceptions that are raised in their place."""
    found: dict[str, list[Page | Exception]] = {}

    class ByHand:
        OVERLAP_DAYS = 2

        def __init__(self, name):
            self.name = name

        def fetch(self, topic: Topic, window: Window):
            for page in found[self.name]:
                if isinstance(page, Exception):
                    raise page
                yield page

    monkeypatch.setattr(pipeline, "source", ByHand)
    return found


def topics(**sources: str) -> None:
    for slug, source in sources.items():
        Topic.objects.create(slug=slug, source=source)


def pull(*arguments: str) -> tuple[str, str]:
    out, errors = StringIO(), StringIO()
    call_command("pull", *arguments, stdout=out, stderr=errors)
    return out.getvalue(), errors.getvalue()


def test_each_topic_fails_alone_and_the_command_says_so(answers):
    topics(a="broken", b="late", c="good")
    answers |= {"broken": [ZeroDivisionError("ours")], "late": [SourceUnavailable("503")], "good": [Page((record(1),))]}
    out, errors = StringIO(), StringIO()
    with pytest.raises(CommandError, match="2 of 3 pulls could not be finished"):
        call_command("pull", stdout=out, stderr=errors)
    assert "a: failed: ZeroDivisionError: ours" in errors.getvalue()
    assert "b: late" in out.getvalue()
    assert "503" in out.getvalue()
    assert "c: done: 1 fetched, 1 new" in out.getvalue()
    assert dict(Run.objects.values_list("subject", "state")) == {"a": "failed", "b": "late", "c": "done"}


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Page(()), "The source has nothing from"),
        (Page((), note="Not modified since the last pull."), "Not modified since the last pull."),
        (Page((), (Rejected("line 1", "no title"),)), "None of the 1 records could be taken."),
    ],
    ids=["nothing in the window", "the source says why", "all rejected"],
)
def test_a_run_that_brings_nothing_says_why(answers, page, words):
    topics(a="good")
    answers["good"] = [page]
    assert words in pull()[0]
    assert words in Run.objects.get().note


def test_a_run_that_brings_what_is_known_says_so(answers):
    topics(a="good")
    answers["good"] = [Page((record(1), record(2)))]
    pull()
    assert "Nothing new: all 2 were known." in pull()[0]


def test_a_dry_run_counts_shows_titles_and_stores_nothing(answers):
    topics(a="good")
    answers["good"] = [Page((record(1),))]
    pull()
    before = Topic.objects.get()
    answers["good"] = [Page((record(1), record(2)), (Rejected("x", "no title"),), total=3), Page((record(3),), total=3)]
    out, errors = pull("--dry-run")
    run = Run.objects.first()
    assert (run.kind, run.state, run.fetched, run.rejected) == ("try", "done", 4, 1)
    assert run.details == {"new": 2, "known": 1, "sample": ["Paper 2", "Paper 3"]}
    assert "  Paper 3\n" in out
    assert "rejected x: no title" in errors
    assert Paper.objects.count() == 1
    after = Topic.objects.get()
    assert (after.watermark, after.validator) == (before.watermark, before.validator)
    assert not pipeline.is_due(after), "a dry run says nothing of when the topic was pulled"


def test_a_dry_run_of_very_much_looks_at_the_first_pages(answers):
    topics(a="good")
    answers["good"] = [Page((record(number),)) for number in range(pipeline.MOST_TRIED + 5)]
    assert "There is more to come after these 10 pages." in pull("--dry-run")[0]
    assert Run.objects.get().details["new"] == 10


def test_a_dry_run_of_a_source_that_is_away_fails(answers):
    topics(a="late")
    answers["late"] = [SourceUnavailable("503")]
    with pytest.raises(CommandError, match="1 of 1"):
        pull("--dry-run")
    assert Run.objects.get().state == "late"


def test_days_that_are_no_window_are_refused_before_anything_is_asked(answers):
    topics(a="good")
    with pytest.raises(CommandError, match="before it begins"):
        pull("--since", "2026-02-01", "--until", "2026-01-01")
    assert not Run.objects.exists()
