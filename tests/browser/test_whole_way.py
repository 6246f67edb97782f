"""The whole way in a real browser: `serve` on an empty folder, sign in, decide by keyboard, export one new line."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.installation import Installation

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SLUG = "context-compression"
TLDR = "Told by the browser test: keeps the pairs | that matter."

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A first `manage.py serve`, as a newcomer would start it, without internet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    installation = Installation(tmp_path_factory.mktemp("site") / "data")
    log = (installation.folder / "serve.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        env=installation.environment,
        cwd=os.path.dirname(os.path.dirname(os.path.dirname(__file__))),
        stdout=log,
        stderr=log,
    )
    installation.address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert process.poll() is None, (installation.folder / "serve.log").read_text()
        try:
            with urllib.request.urlopen(installation.address + "/healthz", timeout=2) as answer:
                if answer.status == 200:
                    break
        except OSError:
            time.sleep(0.5)
    yield installation
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0, (installation.folder / "serve.log").read_text()


@pytest.fixture
def page(site):
    """A Chromium page that fails the test on any script error, refused resource or request to another host."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    troubles = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_page(base_url=site.address)
        page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
        page.on(
            "console",
            # A form that comes back with what is wrong in it, or with a question, is an answer, though Chromium notes
            # its status.
            lambda message: (
                troubles.append(f"console: {message.text}")
                if message.type == "error" and not re.search("status of (409|422)", message.text)
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((site.address, "data:"))
                else troubles.append(f"foreign request: {request.url}")
            ),
        )
        yield page
        browser.close()
    assert troubles == []


def get(site, path):
    with urllib.request.urlopen(site.address + path, timeout=10) as answer:
        return answer.read()


def sign_in(site, page):
    login = dict(
        line.split(": ", 1) for line in (site.folder / "curator-login.txt").read_text().splitlines() if ": " in line
    )
    page.goto("/sign-in/")
    page.fill("input[name=username]", login["name"])
    page.fill("input[name=password]", login["password"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def settle(page, old_title):
    """Wait until the next card is there."""
    page.wait_for_function("old => document.getElementById('card-title')?.textContent !== old", arg=old_title)


def test_a_readme_goes_in_a_curator_decides_and_the_readme_comes_out(site, page):
    assert (site.folder / "curator-login.txt").stat().st_mode & 0o077 == 0, "the login is its owner's alone"
    login = site.folder / "curator-login.txt"
    assert str(login) in (site.folder / "serve.log").read_text(), "whole, so that it can be copied"
    sign_in(site, page)
    page.goto(f"/lists/{SLUG}/queue/")
    accepted = page.text_content("#card-title")
    waiting = json.loads(get(site, f"/api/v1/suggestions/?list={SLUG}&awaiting=true&page_size=1"))["results"]

    # Accept the first paper into KV, with an edited TL;DR, by its key.
    page.fill("#id_en-tldr", TLDR)
    page.keyboard.press("Escape")
    key = page.get_attribute("button[name=accept][value=kv]", "data-key")
    page.keyboard.press(key)
    settle(page, accepted)

    # Reject the second one, and take that back.
    rejected = page.text_content("#card-title")
    assert rejected != accepted
    page.keyboard.press("r")
    settle(page, rejected)
    page.keyboard.press("u")
    page.wait_for_function("title => document.getElementById('card-title')?.textContent === title", arg=rejected)

    # The export page shows one added line in each language, the Chinese one flagged as untranslated.
    page.goto(f"/lists/{SLUG}/export/")
    for language, readme in (("en", "README.md"), ("zh", "README_CN.md")):
        shown = page.locator(f"pre.diff code[lang={language}]")
        assert accepted in shown.locator(".diff-add").text_content(), "exactly one added line"
        assert shown.locator(".diff-del").count() == 0
        export = site.manage("export_list", SLUG, "--language", language).stdout
        original = os.path.dirname(__file__) + f"/../../lists/{SLUG}/{readme}"
        with open(original, encoding="utf-8", newline="") as file:
            before = file.read().split("\n")
        after = export.split("\n")
        added = [line for line in after if line not in before]
        assert len(after) == len(before) + 1 and len(added) == 1
        assert accepted in added[0]
        assert "keeps the pairs \\| that matter" in added[0]
        assert [line for line in after if line != added[0]] == before
        downloaded = get(site, f"/lists/{SLUG}/export/{language}/markdown/")
        assert downloaded.decode() == export
        assert get(site, f"/api/v1/lists/{SLUG}/export/{language}/markdown/") == downloaded
    flagged = page.locator(".untranslated")
    assert flagged.count() == 1, "the Chinese row, and no English one"
    assert accepted in flagged.text_content() and "TL;DR" in flagged.text_content()

    # The API shows the same entry and decisions.
    decisions = json.loads(get(site, f"/api/v1/decisions/?list={SLUG}"))["results"]
    assert [d["kind"] for d in decisions] == ["undo", "reject", "accept"]
    assert decisions[2]["category"] == "kv"
    entries = json.loads(get(site, f"/api/v1/entries/?list={SLUG}&category=kv&page_size=100"))["results"]
    new = [entry for entry in entries if TLDR in json.dumps(entry, ensure_ascii=False)]
    assert len(new) == 1
    assert waiting


def test_every_page_opens_without_an_error(site, page):
    sign_in(site, page)
    for path in (
        "/",
        "/papers/",
        "/papers/?q=cache",
        "/papers/1/",
        f"/lists/{SLUG}/",
        f"/lists/{SLUG}/?language=zh",
        f"/lists/{SLUG}/queue/",
        f"/lists/{SLUG}/history/",
        f"/lists/{SLUG}/export/",
        f"/lists/{SLUG}/classifier/",
        "/runs/",
        "/account/",
        "/api/v1/docs/",
        "/api/v1/redoc/",
    ):
        answer = page.goto(path)
        assert answer.status == 200, path
        assert page.title(), path


def test_an_anonymous_write_is_refused_in_the_one_error_shape(site):
    request = urllib.request.Request(
        site.address + "/api/v1/decisions/", data=b"{}", headers={"Content-Type": "application/json"}, method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code in {401, 403}
    assert refused.value.headers["Content-Type"].startswith("application/problem+json")
    problem = json.loads(refused.value.read())
    assert {"type", "title", "status", "detail"} <= set(problem)
