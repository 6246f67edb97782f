"""The API describes itself: a valid schema, and pages to browse it that ask nobody else for anything."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from openapi_schema_validator import OAS30ReadValidator
from openapi_spec_validator import validate

from papers import proposals, reading, savedsearches, seen
from papers.models import Finding
from tests.kbsite.api.conftest import add_head


@pytest.fixture(scope="module")
def schema() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema: dict) -> list[tuple[str, dict]]:
    return [
        (f"{method} {path}", operation)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if path != "/api/v1/schema/"
    ]


def test_the_schema_is_made_without_a_warning(tmp_path, capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))
    assert capsys.readouterr().err == ""


def test_the_schema_is_valid(schema):
    validate(schema)


@pytest.mark.django_db
def test_the_schema_is_served_as_json_and_yaml(as_anonymous):
    response = as_anonymous.get("/api/v1/schema/", HTTP_ACCEPT="application/json")
    validate(response.json())
    assert as_anonymous.get("/api/v1/schema/").content.startswith(b"openapi: 3")


def test_every_way_to_sign_in_is_described(schema):
    described = set(schema["components"]["securitySchemes"])
    assert described == {"tokenAuth", "cookieAuth"}
    for name, operation in operations(schema):
        ways = {way for option in operation["security"] for way in option}
        assert ways == described, name


def test_every_operation_says_what_it_is_and_how_it_fails(schema):
    names = [operation["operationId"] for _, operation in operations(schema)]
    assert len(names) == len(set(names))
    for name, operation in operations(schema):
        assert operation.get("summary"), name
        problems = {
            status: response["content"]["application/problem+json"]["schema"]["$ref"].rsplit("/", 1)[1]
            for status, response in operation["responses"].items()
            if status == "default" or int(status) >= 400
        }
        assert {"401", "429", "default"} <= set(problems), name
        assert set(problems.values()) <= {"Problem", "Conflict"}, name
        if "{" in name:
            assert "404" in problems, name
        if not name.startswith("get"):
            assert {"400", "403", "415"} <= set(problems), name
        is_open = name in OF_ANYONE or "403" not in problems
        assert ({} in operation["security"]) == is_open, name  # anyone, or not everyone


OF_ANYONE = {"post /api/v1/proposals/", "post /api/v1/proposals/confirm/"}


def meant(schema: Any) -> Any:
    """A nullable reference as everybody reads it: OpenAPI 3.0 itself has no word for one."""
    if isinstance(schema, list):
        return [meant(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    read = {name: meant(value) for name, value in schema.items()}
    if read.get("nullable") is True and "allOf" in read:
        return {"anyOf": [*read["allOf"], {"nullable": True, "enum": [None]}]}
    return read


def assert_described(schema: dict, answer: Any, response: Any) -> None:
    kind = response.headers["Content-Type"]
    described = answer["content"][kind]["schema"]
    validator = OAS30ReadValidator(meant({**described, "components": schema["components"]}))
    errors = [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(response.json())]
    assert errors == []


def test_answers_are_as_described(schema, world, as_curator, as_maintainer):
    first, second, third = (paper.pk for paper in world.waiting)
    decide = schema["paths"]["/api/v1/decisions/"]["post"]["responses"]
    sent = [
        {"paper": first, "kind": "accept", "category": "kv-compression", "rows": {"en": {"tldr": "Short."}}},
        {"paper": second, "kind": "defer", "until": "2999-01-01"},
        {"paper": third, "kind": "duplicate", "duplicate_of": first},
        {"paper": third, "kind": "reject"},
        {"paper": 10**9, "kind": "reject"},
    ]
    statuses = []
    for one in sent:
        response = as_curator.post("/api/v1/decisions/", {"list": "small"} | one)
        statuses.append(response.status_code)
        assert_described(schema, decide[str(response.status_code)], response)
    assert statuses == [201, 201, 201, 409, 400]
    as_curator.post(f"/api/v1/decisions/{world.rejected.pk}/undo/")
    asked = as_maintainer.post("/api/v1/invitations/", {"email": "lin@example.org", "role": "curator", "list": "small"})
    assert_described(schema, schema["paths"]["/api/v1/invitations/"]["post"]["responses"]["201"], asked)
    saved = as_maintainer.post("/api/v1/views/", {"list": "small", "name": "Sure", "words": {"relevance_min": 0.9}})
    assert_described(schema, schema["paths"]["/api/v1/views/"]["post"]["responses"]["201"], saved)
    add_head(world.list, 2)
    add_head(world.list, 3, accuracy=0.9)  # of an older version: it measured nothing else
    proposed = proposals.confirm(proposals.propose(world.list, proposals.named("2612.00001"), "a@b.org").key)
    Finding.objects.create(
        list=world.list,
        paper=world.entry.paper,
        entry=world.entry,
        document=world.chinese,
        rule="conflict",
        field="venue",
        message="Changed twice",
        values={"base": "a", "here": "b", "readme": "c"},
    )
    world.list.opinions.create(paper=world.waiting[0], user=world.rejected.user, kind="reject", decision=world.rejected)
    maintainer = User.objects.get(username="maintainer")
    savedsearches.save(maintainer, "q=caches", "Caches")
    reading.put(maintainer, world.waiting[0].pk, note="A note")
    seen.tick(maintainer, [world.waiting[0].pk])
    named = {"{slug}": "small", "{language}": "en", "{form}": "json", "{id}": "1"}
    for path, item in schema["paths"].items():
        if path == "/api/v1/schema/":
            continue
        address = path.replace("/topics/{slug}/", "/topics/kv-cache/")
        for name, value in named.items():
            address = address.replace(name, value)
        if "{id}" in path:  # the first there is
            address = path.replace("{id}", str(as_maintainer.get(path.split("{id}")[0]).json()["results"][-1]["id"]))
        if path.endswith("by-identifier/"):
            address += "?value=2611.00000"
        if "{key}" in path:
            address = path.replace("{key}", str(proposed.key))
        response = as_maintainer.get(address)
        assert response.status_code == (405 if "get" not in item else 200), address
        if "get" in item:
            assert_described(schema, item["get"]["responses"]["200"], response)


def test_every_filter_is_described(schema):
    for name, operation in operations(schema):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                assert parameter.get("description") or parameter["schema"].get("enum"), (name, parameter["name"])


def test_decisions_have_examples_that_are_valid(schema, world, as_curator):
    content = schema["paths"]["/api/v1/decisions/"]["post"]["requestBody"]["content"]["application/json"]
    assert {example["value"]["kind"] for example in content["examples"].values()} == {
        "accept",
        "reject",
        "defer",
        "duplicate",
    }
    known = set(schema["components"]["schemas"]["DecisionRequest"]["properties"])
    for example in content["examples"].values():
        assert set(example["value"]) <= known


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["docs", "redoc"])
def test_the_pages_load_from_here_alone_under_a_strict_policy(as_anonymous, page):
    response = as_anonymous.get(f"/api/v1/{page}/")
    text = response.content.decode()
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe-eval" not in policy
    assert "'unsafe-inline'" in policy.partition("style-src")[2].partition(";")[0]
    assert "script-src" not in policy  # so scripts come from here only, and none stands in the page
    assert not re.search(r"<script>|<script (?!src)", text)
    for address in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert address.startswith("/"), address
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
        else:
            assert as_anonymous.get(address).status_code == 200


@pytest.mark.django_db
def test_no_other_address_of_the_api_gets_the_wider_policy(as_anonymous):
    assert "unsafe" not in as_anonymous.get("/api/v1/lists/")["Content-Security-Policy"]


@pytest.mark.django_db
def test_the_pages_answer_errors_in_the_one_shape(as_anonymous):
    response = as_anonymous.post("/api/v1/docs/")
    assert response["Content-Type"] == "application/problem+json"
