"""Pages that say what went wrong: with the right status, in the reader's language, with ways on; the API says it in JSON."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import Client

from kbsite.views.errors import words_of
from tests import factories as make

LANGUAGES = {"en": "To the first page", "zh-hans": "回到首页"}


def client_in(language: str, **options) -> Client:
    client = Client(raise_request_exception=False, **options)
    client.cookies["django_language"] = language
    return client


def no_database(*_):
    raise OperationalError("the database is away")


def told(answer, status: int, language: str) -> str:
    """The page, once it is known to be one of these in this language, with a way on."""
    text = answer.content.decode()
    assert answer.status_code == status
    assert f'<html lang="{language}">' in text and LANGUAGES[language] in text and text.count("<h1") == 1
    assert " style=" not in text and "<script>" not in text
    return text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_has_its_status_and_its_language(db, language, curator):
    make.make_list()
    client = client_in(language)
    told(client.get("/no/such/place/"), 404, language)
    told(client.get("/?q=%00"), 400, language)
    client.force_login(curator)
    told(client.get("/people/"), 403, language)
    told(client_in(language, enforce_csrf_checks=True).post("/sign-in/", {}), 403, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_of_ours_is_told_without_a_database_and_without_collected_files(db, language, settings, tmp_path):
    with connection.execute_wrapper(no_database):
        text = told(client_in(language).get("/"), 500, language)
    assert "OperationalError" not in text and "UTC" in text
    settings.STATIC_ROOT = tmp_path  # nothing was collected, so no page knows the name of its style
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "kbsite.statics.HashedFiles"}}
    told(client_in(language).get("/"), 500, language)


@pytest.mark.django_db
def test_what_is_not_found_is_looked_for_in_its_words():
    make.make_list("caches", name="All about caches")
    text = told(Client().get("/lists/context-compresion/"), 404, "en")
    assert 'value="context compresion"' in text and 'action="/papers/"' in text
    assert 'href="/lists/caches/">All about caches</a>' in text
    hostile = told(Client().get('/"><script>alert(1)</script>'), 404, "en")
    assert "<script>alert" not in hostile
    assert "There is no paper 99999." in told(Client().get("/papers/99999/"), 404, "en")
    assert "matches the given query" not in told(Client().get("/lists/none/"), 404, "en")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/abs/2306.14048v2", "2306.14048"),
        ("/papers/gist-tokens.html", "gist tokens"),
        ("/papers/99999/", ""),
        ("/", ""),
        ("/缓存/淘汰_方法/", "淘汰 方法"),
        ("/" + "x" * 300, "x" * 200),
    ],
)
def test_words_of_an_address(path, words):
    assert words_of(path) == words


@pytest.mark.django_db
def test_programs_are_told_in_json():
    client = client_in("zh-hans")
    for path, status in (
        ("/api/", 404),
        ("/api/v2/papers/", 404),
        ("/api/v1/none/", 404),
        ("/api/v1/papers/?q=%00", 400),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), path
        assert answer.json()["status"] == status and answer.json()["detail"].isascii()
    with connection.execute_wrapper(no_database):
        assert client.get("/api/v1/lists/")["Content-Type"] == "application/problem+json"
