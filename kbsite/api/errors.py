"""Every error of the API in one shape: problem details (RFC 9457), `application/problem+json`.

`{"type", "title", "status", "detail", "errors"}`, always all five. `errors` leads from a field ("rows.en.title")
to what is wrong with it. A conflict also carries the decision that stands in the way, as `decision`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import IntegrityError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:listkeeper:problem:{}"
REQUEST = "request"  # the name in `errors` for what is wrong with the request as a whole


class Conflict(exceptions.APIException):
    """What is asked for does not go with what is there."""

    status_code = HTTPStatus.CONFLICT
    default_code = "conflict"

    def __init__(self, detail: str, code: str, **more: Any) -> None:
        super().__init__(detail, code)
        self.more = more


class Unavailable(exceptions.APIException):
    """The database is away or had to give way; the same request may well pass later."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "The database cannot answer now; try again in a moment."
    default_code = "unavailable"
    wait = 5


class TooLarge(exceptions.APIException):
    """The body is larger than the API reads."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."
    default_code = "too-large"


def problem_details(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Return the answer to any error of a view. Errors of ours are logged and say nothing of our insides."""
    set_rollback()
    error = _as_api_error(error)
    if not isinstance(error, exceptions.APIException):
        if settings.DEBUG:
            return None  # the debug page tells a developer more
        request = context.get("request")
        log.exception("The API failed.", exc_info=error)
        got_request_exception.send(sender=None, request=getattr(request, "_request", request))
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "This is an error of ours, and it was logged.")
    response = _problem_of(error)
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        response["Retry-After"] = str(max(1, round(wait)))
    return response


def problem(
    status: int, detail: str, errors: dict[str, list[str]] | None = None, kind: str = "", **more: Any
) -> HttpResponse:
    """Return a response in the one shape."""
    body = {
        "type": TYPE.format(kind) if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "errors": errors or {},
    }
    return JsonResponse(body | more, status=int(status), content_type=MEDIA_TYPE)


def _as_api_error(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return exceptions.NotFound("There is nothing at this address.")
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(str(error) or None)
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError("The request is malformed.")
    if isinstance(error, ProtectedError | RestrictedError):
        return Conflict("Others refer to it, so it stays.", "in-use")
    if isinstance(error, IntegrityError):
        log.warning("The database refused a write of the API: %s", error)
        return Conflict("It does not go with what was stored a moment ago.", "refused")
    if isinstance(error, OperationalError):
        log.error("The database failed the API: %s", error)
        return Unavailable()
    return error


def _problem_of(error: exceptions.APIException) -> HttpResponse:
    if isinstance(error, exceptions.ValidationError):
        errors: dict[str, list[str]] = {}
        for name, message in _flat(error.detail):
            errors.setdefault(name, []).append(message)
        general = errors.get(REQUEST)
        detail = " ".join(general) if general else "Some values are not valid; `errors` names them."
        return problem(error.status_code, detail, errors, kind="invalid")
    if isinstance(error, Conflict):
        return problem(error.status_code, str(error.detail), kind=str(error.get_codes()), **error.more)
    return problem(error.status_code, " ".join(message for _, message in _flat(error.detail)))


def _flat(detail: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield (field, message) of REST framework's nested errors; the names of nested fields joined by dots."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            part = "" if key in {"non_field_errors", "__all__"} else str(key)
            yield from _flat(value, ".".join(filter(None, (name, part))))
    elif isinstance(detail, list | tuple):
        for index, value in enumerate(detail):
            # A list of messages belongs to its field; a list of dictionaries goes by number.
            nested = isinstance(value, dict) and value
            yield from _flat(value, ".".join(filter(None, (name, str(index) if nested else ""))))
    else:
        yield name or REQUEST, str(detail)
