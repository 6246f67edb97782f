"""Arranging a list by keyboard, by pointer and without script, a second place and a translation, as axe-core sees them."""

from __future__ import annotations

import pytest

from tests.browser.test_undoing import check, site  # noqa: F401
from tests.browser.test_whole_way import page, sign_in  # noqa: F401

pytestmark = pytest.mark.browser


def titles(page, section="eviction"):  # noqa: F811
    return page.locator(f"#{section} .paper-title").all_text_contents()


def told(page, words):  # noqa: F811
    page.wait_for_selector(f"[role=status] .toast:has-text('{words}')")


def drag(page, title, to, below=False):  # noqa: F811
    """Drag an entry by its handle onto the upper or the lower half of a row; at the window's edge the page scrolls."""
    handle = page.locator(f"li:has-text('{title}') .arrange-handle").bounding_box()
    page.mouse.move(handle["x"] + 5, handle["y"] + 5)
    page.mouse.down()
    height = page.viewport_size["height"]
    for _ in range(100):
        box = page.locator(to).bounding_box()
        if box["y"] + box["height"] < height - 90:
            break
        page.mouse.move(box["x"] + 30, height - 10)
        page.wait_for_timeout(50)
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] * (0.8 if below else 0.2), steps=5)
    page.wait_for_selector(".drop-behind" if below else ".drop-before")
    page.mouse.up()


def test_a_list_is_arranged_by_keyboard_and_by_pointer(site, page):  # noqa: F811
    sign_in(site, page)
    page.goto("/lists/caches/")
    check(page, "list")
    page.get_by_role("link", name="Arrange the entries").press("Enter")
    page.wait_for_selector("#arrange")
    check(page, "arranging")

    up = page.get_by_role("button", name="Move Sink Tokens up")
    up.press("Enter")
    told(page, "“Sink Tokens” is number 1 of 2 in Eviction now.")
    assert titles(page) == ["Sink Tokens", "Heavy Hitters"]
    assert up.evaluate("button => button === document.activeElement"), "the key can be pressed again"
    page.keyboard.press("Enter")
    told(page, "stays number 1 of 2")
    page.keyboard.press("Alt+ArrowDown")
    told(page, "“Sink Tokens” is number 2 of 2")
    assert titles(page) == ["Heavy Hitters", "Sink Tokens"]
    page.locator(".toast button").press("Enter")
    told(page, "Undone.")
    assert titles(page) == ["Sink Tokens", "Heavy Hitters"] and page.locator("#arrange").count() == 1

    drag(page, "Heavy Hitters", "li:has-text('Sink Tokens')")
    told(page, "“Heavy Hitters” is number 1 of 2")
    assert titles(page) == ["Heavy Hitters", "Sink Tokens"]
    drag(page, "Heavy Hitters", "#quantization li", below=True)
    told(page, "“Heavy Hitters” is number 2 of 2 in Quantization now.")
    assert (titles(page), titles(page, "quantization")) == (["Sink Tokens"], ["Two Bits", "Heavy Hitters"])
    check(page, "arranged")

    page.get_by_role("checkbox", name="Choose Heavy Hitters").press("Space")
    page.get_by_label("Move the chosen ones to").select_option("eviction")
    page.get_by_role("button", name="Move", exact=True).press("Enter")
    told(page, "Moved 1 entry to Eviction.")
    page.reload()
    assert sorted(titles(page)) == ["Heavy Hitters", "Sink Tokens"]


def test_what_the_server_does_not_hear_moves_nothing(site, page):  # noqa: F811
    lonely = page.context.browser.new_context(base_url=site.address).new_page()  # whose errors are no trouble
    sign_in(site, lonely)
    lonely.goto("/lists/caches/?arrange=1")
    before = titles(lonely)
    lonely.context.set_offline(True)
    lonely.get_by_role("button", name=f"Move {before[0]} down").press("Enter")
    told(lonely, "nothing was moved")
    assert titles(lonely) == before
    lonely.context.set_offline(False)
    lonely.get_by_role("button", name=f"Move {before[0]} down").press("Enter")
    told(lonely, "is number 2 of 2")
    assert titles(lonely) == before[::-1]
    lonely.context.clear_cookies(name="sessionid")  # as when the session has ended
    lonely.get_by_role("button", name=f"Move {before[0]} up").press("Enter")
    told(lonely, "or you were signed out: nothing was moved")
    assert titles(lonely) == before[::-1] and lonely.locator("input[name=password]").count() == 0
    lonely.context.close()


def test_who_comes_back_by_the_browser_finds_the_form_as_it_was(site, page):  # noqa: F811
    """Browsers that keep the page as it was left show it so; this one does not, and is told that it did."""
    sign_in(site, page)
    page.goto("/lists/caches/?arrange=1")
    page.evaluate("HTMLFormElement.prototype.submit = function () { window.sent = true; }")  # the page stays
    drag(page, titles(page)[0], "#quantization li")
    page.wait_for_function("window.sent")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert page.get_by_label("Move the chosen ones to").is_enabled()
    assert page.locator("#arrange [name=entry], #arrange [name=behind]").count() == 0


def test_it_works_without_script(site, page):  # noqa: F811
    plain = page.context.browser.new_context(base_url=site.address, java_script_enabled=False).new_page()
    sign_in(site, plain)
    plain.goto("/lists/caches/?arrange=1")
    before = titles(plain)
    assert not plain.locator(".arrange-handle").first.is_visible(), "it would do nothing"
    plain.get_by_role("button", name=f"Move {before[1]} up").press("Enter")
    told(plain, "is number 1 of 2")
    assert titles(plain) == before[::-1] and "#entry-" in plain.url
    plain.context.close()


def test_a_second_place_and_a_translation_beside_its_original(site, page):  # noqa: F811
    sign_in(site, page)
    page.goto("/lists/caches/")
    page.get_by_role("link", name="Edit Two Bits").press("Enter")
    page.locator("summary:has-text('second category')").press("Enter")
    check(page, "entry")
    page.get_by_role("button", name="Go on").press("Enter")
    page.wait_for_selector("button:has-text('Place it there, too')")
    check(page, "second place")
    page.get_by_role("button", name="Place it there, too").press("Enter")
    told(page, "“Two Bits” stands in Eviction, too.")
    assert "Two Bits" in titles(page)
    page.locator(".toast button").press("Enter")
    told(page, "Undone.")
    assert "Two Bits" not in titles(page)
    page.get_by_role("link", name="History of Two Bits").press("Enter")
    page.wait_for_selector("td:has-text('Two Bits')")

    site.manage("shell", "--command", NEW_LANGUAGE)
    page.goto("/lists/caches/?language=fr")
    page.get_by_role("link", name="Translate Two Bits").press("Enter")
    page.wait_for_selector(".original")
    check(page, "translating")
    page.fill("[name=fr-tldr]", "Deux bits suffisent.")
    page.get_by_role("button", name="Save: all of it is right").press("Enter")
    told(page, "Saved")
    assert "Deux bits suffisent." in page.text_content("#quantization")
    assert "not translated" not in page.text_content("#quantization")


NEW_LANGUAGE = """
from papers import newlanguage
from papers.models import PaperList
newlanguage.create(PaperList.objects.get(slug="caches"), "fr", "README_FR.md", None)
"""
