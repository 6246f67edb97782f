"""What is answered when a page cannot be: in the reader's language, with a way on. Below `/api/` it stays JSON."""

from __future__ import annotations

import re
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404
from django.views import defaults

from kbsite.api.errors import problem
from kbsite.middleware import API
from papers import identity

LONGEST = 200  # characters that the search box takes
_ENDING = re.compile(r"\.(?:html?|php|md|json|pdf)$", re.IGNORECASE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the address or the form makes no sense."""
    if request.path_info.startswith(API):
        return problem(HTTPStatus.BAD_REQUEST, "The request is malformed.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: who may do it, and where one signs in."""
    if request.path_info.startswith(API):
        return problem(HTTPStatus.FORBIDDEN, str(exception) or "This is not allowed.")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: what the view said of it, and a search box that holds the words of the address."""
    if request.path_info.startswith(API):
        return problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
    context = {"said": _said(exception), "words": words_of(request.path_info)}
    return render(request, "404.html", context, status=HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: rendered from nothing, as the database may be what failed."""
    if request.path_info.startswith(API):
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "This is an error of ours, and it was logged.")
    return defaults.server_error(request)


def words_of(path: str) -> str:
    """Return what somebody may have looked for: the last part of an address as words, or as an arXiv id.

    "/abs/2306.14048v2" → "2306.14048", "/papers/gist-tokens.html" → "gist tokens"; a bare number says nothing.
    """
    last = path.rstrip("/").rpartition("/")[2]
    if found := identity.arxiv_id(last):
        return found[0]
    words = re.sub(r"[\W_]+", " ", _ENDING.sub("", last)).strip()
    return "" if words.isdecimal() else words[:LONGEST]


def _said(exception: Exception) -> str:
    """Return what a view of ours said; not what Django says of its own address table or of a query of ours."""
    told = exception.args[0] if exception.args else ""
    is_of_a_view = not isinstance(exception, Resolver404) and "matches the given query" not in str(told)
    return str(told) if is_of_a_view else ""
