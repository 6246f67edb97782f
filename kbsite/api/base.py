"""What every endpoint has in common."""

from __future__ import annotations

import codecs
import json
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from kbsite.api.errors import TooLarge
from papers.models import Act

M = TypeVar("M", bound=Model)


class StrictJSONParser(JSONParser):
    """JSON in UTF-8, of a size and depth that a person would send."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge()
        try:
            return json.loads(body.removeprefix(codecs.BOM_UTF8).decode(), parse_constant=_no_constant)
        except ValueError as error:
            raise ParseError(f"The body is no JSON: {error}") from None
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


class AnyForm(DefaultContentNegotiation):
    """For an endpoint whose address says the form of the answer: the Accept header changes nothing."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class Endpoint(APIView):
    """JSON in and out. Operations are described by the schema alone, so there is no OPTIONS."""

    parser_classes = [StrictJSONParser]
    http_method_names = ["get", "head", "post", "patch", "delete"]
    metadata_class = None

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # The charset of a Content-Type would also be taken for the query's, and some are no charsets at all.
        request.encoding = "utf-8"
        return super().initialize_request(request, *args, **kwargs)


class Resource(Endpoint, ReadOnlyModelViewSet[M]):
    """Rows of one kind, as a list and one by one. Filters choose among a list; a row has its address."""

    def filter_queryset(self, queryset: Any) -> Any:
        return super().filter_queryset(queryset) if self.action == "list" else queryset


class Unknown(Endpoint):
    """The answer at every address below the API that leads nowhere."""

    authentication_classes = []
    permission_classes = [AllowAny]
    content_negotiation_class = AnyForm

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        path = request.path_info
        if not path.endswith("/") and _leads_somewhere(f"{path}/"):
            raise NotFound(f"There is nothing at this address. Did you mean {request.path}/ with the slash?")
        raise NotFound("There is nothing at this address.")


def _leads_somewhere(path: str) -> bool:
    try:
        return getattr(resolve(path).func, "cls", None) is not Unknown
    except Resolver404:
        return False


def person(request: Request) -> Any:
    """Return who asks for what only people with an account may do: the anonymous do not get there."""
    return request.user


def kept(act: Act) -> int | None:
    """Return the number of an act that has ended, for undoing it; None where it changed nothing and nothing is kept."""
    return None if act.is_empty else act.pk
