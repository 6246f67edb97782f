"""Narrowing the queue, saved views and many papers at once, in a real browser: by keys and as axe-core sees them."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_whole_way import SLUG, page, settle, sign_in, site  # noqa: F401

pytestmark = pytest.mark.browser

QUEUE = f"/lists/{SLUG}/queue/"


def check(page, name):  # noqa: F811
    """No violation that axe-core knows, in light and dark, and nothing that hangs out of a narrow window."""
    size = page.viewport_size
    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page).response["violations"]
            assert found == [], (
                name,
                width,
                [(each["id"], [node["html"] for node in each["nodes"]]) for each in found],
            )
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="light")


def number_in(text):
    return int(re.search(r"\d+", text.replace(",", ""))[0])


def test_a_narrowed_queue_stays_so_from_card_to_card_and_is_saved_as_a_view(site, page):  # noqa: F811
    sign_in(site, page)
    page.goto(QUEUE)
    page.click("summary:has-text('Narrow')")
    check(page, "narrowing")
    page.fill("#narrow-q", "cache")
    page.fill("#narrow-max", "0.9")
    page.press("#narrow-max", "Enter")
    page.wait_for_selector(".narrowed")
    assert "q=cache" in page.url and "relevance_max=0.9" in page.url
    waiting = number_in(page.text_content(".segmented [aria-current] .count"))
    first = page.text_content("#card-title")
    page.keyboard.press("r")
    settle(page, first)
    page.wait_for_selector("form.last")
    assert "q=cache" in page.url and page.locator(".narrowed a").count() == 3
    page.wait_for_function(
        "n => document.querySelector('.segmented [aria-current] .count').textContent.trim() == n", arg=str(waiting - 1)
    )
    second = page.text_content("#card-title")
    page.keyboard.press("u")
    page.wait_for_function("title => document.getElementById('card-title')?.textContent === title", arg=first)
    assert second != first and "q=cache" in page.url

    page.click("summary:has-text('Views')")
    page.fill(".menu-panel input[name=name]", "Caches, not yet sure")
    check(page, "views menu")
    page.press(".menu-panel input[name=name]", "Enter")
    page.wait_for_selector(".toast:has-text('Saved as')")
    page.click("summary:has-text('Views')")
    page.wait_for_selector(".views li:has-text('Caches, not yet sure')")
    assert number_in(page.text_content(".views .num")) == waiting
    page.click("text=Rename or delete")
    check(page, "views")
    page.click(".views a:has-text('Caches, not yet sure')")
    page.wait_for_selector(".narrowed")
    page.click(".chips-clear")
    page.wait_for_selector(".narrowed", state="detached")


def test_many_are_ticked_by_keys_rejected_and_brought_back(site, page):  # noqa: F811
    sign_in(site, page)
    page.goto(QUEUE)
    page.click("text=Many at once")
    check(page, "table")
    waiting = number_in(page.text_content(".segmented [aria-current] .count"))
    for key in ("j", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
    assert page.text_content("[data-ticked]") == "(3)"
    page.keyboard.press("k")
    page.keyboard.press("x")
    assert page.text_content("[data-ticked]") == "(2)"
    boxes = page.locator("tbody input[type=checkbox]")
    boxes.nth(4).click()
    boxes.nth(9).click(modifiers=["Shift"])
    assert page.text_content("[data-ticked]") == "(8)"
    page.locator("button[value=ticked]").press("Enter")
    page.wait_for_selector("h1:has-text('8 papers chosen')")
    assert page.locator(".bulk-sample li").count() == 8
    check(page, "sample")
    page.select_option("#id_reject", index=1)
    page.locator("button[value=reject]").press("Enter")
    page.wait_for_selector(".toast:has-text('8 papers rejected.')")
    assert number_in(page.text_content(".segmented [aria-current] .count")) == waiting - 8
    check(page, "toast")
    page.locator(".toast button").press("Enter")
    page.wait_for_selector(".toast:has-text('Undone.')")
    assert number_in(page.text_content(".segmented [aria-current] .count")) == waiting
