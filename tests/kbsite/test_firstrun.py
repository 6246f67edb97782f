"""The first run's own steps: a login that is made once, and sources that do or do not answer."""

from __future__ import annotations

import importlib
import socket
import stat
import time
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command

from kbsite import firstrun
from kbsite.access import ALL, Action, may
from kbsite.models import Membership
from papers import review
from papers.models import Paper, PaperList
from papers.readme.row import RowFields
from tests.servers import Reply, Server


@pytest.fixture
def data_dir(settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.mark.django_db
def test_the_curators_login_is_made_once_and_kept_to_its_owner(data_dir, rf):
    password = firstrun.make_curator()
    file = data_dir / firstrun.LOGIN_FILE
    assert file.read_text() == f"name: curator\npassword: {password}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    user = authenticate(rf.post("/sign-in/"), username="curator", password=password)
    assert user is not None
    assert may(user, Action.MANAGE_PEOPLE, ALL)

    assert firstrun.make_curator() is None
    assert file.read_text().endswith(f"{password}\n")


@pytest.mark.django_db
def test_a_login_that_an_interruption_left_without_its_role_is_completed(data_dir):
    user = get_user_model().objects.create_user("curator", password="a long password")
    assert firstrun.make_curator() is None
    assert may(user, Action.MANAGE_PEOPLE, ALL)


@pytest.mark.django_db
def test_a_login_is_made_whole_or_not_at_all(data_dir, monkeypatch):
    def fail(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Membership.objects, "get_or_create", fail)
    with pytest.raises(KeyboardInterrupt):
        firstrun.make_curator()
    assert not get_user_model().objects.exists()


@pytest.mark.django_db
def test_an_interruption_before_the_login_exists_loses_no_password(data_dir):
    (data_dir / firstrun.LOGIN_FILE).write_text("name: curator\npassword: of a process that was killed\n")
    password = firstrun.make_curator()
    assert f"password: {password}\n" in (data_dir / firstrun.LOGIN_FILE).read_text()
    assert get_user_model().objects.get(username="curator").check_password(password)


def test_a_first_run_is_unfinished_until_its_end(data_dir):
    assert not firstrun.is_unfinished()
    firstrun.mark_begun()
    assert firstrun.is_unfinished()
    firstrun.mark_done()
    assert not firstrun.is_unfinished()


@pytest.mark.django_db
def test_a_second_first_run_finds_nothing_to_do(data_dir, monkeypatch):
    """Also when decisions have changed the list, whose README could not be imported over them."""
    monkeypatch.setattr(firstrun, "unreachable_sources", list)
    for slow in ("embed", "train", "classify"):
        monkeypatch.setattr(importlib.import_module(f"ingest.management.commands.{slow}").Command, "handle", nothing)
    first, second = StringIO(), StringIO()
    call_command("bootstrap", stdout=first)
    assert "password" in first.getvalue() and not firstrun.is_unfinished()
    paper_list = PaperList.objects.get()
    category, paper = paper_list.categories.first(), Paper.objects.not_listed_in(paper_list).first()
    rows = {document.language: row_of(paper) for document in paper_list.documents.all()}
    review.accept(category, paper, rows, get_user_model().objects.get())
    call_command("bootstrap", stdout=second)
    assert second.getvalue().count("\n") == 1 and "nothing to do" in second.getvalue()


def nothing(*_: object, **__: object) -> None: ...


def row_of(paper: Paper) -> RowFields:
    return RowFields(title=paper.title, link=paper.link, venue="", tags=(), code=(), tldr="", extra={})


def test_the_bundled_list_says_its_slug_and_languages():
    slug, readmes = firstrun.read_bundled_list()
    assert slug == "context-compression"
    assert list(readmes) == ["en", "zh"]
    assert all(readme.exists() for readme in readmes.values())


def test_sources_are_asked_at_once_and_not_waited_for(settings):
    with Server(Reply("", 503)) as answers, socket.create_server(("127.0.0.1", 0)) as sleeps:
        settings.ARXIV_API_URL = f"{answers.url}/api/query"
        settings.HF_ENDPOINT = f"http://127.0.0.1:{sleeps.getsockname()[1]}"
        started = time.monotonic()
        assert firstrun.unreachable_sources() == ["Hugging Face"]
        assert time.monotonic() - started < 5
    settings.ARXIV_API_URL = settings.HF_ENDPOINT = "http://127.0.0.1:9"
    assert firstrun.unreachable_sources() == ["arXiv", "Hugging Face"]
