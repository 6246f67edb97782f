"""Rolling back to an older version, by the button of the classifier's page and over the API."""

from __future__ import annotations

import numpy as np
import pytest

from ingest import tasks, versions
from ingest.classifier.features import Features
from ingest.classifier.heads import Head, Recipe
from ingest.models import Head as Row
from tests import factories as make
from tests.kbsite.api.conftest import _no_throttles, as_maintainer  # noqa: F401

ADDRESS = "/lists/small/classifier/"


def keep_head(paper_list, digest: str) -> Row:
    """Keep a head that can speak: of two examples, as simple as one may be."""
    classes = (*paper_list.categories.order_by("position").values_list("key", flat=True), "out")
    head = Head(
        classes=classes,
        encoder="an encoder",
        lexicon="a lexicon",
        recipe=Recipe(),
        examples=Features(np.eye(2, 4, dtype=np.float32), np.eye(2, 3, dtype=np.float32)),
        weights=np.zeros((2, len(classes)), np.float32),
        prior=np.zeros(len(classes), np.float32),
        slopes=np.eye(len(classes), dtype=np.float32),
        intercepts=np.zeros(len(classes), np.float32),
        keys=("arxiv:1", "arxiv:2"),
        texts=("a", "b"),
    )
    kept = versions.keep(paper_list, head, digest, {})
    assert kept is not None
    return kept


@pytest.fixture
def small(db):
    """A list whose head has two versions that can speak, after one of which the figures are kept only."""
    paper_list = make.make_list()
    for digest in ("1", "2", "3"):
        keep_head(paper_list, digest)
    Row.objects.filter(version=1).update(arrays=b"")
    return paper_list


@pytest.fixture
def asked(monkeypatch):
    """Which lists workers were asked to classify."""
    found = []
    monkeypatch.setattr(tasks.classify, "apply_async", lambda args, *_, **__: found.append(*args))
    return found


def test_the_page_offers_it_for_what_can_speak_and_says_what_it_does(small, office):
    text = office.get(f"{ADDRESS}?head=2").content.decode()
    assert f'action="{ADDRESS}2/roll-back/"' in text
    assert "v2 speaks again, in place of v3" in text and "until something new is learned" in text
    assert 'href="?head=2#roll-back"' in text and "?head=1#roll-back" not in text
    for head in (1, 3):
        assert "roll-back/" not in office.get(f"{ADDRESS}?head={head}").content.decode()
    assert "only its figures are kept" in office.get(f"{ADDRESS}?head=1").content.decode()


def test_readers_see_no_button(small, client, reader):
    client.force_login(reader)
    text = client.get(f"{ADDRESS}?head=2").content.decode()
    assert "roll-back" not in text and "cannot speak again" not in text


def test_the_button_lets_it_speak_and_asks_for_the_queue(small, office, asked, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        text = office.post(f"{ADDRESS}2/roll-back/", follow=True).content.decode()
    assert versions.current(small)[0].meta["again"] == 2
    assert asked == ["small"]
    assert "v2 speaks again, as v4" in text and "v4 is v2 once more" in text
    assert "?head=2#roll-back" not in text, "it speaks already"
    assert "v2 is in use already" in office.post(f"{ADDRESS}2/roll-back/", follow=True).content.decode()
    assert Row.objects.count() == 4


def test_without_a_broker_it_speaks_all_the_same(small, office, no_broker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        office.post(f"{ADDRESS}2/roll-back/")
    assert versions.current(small)[0].name == "v4"


@pytest.mark.parametrize(("version", "status"), [(1, 200), (9, 404), (10**30, 404)])
def test_one_that_cannot_speak_is_refused_in_words(small, office, version, status):
    answer = office.post(f"{ADDRESS}{version}/roll-back/", follow=True)
    assert answer.status_code == status
    assert status == 404 or "cannot speak again: of v1 only the figures are kept" in answer.content.decode()
    assert Row.objects.count() == 3


def test_asking_for_the_address_changes_nothing(small, office):
    assert office.get(f"{ADDRESS}2/roll-back/").status_code == 405


def test_only_maintainers_may(small, client, reader):
    assert client.post(f"{ADDRESS}2/roll-back/").url.startswith("/sign-in/")
    client.force_login(reader)
    assert client.post(f"{ADDRESS}2/roll-back/").status_code == 403
    assert Row.objects.count() == 3


def test_the_api_does_the_same(small, as_maintainer, asked, django_capture_on_commit_callbacks):  # noqa: F811
    rows = as_maintainer.get("/api/v1/heads/?list=small").json()["results"]
    assert [(row["name"], row["in_use"], row["is_kept"], row["again"]) for row in rows] == [
        ("v3", True, True, None),
        ("v2", False, True, None),
        ("v1", False, False, None),
    ]
    of = {row["name"]: f"/api/v1/heads/{row['id']}/roll_back/" for row in rows}
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_maintainer.post(of["v2"])
    told = answer.json()
    assert (answer.status_code, told["name"], told["again"], told["in_use"]) == (201, "v4", 2, True)
    assert asked == ["small"]
    for name, kind in (("v2", "in-use"), ("v1", "cannot-speak")):
        answer = as_maintainer.post(of[name])
        assert answer.status_code == 409 and answer.json()["type"].endswith(kind)
    assert Row.objects.count() == 4
