"""How operations are described in the OpenAPI schema: who may call them, and which problems they answer with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from kbsite.access import LEAST, Role
from kbsite.api import errors, permissions
from kbsite.api.serializers.problems import ConflictSerializer, ProblemSerializer

F = TypeVar("F", bound=Callable[..., Any])

_MEANING = {
    400: "Some values are not valid; `errors` names them",
    401: "The token is wrong, revoked or expired, or there is none where one is needed",
    403: "This person may not do this",
    404: "There is no such thing",
    406: "The answer has no form that the Accept header takes",
    409: "It does not go with what is there, such as another curator's decision",
    413: "The body is too large",
    415: "The body is no JSON",
    429: "Too many requests; Retry-After says when to come back",
    503: "Something that is needed does not answer; Retry-After says when to come back",
}
_ALWAYS = (401, 406, 429)
_WRITING = (400, 403, 413, 415)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tokens, as the schema names them."""

    target_class = "kbsite.api.authentication.TokenAuthentication"
    name = "tokenAuth"

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        needed: list[dict[str, list[str]]] = [{self.name: []}]
        action = permissions.needed(auto_schema.view, auto_schema.method)
        return [*needed, {}] if LEAST[action] is Role.READER else needed  # {}: anyone

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "lk_…",
            "description": "A token from your account page or from `manage.py create_token`.",
        }


def reads(summary: str, answer: Any, *problems: int, **more: Any) -> Callable[[F], F]:
    """Describe an operation that anyone may call and that changes nothing."""
    answers = answer if isinstance(answer, Mapping) else {200: answer}
    return extend_schema(summary=summary, responses=_responses(answers, *problems), **more)


def writes(summary: str, answers: Mapping[Any, Any], *problems: int, **more: Any) -> Callable[[F], F]:
    """Describe an operation that changes something."""
    return extend_schema(summary=summary, responses=_responses(answers, *_WRITING, *problems), **more)


def _responses(answers: Mapping[Any, Any], *problems: int) -> dict[Any, Any]:
    described = {
        (status, errors.MEDIA_TYPE): OpenApiResponse(
            ConflictSerializer if status == HTTPStatus.CONFLICT else ProblemSerializer,
            _MEANING[status],
            examples=_EXAMPLES.get(status, []),
        )
        for status in sorted({*_ALWAYS, *problems})
    }
    rest = {("default", errors.MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "Any other error")}
    return {**answers, **described, **rest}


def _example(status: int, detail: str, kind: str = "", **more: Any) -> OpenApiExample:
    value = {
        "type": errors.TYPE.format(kind) if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": {},
    }
    return OpenApiExample(HTTPStatus(status).phrase, value=value | more, status_codes=[str(status)])


_EXAMPLES = {
    400: [
        _example(
            400,
            "Some values are not valid; `errors` names them.",
            "invalid",
            errors={"category": ["An accepted paper needs a category."]},
        )
    ],
    409: [
        _example(
            409,
            "ada already decided: reject, 2026-11-23 09:12",
            "already-decided",
            decision={
                "id": 41,
                "list": "context-compression",
                "paper": {"id": 7, "title": "A paper", "link": "https://arxiv.org/abs/2601.00001"},
                "kind": "reject",
                "category": None,
                "reason": "off-topic",
                "note": "",
                "until": None,
                "duplicate_of": None,
                "undoes": None,
                "undone_by": None,
                "suggestion": None,
                "user": "ada",
                "at": "2026-11-23T09:12:00Z",
                "act": 57,
            },
        )
    ],
    429: [_example(429, "Request was throttled. Expected available in 12 seconds.")],
}
