"""What a decision moved up, said beside the card by the page, the site and the learner that `serve` starts."""

from __future__ import annotations

import pytest

from tests.browser.test_opinions import check
from tests.browser.test_queue_flow import press
from tests.browser.test_whole_way import SLUG, page, sign_in, site  # noqa: F401

pytestmark = pytest.mark.browser
DECISIONS = 30  # at most: the learner reads the list before it learns from the first one


def test_after_a_decision_was_learned_the_page_says_what_moved_up(site, page):  # noqa: F811
    sign_in(site, page)
    page.goto(f"/lists/{SLUG}/queue/")
    page.wait_for_selector("#card-title")
    said = page.locator(".next [data-moved]:not([hidden])")
    for _ in range(DECISIONS):
        press(page, "r")
        title = page.text_content("#card-title")
        page.wait_for_timeout(2500)  # the page asks once, a moment after the decision
        assert page.text_content("#card-title") == title and page.evaluate("document.activeElement.id") == "card-title"
        if said.count():
            break
    version = int(said.get_attribute("data-version"))
    moved = site.ask(f"Head.objects.get(version={version}).meta['moved']")
    assert said.text_content().strip("↑ \n") == f"{len(moved)} paper{'s' if len(moved) > 1 else ''} moved up"
    assert said.get_attribute("aria-live") == "off" and said.locator("xpath=ancestor::*[@role='status']").count() == 0
    shown = [int(each.get_attribute("data-paper")) for each in page.locator(".next-list li").all()]
    marked = [int(each.get_attribute("data-paper")) for each in page.locator(".next-list li:has(.rose)").all()]
    assert marked == [paper for paper in shown if paper in moved]
    check(page, "moved")
