"""Searching in a real browser: each way of asking, suggestions by keyboard, as axe-core sees it, and without script."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_whole_way import page, site  # noqa: F401

pytestmark = pytest.mark.browser


def titles(page):  # noqa: F811
    return [text.strip() for text in page.locator("ol.papers .paper-title").all_text_contents()]


def search(page, text):  # noqa: F811
    page.goto("/papers/")
    page.fill("#q", text)
    page.press("#q", "Enter")
    page.wait_for_url("**/papers/?q=**")
    page.wait_for_selector("#q[value], ol.papers mark, .empty")
    return titles(page)


def test_each_way_of_asking(site, page):  # noqa: F811
    assert search(page, "heavy hitter oracle")[0].startswith("H2O")
    page.wait_for_selector("ol.papers mark:has-text('Heavy')")
    assert any("Gist Tokens" in title for title in search(page, '"gist tokens"'))
    assert not any(title.startswith("LLMLingua") for title in search(page, "prompt compression -llmlingua"))
    assert any("Scissorhands" in title for title in search(page, "scissorh*"))
    assert all("Survey" in title for title in search(page, "title:survey"))
    either = search(page, "title:scissorhands OR title:h2o")
    assert {title.partition(":")[0] for title in either} >= {"Scissorhands", "H2O"}
    assert all("compress" in title.lower() for title in search(page, "title:compress*"))
    assert any("Evict" in title for title in search(page, "缓存淘汰"))
    search(page, '"no such words at all" cache')
    assert page.locator("text=no such words at all").first.is_visible()
    page.goto("/papers/?q=2306.14048")
    assert page.text_content("h1").startswith("H2O") and "/papers/?" not in page.url


def test_suggestions_by_keyboard(site, page):  # noqa: F811
    page.goto("/")
    page.keyboard.press("/")
    box = page.locator("input[role=combobox]")
    page.keyboard.type("scissor", delay=20)
    page.wait_for_selector("[role=option]:has-text('Scissorhands')")
    assert box.get_attribute("aria-expanded") == "true" and box.get_attribute("aria-activedescendant") is None
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false" and box.input_value() == "scissor"
    page.keyboard.type("h", delay=20)
    page.wait_for_selector("[role=option]:has-text('Scissorhands')")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("Enter")
    page.wait_for_url("**/papers/*/")
    assert page.text_content("h1").startswith("Scissorhands")
