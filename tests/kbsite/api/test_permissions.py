"""Who may do what: every operation of the schema by every kind of person, with no gap."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from papers.models import Decision

READ = {"anonymous": 200, "reader": 200, "curator": 200, "administrator": 200}


def curate(status: int) -> dict[str, int]:
    return {"anonymous": 401, "reader": 403, "curator": status, "administrator": status}


MATRIX = {
    ("get", "/api/v1/lists/"): READ,
    ("get", "/api/v1/lists/{slug}/"): READ,
    ("get", "/api/v1/lists/{slug}/diff/{language}/"): READ,
    ("get", "/api/v1/lists/{slug}/export/{language}/{form}/"): READ,
    ("get", "/api/v1/categories/"): READ,
    ("get", "/api/v1/categories/{id}/"): READ,
    ("get", "/api/v1/entries/"): READ,
    ("get", "/api/v1/entries/{id}/"): READ,
    ("get", "/api/v1/papers/"): READ,
    ("get", "/api/v1/papers/{id}/"): READ,
    ("get", "/api/v1/papers/by-identifier/"): READ,
    ("get", "/api/v1/suggestions/"): READ,
    ("get", "/api/v1/suggestions/{id}/"): READ,
    ("get", "/api/v1/decisions/"): READ,
    ("get", "/api/v1/decisions/{id}/"): READ,
    ("post", "/api/v1/decisions/"): curate(201),
    ("post", "/api/v1/decisions/{id}/undo/"): curate(201),
    ("post", "/api/v1/lists/{slug}/bulk/"): curate(200),
    ("get", "/api/v1/acts/"): READ,
    ("get", "/api/v1/acts/{id}/"): READ,
    ("post", "/api/v1/acts/{id}/undo/"): curate(201),
    ("get", "/api/v1/heads/"): READ,
    ("get", "/api/v1/heads/{id}/"): READ,
    ("get", "/api/v1/topics/"): READ,
    ("get", "/api/v1/topics/{slug}/"): READ,
    ("post", "/api/v1/topics/"): curate(201),
    ("patch", "/api/v1/topics/{slug}/"): curate(200),
    ("delete", "/api/v1/topics/{slug}/"): curate(204),
    ("post", "/api/v1/topics/{slug}/pull/"): curate(202),
    ("post", "/api/v1/topics/{slug}/try/"): curate(202),
    ("get", "/api/v1/runs/"): READ,
    ("get", "/api/v1/runs/{id}/"): READ,
    ("post", "/api/v1/runs/{id}/cancel/"): curate(409),  # it is over
    ("post", "/api/v1/runs/{id}/again/"): curate(202),
}
BODIES = {
    ("post", "/api/v1/lists/{slug}/bulk/"): {"papers": [1], "kind": "reject"},
    ("post", "/api/v1/acts/{id}/undo/"): {"cascade": False},
    ("post", "/api/v1/topics/"): {"slug": "new", "source": "hf_daily"},
    ("patch", "/api/v1/topics/{slug}/"): {"enabled": False},
}


def operations() -> set[tuple[str, str]]:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return {
        (method, path)
        for path, item in schema["paths"].items()
        for method in item
        if method in {"get", "post", "put", "patch", "delete"} and path != "/api/v1/schema/"
    }


def test_the_matrix_has_every_operation():
    assert set(MATRIX) == operations()


@pytest.mark.parametrize("who", ["anonymous", "reader", "curator", "administrator"])
@pytest.mark.parametrize("operation", MATRIX, ids=" ".join)
def test_only_those_who_may(world, request, operation, who):
    client = request.getfixturevalue(f"as_{who}")
    method, path = operation
    named = {
        "{slug}": world.topic.slug if "topics" in path else world.list.slug,
        "{language}": "en",
        "{form}": "markdown",
        "{id}": {
            "categories": world.kv.pk,
            "entries": world.entry.pk,
            "papers": world.waiting[0].pk,
            "suggestions": world.suggestion.pk,
            "decisions": world.rejected.pk,
            "acts": Decision.objects.get(pk=world.rejected.pk).act_id,
            "heads": world.head.pk,
            "runs": world.run.pk,
        }.get(path.split("/")[3]),
    }
    for name, value in named.items():
        path = path.replace(name, str(value))
    if path.endswith("by-identifier/"):
        path += "?value=2306.14048"
    body = BODIES.get(operation) or {
        "list": world.list.slug,
        "paper": world.waiting[0].pk,
        "kind": "defer",
        "until": (timezone.localdate() + timedelta(days=7)).isoformat(),
    }
    response = getattr(client, method)(path, body if method in {"post", "patch"} else None)
    assert response.status_code == MATRIX[operation][who], response.content


@pytest.mark.parametrize("who", ["anonymous", "reader", "curator", "administrator"])
@pytest.mark.parametrize("name", ["api:schema", "api:docs", "api:redoc", "api:api-root"])
def test_anyone_may_read_how_it_works(db, request, name, who):
    assert request.getfixturevalue(f"as_{who}").get(reverse(name)).status_code == 200


def test_administrators_without_the_group_are_curators_too(world, as_administrator):
    asked = {"list": "small", "paper": world.waiting[1].pk, "kind": "reject"}
    assert as_administrator.post("/api/v1/decisions/", asked).json()["user"] == "root"
