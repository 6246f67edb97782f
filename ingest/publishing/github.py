"""GitHub's API, as far as a pull request needs it: where a list's repository is, and the request itself."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

import httpx

from ingest.publishing.checkout import Login, Refused, without_password
from ingest.sources import http

_TIMEOUT = httpx.Timeout(30, connect=10)  # seconds, for each step
_PAUSES = (1.0, 3.0)  # seconds before a question is asked again; what changes something is said once
_LARGEST_ANSWER = 8 * 2**20  # bytes
_SHORT_FORM = re.compile(r"(?:[^@/\s]+@)?(?P<host>[^:/\s]+):(?!//)(?P<path>.+)")  # git@github.com:owner/name.git
_PATH = re.compile(r"/*(?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?/*")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository on GitHub, and how its remote is reached."""

    host: str
    owner: str
    name: str
    scheme: str  # of the remote's address: https, http or ssh
    origin: str = ""  # what a login over HTTP is for: https://github.com/

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"


def repository_at(address: str) -> Repository:
    """Return the repository of a remote, `https://github.com/o/n.git`, `ssh://git@…/o/n` or `git@github.com:o/n`.

    Raise Refused for an address that is none of GitHub's forms.
    """
    parts = _parts(address, "origin")
    scheme, host, path, origin = parts.scheme, parts.hostname or "", parts.path, ""
    short = _SHORT_FORM.fullmatch(address) if scheme not in ("https", "http", "ssh") else None
    if short:
        scheme, host, path = "ssh", short["host"], short["path"]
    elif scheme in ("https", "http"):
        origin = f"{scheme}://{parts.netloc.rpartition('@')[2]}/"
    found = _PATH.fullmatch(path)
    if scheme not in ("https", "http", "ssh") or not host or not found:
        raise Refused(
            f"origin is {without_password(address)}: no repository on GitHub, as https://github.com/owner/name"
        )
    return Repository(host, found["owner"], found["name"], scheme, origin)


def _parts(address: str, what: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:
        raise Refused(f"{what} is {without_password(address)}: no address ({error})") from error


def login(repository: Repository, token: str, api: str) -> Login:
    """Return the configuration by which git shows the token to the repository's host, and to no other one.

    Raise Refused when the remote is on another host than the API, which must not learn the token.
    """
    if repository.scheme == "ssh":
        return ()
    of_api = _parts(api, "GITHUB_API_URL").hostname or ""
    if repository.host != of_api.removeprefix("api."):
        raise Refused(
            f"origin is at {repository.host}, but GITHUB_API_URL is of {of_api}: the token is for one of them"
        )
    if repository.scheme == "http" and repository.host not in _HERE:
        raise Refused(f"origin is {repository.origin}: the token is not sent without encryption; use https")
    secret = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    header = f"http.{repository.origin}.extraheader"
    # The empty one takes away what the checkout says itself, as those of GitHub's actions do: two are refused.
    return ((header, ""), (header, f"Authorization: Basic {secret}"), ("http.followRedirects", "false"))


@dataclass(frozen=True)
class GitHub:
    """The API for one repository, at an address as https://api.github.com."""

    repository: Repository
    api: str
    token: str = field(repr=False)

    def default_branch(self) -> str:
        """Return the branch that pull requests go to; raise Refused when the token does not open the repository."""
        return str(self._ask("GET", "", expected=dict).get("default_branch") or "main")

    def open_request(self, branch: str, base: str) -> str:
        """Return the address of the open pull request from a branch, empty when there is none."""
        head = quote(f"{self.repository.owner}:{branch}", safe="")
        found = self._ask("GET", f"/pulls?state=open&head={head}&base={quote(base, safe='')}", expected=list)
        return next((str(each.get("html_url", "")) for each in found if isinstance(each, dict)), "")

    def open_new_request(self, branch: str, base: str, title: str, body: str) -> str:
        """Open a pull request and return its address; one that is open already will do."""
        given = {"title": title, "head": branch, "base": base, "body": body, "maintainer_can_modify": True}
        try:
            made = self._ask("POST", "/pulls", given, expected=dict)
        except _Invalid as error:
            # Somebody may have opened it since it was looked for.
            opened = self.open_request(branch, base) if "already exists" in str(error) else ""
            if not opened:
                raise
            return opened
        return str(made.get("html_url", ""))

    def _ask(self, method: str, path: str, given: Mapping[str, Any] | None = None, *, expected: type) -> Any:
        """Return the JSON of an answer; only a question is asked again when GitHub is out of reach."""
        pauses = list(_PAUSES) if method == "GET" else []
        while True:
            try:
                return self._once(method, path, given, expected)
            except _OutOfReach:
                if not pauses:
                    raise
                time.sleep(pauses.pop(0))

    def _once(self, method: str, path: str, given: Mapping[str, Any] | None, expected: type) -> Any:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "User-Agent": http.user_agent(),
            "X-GitHub-Api-Version": "2022-11-28",
        }
        url = f"{self.api.rstrip('/')}/repos/{self.repository}{path}"
        try:
            # No redirect is followed: the token would go along.
            with (
                httpx.Client(timeout=_TIMEOUT, headers=headers) as client,
                client.stream(method, url, json=given) as response,
            ):
                body = _whole(response)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeEncodeError) as error:
            raise Refused(
                f"GITHUB_API_URL or GITHUB_TOKEN is not what GitHub gives out ({type(error).__name__})"
            ) from error
        except httpx.HTTPError as error:
            raise _OutOfReach(f"GitHub could not be reached ({error or type(error).__name__})") from error
        return self._read(response, body, expected)

    def _read(self, response: httpx.Response, body: bytes, expected: type) -> Any:
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            told = None
        status = response.status_code
        if status in (200, 201) and isinstance(told, expected):
            return told
        said = f"GitHub answered {status} ({_words(told) or response.reason_phrase or 'no word why'})"
        if status >= 500 or status == 429:
            raise _OutOfReach(said)
        if status == 422:
            raise _Invalid(said)
        if response.has_redirect_location:
            raise Refused(f"{said}: {self.repository} is elsewhere now: set origin to its new address")
        hints = {
            401: "GITHUB_TOKEN is not valid",
            403: f"GITHUB_TOKEN may not do this in {self.repository}: it needs contents and pull requests, to write",
            404: f"{self.repository} is not there, or GITHUB_TOKEN may not see it",
        }
        raise Refused(f"{said}: {hints[status]}" if status in hints else said)


class _OutOfReach(Refused):
    """GitHub did not answer, or not now."""


class _Invalid(Refused):
    """GitHub understood and finds something wrong with it."""


def _whole(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise Refused(f"GitHub sent more than {_LARGEST_ANSWER // 2**20} MB")
    return bytes(body)


def _words(told: Any) -> str:
    """What an error of GitHub says of itself, in one line."""
    if not isinstance(told, dict):
        return ""
    errors = told.get("errors")
    more = [
        str(each.get("message") or f"{each.get('field', '')} {each.get('code', '')}")
        if isinstance(each, dict)
        else str(each)
        for each in (errors if isinstance(errors, list) else [])
    ]
    return " ".join("; ".join([str(told.get("message") or ""), *more]).split())[:300]
