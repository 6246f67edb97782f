"""The learner: what it writes after a decision is what training and classifying anew would write."""

from __future__ import annotations

import hashlib
import threading
import time
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingest import learner, learnerrows, learnerstate, learning, tasks, versions
from ingest.classifier import encoder as encoders
from ingest.classifier import examples as gathering
from ingest.classifier import lexicon as lexicons
from ingest.models import Evidence, Head
from kbsite import curation
from papers import review, vectors
from papers.models import Paper, Suggestion
from papers.prefill import prefill
from tests.factories import make_entry, make_list, make_paper, make_user

pytestmark = pytest.mark.django_db

WORDS = ("cache", "prompt", "circuit", "laundry", "speech", "token", "memory", "quantization", "retrieval", "attention")


class Encoder:
    """Vectors by the words of a text, quick and the same each time: what an encoder is worth is tested elsewhere."""

    name, dimensions, chunk = "words", 16, 100

    def encode(self, texts):
        return np.stack([self._encode(text) for text in texts])

    def _encode(self, text):
        seeds = [int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) for word in text.lower().split()]
        found = sum(np.random.default_rng(seed).normal(size=self.dimensions) for seed in seeds)
        return (found / np.linalg.norm(found)).astype(np.float32)


@pytest.fixture(autouse=True)
def _quick(monkeypatch, tmp_path):
    monkeypatch.setattr(encoders, "load", Encoder)
    monkeypatch.setattr(learning, "_remembered", {})
    monkeypatch.setattr(gathering, "BACKGROUND_FILE", tmp_path / "none.jsonl")


def embed():
    papers = list(Paper.objects.without_embedding(Encoder.name))
    if papers:
        vectors.store(Encoder.name, papers, Encoder().encode([paper.text for paper in papers]))


def some_text(rng, word):
    return " ".join([word, *rng.choice(WORDS, size=6)])


@pytest.fixture
def small():
    """A list with entries, evidence for and against, and forty papers that await a decision."""
    rng = np.random.default_rng(0)
    paper_list = make_list("small", ("cache", "prompt"))
    for word in ("cache", "prompt"):
        for number in range(6):
            paper = make_paper(f"{word} {number}", abstract=some_text(rng, word))
            make_entry(paper_list.categories.get(key=word), paper)
    for number in range(12):
        label, word = (("out", "laundry"), ("out", "speech"), ("cache", "cache"))[number % 3]
        title = some_text(rng, word)
        Evidence.objects.create(
            list=paper_list,
            key=f"arxiv:2001.{number:05}",
            title=title,
            label=label,
            encoder=Encoder.name,
            lexicon=lexicons.load().name,
            meaning=Encoder().encode([title]).astype(np.float16).tobytes(),
            words=lexicons.load().encode([title]).astype(np.float16).tobytes(),
        )
    for number in range(40):
        make_paper(f"pending {number}", abstract=some_text(rng, WORDS[number % len(WORDS)]))
    embed()
    assert learning.train(paper_list) is not None
    learning.classify(paper_list)
    return paper_list


@pytest.fixture
def asked():
    return []


@pytest.fixture
def ready(small, asked):
    """A learner that has the list in hand."""
    made = learner.Learner(asked.append)
    assert made.learn(small.slug) is None
    assert asked == []
    return made


def order(paper_list):
    return list(review.queue(paper_list).values_list("paper_id", flat=True))


def stored(paper_list):
    found = review.queue(paper_list).values_list("paper_id", "relevance", "category_id", "probabilities")
    return {paper: rest for paper, *rest in found}


def anew(paper_list):
    """Return what a training of everything and a classification would store."""
    Head.objects.update(examples_hash="to be trained anew")
    learning.train(paper_list)
    learning.classify(paper_list)
    return stored(paper_list)


def assert_same(told, expected):
    assert told.keys() == expected.keys()
    for paper, (relevance, category, probabilities) in expected.items():
        assert told[paper][0] == pytest.approx(relevance, abs=2e-6)
        assert told[paper][1] == category
        assert told[paper][2] == pytest.approx(probabilities, abs=2e-6)


def paper(number):
    return Paper.objects.get(title=f"pending {number}")


def accept(paper_list, key, found):
    category = paper_list.categories.get(key=key)
    rows = {document.language: prefill(found, document, category) for document in paper_list.documents.all()}
    return review.accept(category, found, rows, make_user())


def test_a_rejection_is_learned_as_by_training_anew(small, ready):
    before = stored(small)
    review.reject(small, paper(0), make_user())
    assert ready.learn("small").version.name == "v2"
    told = stored(small)
    assert max(abs(told[each][0] - before[each][0]) for each in told) > 0.01
    assert {said.head for said in review.queue(small)} == {"v2"}
    assert_same(told, anew(small))


def test_learning_asks_as_often_however_much_is_pending_and_known(small, ready):
    def queries(number):
        review.reject(small, paper(number), make_user())
        with CaptureQueriesContext(connection) as captured:
            ready.learn("small")
        return len(captured)

    before = queries(0)
    for number in range(40, 80):
        make_paper(f"pending {number}", abstract="cache cache memory")
    embed()
    learning.classify(small)
    for state in ready._states.values():
        state.refresh()
    assert queries(1) == before <= 30


def test_without_news_there_is_no_version(small, ready):
    assert ready.learn("small") is None
    assert small.heads.count() == 1


def test_many_decisions_one_after_the_other_are_learned_as_at_once(small, ready):
    for number in range(0, 12, 2):
        review.reject(small, paper(number), make_user())
        ready.learn("small")
        accept(small, "prompt", paper(number + 1))
        ready.learn("small")
    told = stored(small)
    assert len(told) == 28
    assert_same(told, anew(small))


def test_undone_is_unlearned(small, ready):
    before = stored(small)
    decision = review.reject(small, paper(0), make_user())
    ready.learn("small")
    review.undo(decision, make_user())
    ready.learn("small")
    assert_same(stored(small), before)
    assert order(small) == sorted(before, key=lambda each: (-stored(small)[each][0], each))


def test_evidence_yields_to_a_decision_and_returns_when_it_is_undone(small, ready):
    known = make_paper("known by evidence", abstract="laundry laundry", identifiers=[("arxiv", "2001.00000")])
    embed()
    learning.classify(small)
    decision = accept(small, "cache", known)
    ready.learn("small")
    assert_same(stored(small), anew(small))
    again = learner.Learner([].append)
    again.learn("small")
    review.undo(decision, make_user())
    assert again.learn("small") is not None
    assert_same(stored(small), anew(small))


def test_what_is_known_of_a_version_is_told_once_all_is_written(small, ready):
    review.reject(small, paper(0), make_user())
    lesson = ready.learn("small")
    while ready.is_busy:
        ready.go_on()
    head = small.heads.first()
    assert head.version == lesson.version.version
    assert head.metrics["papers"] == len([row for row in lesson.examples.rows if row.key])
    assert not learning.has_news(small)
    assert learning.train(small) is None, "a training finds that it has nothing to add"
    assert not learning.is_classifying_due(small)


def test_versions_that_were_overtaken_have_their_figures_too(small, ready):
    for number in range(3):
        review.reject(small, paper(number), make_user())
        ready.learn("small")
    while ready.is_busy:
        ready.go_on()
    papers = [head.metrics["papers"] for head in small.heads.order_by("version")]
    assert papers == [papers[0], papers[0] + 1, papers[0] + 2, papers[0] + 3]
    assert len(set(small.heads.values_list("examples_hash", flat=True))) == 4


def test_above_a_line_the_order_is_final_at_once_and_the_rest_follows(small, ready, monkeypatch):
    monkeypatch.setattr(learnerrows, "TOP", 8)
    monkeypatch.setattr(learner, "CHUNK", 5)
    review.reject(small, paper(0), make_user())
    ready.learn("small")
    at_once = list(review.queue(small).values_list("paper_id", "head"))
    written = [head for _, head in at_once].count("v2")
    assert 8 <= written <= 25
    while ready.is_busy:
        ready.go_on()
    final = order(small)
    assert [each for each, _ in at_once[:8]] == final[:8]
    assert set(review.queue(small).values_list("head", flat=True)) == {"v2"}


def test_a_decision_in_the_middle_of_writing_comes_first(small, ready, monkeypatch):
    monkeypatch.setattr(learnerrows, "TOP", 8)
    monkeypatch.setattr(learner, "CHUNK", 5)
    for number in (0, 10):
        review.reject(small, paper(number), make_user())
        ready.learn("small")
        ready.go_on()
    while ready.is_busy:
        ready.go_on()
    assert_same(stored(small), anew(small))


def test_what_was_told_of_another_text_is_left_to_those_who_read_it(small, ready):
    changed = paper(5)
    Suggestion.objects.filter(paper=changed).update(text_hash="another", relevance=0.125)
    review.reject(small, paper(0), make_user())
    ready.learn("small")
    while ready.is_busy:
        ready.go_on()
    assert Suggestion.objects.get(paper=changed).relevance == 0.125


def test_papers_that_come_later_are_ranked_too(small, ready):
    make_paper("pending 40", abstract="cache cache memory")
    embed()
    learning.classify(small)
    for state in ready._states.values():
        state.refresh()
    review.reject(small, paper(0), make_user())
    ready.learn("small")
    assert Suggestion.objects.get(paper=paper(40)).head == "v2"


def test_what_comes_back_is_ranked_once_the_queue_is_looked_through(small, monkeypatch):
    review.defer(small, paper(0), make_user(), timezone.localdate() + timedelta(days=1))
    made = learner.Learner([].append)
    made.learn("small")
    [state] = made._states.values()
    small.reviews.filter(paper=paper(0)).update(until=timezone.localdate())
    state.refresh()
    assert paper(0).pk not in state._pending.row_of
    monkeypatch.setattr(learnerstate, "LOOKED_THROUGH_EVERY", 0.0)
    state.refresh()
    review.reject(small, paper(1), make_user())
    made.learn("small")
    assert Suggestion.objects.get(paper=paper(0)).head == "v2"


def test_where_an_encoder_is_needed_a_worker_is_asked(small, ready, asked):
    review.reject(small, make_paper("never embedded"), make_user())
    assert ready.learn("small") is None
    assert asked == ["small"]
    assert small.heads.count() == 1 and learning.has_news(small)


def test_new_categories_are_for_a_worker(small, ready, asked):
    small.categories.create(key="survey", position=2)
    review.reject(small, paper(0), make_user())
    assert ready.learn("small") is None
    assert asked == ["small"]


def test_a_list_without_a_head_is_for_a_worker(asked):
    make_list("fresh")
    assert learner.Learner(asked.append).learn("fresh") is None
    assert asked == ["fresh"]


def test_a_list_that_is_gone_is_no_error(asked):
    assert learner.Learner(asked.append).learn("gone") is None
    assert asked == []


def test_after_a_training_the_list_is_read_anew(small, ready):
    review.reject(small, paper(0), make_user())
    assert learning.train(small).name == "v2"
    review.reject(small, paper(1), make_user())
    assert ready.learn("small").version.name == "v3"
    assert_same(stored(small), anew(small))


def test_an_older_version_speaks_until_the_next_decision(small, ready):
    before = stored(small)
    review.reject(small, paper(0), make_user())
    ready.learn("small")
    versions.roll_back(small, 1)
    learning.classify(small)
    now = stored(small)
    assert_same(now, {each: before[each] for each in now})
    assert ready.learn("small") is None and not learning.has_news(small)
    review.reject(small, paper(1), make_user())
    assert ready.learn("small").version.name == "v4"
    assert_same(stored(small), anew(small))


def test_versions_of_decisions_share_what_they_compare_with(small, ready):
    for number in range(3):
        review.reject(small, paper(number), make_user())
        ready.learn("small")
    assert len(set(small.heads.values_list("base_id", flat=True))) == 1
    newest, first = small.heads.first(), small.heads.last()
    assert len(newest.arrays) < len(first.arrays) + 6000


def test_once_enough_is_known_to_be_out_the_list_is_read_anew(small, asked, monkeypatch):
    for module in (gathering, learnerstate):
        monkeypatch.setattr(module, "ENOUGH_OUT", 9)
    made = learner.Learner(asked.append)
    made.learn("small")
    review.reject(small, paper(0), make_user())
    assert made.learn("small") is None  # the ninth: what stood in for it goes
    assert asked == ["small"]


# --- the process ----------------------------------------------------------------------------------------------


class Running:
    """A learner at work in a thread, which has a connection of its own as a process would."""

    def __init__(self, asked):
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=learner.run, args=(asked.append, self._is_stopped.is_set))
        self._thread.start()

    def stop(self):
        self._is_stopped.set()
        self._thread.join()


@pytest.fixture
def running(asked):
    found = Running(asked)
    yield found
    found.stop()


def eventually(is_so, what):
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def told_workers(monkeypatch):
    told = []
    monkeypatch.setattr(tasks.train, "apply_async", lambda args, *_, **__: told.append(args))
    return told


@pytest.mark.django_db(transaction=True)
def test_a_decision_is_learned_from_by_the_one_that_leads_and_no_worker_is_asked(small, running, monkeypatch):
    workers = told_workers(monkeypatch)
    eventually(learner.lives, "it leads")
    decision = curation.reject(small, paper(0), make_user())
    eventually(lambda: small.heads.count() == 2, "it has learned")
    eventually(lambda: set(review.queue(small).values_list("head", flat=True)) == {"v2"}, "all is written")
    curation.undo(decision, make_user())
    eventually(lambda: small.heads.count() == 3, "it has unlearned")
    assert workers == []


@pytest.mark.django_db(transaction=True)
def test_without_a_learner_a_worker_is_asked(small, monkeypatch):
    workers = told_workers(monkeypatch)
    assert not learner.lives()
    curation.reject(small, paper(0), make_user())
    assert workers == [("small",)]


@pytest.mark.django_db(transaction=True)
def test_what_was_decided_while_nobody_led_is_learned_first(small, asked):
    review.reject(small, paper(0), make_user())
    running = Running(asked)
    try:
        eventually(lambda: small.heads.count() == 2, "it has learned")
    finally:
        running.stop()
    assert asked == []


@pytest.mark.django_db(transaction=True)
def test_a_second_one_stands_by_and_takes_over(small, running, asked, monkeypatch):
    monkeypatch.setattr(learner, "STAND_BY", 0.2)
    eventually(learner.lives, "the first leads")
    second = Running(asked)
    try:
        curation.reject(small, paper(0), make_user())
        eventually(lambda: small.heads.count() == 2, "one has learned")
        time.sleep(1)
        assert small.heads.count() == 2, "and not the other, too"
        running.stop()
        eventually(learner.lives, "the second leads")
        curation.reject(small, paper(1), make_user())
        eventually(lambda: small.heads.count() == 3, "the second has learned")
    finally:
        second.stop()


def test_while_it_writes_no_worker_classifies(small, ready, monkeypatch):
    told = []
    monkeypatch.setattr(tasks.classify, "apply_async", lambda args, *_, **__: told.append(args))
    monkeypatch.setattr(learnerrows, "TOP", 8)
    review.reject(small, paper(0), make_user())
    ready.learn("small")
    monkeypatch.setattr(learner, "lives", lambda: True)
    tasks.catch_up()
    assert told == []
    small.heads.update(trained_at=timezone.now() - learner.CALM)
    tasks.catch_up()
    assert told == [("small",)]


# --- what moved up ------------------------------------------------------------------------------------------------


def test_a_version_tells_which_of_the_first_papers_stand_higher_than_before(small, ready, monkeypatch):
    monkeypatch.setattr(learnerrows, "LOOKED_AT", 10)
    before = order(small)
    review.reject(small, Paper.objects.get(pk=before[0]), make_user())
    before = before[1:]
    assert ready.learn(small.slug) is not None
    after = order(small)
    assert after != before
    version, moved = versions.moved(small, 0)
    assert moved == [paper for place, paper in enumerate(after[:10]) if place < before.index(paper)]
    assert versions.moved(small, version) is None


def test_what_is_far_below_moves_up_only_where_that_is_certain(small, ready, monkeypatch):
    """The learner reads the stored relevance of the top only: the count must be the same."""
    monkeypatch.setattr(learnerrows, "TOP", 12)
    monkeypatch.setattr(learnerrows, "LOOKED_AT", 10)
    before = order(small)
    for paper in before[:3]:
        review.reject(small, Paper.objects.get(pk=paper), make_user())
    before = before[3:]
    assert ready.learn(small.slug) is not None
    while ready.is_busy:
        ready.go_on()
    after = order(small)
    certain = {paper for place, paper in enumerate(after[:10]) if place < before.index(paper)}
    _, moved = versions.moved(small, 0)
    assert set(moved) <= certain and set(moved) & certain


def test_places_are_those_among_what_waits():
    ids = np.array([1, 2, 3, 4, 5])
    before = np.array([0.9, 0.8, 0.7, -1.0, 0.95])
    after = np.array([0.8, 0.9, 0.1, 0.2, 0.95])
    awaiting = np.array([True, True, True, True, False])
    # 2 passed 1; 4 passed 3, but where it stood before is not known: not better than fourth, now it is third
    assert ids[learnerrows.risen(ids, before, after, awaiting)].tolist() == [2, 4]
    assert learnerrows.risen(ids, after, after, awaiting).tolist() == []
