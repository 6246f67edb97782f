"""Whatever was done to a list, undoing all of it gives the same bytes and the same examples as before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.classifier.examples import examples
from ingest.classifier.heads import Recipe
from papers import acts, entries, findings, glossary, instep, listsettings, newlanguage, review
from papers.models import Act, Decision, Document, Entry, EntryText, Finding, Order, PaperList, Review
from papers.prefill import prefill
from papers.readme.exporter import export
from papers.readme.importer import ImportRefused, import_readme
from papers.texts import fields_of
from tests.factories import make_user
from tests.kbsite.bilingual import make_bilingual_list, make_waiting

pytestmark = pytest.mark.django_db

REFUSED = (
    acts.CannotUndo,
    entries.AlreadyListed,
    findings.CannotSettle,
    findings.NotOpen,
    ImportRefused,
    newlanguage.CannotCreate,
    review.AlreadyDecided,
    review.NotInForce,
)
TABLES = (
    "paperlist",
    "document",
    "category",
    "categorytext",
    "entry",
    "entrytext",
    "review",
    "finding",
    "glossaryterm",
)


def state(paper_list: PaperList) -> dict[str, Any]:
    """The exports, what the classifier would learn from, and every row of the list, but for its history."""
    with connection.cursor() as cursor:
        rows = {}
        for table in TABLES:
            # A category that a decision names stays, as its history.
            kept = "WHERE EXISTS (SELECT FROM papers_categorytext WHERE category_id = t.id) OR NOT EXISTS"
            kept += " (SELECT FROM papers_decision WHERE category_id = t.id)"
            cursor.execute(
                f"SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY id), '[]') FROM papers_{table} AS t"
                f" {kept if table == 'category' else ''}"
            )
            rows[table] = cursor.fetchone()[0]
    learned = examples(paper_list, "an encoder").hash("an encoder", "a lexicon", Recipe())
    return {each.language: export(each) for each in paper_list.documents.all()} | {"examples": learned} | rows


class World:
    """A list and what people may do to it, told by numbers."""

    def __init__(self) -> None:
        self.list = make_bilingual_list()
        self.ada, self.bob = make_user("ada"), make_user("bob")
        self.papers = [make_waiting(self.list, f"Waiting {n}: a Paper", 0.9 - n / 10).paper for n in range(4)]
        # Something that was decided before, and a deferral that is over.
        review.reject(self.list, self.papers[0], self.ada, "off-topic")
        review.defer(self.list, self.papers[1], self.ada, timezone.localdate() + timedelta(1))
        Review.objects.filter(state="deferred").update(until=timezone.localdate())

    def pick(self, found: Any, number: int) -> Any:
        """One of a queryset or sequence."""
        found = list(found)
        return found[number % len(found)] if found else None

    def do(self, verb: str, *numbers: int) -> None:
        """Do it, if it can be done."""
        self.list.refresh_from_db()
        if verb in ("edit", "move", "second", "reorder", "remove") and not Entry.objects.exists():
            return
        with suppress(*REFUSED), transaction.atomic():
            getattr(self, verb)(*numbers)

    # --- decisions

    def accept(self, which: int, where: int, words: int) -> None:
        paper, category = self.pick(self.papers, which), self.pick(self.list.categories.all(), where)
        primary = self.list.documents.get(is_primary=True)
        row = replace(prefill(paper, primary, category), tags=("Eviction",) if words % 2 else (), tldr=f"Says {words}.")
        review.accept(category, paper, {primary.language: row}, self.ada)

    def reject(self, which: int, why: int, _: int) -> None:
        review.reject(self.list, self.pick(self.papers, which), self.bob, self.pick(Decision.Reason.values, why))

    def defer(self, which: int, days: int, _: int) -> None:
        review.defer(self.list, self.pick(self.papers, which), self.ada, timezone.localdate() + timedelta(1 + days))

    def duplicate(self, which: int, of: int, _: int) -> None:
        paper, other = self.pick(self.papers, which), self.pick(self.papers, of)
        if paper != other:
            review.duplicate(self.list, paper, other, self.ada)

    def take_back(self, which: int, *_: int) -> None:
        if review_ := self.pick(Review.objects.exclude(decision=None), which):
            review.undo(review_.decision, self.bob)

    def many(self, which: int, how: int, _: int) -> None:
        with acts.act(self.list, self.ada, Act.Kind.BULK):
            for number in range(which, which + 3):
                self.do(("accept", "reject", "defer")[how % 3], number, how, number)

    # --- entries

    def edit(self, which: int, what: int, how: int) -> None:
        text = self.pick(EntryText.objects.order_by("pk"), which)
        change: dict[str, Any] = (
            {"title": f"Title {how}"}, {"tldr": f"Short {how}"}, {"tags": (f"Tag {how}",)}, {"venue": f"ICML {how}"},
        )[what % 4]  # fmt: skip
        entries.edit(text, replace(fields_of(text), **change), self.bob)

    def move(self, which: int, where: int, _: int) -> None:
        entries.move(
            self.pick(Entry.objects.order_by("pk"), which), self.pick(self.list.categories.all(), where), self.ada
        )

    def second(self, which: int, where: int, _: int) -> None:
        entry = self.pick(Entry.objects.order_by("pk"), which)
        rows = {text.document.language: fields_of(text) for text in entry.texts.all()}
        entries.admit(self.pick(self.list.categories.all(), where), entry.paper, rows, self.ada)

    def reorder(self, which: int, behind: int, _: int) -> None:
        entry = self.pick(Entry.objects.order_by("pk"), which)
        others = Entry.objects.filter(category=entry.category).exclude(pk=entry.pk).order_by("pk")
        entries.reorder(entry, self.pick([None, *others], behind), self.ada)

    def remove(self, which: int, *_: int) -> None:
        review.take_out(self.pick(Entry.objects.order_by("pk"), which), self.bob)

    # --- languages

    def confirm(self, which: int, *_: int) -> None:
        if text := self.pick(EntryText.objects.exclude(untranslated=[], stale=[]).order_by("pk"), which):
            entries.confirm(text, ["tags", "tldr"], self.bob)

    def say(self, which: int, how: int, _: int) -> None:
        term = self.pick(["Eviction", "Sparse", "Streaming"], which)
        glossary.say(self.list, "zh", {term: "" if how == 0 else f"词{how}"}, self.ada)
        instep.translate_tags(self.list.documents.get(language="zh"), self.ada)

    def in_step(self, which: int, *_: int) -> None:
        instep.bring_in_step(self.pick(self.list.documents.order_by("pk"), which), self.bob)

    def create(self, *_: int) -> None:
        newlanguage.create(self.list, "fr", "README_FR.md", self.ada)

    def order(self, which: int, how: int, _: int) -> None:
        orders = {self.pick(self.list.categories.all(), which).key: self.pick(Order.values, how)}
        listsettings.fix_orders(self.list, orders, self.ada)

    # --- imports, and what they ask

    def reimport(self, which: int, how: int, where: int) -> None:
        document: Document = self.pick(self.list.documents.order_by("pk"), which)
        lines = export(document).decode().splitlines(keepends=True)
        rows = [number for number, line in enumerate(lines) if "arxiv.org" in line]
        self._change(lines, rows, how, where)
        import_readme(self.list, document.language, "".join(lines).encode(), document.path, user=self.bob)

    def _change(self, lines: list[str], rows: Sequence[int], how: int, where: int) -> None:
        if not rows:
            return
        at = rows[where % len(rows)]
        if how % 6 == 0:
            del lines[at]
        elif how % 6 == 1:
            lines[at] = lines[at].replace("](http", f" as it is in {where}](http", 1)
        elif how % 6 == 2:
            lines.insert(at + 1, lines[at].replace("arxiv.org/abs/2", f"arxiv.org/abs/1{where % 10}", 1))
        elif how % 6 == 3:
            lines.insert(rows[-1] + 1, lines.pop(at))
        elif how % 6 == 4:
            link = self.papers[where % 4].link
            lines += [
                f"\n## A Section of {where}\n\n",
                "| Title | TL;DR |\n| :--- | :--- |\n",
                f"| [It]({link}) | So. |\n",
            ]
        else:
            lines[0] = f"# Another name {where}\n"

    def outdated(self, which: int, how: int, where: int) -> None:
        """A README that was edited by hand before what was done here since: both sides changed."""
        document: Document = self.pick(self.list.documents.order_by("pk"), which)
        lines = bytes(document.source).decode().splitlines(keepends=True)
        self._change(lines, [number for number, line in enumerate(lines) if "arxiv.org" in line], how, where)
        import_readme(self.list, document.language, "".join(lines).encode(), document.path, user=self.bob)

    def settle(self, which: int, choice: int, _: int) -> None:
        if finding := self.pick(Finding.objects.filter(state="open").order_by("pk"), which):
            if choice % 3 == 2:
                findings.dismiss(finding, self.ada)
            else:
                findings.settle(finding, (findings.HERE, findings.README)[choice % 3], self.ada)

    # --- undoing in between

    def undo(self, which: int, *_: int) -> None:
        if act := self.pick(Act.objects.filter(undone_by=None, pk__gt=self.first).order_by("-pk"), which):
            acts.undo(act, self.bob, cascade=True)

    first = 0  # acts up to this one are what stood at the beginning


VERBS = [name for name, value in vars(World).items() if isinstance(value, Callable) and name not in ("pick", "do")]  # type: ignore[arg-type]
VERBS = [name for name in VERBS if not name.startswith("_")]
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), *[st.integers(0, 11)] * 3), min_size=1, max_size=12)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_undoing_all_the_last_first_leaves_the_list_as_it_was_and_redoing_it_as_it_became(steps):
    with transaction.atomic():
        world, before = begun()
        for step in steps:
            world.do(*step)
        after = state(world.list)
        undone = []
        for act in list(Act.objects.filter(pk__gt=world.first)):
            act.refresh_from_db()
            if act.undone_by is None:
                undone.append(acts.undo(act, world.ada))
        assert state(world.list) == before
        for act in reversed(undone):
            acts.undo(act, world.bob)
        assert state(world.list) == after
        transaction.set_rollback(True)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@example(  # the move pushes a row of the language that is taken back before it
    steps=[
        ("many", 0, 0, 0), ("accept", 0, 0, 0), ("accept", 0, 0, 0), ("accept", 0, 0, 0), ("reimport", 0, 0, 0),
        ("create", 0, 0, 0), ("move", 0, 11, 0), ("confirm", 0, 0, 0), ("accept", 0, 0, 0), ("say", 0, 7, 0),
        ("outdated", 0, 0, 0), ("accept", 11, 0, 0),
    ],
    order=[0, 20, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0],
)  # fmt: skip
@example(  # a row that a newer README moved to another line, removed before that README is taken back
    steps=[("accept", 7, 0, 0), ("outdated", 0, 0, 0), ("outdated", 0, 0, 0), ("remove", 0, 0, 0)],
    order=[5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
)
@given(steps=STEPS, order=st.lists(st.integers(0, 30), min_size=12, max_size=12))
def test_undoing_all_in_any_order_with_what_followed_leaves_the_list_as_it_was(steps, order):
    with transaction.atomic():
        world, before = begun()
        for step in steps:
            world.do(*step)
        numbers = iter(order)
        mine = Act.objects.filter(pk__gt=world.first, undone_by=None).exclude(kind="undo")
        while act := world.pick(mine.all(), next(numbers, 0)):
            acts.undo(act, world.ada, cascade=True)
        assert state(world.list) == before
        transaction.set_rollback(True)


def begun() -> tuple[World, dict[str, Any]]:
    """A list as it stands before anything is done to it, and its state."""
    world = World()
    world.first = Act.objects.latest("pk").pk
    return world, state(world.list)
