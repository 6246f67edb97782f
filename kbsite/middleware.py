"""What is refused before any view sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.views.defaults import bad_request

from kbsite.api.errors import problem

API = "/api/"
WORDS = "The request holds a NUL character, which no text may hold."


class RefuseNul:
    """Answer 400 to NUL characters: PostgreSQL stores none, and fails at whatever compares with one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not any("\x00" in text for text in _texts(request)):
            return self.get_response(request)
        if request.path_info.startswith(API):
            return problem(HTTPStatus.BAD_REQUEST, WORDS)
        return bad_request(request, BadRequest(WORDS))


def _texts(request: HttpRequest) -> Iterator[str]:
    """Yield all that a client chose. The API's bodies are JSON, which its serializers look through."""
    yield from request.COOKIES.values()
    for given in [request.GET] if request.path_info.startswith(API) else [request.GET, request.POST]:
        for name, values in given.lists():
            yield name
            yield from map(str, values)
