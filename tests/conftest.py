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


@pytest.fixture
def curator(django_user_model) -> AbstractBaseUser:
    """A member of the curators' group."""
    from django.contrib.auth.models import Group

    user = django_user_model.objects.create_user("curator", password="a long password")
    user.groups.add(Group.objects.get_or_create(name="curators")[0])
    return user


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
