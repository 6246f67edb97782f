"""Undo by keyboard from the toast and the history, with and without script, and these pages as axe-core sees them."""

from __future__ import annotations

import signal
import socket
import sys
import time
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_whole_way import page, sign_in  # noqa: F401
from tests.installation import Installation
from tests.kbsite.bilingual import ENGLISH

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """`manage.py serve` with a small list and a curator."""
    folder = tmp_path_factory.mktemp("site")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    installation = Installation(folder / "data")
    installation.address = f"http://127.0.0.1:{port}"
    process = installation.start(sys.executable, "manage.py", "serve", "--port", str(port), "--skip-bootstrap")
    deadline = time.monotonic() + 240
    while not answers(installation.address):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.5)
    readme = folder / "README.md"
    readme.write_text(ENGLISH)
    installation.manage("import_list", str(readme), "--slug", "caches")
    installation.manage("shell", "--command", "from kbsite import firstrun; firstrun.make_curator()")
    yield installation
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0


def answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/healthz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def check(page, name):  # noqa: F811
    """No violation that axe-core knows, in light and dark, and nothing that hangs out of a narrow window."""
    size = page.viewport_size
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        assert found == [], (name, [(each["id"], [node["html"] for node in each["nodes"]]) for each in found])
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="light")


def edit(page, tldr):  # noqa: F811
    """Change the first entry, by its form."""
    page.goto("/lists/caches/")
    page.goto(page.locator("a[href*='/entries/']").first.get_attribute("href"))
    page.fill("[name=en-tldr]", tldr)
    page.click("button[name=save]")
    page.wait_for_selector(".toast")


def test_an_edit_is_undone_from_its_toast_and_with_what_followed_from_the_history(site, page):  # noqa: F811
    sign_in(site, page)
    page.goto("/lists/caches/history/")
    check(page, "history")
    edit(page, "One.")
    check(page, "toast")
    page.locator(".toast button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".toast:has-text('Undone.')")
    assert "Keeps what is read most." in page.text_content("main") and "One." not in page.text_content("main")

    # The page goes to the row that was saved, however far down that is: what is said of it stays in sight.
    page.set_viewport_size({"width": 800, "height": 300})
    edit(page, "Two.")
    page.wait_for_function("() => scrollY > 0")
    seen = page.locator(".toast").bounding_box()
    assert seen["y"] >= 0 and seen["y"] + seen["height"] <= 300
    page.set_viewport_size({"width": 1280, "height": 720})
    edit(page, "Three.")
    page.goto("/lists/caches/history/")
    check(page, "longer history")
    page.locator("tr:has-text('Two.') button").last.press("Enter")
    page.wait_for_selector("h1:has-text('Undo this?')")
    assert "1 act followed" in page.text_content("main")
    check(page, "what goes with it")
    page.locator("button[name=cascade]").press("Enter")
    page.wait_for_selector(".toast:has-text('2 acts undone.')")
    page.goto("/lists/caches/")
    assert "Keeps what is read most." in page.text_content("main")
    page.goto("/lists/caches/history/?kind=undo")
    assert page.locator("tbody tr").count() == 2
    check(page, "narrowed history")
