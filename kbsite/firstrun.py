"""The first run: a curator's login, the bundled list, its sample papers, and a classifier that has learnt from them.

Every step may be repeated; a mark in the data folder says that the first run has begun and not ended.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path

import httpx
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction

from kbsite.models import Membership
from papers.models import PaperList

BUNDLED_LIST = Path(settings.BASE_DIR) / "lists" / "context-compression"
LOGIN_NAME = "curator"
LOGIN_FILE = "curator-login.txt"
MARK = "first-run-unfinished"
REACH_TIMEOUT = 3.0


def is_unfinished() -> bool:
    """Say whether a first run was interrupted."""
    return Path(settings.DATA_DIR, MARK).exists()


def is_due() -> bool:
    """Say whether there is anything to bring in: over a list that people work on, nothing is."""
    return is_unfinished() or not PaperList.objects.exists()


def mark_begun() -> None:
    """Remember that a first run is under way."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    (settings.DATA_DIR / MARK).touch()


def mark_done() -> None:
    """Remember that the first run has ended."""
    (settings.DATA_DIR / MARK).unlink(missing_ok=True)


def read_bundled_list() -> tuple[str, dict[str, Path]]:
    """Return the slug of the bundled list and its README per language."""
    told = tomllib.loads((BUNDLED_LIST / "list.toml").read_text())
    return told["slug"], {code: BUNDLED_LIST / each["file"] for code, each in told["languages"].items()}


def make_curator() -> str | None:
    """Make a login that maintains all lists; return its password, or None when there was one already.

    It may invite others: a new installation has no administrator.
    """
    users, password = get_user_model().objects, None
    with transaction.atomic():
        user = users.filter(username=LOGIN_NAME).first()
        if user is None:
            # The file first: a password that only an interrupted process knew would be lost.
            password = _write_login(settings.DATA_DIR / LOGIN_FILE)
            user = users.create_user(LOGIN_NAME, password=password)
        Membership.objects.get_or_create(user=user, list=None, defaults={"role": Membership.Role.MAINTAINER})
    return password


def _write_login(path: Path) -> str:
    password = secrets.token_urlsafe(12)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"name: {LOGIN_NAME}\npassword: {password}\n")
    draft.replace(path)
    return password


def unreachable_sources() -> list[str]:
    """Return the names of the sources whose hosts do not answer within three seconds, all asked at once."""
    sources = {"arXiv": settings.ARXIV_API_URL, "Hugging Face": settings.HF_ENDPOINT}
    reached: set[str] = set()

    def knock(name: str, url: str) -> None:
        try:
            httpx.head(url, timeout=REACH_TIMEOUT)
            reached.add(name)  # any answer will do
        except (httpx.HTTPError, httpx.InvalidURL):
            pass

    # Daemons: a name server that does not answer may hold one for minutes, and nobody waits for it.
    threads = [threading.Thread(target=knock, args=source, daemon=True) for source in sources.items()]
    _join_all(threads, REACH_TIMEOUT + 0.5)
    return [name for name in sources if name not in reached]


def _join_all(threads: Iterable[threading.Thread], timeout: float) -> None:
    threads = list(threads)
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + timeout
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))
