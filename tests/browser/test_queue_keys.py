"""What the review queue's script does with the window and with what was typed, in a real browser."""

from __future__ import annotations

import pytest

from tests.browser.test_whole_way import SLUG, page, settle, sign_in, site  # noqa: F401

pytestmark = pytest.mark.browser

TYPED = "Typed, and not sent yet"


def is_clear_of_the_bar(page, selector):  # noqa: F811
    """Say whether all of it is in the window, above the bar of verbs."""
    return page.evaluate(
        """selector => {
          const seen = document.querySelector(selector).getBoundingClientRect();
          return seen.top >= 0 && seen.bottom <= document.querySelector(".decide").getBoundingClientRect().top;
        }""",
        selector,
    )


def test_the_queue_shows_what_was_asked_for_and_keeps_what_was_typed(site, page):  # noqa: F811
    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(site, page)
    page.goto(f"/lists/{SLUG}/queue/")
    first = page.text_content("#card-title")

    # The preview is in sight, and the focus beside it.
    page.keyboard.press("p")
    page.wait_for_selector(".line")
    page.wait_for_function("() => document.activeElement.name === 'preview'")
    assert is_clear_of_the_bar(page, ".line")

    # What was typed survives another card and a reload, until it is discarded.
    page.fill("#id_en-tldr", TYPED)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    settle(page, first)
    page.wait_for_function("() => document.activeElement.id === 'card-title' && scrollY === 0")
    assert page.input_value("#id_en-tldr") != TYPED
    page.keyboard.press("k")
    page.wait_for_function("title => document.getElementById('card-title')?.textContent === title", arg=first)
    page.wait_for_selector("[data-restored]:not([hidden])")
    page.reload()
    page.wait_for_selector("[data-restored]:not([hidden])")
    assert page.input_value("#id_en-tldr") == TYPED
    page.click("[data-discards]")
    assert page.input_value("#id_en-tldr") != TYPED
    page.reload()
    assert page.input_value("#id_en-tldr") != TYPED
    assert page.locator("[data-restored]").is_hidden()

    # Nor is it lost with a decision that is undone, and neither is the note.
    page.fill("#id_en-tldr", TYPED)
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("Not sure yet")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    settle(page, first)
    page.wait_for_selector(".stage-news form.last:not([hidden])")
    page.keyboard.press("u")
    page.wait_for_selector("[data-taken-back]")
    assert page.text_content("#card-title") == first
    assert (page.input_value("#id_en-tldr"), page.input_value("#note")) == (TYPED, "Not sure yet")

    # In a narrow window, too, a paper is skipped without scrolling to the end of the page, and the next one is seen.
    page.set_viewport_size({"width": 390, "height": 500})
    page.locator(".decide [name=skip]").click()
    settle(page, first)
    page.wait_for_function("() => document.getElementById('card-title').getBoundingClientRect().top < innerHeight / 2")
