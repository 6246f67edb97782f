"""A paper's page in a browser: copying a citation, reading without script, axe-core's rules, and no sideways scrolling."""

from __future__ import annotations

import pytest

from tests.browser.test_progress_page import violations
from tests.browser.test_whole_way import SLUG, get, page, site  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(site):  # noqa: F811
    """A listed paper of the bundled list."""
    found = site.ask(
        f'Entry.objects.filter(category__list__slug="{SLUG}").order_by("pk").values_list("paper", flat=True)[0]'
    )
    return f"/papers/{found}/"


def test_one_click_copies_a_citation(site, page, address):  # noqa: F811
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address)
    page.get_by_role("button", name="Copy BibTeX").click()
    page.get_by_text("Copied.", exact=True).wait_for()
    copied = page.evaluate("navigator.clipboard.readText()").replace("\r\n", "\n")
    assert copied.startswith("@") and copied == get(site, f"{address}cite/bibtex/").decode()


def test_where_there_is_no_clipboard_the_text_is_selected_and_copied(page, address):  # noqa: F811
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto(address)
    page.get_by_role("button", name="Copy APA").click()
    page.locator("[data-copied]").filter(has_text="copied").or_(page.get_by_text("Copied.", exact=True)).wait_for()
    assert "https://" in page.evaluate("getSelection().toString()")


def test_without_script_everything_is_there_to_read(site, page, address):  # noqa: F811
    reader = page.context.browser.new_context(java_script_enabled=False, base_url=site.address).new_page()
    reader.goto(address)
    assert reader.get_by_role("button", name="Copy").count() == 0
    reader.get_by_text("Cite this paper").click()
    assert reader.locator("#cite-bibtex").text_content().startswith("@")
    assert reader.get_by_role("heading", name="History").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_it_has_no_violation_and_keeps_to_the_page(page, address, scheme, width):  # noqa: F811
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(address)
    page.get_by_text("Cite this paper").click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
