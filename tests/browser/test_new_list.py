"""The page that makes a list, by keyboard and without script, in a real browser."""

from __future__ import annotations

import pytest

from tests.browser.test_whole_way import get, page, sign_in, site  # noqa: F401

pytestmark = pytest.mark.browser


def placeholder(page, name):  # noqa: F811
    return page.get_attribute(f"#id_{name}", "placeholder")


def test_a_list_is_made_by_keyboard(site, page):  # noqa: F811
    sign_in(site, page)
    page.goto("/")
    page.get_by_role("link", name="New list").press("Enter")
    page.wait_for_url("**/lists/new/")
    page.get_by_label("Name").first.focus()
    page.keyboard.type("Söft Tokens")
    assert placeholder(page, "slug") == "soft-tokens"

    # Another language: its row is there, with the focus, and names its file and the words of each category.
    page.get_by_role("button", name="Another language").press("Enter")
    page.wait_for_selector("#id_language-1-code:focus")
    page.keyboard.type("zh")
    page.keyboard.press("Tab")
    assert placeholder(page, "language-1-file") == "README_zh.md"
    assert page.text_content("#words-0-1") == "中文"
    assert page.input_value("#id_name") == "Söft Tokens"

    page.focus("#id_category-0-name-0")
    page.keyboard.type("Gist Tokens")
    assert placeholder(page, "category-0-key") == "gist-tokens"
    page.get_by_role("button", name="Another category").press("Enter")
    page.wait_for_selector("#id_category-2-name-0:focus")
    page.keyboard.type("Surveys")
    page.get_by_role("button", name="Remove category 2").press("Enter")
    page.wait_for_selector("[name=another][value=categories]:focus")
    assert page.locator("#id_category-1-name-0").count() == 0

    # Enter in a field makes the list.
    page.focus("#id_category-2-name-0")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lists/soft-tokens/")
    assert "What comes next" in page.text_content("#messages")
    assert b"## Gist Tokens" in get(site, "/lists/soft-tokens/export/zh/markdown/")
    assert b'headings = ["Surveys"]' in get(site, "/lists/soft-tokens/export/list.toml")


def test_a_list_is_made_without_script(site, page):  # noqa: F811
    context = page.context.browser.new_context(java_script_enabled=False, base_url=site.address)
    plain = context.new_page()
    sign_in(site, plain)
    plain.goto("/lists/new/")
    plain.fill("#id_name", "Plain Pages")
    plain.fill("#id_homepage", "example.org")
    plain.fill("#id_category-0-name-0", "Gist")
    plain.click("[name=another][value=categories]")
    plain.wait_for_selector("#id_category-2-name-0")
    plain.fill("#id_category-2-name-0", "gist")
    plain.click(".new-list-make .btn-primary")
    assert plain.text_content("#id_homepage_error").startswith('"example.org" must be an address')
    assert plain.text_content("#id_category-2-name-0_error") == 'Two are called "gist".'
    plain.fill("#id_homepage", "https://example.org")
    plain.click("[value=categories-2]")
    plain.wait_for_selector("#id_category-2-name-0", state="detached")
    plain.click(".new-list-make .btn-primary")
    plain.wait_for_url("**/lists/plain-pages/")
    assert plain.locator(".list-section").count() == 1
    context.close()
