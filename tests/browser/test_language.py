"""Choosing the language of the pages, without any script."""

from __future__ import annotations

import pytest

from tests import factories as make
from tests.browser.test_every_page import _async_allowed  # noqa: F401
from tests.browser.test_queue_flow import browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_reader_switches_to_chinese_and_back_and_stays_on_the_page(live_server):
    make.make_list()
    with browser() as started:
        page = started.new_context(java_script_enabled=False, locale="en-GB").new_page()
        page.goto(f"{live_server.url}/papers/?q=cache")
        page.get_by_role("button", name="简体中文").press("Enter")
        assert page.url == f"{live_server.url}/papers/?q=cache"
        assert page.locator("html").get_attribute("lang") == "zh-hans"
        page.get_by_role("navigation", name="主导航").get_by_role("link", name="列表").click()
        assert page.locator("html").get_attribute("lang") == "zh-hans"
        page.get_by_role("button", name="English").press("Enter")
        assert page.get_by_role("navigation", name="Main").get_by_role("link", name="List", exact=True).is_visible()


def test_who_has_a_chinese_browser_is_met_in_chinese(live_server):
    with browser() as started:
        page = started.new_context(locale="zh-CN").new_page()
        page.goto(live_server.url)
        assert page.locator("html").get_attribute("lang") == "zh-hans"
