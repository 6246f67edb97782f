"""Pages that say what went wrong, as axe-core sees them in light and dark, in English and Chinese; and their ways on."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from kbsite.views import dashboard
from tests import factories as make
from tests.browser.test_every_page import _async_allowed  # noqa: F401
from tests.browser.test_queue_flow import browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ADDRESSES = {"/?q=%00": 400, "/no/such/gist-tokens.html": 404, "/": 500}


@pytest.fixture
def broken(monkeypatch):
    """A site with a list and a paper, whose first page fails."""
    make.make_paper("Gist tokens")
    make.make_list()
    monkeypatch.setattr(dashboard, "_body", None)


def test_they_can_be_read_by_everybody(broken, live_server):
    with browser() as started:
        for language in ("en", "zh-hans"):
            context = started.new_context(base_url=live_server.url)
            context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
            page = context.new_page()
            for address, status in ADDRESSES.items():
                assert page.goto(address).status == status
                assert page.evaluate("document.documentElement.lang") == language
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme)
                    for width in (1440, 360):
                        page.set_viewport_size({"width": width, "height": 700})
                        assert page.evaluate("document.documentElement.scrollWidth") <= width
                    assert [each["id"] for each in Axe().run(page).response["violations"]] == [], (address, scheme)


def test_what_was_looked_for_is_searched_at_once_without_script(broken, live_server):
    with browser() as started:
        page = started.new_context(base_url=live_server.url, java_script_enabled=False).new_page()
        page.goto("/no/such/gist-tokens.html")
        page.get_by_role("search", name="Search for what you came for").get_by_role("button").click()
        assert page.url.endswith("/papers/?q=gist+tokens")
        assert page.locator("ol.papers h3").all_text_contents() == ["Gist tokens"]
