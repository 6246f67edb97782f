"""Reading without script, as text browsers and careful people do: home, the list, browsing, searching, a paper."""

from __future__ import annotations

import re

import pytest

from tests import factories as make
from tests.browser.test_every_page import _async_allowed  # noqa: F401
from tests.browser.test_queue_flow import browser
from tests.kbsite.test_dashboard import full, small  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_reader_gets_from_the_first_page_to_a_citation(full, live_server):  # noqa: F811
    gist = make.make_paper(
        "Gist tokens", abstract="Prompts are compressed into gist tokens.", subjects=["cs.CL", "cs.LG"]
    )
    make.make_entry(full.categories.get(key="beta"), gist, tags=["gist"], tldr="A prompt becomes a few tokens.")
    with browser() as started:
        page = started.new_context(base_url=live_server.url, java_script_enabled=False).new_page()
        page.goto("/")
        page.get_by_text("Decisions per week as a table").click()
        assert page.get_by_role("columnheader", name="Put off").is_visible()

        page.get_by_role("link", name="Read the list").click()
        assert page.get_by_role("heading", level=1).text_content() == full.name
        page.get_by_role("navigation", name="Sections").get_by_role("link", name="Beta").click()
        assert page.url.endswith("/lists/small/#beta")
        assert page.get_by_text("A prompt becomes a few tokens.").is_visible()
        page.locator("#beta").get_by_role("link", name="gist", exact=True).click()
        assert page.url.endswith("?tag=gist") and page.locator("ol.papers h3").all_text_contents() == ["Gist tokens"]

        page.get_by_role("navigation", name="Main").get_by_role("link", name="Papers").click()
        page.locator(".facets").get_by_role("link", name="cs.LG").click()
        assert re.search(r"/papers/\?subject=cs\.LG$", page.url)
        assert page.locator("ol.papers h3").all_text_contents() == ["Gist tokens"]
        page.get_by_label("Search papers").fill('"gist tokens" -eviction')
        page.get_by_role("button", name="Search", exact=True).click()
        assert page.locator("ol.papers mark").first.text_content().lower() == "gist"

        page.get_by_role("heading", name="Gist tokens").get_by_role("link").click()
        assert page.get_by_role("heading", level=1).text_content().strip() == "Gist tokens"
        page.get_by_text("Cite this paper").click()
        assert page.get_by_text("@misc").first.is_visible() and page.get_by_role("heading", name="History").is_visible()
