from __future__ import annotations

import sys
from contextlib import closing
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from django.db import connection

from ingest.models import HostPace
from ingest.sources import http


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch):
    monkeypatch.setattr(http, "BACKOFF", (0.0, 0.0))


@pytest.fixture
def rested(db) -> None:
    """No host was asked lately."""
    forget_pauses()


def forget_pauses() -> None:
    """Let every host be asked at once. The limiter stores pauses outside of the test's transaction, and so do we."""
    with closing(connection.copy()) as own, own.cursor() as cursor:
        cursor.execute(f"DELETE FROM {HostPace._meta.db_table}")


@pytest.fixture(scope="session")
def fake_sources(shared: Path) -> ModuleType:
    """The loopback server that speaks the sources' formats, with faults on demand."""
    path = shared / "fake_sources.py"
    if not path.is_file():
        pytest.skip("the stand-in for the sources, shared/fake_sources.py beside the checkout, is missing")
    spec = spec_from_file_location("fake_sources", path)
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.modules["fake_sources"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def recorded(shared: Path) -> Path:
    """The folder of recorded answers."""
    path = shared / "fixtures"
    if not path.is_dir():
        pytest.skip("the recorded answers, shared/fixtures beside the checkout, are missing")
    return path
