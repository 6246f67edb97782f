"""Static files: collected again only when something about them has changed, and kept by browsers for good."""

import re
from urllib.parse import urljoin

import pytest
from django.templatetags.static import static
from django.test import Client

from kbsite import statics


def test_they_are_collected_once_and_again_after_a_change(settings, tmp_path):
    source, root = tmp_path / "source", tmp_path / "static"
    source.mkdir()
    (source / "look.css").write_text("a {}")
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [source]
    settings.STATIC_ROOT = root
    assert statics.collect() is True
    assert (root / "look.css").read_text() == "a {}"
    assert statics.collect() is False

    (source / "look.css").write_text("a, b {}")
    assert statics.collect() is True
    assert (root / "look.css").read_text() == "a, b {}"
    assert statics.collect() is False


# --- what browsers are told of them ---------------------------------------------------------------------------


@pytest.fixture
def served(settings, tmp_path):
    """The site's own static files, collected as a deployment has them, and a client of a server that started since."""
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "kbsite.statics.HashedFiles"}}
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [settings.BASE_DIR / "kbsite" / "static"]
    settings.STATIC_ROOT = tmp_path / "static"
    statics.collect()
    return Client()


def imports(text: str) -> list[str]:
    return re.findall(r'^import\b[^"]*"\./([^"]+)"', text, re.MULTILINE)


def test_files_with_their_hash_are_kept_for_good_and_so_are_the_modules_they_import(served):
    seen, waiting = set(), {static(f"kbsite/{name}") for name in ("site.css", "site.js", "map.js", "queue.js")}
    while waiting:
        where = waiting.pop()
        seen.add(where)
        answer = served.get(where)
        assert answer.status_code == 200, where
        assert "immutable" in answer["Cache-Control"] and "public" in answer["Cache-Control"], where
        assert int(re.search(r"max-age=(\d+)", answer["Cache-Control"])[1]) >= 31_536_000
        text = b"".join(answer).decode()
        waiting |= {urljoin(where, name) for name in imports(text) if where.endswith(".js")} - seen
    assert len(seen) >= 10  # map.js and queue.js import some, which import others
    plain = served.get("/static/kbsite/site.css")  # pages of errors ask for it, as they know of no manifest
    assert plain.status_code == 200 and "immutable" not in plain["Cache-Control"]


def test_icons_are_where_programs_look_for_them(served):
    icon = served.get("/favicon.ico")
    assert icon.status_code == 200 and b"".join(icon).startswith(b"\x00\x00\x01\x00")
    assert served.get(static("kbsite/apple-touch-icon.png"))["Content-Type"] == "image/png"
