"""Papers get their places, each once, and keep them from day to day."""

from __future__ import annotations

import numpy as np
import pytest
from django.core.management import call_command

from ingest import placing, tasks
from ingest.models import Run
from papers import places, vectors
from papers.models import Layout, Paper, Place
from tests.factories import make_entry, make_list, make_paper

pytestmark = pytest.mark.django_db
ENCODER = "made-up/float32/256"
TOPICS = ("eviction of cache entries", "compression of long prompts", "surveys of reasoning")


def a_paper(number: int, encoder: str = ENCODER) -> Paper:
    """A paper on one of three topics, with a vector of its own near that topic's."""
    topic = TOPICS[number % 3]
    paper = make_paper(f"Work {number} on {topic}", abstract=f"We study {topic} and more.")
    store(paper, number, encoder)
    return paper


def store(paper: Paper, number: int, encoder: str = ENCODER) -> None:
    vector = np.eye(3, 16)[number % 3] * 3 + np.random.default_rng(number).normal(size=16) * 0.4
    vectors.store(encoder, [paper], (vector / np.linalg.norm(vector))[None].astype(np.float32))


@pytest.fixture
def library():
    papers = [a_paper(number) for number in range(60)]
    paper_list = make_list(categories=("alpha", "beta"))
    for number in range(12):
        make_entry(paper_list.categories.all()[number % 2], papers[number])
    return papers


def where() -> dict[int, tuple[float, float]]:
    return {each.paper_id: (each.x, each.y) for each in Place.objects.all()}


def test_all_papers_are_placed_once_and_a_later_one_moves_none(library):
    assert placing.is_due()
    run = placing.place()
    assert (run.state, run.kind, run.new) == ("done", "place", 60)
    before = where()
    assert len(before) == 60 and not placing.is_due()
    late = a_paper(61)
    assert placing.is_due()
    assert placing.place().fetched == 1
    after = where()
    assert {pk: after[pk] for pk in before} == before
    assert late.pk in after and Layout.objects.count() == 1


def test_a_paper_whose_text_changes_is_placed_anew(library):
    placing.place()
    paper = library[0]
    Paper.objects.filter(pk=paper.pk).update(text_hash="0" * 64)
    paper.refresh_from_db()
    assert not placing.is_due(), "its vector is not there yet"
    before = where()
    store(paper, 1)  # another topic
    assert placing.is_due()
    placing.place()
    after = where()
    assert after[paper.pk] != before[paper.pk] and len(after) == 60


def test_up_to_so_many_are_placed_and_a_layout_is_shown_when_all_are(library):
    assert placing.place(limit=25).fetched == 25
    assert places.current() is None and placing.is_due()
    assert placing.place().fetched == 35
    assert places.current() is not None
    assert Run.objects.filter(kind="place").count() == 2


def test_too_few_papers_have_no_map():
    for number in range(placing.FEWEST - 1):
        a_paper(number)
    assert not placing.is_due()
    assert "embed first" in placing.place().note and not Layout.objects.exists()
    a_paper(placing.FEWEST)
    assert placing.is_due()


def test_a_layout_waits_until_every_paper_has_a_vector(library):
    make_paper("This one has none")
    assert not placing.is_due()


def test_a_map_of_few_papers_is_fitted_anew_when_they_have_become_many(library):
    placing.place()
    (first,) = Layout.objects.all()
    for number in range(60, 60 * placing.GROWN - 1):
        a_paper(number)
    placing.place()
    assert Layout.objects.get() == first and not placing.is_due()
    a_paper(240)
    before = where()
    assert placing.place().fetched == 240
    assert Layout.objects.get() != first and not placing.is_due()
    after = where()
    moved = [np.hypot(*(np.array(after[paper.pk]) - before[paper.pk])) for paper in library]
    assert np.median(moved) < 0.25


def test_another_encoder_gets_a_layout_of_its_own_upon_the_former(library):
    placing.place()
    before = where()
    for number, paper in enumerate(library):
        store(paper, number, "another/float32/256")
    assert placing.is_due()
    placing.place()
    (layout,) = Layout.objects.all()
    assert layout.encoder == "another/float32/256"
    after = where()
    moved = [np.hypot(*(np.array(after[pk]) - before[pk])) for pk in before]
    assert np.median(moved) < 0.25


def test_the_command_places_and_fits_anew_when_asked(library, capsys):
    call_command("place")
    assert "60 papers placed" in capsys.readouterr().out
    (first,) = Layout.objects.all()
    call_command("place")
    assert "0 papers placed" in capsys.readouterr().out and Layout.objects.get() == first
    call_command("place", refit=True)
    assert Layout.objects.get() != first and Place.objects.count() == 60


def test_the_schedule_sends_for_it_when_it_is_due(library, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.place, "apply_async", lambda *args, **options: sent.append("place"))
    for name in ("train", "classify", "embed"):
        monkeypatch.setattr(getattr(tasks, name), "apply_async", lambda *args, **options: None)
    tasks.catch_up()
    assert sent == ["place"]
    tasks.place()
    tasks.catch_up()
    assert sent == ["place"] and Place.objects.count() == 60


def test_regions_are_told_by_what_stands_out_in_them(library):
    placing.place()
    layout = Layout.objects.get()
    words = {word for each in layout.regions for term in each["terms"] for word in term.split()}
    assert {"eviction", "prompts", "surveys"} <= words
    topics = {}
    for number, paper in enumerate(library):
        topics.setdefault(Place.objects.get(paper=paper).region, set()).add(number % 3)
    assert all(len(found) == 1 for found in topics.values()), "no region holds two topics"
