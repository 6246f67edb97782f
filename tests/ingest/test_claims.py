"""Papers in hand are nobody else's, come free by themselves, and are parked when they do harm."""

from __future__ import annotations

import time
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from ingest import claims, embedding
from ingest.classifier import encoder as encoders
from ingest.models import Claim, Run
from papers.models import Embedding, Paper
from tests.factories import make_paper

pytestmark = pytest.mark.django_db

STAGE = Run.Kind.EMBED
POISON = "This text is poison"


class Encoder:
    """Quick and by hand; it fails on texts that are poison, or on all."""

    name, dimensions, chunk = "by hand", 8, 64

    def __init__(self):
        self.encoded: list[list[str]] = []
        self.is_broken = False

    def encode(self, texts):
        self.encoded.append(list(texts))
        if self.is_broken or any(POISON in text for text in texts):
            raise ValueError("the tokenizer choked")
        return np.tile(np.eye(1, self.dimensions, dtype=np.float32), (len(texts), 1))


@pytest.fixture
def encoder(monkeypatch):
    made = Encoder()
    monkeypatch.setattr(encoders, "load", lambda: made)
    return made


def arrive(count: int) -> list[Paper]:
    return [make_paper(f"Paper {number}") for number in range(count)]


def take(most: int = 10) -> list[Paper]:
    return claims.take(STAGE, Paper.objects.all(), most)


def suspect() -> Paper | None:
    return claims.take_suspect(STAGE, Paper.objects.all())


def let_them_die() -> None:
    """Let the time of all claims be over, as when their workers died a minute ago."""
    Claim.objects.filter(parked=False).update(until=timezone.now() - timedelta(seconds=1))


def test_what_one_has_in_hand_another_does_not_get():
    papers = arrive(5)
    assert take(3) == papers[:3]
    assert take(3) == papers[3:]
    assert take(3) == []
    assert suspect() is None
    assert not claims.is_free(STAGE, Paper.objects.all())


def test_another_stage_has_claims_of_its_own():
    papers = arrive(1)
    assert take() == papers
    assert claims.take("enrich", Paper.objects.all(), 10) == papers


def test_claims_of_the_dead_are_free_again_and_taken_alone():
    papers = arrive(3)
    take()
    let_them_die()
    assert claims.is_free(STAGE, Paper.objects.all())
    assert take() == [], "they may do harm, so none is taken along with others"
    assert [suspect(), suspect(), suspect(), suspect()] == [*papers, None]


def test_the_least_suspicious_come_first():
    papers = arrive(2)
    take()
    let_them_die()
    assert suspect() == papers[0]
    let_them_die()  # with that one in hand
    assert [suspect(), suspect()] == [papers[1], papers[0]]


def test_a_paper_that_three_died_of_is_parked_and_can_be_replayed():
    (paper,) = arrive(1)
    take()
    for _ in range(2):
        let_them_die()
        assert suspect() == paper
    let_them_die()
    assert suspect() is None
    (parked,) = claims.parked()
    assert (parked.paper, parked.stage, parked.attempts) == (paper, "embed", 3)
    assert "3 processes" in parked.error
    assert not claims.is_free(STAGE, Paper.objects.all())
    assert claims.replay(claims.parked("embed")) == 1
    assert take() == [paper]


def test_work_that_is_stopped_gives_its_papers_back_unsuspected():
    papers = arrive(3)
    chunk = take()
    with pytest.raises(KeyboardInterrupt), claims.held(STAGE, chunk):
        raise KeyboardInterrupt
    assert take() == papers


def test_a_suspect_given_back_is_a_suspect_still():
    (paper,) = arrive(1)
    take()
    let_them_die()
    found = suspect()
    with pytest.raises(KeyboardInterrupt), claims.held(STAGE, [found]):
        raise KeyboardInterrupt
    assert Claim.objects.get().attempts == 1
    let_them_die()
    assert suspect() == paper


@pytest.mark.django_db(transaction=True)
def test_claims_are_renewed_while_the_work_goes_on(monkeypatch):
    arrive(1)
    chunk = take()
    monkeypatch.setattr(claims, "RENEWED_EVERY", 0.05)
    let_them_die()
    with claims.held(STAGE, chunk):
        deadline = time.monotonic() + 10
        while Claim.objects.get().until < timezone.now():
            assert time.monotonic() < deadline, "nobody renewed it"
            time.sleep(0.02)


def test_papers_that_went_away_in_hand_are_left_out():
    papers = arrive(2)
    take()
    Paper.objects.filter(pk=papers[0].pk).delete()
    assert claims.finish(STAGE, papers) == [papers[1]]
    assert not Claim.objects.exists()


def test_one_poison_paper_in_five_hundred_is_parked_with_its_error(encoder):
    arrive(250)
    poison = make_paper(POISON)
    arrive(249)
    run = embedding.embed()
    assert (run.state, run.new, run.rejected) == ("done", 499, 1)
    assert Embedding.objects.count() == 499
    assert run.rejections == [[POISON, "ValueError: the tokenizer choked"]]
    (parked,) = claims.parked()
    assert (parked.paper, parked.error) == (poison, "ValueError: the tokenizer choked")
    assert not embedding.is_due(), "nothing is left that anybody could do"
    encoder.encoded.clear()
    assert embedding.embed().fetched == 0
    assert encoder.encoded == []


def test_a_parked_paper_is_encoded_once_it_is_replayed(encoder):
    poison = make_paper(POISON)
    embedding.embed()
    Paper.objects.filter(pk=poison.pk).update(title="Harmless now")
    assert claims.replay(claims.parked()) == 1
    assert embedding.is_due()
    embedding.embed()
    assert Embedding.objects.get().paper == poison


def test_a_broken_encoder_parks_no_paper(encoder):
    papers = arrive(3)
    encoder.is_broken = True
    with pytest.raises(ValueError, match="choked"):
        embedding.embed()
    run = Run.objects.get()
    assert (run.state, run.next_try > timezone.now()) == ("failed", True)
    assert not embedding.is_due(), "it is tried again after a pause"
    assert not claims.parked().exists()
    encoder.is_broken = False
    assert embedding.embed().new == len(papers)


def test_a_worker_that_died_with_a_chunk_in_hand_loses_no_paper(encoder):
    papers = arrive(130)
    claims.take(STAGE, Paper.objects.all(), 64)  # and then it died
    assert embedding.embed().new == 66, "what it had in hand is left alone for its minute"
    let_them_die()
    encoder.encoded.clear()
    assert embedding.embed().new == 64
    assert [len(texts) for texts in encoder.encoded] == [1] * 64
    assert Embedding.objects.count() == len(papers)


def test_taking_costs_as_much_with_many_papers_as_with_few(django_assert_num_queries):
    arrive(50)
    with django_assert_num_queries(4):  # savepoint, papers, claims, savepoint
        take(50)
