"""Answers to those who ask for work."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from celery.canvas import Signature
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kbsite import broker
from kbsite.api.errors import Unavailable
from kbsite.api.serializers.work import SentSerializer


def sent(task: Signature[Any], kind: str, topic: str, request: Request) -> Response:
    """Send the task and say where its run will stand; raise Unavailable when the broker does not take it."""
    if not broker.send(task):
        raise Unavailable("No worker could be asked: the broker does not answer. Try again in a moment.")
    query = urlencode({"kind": kind} | ({"topic": topic} if topic else {}))
    address = f"{reverse('api:run-list', request=request)}?{query}"
    return Response(SentSerializer({"kind": kind, "topic": topic or None, "runs": address}).data, HTTPStatus.ACCEPTED)
