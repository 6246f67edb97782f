"""The way of a paper into the catalogue: pull topics, take in files. Plain functions; tasks and commands call them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from ingest import runs
from ingest.models import Run, Topic
from ingest.sources import Page, SourceUnavailable, Window, arxiv_api, jsonl, peer_list, source
from papers import catalog, proposals
from papers.models import Paper, PaperList

FIRST_WINDOW_DAYS = 30  # what a topic without a watermark asks for
MOST_TRIED = 10  # pages that a dry run looks at
SAMPLE = 20  # titles that it keeps
LOOK_UP_EVERY = timedelta(hours=6)  # what arXiv does not know today it may know tomorrow
PERIOD = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(days=7)}

Progress = Callable[[Run], None]


def window(topic: Topic, since: date | None = None, until: date | None = None) -> Window:
    """Return the days to ask for: those given, else from the watermark, less the source's overlap, to today."""
    until = until or timezone.now().date()
    if since is None:
        start = topic.watermark or until - timedelta(days=FIRST_WINDOW_DAYS)
        since = min(start, until) - timedelta(days=source(topic.source).OVERLAP_DAYS if topic.watermark else 0)
    if since > until:
        raise ValueError(f"the window ends ({until}) before it begins ({since})")
    return Window(since, until)


def pull(topic: Topic, since: date | None = None, until: date | None = None, progress: Progress = runs.progress) -> Run:
    """Bring the topic's window into the catalogue; return the run, whose state says how it went.

    Each page is one transaction. The watermark moves in the transaction of the last page, or of one that the source
    says completes a part of the window; an older window asked for by hand moves nothing, nor does one in which there
    was nothing at all: a source that falters may say so of any window, and asking again costs little. Raise
    AlreadyRunning when another process pulls this topic.
    """
    asked = window(topic, since, until)
    fields: dict[str, Any] = {"topic": topic, "since": asked.since, "until": asked.until}
    with runs.open(Run.Kind.PULL, topic.slug, PERIOD[topic.schedule], **fields) as run:
        for page, is_last in _told_apart(source(topic.source).fetch(topic, asked)):
            with transaction.atomic():
                _store(run, page)
                # An answer with a validator says which one it is; without, silence is not taken for one.
                if (is_last or page.complete_to) and (run.fetched or page.validator):
                    _move_watermark(topic, asked, asked.until if is_last else page.complete_to or asked.until)
                if is_last:
                    _keep_validator(topic, page.validator)
            progress(run)
        run.note = run.note or _why_nothing(run, asked)
        tell_merges(run)
    return run


def dry_run(
    topic: Topic, since: date | None = None, until: date | None = None, progress: Progress = runs.progress
) -> Run:
    """Count what a pull of the topic would bring and keep some titles; store none of it. Return the run.

    `details` is {"new": papers, "known": papers, "sample": [title, …]}; the sample is of new ones. It looks at
    `MOST_TRIED` pages and says in its note where there are more.
    """
    asked = window(topic, since, until)
    fields: dict[str, Any] = {"topic": topic, "since": asked.since, "until": asked.until}
    with runs.open(Run.Kind.TRY, topic.slug, details={"new": 0, "known": 0, "sample": []}, **fields) as run:
        pages = source(topic.source).fetch(topic, asked)
        for page in islice(pages, MOST_TRIED):
            known = catalog.of_known_papers(page.records)
            with transaction.atomic():
                _store(run, page)
                transaction.set_rollback(True)
            titles = [record.title for record in page.records if record not in known]
            run.details = {
                "new": run.new,
                "known": run.changed + run.same,
                "sample": (run.details["sample"] + titles)[:SAMPLE],
            }
            progress(run)
        if run.pages == MOST_TRIED and next(pages, None) is not None:
            run.note = f"There is more to come after these {MOST_TRIED} pages."
        run.note = run.note or _why_nothing(run, asked)
    return run


def _told_apart(pages: Iterator[Page]) -> Iterator[tuple[Page, bool]]:
    """Yield every page and whether it is the last; what came before an outage is yielded before it is raised."""
    held: Page | None = None
    try:
        for page in pages:
            if held is not None:
                yield held, False
            held = page
    except SourceUnavailable:
        if held is not None:
            yield held, False
        raise
    if held is not None:
        yield held, True


def _store(run: Run, page: Page) -> None:
    """Write one page and count it; of the older papers that it tells news of, those that are known."""
    records = [*page.records, *catalog.of_known_papers(page.updates)]
    result = catalog.upsert(records)
    run.pages += 1
    run.total = page.total if page.total is not None else run.total
    run.fetched += len(records) + len(page.rejected)
    run.new += result.new
    run.changed += result.changed
    run.same += result.same
    count_merges(run, result)
    runs.reject(run, [*page.rejected, *result.rejected])
    run.note = page.note or run.note
    runs.save(run)


def count_merges(run: Run, result: catalog.UpsertResult) -> None:
    """Keep in the run's details how many stored papers turned out to be another one."""
    if result.merged:
        run.details = run.details | {"merged": run.details.get("merged", 0) + result.merged}


def tell_merges(run: Run) -> None:
    """Say in the note of a run that is done what `count_merges` counted."""
    if merged := run.details.get("merged"):
        told = "1 paper turned out to be" if merged == 1 else f"{merged} papers turned out to be"
        run.note = f"{run.note} {told} another one that is stored: merged.".strip()


def _why_nothing(run: Run, asked: Window) -> str:
    """Say why a run brought nothing; "" when it brought something, or rejections speak for themselves."""
    if run.new or run.changed:
        return ""
    if run.same:
        return f"Nothing new: all {run.same} were known."
    if run.rejected:
        return f"None of the {run.rejected} records could be taken."
    return f"The source has nothing from {asked.since} to {asked.until}. These days are asked for again."


def _move_watermark(topic: Topic, asked: Window, complete_to: date) -> None:
    # Today is not over yet: it is asked for again, so the watermark stops before it.
    yesterday = timezone.now().date() - timedelta(days=1)
    reached = min(complete_to, yesterday)
    # What stands before a first watermark is not asked for again, so a first window must lead up to today.
    follows = asked.until >= yesterday if topic.watermark is None else asked.since <= topic.watermark < reached
    if follows and _still_asks(topic).update(watermark=reached):
        topic.watermark = reached


def _keep_validator(topic: Topic, validator: str) -> None:
    if validator != topic.validator and _still_asks(topic).update(validator=validator):
        topic.validator = validator


def _still_asks(topic: Topic) -> QuerySet[Topic]:
    """Return the topic unless a person made it ask something else since the pull began: that begins anew."""
    return Topic.objects.filter(pk=topic.pk, source=topic.source, query=topic.query)


def due() -> list[Topic]:
    """Return the enabled topics whose schedule, or whose next try, says that it is time."""
    return [topic for topic in Topic.objects.filter(enabled=True) if is_due(topic)]


def is_due(topic: Topic) -> bool:
    """Say whether the topic is to be pulled now, by the end of its last pull and else by its schedule."""
    last = runs.newest(Run.Kind.PULL, topic.slug)
    if last is None or last.topic_id != topic.pk:  # it was another topic's of this name, which is gone or renamed
        return True
    if last.next_try is not None:
        return timezone.now() >= last.next_try
    if last.state == Run.State.INTERRUPTED:
        return True
    if last.state in (Run.State.RUNNING, Run.State.PARKED):
        return False
    return timezone.now() - last.started_at >= PERIOD[topic.schedule]


def ingest_file(path: Path, progress: Progress = runs.progress) -> Run:
    """Take in the papers of a JSONL file by the same path as a source; raise OSError when it cannot be read."""
    with runs.open(Run.Kind.INGEST, path.name) as run:
        _store_all(run, jsonl.read(path), progress)
        run.note = "" if run.fetched else "The file holds no records."
        tell_merges(run)
    return run


def lists_to_look_up() -> list[PaperList]:
    """Return the lists of which papers are known by a row of a README only."""
    return [each for each in PaperList.objects.all() if _known_by_row_only(each).exists()]


def is_look_up_due(paper_list: PaperList) -> bool:
    """Say whether a list is to be looked up now: not while it is on hold; every few hours, and for a new proposal."""
    last = runs.newest(Run.Kind.PULL, _look_up(paper_list))
    if last is None:
        return True
    is_new = proposals.untold(paper_list).filter(proposals__confirmed_at__gt=last.started_at).exists()
    if last.next_try is None and timezone.now() - last.started_at < LOOK_UP_EVERY and not is_new:
        return False
    return not runs.is_on_hold(last.kind, last.subject)


def look_up_listed(paper_list: PaperList, progress: Progress = runs.progress) -> Run:
    """Ask arXiv what the papers are about of which only a row told, or who put them before the list's curators."""
    ids = list(_known_by_row_only(paper_list).values_list("identifiers__value", flat=True))
    with runs.open(Run.Kind.PULL, _look_up(paper_list), LOOK_UP_EVERY) as run:
        run.total = len(ids)
        _store_all(run, arxiv_api.lookup(ids), progress)
        run.note = f"{len(ids)} papers lacked an abstract; arXiv knows {run.fetched} of them."
        tell_merges(run)
    return run


def _look_up(paper_list: PaperList) -> str:
    return f"papers listed in {paper_list.slug}"


def _known_by_row_only(paper_list: PaperList) -> QuerySet[Paper]:
    """Return the papers of which a row told, or who proposed them, and arXiv did not.

    They are the list's own, those of lists it follows, and those that were put before its curators.
    """
    topics = Topic.objects.filter(Q(list=paper_list) | Q(list=None), source="peer_list")
    followed = Paper.objects.filter(source_records__source__in=[peer_list.source_of(topic.query) for topic in topics])
    told = Q(pk__in=Paper.objects.listed_in(paper_list).values("pk")) | Q(pk__in=followed.values("pk"))
    told |= Q(pk__in=proposals.untold(paper_list).values("pk"))
    return Paper.objects.filter(told, abstract="", identifiers__scheme="arxiv")


def _store_all(run: Run, pages: Iterable[Page], progress: Progress) -> None:
    for page in pages:
        _store(run, page)
        progress(run)
