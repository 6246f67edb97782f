"""Every page there is, as axe-core sees it in light and dark, in English and Chinese, and in a wide and a narrow window.

None asks another host for anything, and none is wider than a window of 360 pixels.

A page gets here by its line in tests/kbsite/permissions.py. With SCREENSHOTS=FOLDER in the environment, what was
looked at is kept there.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from tests.browser.test_queue_flow import browser
from tests.kbsite.api.conftest import world  # noqa: F401
from tests.kbsite.permissions import ANYONE, PAGES
from tests.kbsite.test_permissions import address, site  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = (1440, 1024, 390, 360)
LOOKED_AT = (1440, 390)  # axe-core sees the same rules in the widest and the narrowest
ANONYMOUS_TOO = ("", "papers/", "papers/<int:pk>/", "lists/<slug:slug>/", "sign-in/")


@pytest.fixture(autouse=True)
def _async_allowed(monkeypatch):
    """Playwright's own loop runs in the thread of the test, where Django would refuse to speak with the database."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pages(site):  # noqa: F811
    """Return the address of every page that is one, and whether to look at it as an administrator."""
    client = Client()
    client.force_login(site.people["administrator"])
    for (method, route), (who, *_) in PAGES.items():
        if method != "GET":
            continue
        where = address(route, site)
        answer = client.get(where)
        is_page = answer.status_code in (200, 410) and answer.get("Content-Type", "").startswith("text/html")
        if is_page:
            yield where, True
        if who == ANYONE and (route in ANONYMOUS_TOO or not is_page):
            answer = Client().get(where)
            if answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html"):
                yield where, False


def name_of(where, signed_in):
    words = re.sub(r"[^\w]+", "-", where).strip("-") or "home"
    return words if signed_in else words + "-anonymous"


def is_ours(url, live_server):
    return url.startswith((f"{live_server.url}/", "data:", "blob:"))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_violation_or_hangs_out_of_its_window(site, live_server, scheme, language):  # noqa: F811
    wanted = list(pages(site))
    assert len(wanted) > 35
    signed_in = Client()
    signed_in.force_login(site.people["administrator"])
    wrong = []
    with browser() as started:
        contexts = {True: started.new_context(), False: started.new_context()}
        contexts[True].add_cookies(
            [{"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": live_server.url}]
        )
        for context in contexts.values():
            context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        windows = {signed_in: context.new_page() for signed_in, context in contexts.items()}
        for window in windows.values():
            window.on("pageerror", lambda error: wrong.append(("script", str(error))))
            window.on("request", lambda asked: is_ours(asked.url, live_server) or wrong.append(("asks", asked.url)))
            window.emulate_media(color_scheme=scheme)
        for where, as_administrator in wanted:
            window = windows[as_administrator]
            window.set_viewport_size({"width": WIDTHS[0], "height": 900})
            window.goto(live_server.url + where)
            assert window.evaluate("document.documentElement.lang") == language
            for width in WIDTHS:
                window.set_viewport_size({"width": width, "height": 900})
                if (folder := os.environ.get("SCREENSHOTS")) and width in LOOKED_AT:
                    name = f"{name_of(where, as_administrator)}-{language}-{scheme}-{width}.png"
                    window.screenshot(path=Path(folder) / name, full_page=True)
                if window.evaluate("document.documentElement.scrollWidth") > width:
                    wrong.append((where, width, "hangs out"))
                if width not in LOOKED_AT:
                    continue
                for each in Axe().run(window).response["violations"]:
                    wrong.append((where, width, each["id"], [node["html"][:200] for node in each["nodes"]][:3]))
    assert wrong == []
