"""Inviting by keyboard, joining without script, and the people's pages as axe-core sees them, in a real browser."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """`manage.py serve` with a small list, its first login, and a mail server that is away."""
    folder = tmp_path_factory.mktemp("site")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    installation = Installation(folder / "data", EMAIL_URL="smtp://127.0.0.1:9")
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


def test_somebody_is_invited_by_keyboard_and_joins_without_script(site, page):  # noqa: F811
    sign_in(site, page)
    page.goto("/lists/caches/")
    page.get_by_role("link", name="People").press("Enter")
    page.wait_for_url("**/lists/caches/people/")
    check(page, "people, nobody yet")
    beside = [page.locator(f"form.token-form [name={name}]").bounding_box() for name in ("email", "role")]
    assert abs(beside[0]["height"] - beside[1]["height"]) < 1, "so that their labels stand on one line"
    page.get_by_label("Mail address").focus()
    page.keyboard.type("lin@example.org")
    page.keyboard.press("Enter")
    page.wait_for_selector(".secret")
    link = re.search(r"/join/[\w-]+/", page.text_content(".secret"))[0]
    check(page, "people, a link to pass on")

    context = page.context.browser.new_context(java_script_enabled=False, base_url=site.address)
    lin = context.new_page()
    lin.goto(link)
    lin.fill("#id_name", "lin")
    lin.fill("#id_password", "short")
    lin.click("text=Make the account and join")
    assert "too short" in lin.text_content("#id_password_error")
    lin.fill("#id_password", "correct horse battery")
    lin.click("text=Make the account and join")
    lin.wait_for_url("**/lists/caches/")
    assert "You are a curator of" in lin.text_content("#messages")
    tabs = lin.text_content(".tabs")
    assert "Review" in tabs and "Settings" not in tabs and "People" not in tabs
    context.close()

    # The member is made a maintainer, then removed; the own right is asked about.
    page.goto("/lists/caches/people/")
    page.get_by_label("Role of lin", exact=True).select_option("maintainer")
    page.get_by_role("button", name="Change the role of lin").press("Enter")
    page.wait_for_selector("#messages >> text=lin is a maintainer now.")
    check(page, "people, a member")


def test_what_deserves_a_second_thought_is_asked_about(site, page):  # noqa: F811
    sign_in(site, page)
    page.goto("/people/")
    check(page, "people of all lists")
    page.get_by_role("button", name="Remove curator").press("Enter")
    page.wait_for_selector(".notice-warn >> text=is the last maintainer of all lists")
    check(page, "people, a second thought")
    page.get_by_role("link", name="Leave it").press("Enter")
    page.wait_for_selector("text=Role")
    assert page.get_by_role("button", name="Remove curator").count() == 1
    page.goto("/account/")
    check(page, "account")


def test_pages_of_those_who_are_not_signed_in(site, page):  # noqa: F811
    invited = (
        "from kbsite.models import Invitation; i = Invitation(email='ada@example.org', role='maintainer');"
        "print(i.renew()); i.save()"
    )
    secret = site.manage("shell", "--command", invited).stdout.strip().splitlines()[-1]
    page.goto("/sign-in/")
    check(page, "sign-in")
    page.click("text=Forgotten the password?")
    check(page, "forgotten")
    page.fill("#id_email", "lin@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/password/asked/")
    check(page, "asked")
    made = (
        "from django.contrib.auth.models import User; from django.contrib.auth.tokens import default_token_generator;"
        "from django.utils.http import urlsafe_base64_encode as e;"
        "u = User.objects.create_user('mo', password='x' * 20);"
        "print(f'/password/{e(str(u.pk).encode())}/{default_token_generator.make_token(u)}/')"
    )
    page.goto(site.manage("shell", "--command", made).stdout.strip().splitlines()[-1])
    check(page, "new password")
    page.goto(f"/join/{secret}/")
    check(page, "join")


def test_a_refusal_says_who_may(site, page):  # noqa: F811
    made = "from django.contrib.auth.models import User; User.objects.create_user('reader', password='a long password')"
    site.manage("shell", "--command", made)
    page.goto("/sign-in/?next=/account/")
    page.fill("#id_username", "reader")
    page.fill("#id_password", "a long password")
    page.keyboard.press("Enter")
    page.wait_for_url(site.address + "/account/")
    check(page, "account of a reader")
