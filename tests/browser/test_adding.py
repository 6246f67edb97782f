"""Adding by hand and proposing, in a real browser: by keyboard, without script, and as axe-core sees it."""

from __future__ import annotations

import email
import email.policy
import re
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

PASTED = [
    "https://arxiv.org/abs/2306.14048",
    "2611.00001",
    "https://doi.org/10.1000/x",
    "no paper",
    "| [Fewer Keys](https://arxiv.org/abs/2611.00009) | ACL 2026 | `Sparse` | - | Half. |",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """`manage.py serve` with a small list, a curator, and mails that come to lie in a folder."""
    folder = tmp_path_factory.mktemp("site")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    installation = Installation(folder / "data", EMAIL_URL=f"filemail:///{folder / 'mails'}")
    installation.mails = folder / "mails"
    installation.address = f"http://127.0.0.1:{port}"
    process = installation.start(sys.executable, "manage.py", "serve", "--port", str(port), "--skip-bootstrap")
    deadline = time.monotonic() + 120
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


def check(page):  # noqa: F811
    """No violation that axe-core knows, in light and dark, and nothing that hangs out of a narrow window."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        assert found == [], [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
    size = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.set_viewport_size(size)


def test_a_paste_is_looked_at_and_confirmed_by_keyboard(site, page):  # noqa: F811
    sign_in(site, page)
    page.goto("/lists/caches/")
    page.get_by_role("link", name="Add papers").press("Enter")
    page.wait_for_url("**/lists/caches/add/")
    check(page)
    page.focus("#text")
    for line in PASTED:
        page.keyboard.insert_text(line)
        page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=What each line would do")
    check(page)
    page.get_by_label("Title of line 3").fill("A typed title")
    page.get_by_label("Where line 5 goes").select_option(label="Eviction")
    page.get_by_label("Add line 2").press("Space")  # not this one
    page.get_by_role("button", name="Add what is ticked").press("Enter")
    page.wait_for_selector(".notice[role=status]")
    assert "1 paper is before the curators. 1 is in the list." in " ".join(page.text_content(".notice").split())
    assert page.input_value("#text").splitlines() == [PASTED[0], PASTED[1], PASTED[3]]
    check(page)
    assert "Fewer Keys" in urlopen(f"{site.address}/lists/caches/export/en/markdown/").read().decode()
    page.click(".lately >> text=A typed title")
    page.wait_for_selector(".proposal")
    assert "Added by hand by curator" in page.text_content(".proposal")


def test_an_author_proposes_and_follows_it_without_script(site, page):  # noqa: F811
    context = page.context.browser.new_context(java_script_enabled=False, base_url=site.address)
    plain = context.new_page()
    plain.goto("/lists/caches/")
    plain.click("text=Propose a paper")
    plain.wait_for_timeout(4_000)  # a program would be faster
    plain.fill("#id_paper", "https://arxiv.org/abs/2611.00077")
    plain.fill("#id_why", "It drops keys by their norm.")
    plain.select_option("#id_category", label="Eviction")
    plain.fill("#id_email", "ada@example.org")
    assert not plain.locator("#id_homepage").evaluate("field => field.getBoundingClientRect().right > 0")
    plain.click("text=Send me the mail")
    plain.wait_for_selector("text=A mail is on its way to ada@example.org")
    (mail,) = site.mails.iterdir()
    body = email.message_from_string(mail.read_text().split("-" * 79)[0], policy=email.policy.default).get_content()
    confirm, state = re.findall(rf"{site.address}(\S+)", body)
    plain.goto(confirm)
    plain.click("text=Yes, propose it")
    plain.wait_for_url(f"**{state}")
    assert "It is before the curators" in plain.text_content(".notice")
    context.close()

    for address in ("/lists/caches/propose/", confirm, state):
        page.goto(address)
        check(page)
    sign_in(site, page)
    page.goto("/lists/caches/add/")
    page.click(".lately >> text=arXiv:2611.00077")
    page.wait_for_selector(".proposal")
    told = page.text_content(".proposal")
    assert "Proposed by its author" in told and "It drops keys by their norm." in told and "ada@example.org" in told
    check(page)
