"""What is done before any view sees a request: its language is chosen, and what no text may hold is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.defaults import bad_request

from kbsite.api.errors import problem

API = "/api/"
WORDS = "The request holds a NUL character, which no text may hold."


class SpeakTheirLanguage(LocaleMiddleware):
    """Pages speak the language that was chosen (a cookie), or else that of the browser. Programs are told English.

    So an API's answer never depends on who asks from where, and programs may compare its words.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Activate the language of this request."""
        if request.path_info.startswith(API):
            translation.activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE
        else:
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say which language it is, and what that depends on: caches keep a page once for each.

        What says that it is public is data, the same for everybody: the points of the map, kept for a year.
        """
        if request.path_info.startswith(API) or "public" in response.get("Cache-Control", ""):
            return response
        patch_vary_headers(response, ["Cookie"])
        return super().process_response(request, response)


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
