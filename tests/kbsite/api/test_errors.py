"""One shape for every error: RFC 9457, always the same five members, and nothing of our insides."""

from __future__ import annotations

import json

import pytest
from django.db import IntegrityError, OperationalError
from django.db.models import ProtectedError
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from kbsite.api import papers as paper_views
from kbsite.api import reviews as review_views

ROOT = "/api/v1/"


def assert_problem(response, status: int) -> dict:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (
        {"type", "title", "status", "detail", "errors"}
        <= set(body)
        <= {
            "type",
            "title",
            "status",
            "detail",
            "errors",
            "decision",
        }
    )
    assert body["status"] == status
    assert body["title"] and body["detail"]
    assert body["type"] == "about:blank" or body["type"].startswith("urn:listkeeper:problem:")
    assert isinstance(body["errors"], dict)
    for name, messages in body["errors"].items():
        assert name and isinstance(messages, list) and all(isinstance(message, str) for message in messages)
    return body


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "nowhere/",
        "nowhere",
        "papers/1/nowhere/",
        "papers/0/",
        "papers/99999999999999999999999999/",
        "papers/" + "9" * 5000 + "/",
        "papers/one/",
        "lists/absent/",
        "lists/absent/diff/en/",
        "categories/9/",
        "entries/9/",
        "suggestions/9/",
        "decisions/9/",
        "topics/absent/",
        "runs/9/",
        "papers/by-identifier/?value=2401.99999",
        "%00",
        "no%0Awhere/",
        "lists/small/diff/e%0An/",
        "lists/%00/",
        "lists/%ff/",
        "../admin",
    ],
)
def test_what_is_not_there_is_404(as_anonymous, path):
    body = assert_problem(as_anonymous.get(ROOT + path), 404)
    assert "matches the given query" not in body["detail"]  # names of our classes


@pytest.mark.django_db
def test_an_address_without_its_slash_is_told_the_right_one(as_anonymous):
    body = assert_problem(as_anonymous.get("/api/v1/papers"), 404)
    assert "/api/v1/papers/" in body["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
def test_unknown_addresses_answer_404_to_any_method(as_anonymous, method):
    response = as_anonymous.generic(method.upper(), "/api/v1/nowhere/")
    assert response.status_code in {404, 405}
    assert_problem(response, response.status_code)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["papers/", "categories/", "suggestions/", "acts/", "findings/", "runs/", "parked/"])
def test_what_cannot_be_written_is_405_to_a_curator(as_curator, path):
    for method in ("post", "put", "patch", "delete"):
        response = getattr(as_curator, method)(ROOT + path, {})
        body = assert_problem(response, 405)
        assert "Allow" in response.headers
        assert method.upper() in body["detail"]


@pytest.mark.django_db
def test_the_anonymous_are_asked_to_sign_in_and_readers_are_refused(as_anonymous, as_reader):
    response = as_anonymous.post(ROOT + "decisions/", {})
    assert_problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert_problem(as_reader.post(ROOT + "decisions/", {}), 403)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"paper": NaN}',
        b'{"paper": Infinity}',
        b"\xff\xfe",
        b'{"paper": ' + b"9" * 10_000 + b"}",
        b'"text"',
        b"[]",
        b"null",
        b"5",
    ],
)
def test_a_body_that_is_no_json_object_is_400(as_curator, body):
    assert_problem(as_curator.generic("POST", ROOT + "decisions/", body, content_type="application/json"), 400)


@pytest.mark.django_db
def test_a_body_of_another_kind_is_415(as_curator):
    for kind in (
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
    ):
        assert_problem(as_curator.generic("POST", ROOT + "decisions/", b"list=small", content_type=kind), 415)


@pytest.mark.django_db
def test_a_body_that_is_too_large_is_413(as_curator, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    body = json.dumps({"note": "x" * 1000}).encode()
    assert_problem(as_curator.generic("POST", ROOT + "decisions/", body, content_type="application/json"), 413)


@pytest.mark.django_db
def test_an_answer_in_another_form_is_406(as_anonymous):
    assert_problem(as_anonymous.get(ROOT + "lists/", HTTP_ACCEPT="application/xml"), 406)
    assert as_anonymous.get(ROOT + "lists/", HTTP_ACCEPT="text/html,*/*;q=0.8").status_code == 200


@pytest.mark.django_db
def test_a_strange_charset_changes_nothing(as_curator):
    for charset in ("base64", "rot13", "utf-7", "nonsense"):
        kind = f"application/json; charset={charset}"
        assert_problem(as_curator.generic("POST", ROOT + "decisions/", b"{}", content_type=kind), 400)


@pytest.mark.django_db
def test_nested_fields_are_named_by_dots(world, as_curator):
    asked = {
        "list": "small",
        "paper": world.waiting[0].pk,
        "kind": "accept",
        "category": "kv-compression",
        "rows": {"en": {"title": "", "tags": ["fine", ""], "code": [{"label": "x", "address": "javascript:alert(1)"}]}},
    }
    errors = assert_problem(as_curator.post(ROOT + "decisions/", asked), 400)["errors"]
    assert set(errors) == {"rows.en.title", "rows.en.tags.1", "rows.en.code.0.address"}


@pytest.mark.django_db
def test_too_many_requests_are_429_with_the_time_to_wait(as_anonymous, monkeypatch):
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"anon": "3/min", "user": "5/min"})
    assert [as_anonymous.get(ROOT + "lists/").status_code for _ in range(3)] == [200] * 3
    response = as_anonymous.get(ROOT + "lists/")
    assert_problem(response, 429)
    assert 1 <= int(response["Retry-After"]) <= 60


def test_the_rates_of_the_settings_are_in_force(settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    assert rates == {"anon": "60/min", "user": "600/min"}


@pytest.mark.django_db
def test_an_error_of_ours_is_500_logged_and_says_nothing_of_our_insides(world, monkeypatch, caplog):
    def fail(*_args, **_kwargs):
        raise RuntimeError("secret: /srv/somewhere")

    monkeypatch.setattr(paper_views.PaperViewSet, "get_queryset", fail)
    body = assert_problem(APIClient(raise_request_exception=False).get(ROOT + "papers/"), 500)
    assert "secret" not in json.dumps(body) and "RuntimeError" not in json.dumps(body)
    assert "secret: /srv/somewhere" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (IntegrityError("duplicate key (secret)"), 409),
        (ProtectedError("in use (secret)", set()), 409),
        (OperationalError("connection to /tmp/secret failed"), 503),
    ],
)
def test_what_the_database_refuses_is_no_error_of_ours(world, as_curator, monkeypatch, error, status):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(review_views.curation, "reject", fail)
    asked = {"list": "small", "paper": world.waiting[0].pk, "kind": "reject"}
    response = as_curator.post(ROOT + "decisions/", asked)
    assert "secret" not in json.dumps(assert_problem(response, status))
    assert (status == 503) == response.has_header("Retry-After")
