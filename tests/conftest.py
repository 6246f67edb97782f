"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import AbstractBaseUser

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(autouse=True)
def _plain_settings(settings):
    """Fast passwords, and static files without the manifest that a deployment collects."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.CELERY_TASK_ALWAYS_EAGER = False


@pytest.fixture(autouse=True)
def _empty_cache():
    """Throttles count in the cache; no test may meet another one's counts."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def _no_word_is_frequent(monkeypatch):
    """How frequent words are, a process remembers for minutes: no test may meet what another one's database knew."""
    from papers.search import words

    monkeypatch.setattr(words, "frequencies", lambda: {"": 0.0})


@pytest.fixture(autouse=True)
def _no_row_is_kept(monkeypatch):
    """Rows of papers may be a minute old: no test may see one from before what it changed."""
    from papers import keptrows

    monkeypatch.setattr(keptrows, "HOLDS", 0)


@pytest.fixture
def curator(django_user_model) -> AbstractBaseUser:
    """A curator of all lists."""
    from tests.factories import make_user

    return make_user("curator", role="curator")


@pytest.fixture
def maintainer(django_user_model) -> AbstractBaseUser:
    """A maintainer of all lists."""
    from tests.factories import make_user

    return make_user("maintainer", role="maintainer")


@pytest.fixture
def reader(django_user_model) -> AbstractBaseUser:
    """Signed in, but no curator."""
    return django_user_model.objects.create_user("reader", password="a long password")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real papers and lists beside the checkout; tests that need it are skipped without it."""
    if not (SHARED / "data" / "papers.jsonl.gz").is_file():
        pytest.skip(f"real data is not here: {SHARED.name}/data beside the checkout is missing")
    return SHARED
