"""The first page as a browser lays it out: axe-core's rules, no layout wider than its window, marks that lead on."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests import factories as make
from tests.browser.test_every_page import _async_allowed  # noqa: F401
from tests.browser.test_queue_flow import browser
from tests.kbsite.test_dashboard import full, small  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def several(full):  # noqa: F811
    make.make_list("other", name="Z, another list")
    return full


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_several_lists_it_has_no_violation_for_readers_and_curators(several, live_server, curator, scheme):
    from axe_playwright_python.sync_playwright import Axe

    make.make_run("late", topic=make.make_topic("kv-cache", several), error="arXiv answers 503")
    signed_in = Client()
    signed_in.force_login(curator)
    session = {"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": live_server.url}
    with browser() as started:
        context = started.new_context(color_scheme=scheme)
        page = context.new_page()
        for width, where in (
            (1440, "/"),
            (390, "/?new=day"),
            (360, "/?list=other"),
            (1440, "/"),
            (390, "/?list=other"),
        ):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(live_server.url + where)
            page.evaluate("document.querySelectorAll('main details').forEach((each) => (each.open = true))")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert [each["id"] for each in Axe().run(page, options=RULES).response["violations"]] == []
            if width == 360:
                context.add_cookies([session])  # who signs in sees the sources too
        assert page.get_by_role("heading", name="Sources").count() == 1


def test_the_span_and_the_list_are_chosen_without_script_and_marks_lead_to_papers(several, live_server):
    with browser() as started:
        page = started.new_context(java_script_enabled=False).new_page()
        page.goto(live_server.url)
        page.get_by_role("navigation", name="New in the last").get_by_role("link", name="Month").click()
        assert page.url.endswith("?list=small&new=month")
        page.get_by_role("link", name="ICML").click()
        assert re.search(r"venue=ICML", page.url)
        assert page.locator(".papers > li").count() == 3
        page.goto(live_server.url)
        page.locator(".shelf .plot a").first.click()
        assert "/papers/?list=small&category=alpha&status=listed&since=" in page.url
        assert page.locator(".papers > li").count() == 3
        page.goto(live_server.url)
        page.get_by_role("link", name="Z, another list").last.click()
        assert page.get_by_role("heading", level=1).text_content() == "Z, another list"
        with page.expect_download() as download:
            page.goto(live_server.url)
            page.get_by_role("link", name="CSV of decisions per week").click()
        assert download.value.suggested_filename == "small-decisions.csv"
