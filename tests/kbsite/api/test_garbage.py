"""Nothing that a stranger sends is an error of ours."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from tests.kbsite.api.test_errors import assert_problem

GARBAGE = [
    "",
    "\x00",
    "a\x00b",
    "\x1f\x7f",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "é",
    "-1",
    "0",
    "1e400",
    "nan",
    "9" * 30,
    "9" * 5000,
    "true",
    "[]",
    "'; DROP TABLE papers_paper; --",
    "%",
    '"unclosed phrase',
    "a & b | !c",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "http://[",
    "x" * 20_000,
    "2026-13-99",
    "99999-01-01",
    "🗜️",
    "‮",
]


def readable() -> list[tuple[str, list[str]]]:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [
        (path, [p["name"] for p in item["get"].get("parameters", []) if p["in"] == "query"])
        for path, item in paths.items()
        if "get" in item
    ]


@pytest.mark.parametrize(("path", "parameters"), readable(), ids=lambda value: value if isinstance(value, str) else "")
def test_no_parameter_breaks_reading(world, as_maintainer, path, parameters):
    address = (
        path.replace("{slug}", "kv-cache" if "topics" in path else "small")
        .replace("{language}", "en")
        .replace("{form}", "markdown")
        .replace("{id}", "1")
    )
    for name, value in itertools.product(parameters or ["unknown", "format"], GARBAGE):
        response = as_maintainer.get(address, {name: value})
        assert response.status_code in {200, 400, 404}, (name, value)
        if response.status_code != 200:
            assert_problem(response, response.status_code)


@pytest.mark.parametrize(("path", "parameters"), readable(), ids=lambda value: value if isinstance(value, str) else "")
def test_many_parameters_at_once_break_nothing(world, as_maintainer, path, parameters):
    chance = random.Random(path)
    address = path.replace("{slug}", "small").replace("{language}", "en").replace("{form}", "csv").replace("{id}", "2")
    for _ in range(25 if parameters else 0):
        query = {name: chance.choice([*GARBAGE, "1", "small", "true", "accept", "en"]) for name in parameters}
        response = as_maintainer.get(address, query)
        assert response.status_code in {200, 400, 404}, query


@pytest.mark.parametrize(
    "address",
    [
        "lists/{}/",
        "lists/small/diff/{}/",
        "lists/small/export/{}/markdown/",
        "lists/small/export/en/{}/",
        "papers/{}/",
        "topics/{}/",
        "decisions/{}/",
        "{}/",
    ],
)
def test_no_address_breaks_it(world, as_anonymous, address):
    from urllib.parse import quote

    for value in GARBAGE:
        response = as_anonymous.get("/api/v1/" + address.format(quote(value, safe="")))
        assert response.status_code in {200, 301, 404}, value
        if response.status_code == 404:
            assert_problem(response, 404)


STORED = ["", "\x00", "\ud800", "\x1f\x7f\u2028", "x" * 20_000, "<script>alert(1)</script>", "a | b \\| c", "🗜️\u202e"]
OTHERS: list[Any] = [None, True, 1.5, 10**30, -1, [], {}, [[]], {"en": None}, {"en": {"tags": None}}, {"": {}}]


def test_no_value_breaks_a_decision(world, as_curator):
    good = {"list": "small", "paper": world.waiting[0].pk, "kind": "accept", "category": "kv-compression"}
    values = [*STORED, *OTHERS]
    names = ["list", "paper", "kind", "category", "rows", "reason", "note", "until", "duplicate_of", "unknown"]
    cells = ["title", "link", "venue", "tags", "code", "tldr", "extra"]
    bodies = [good | {name: value} for name in names for value in values]
    bodies += [good | {"rows": {"en": {name: value}}} for name in cells for value in values]
    bodies += [good | {"rows": {"en": {"code": [{"label": value, "address": value}]}}} for value in values]
    bodies += [good | {"rows": {"en": {"tags": [value], "extra": {value: "x"}}}} for value in STORED]
    bodies += [good | {"kind": "defer", "category": "", "until": value} for value in values]
    bodies += [good | {"kind": "duplicate", "category": "", "duplicate_of": value} for value in values]
    for body in bodies:
        response = as_curator.generic("POST", "/api/v1/decisions/", json.dumps(body), content_type="application/json")
        if response.status_code == 201:
            as_curator.post(f"/api/v1/decisions/{response.json()['id']}/undo/")
        else:
            assert_problem(response, 400)


def test_no_value_breaks_an_invitation(world, as_maintainer):
    good = {"email": "lin@example.org", "role": "curator", "list": "small"}
    for name, value in itertools.product([*good, "secret"], [*STORED, *OTHERS]):
        if (name, value) == ("list", None):
            continue  # all lists
        address = f"/api/v1/invitations/{'accept/' if name == 'secret' else ''}"
        body = json.dumps(good | {name: value})
        response = as_maintainer.generic("POST", address, body, content_type="application/json")
        assert_problem(response, 400)


def test_no_header_breaks_it(world):
    client = APIClient()
    for name, value in itertools.product(
        ["HTTP_AUTHORIZATION", "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "HTTP_X_FORWARDED_FOR"],
        [value for value in GARBAGE if len(value) < 1000 and "\x00" not in value],
    ):
        sent = f"Bearer {value}" if name == "HTTP_AUTHORIZATION" else value
        headers: dict[str, Any] = {name: sent.encode("utf-8", "replace").decode("latin-1")}
        response = client.get("/api/v1/lists/", **headers)
        assert response.status_code in {200, 401, 406}, (name, value)
