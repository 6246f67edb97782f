"""The plain client of all sources: a GET or POST, paced, read to the end, checked, and tried again where that helps.

Every failure becomes a SourceUnavailable that a person can read in the run table. Each try is a request like
any other, so the retries stand above the limiter: a retry below it would go out at once and break the pace.
"""

from __future__ import annotations

import json
import logging
import random
import re
import ssl
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache, partial
from html import unescape
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import httpx
from django.conf import settings
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from ingest.sources import SourceUnavailable, pace

log = logging.getLogger(__name__)
T = TypeVar("T")
Params = Mapping[str, str | int]
Headers = Mapping[str, str]

BACKOFF = (30.0, 60.0)  # seconds before the second and the third try; the schedule is the wait after that
TIMEOUT = httpx.Timeout(60, connect=10)  # seconds, for each step
WHOLE_ANSWER = 300.0  # seconds, for all of it: a drip now and then keeps no other process waiting
LARGEST_ANSWER = 64 * 2**20  # bytes; arXiv's largest page is about 5 MB
REDIRECTS = 3


@dataclass(frozen=True, slots=True)
class Host:
    """Whom to ask: the budget its requests are counted in, its name for people, and the pace."""

    budget: str
    name: str
    delay: float = 0.0  # seconds from the start of one request to the start of the next
    haste: float = 1.0  # `BACKOFF` is multiplied by it
    patience: float | None = None  # seconds until it begins to answer, where it takes longer than others
    largest: int | None = None  # bytes of an answer, where fewer than `LARGEST_ANSWER` are to be believed
    transport: Callable[[], httpx.BaseTransport] | None = None  # how to reach it, where that is guarded


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer with status 200."""

    content_type: str  # without parameters, in lower case
    body: bytes
    validator: str = ""  # its ETag


@dataclass(frozen=True, slots=True)
class _Question:
    """A request before it is sent: its headers are meant for this host alone."""

    url: httpx.URL
    method: str = "GET"
    headers: Headers = field(default_factory=dict)
    body: bytes | None = None
    divisible: bool = False

    def sent_on(self, url: httpx.URL) -> _Question:
        """Return the question as it is asked at the address that a redirect names."""
        same = (url.scheme, url.host, url.port) == (self.url.scheme, self.url.host, self.url.port)
        return _Question(url, headers=self.headers if same else _harmless(self.headers), divisible=self.divisible)


class Unreadable(ValueError):
    """An answer with status 200 that is not what was asked for, in words that follow "arXiv answered"."""


class Refused(SourceUnavailable):
    """The source understood and said no: asking again the same will not help."""

    status: int | None = None


class TooMuch(SourceUnavailable):
    """The source gave up on the question (503 with a Retry-After of 0): it is to be asked in parts."""


class Unchanged(Exception):
    """The answer is still the one whose ETag was sent along (304)."""


class _Again(SourceUnavailable):
    """This may pass, and is worth another try."""


def get(
    host: Host,
    url: str,
    check: Callable[[Answer], T],
    params: Params | None = None,
    headers: Headers | None = None,
    divisible: bool = False,
) -> T:
    """Return what `check` makes of the answer to a GET.

    `check` raises Unreadable when the answer is not whole or not of the right kind: that counts as an outage.
    Raise Refused for a status that says the request is wrong, Unchanged for a 304, SourceUnavailable for everything
    else: after `len(BACKOFF)` more tries, or at once when the source wants a longer pause than `pace.PATIENCE`. A
    `divisible` question that was too much for the source is not repeated: TooMuch.
    """
    return _ask(host, _Question(_address(url, params), headers=headers or {}, divisible=divisible), check)


def post(
    host: Host,
    url: str,
    check: Callable[[Answer], T],
    body: Any,
    params: Params | None = None,
    headers: Headers | None = None,
) -> T:
    """Return what `check` makes of the answer to a POST of this JSON; errors are those of `get`.

    It may be sent more than once, and is never sent on: what is asked so must change nothing.
    """
    said = {"Content-Type": "application/json"} | dict(headers or {})
    return _ask(host, _Question(_address(url, params), "POST", said, json.dumps(body).encode()), check)


def _harmless(headers: Headers) -> Headers:
    """Return the headers that tell nobody a secret."""
    return {name: value for name, value in headers.items() if name in ("Accept", "If-None-Match")}


def _address(url: str, params: Params | None) -> httpx.URL:
    try:
        return httpx.URL(url, params=params) if params else httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Refused(f"{url!r} is no address: {error}") from error


def _ask(host: Host, question: _Question, check: Callable[[Answer], T]) -> T:
    def wait(state: RetryCallState) -> float:
        error = state.outcome and state.outcome.exception()
        assert isinstance(error, _Again)
        seconds = _backoff(host, state.attempt_number) if error.retry_after is None else error.retry_after
        log.info("%s: trying again in %.0f s", error, seconds)
        return seconds

    tries = len(BACKOFF) + 1
    retrying = Retrying(stop=stop_after_attempt(tries), wait=wait, retry=retry_if_exception_type(_Again), reraise=True)
    try:
        result: T = retrying(_follow, host, question, check)
        return result
    except _Again as error:
        outage = SourceUnavailable(f"{error}, {tries} times")
        outage.retry_after = error.retry_after
        raise outage from error


def read_json(answer: Answer) -> Any:
    """Return the JSON of an answer; raise Unreadable when it is none or is cut off."""
    if answer.content_type != "application/json":
        raise Unreadable(f"{kind(answer.content_type)} instead of JSON")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"broken JSON ({len(answer.body)} bytes: {error})") from error


def _follow(host: Host, question: _Question, check: Callable[[Answer], T]) -> T:
    """Ask once; a redirect is another request, with a turn of its own."""
    for _ in range(REDIRECTS + 1):
        with pace.turn(host.budget, host.delay) as turn:
            answer = _request(host, question, turn)
        if isinstance(answer, Answer):
            try:
                return check(answer)
            except Unreadable as problem:
                raise _Again(f"{host.name} answered {problem}") from problem
        if question.method != "GET":
            raise Refused(f"{host.name} sent us on to {answer}, where it is not for us to post anything")
        question = question.sent_on(answer)
    raise Refused(f"{host.name} sent us on {REDIRECTS} times, the last time to {question.url}")


def _request(host: Host, question: _Question, turn: pace.Turn) -> Answer | httpx.URL:
    """Return the whole answer, or where it sends us; raise _Again, TooMuch, Refused or Unchanged."""
    url, headers = question.url, {"User-Agent": user_agent()} | dict(question.headers)
    try:
        with (
            _client(host) as client,
            client.stream(
                question.method,
                url,
                headers=headers,
                content=question.body,
                extensions={"trace": partial(_note, turn)},
            ) as response,
        ):
            body = _whole(host, response)
    except httpx.TimeoutException as error:
        raise _Again(f"{host.name} did not answer in time ({type(error).__name__})") from error
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError) as error:
        raise Refused(f"{str(url)!r} is no address of {host.name}: {error}") from error
    except httpx.HTTPError as error:
        raise _Again(f"{host.name} could not be reached ({error or type(error).__name__})") from error
    _obey_rate(response, turn)
    if response.status_code == 200:
        return Answer(_content_type(response), body, response.headers.get("ETag", ""))
    if response.status_code == 304 and "If-None-Match" in question.headers:
        raise Unchanged
    if response.next_request is not None:
        return response.next_request.url
    said = f"{host.name} answered {response.status_code} ({_excerpt(response, body)})"
    if question.divisible and response.status_code == 503 and response.headers.get("Retry-After") == "0":
        raise TooMuch(said)
    if response.status_code in (408, 425, 429) or response.status_code >= 500 or _is_used_up(response):
        raise _again(host, said, response, turn)
    refused = Refused(said)
    refused.status = response.status_code
    raise refused


def _client(host: Host) -> httpx.Client:
    timeout = TIMEOUT if host.patience is None else httpx.Timeout(host.patience, connect=TIMEOUT.connect)
    if host.transport is not None:
        return httpx.Client(transport=host.transport(), timeout=timeout, trust_env=False)
    return httpx.Client(verify=_trusted(), timeout=timeout)


def _note(turn: pace.Turn, event: str, _: object) -> None:
    """Tell the limiter how far the request is; the events are httpcore's."""
    if event.endswith("send_request_headers.complete"):
        turn.sent()
    elif event.endswith("receive_response_headers.complete"):
        turn.answered()


def _whole(host: Host, response: httpx.Response) -> bytes:
    """Read the body to its end, which is before `WHOLE_ANSWER` seconds and the host's largest answer."""
    if "," in response.headers.get("Content-Encoding", ""):  # 64 KB that were packed twice may unpack to many GB
        raise Refused(f"{host.name} sent an answer that was packed more than once")
    body, until, largest = bytearray(), time.monotonic() + WHOLE_ANSWER, host.largest or LARGEST_ANSWER
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > largest:
            raise Refused(f"{host.name} sent more than {largest // 2**20} MB for one page")
        if time.monotonic() > until:
            raise _Again(f"{host.name} was still sending after {WHOLE_ANSWER:.0f} s")
    return bytes(body)


def _again(host: Host, said: str, response: httpx.Response, turn: pace.Turn) -> SourceUnavailable:
    """Return the error for an answer that says "later", having told everybody else who asks this host."""
    again = _Again(said)
    wanted = _retry_after(response)
    if wanted is not None:
        turn.ask_for_pause(wanted)
        if wanted > pace.PATIENCE:
            outage = SourceUnavailable(f"{said} and wants to be left alone for {wanted / 60:.0f} minutes")
            outage.retry_after = wanted
            return outage
        again.retry_after = wanted
    elif response.status_code == 429:
        turn.ask_for_pause(_backoff(host, 1))
    return again


def _backoff(host: Host, tried: int) -> float:
    """Return the seconds to wait after so many tries; up to a quarter more, lest all come back at once."""
    return BACKOFF[min(tried, len(BACKOFF)) - 1] * host.haste * random.uniform(1, 1.25)  # noqa: S311


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of a Retry-After above 0, in either of its forms, or those until a used-up budget is new."""
    given = response.headers.get("Retry-After", "").strip()
    if given.isdecimal():
        return float(given[:6]) or None
    if _is_used_up(response) and (reset := response.headers.get("x-ratelimit-reset", "")).isdecimal():
        return max(float(reset[:12]) - time.time(), 1.0)
    try:
        seconds = parsedate_to_datetime(given).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None


def _is_used_up(response: httpx.Response) -> bool:
    """Whether a 403 only says that we asked too often, as GitHub's does."""
    said = response.headers
    return response.status_code == 403 and (said.get("x-ratelimit-remaining") == "0" or "Retry-After" in said)


def _obey_rate(response: httpx.Response, turn: pace.Turn) -> None:
    """Pause for everybody when `ratelimit: "api";r=<left>;t=<seconds>` says that nothing is left."""
    rate = response.headers.get("ratelimit", "")
    left, seconds = re.search(r";\s*r=(\d+)", rate), re.search(r";\s*t=(\d{1,6})", rate)
    if left and seconds and int(left[1]) == 0:
        turn.ask_for_pause(min(float(seconds[1]), pace.PATIENCE))


def _content_type(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def kind(content_type: str) -> str:
    """Return what a content type is called in a sentence."""
    return {"text/html": "an HTML page", "": "something without a type"}.get(content_type, content_type)


def _excerpt(response: httpx.Response, body: bytes) -> str:
    """Return what an error says of itself, in one line: JSON, an Atom error feed, a text, or its phrase."""
    said, form = "", _content_type(response)
    if form.endswith("json"):
        try:
            given = json.loads(body)
            said = next((str(given[key]) for key in ("error", "message") if given.get(key)), "")
        except (ValueError, AttributeError, RecursionError):
            pass
    elif form.endswith("xml"):
        found = re.search(rb"<(summary|subtitle)[^>]*>([^<]*)</\1>", body)
        said = unescape(found[2].decode("utf-8", "replace")) if found else ""
    elif form == "text/plain":
        said = body[:1000].decode("utf-8", "replace")
    return " ".join(said.split()).rstrip(".")[:200] or response.reason_phrase or "no word why"


def user_agent() -> str:
    """Return how we introduce ourselves: `Listkeeper/1.0 (+https://…)`, with the contact where one is set."""
    contact = " ".join(settings.CONTACT.encode("ascii", "ignore").decode().split())
    if "@" in contact and ":" not in contact:
        contact = f"mailto:{contact}"
    return f"Listkeeper/{_version()}" + (f" (+{contact})" if contact else "")


@cache
def _version() -> str:
    try:
        return version("listkeeper")
    except PackageNotFoundError:  # a checkout that runs without having been installed
        project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
        return str(project["project"]["version"])


@cache
def _trusted() -> ssl.SSLContext:
    # Loading the certificates takes longer than all the rest of a request's own work.
    return httpx.create_ssl_context()
