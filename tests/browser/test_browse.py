"""Browsing papers in a browser: facets to the address and back, rows by key, as axe-core sees it, and without script."""

from __future__ import annotations

from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_queue_flow import browser
from tests.factories import make_entry, make_list, make_paper

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _async_allowed(monkeypatch):
    """Playwright's own loop runs in the thread of the test, where Django would refuse to speak with the database."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def papers():
    """Thirty papers of two years; one is listed, and its subjects are many."""
    paper_list = make_list()
    for number in range(29):
        make_paper(f"Paper {number:02}", published=date(2024 + number % 2, 1, 1 + number))
    many = make_paper("Of many subjects", subjects=[f"cs.{letter}{letter}" for letter in "ABCDEFGHIJKL"])
    make_entry(paper_list.categories.get(key="alpha"), many, tags=["eviction"], venue_name="ICLR")
    return paper_list


def open_page(started, live_server, **options):
    page = started.new_context(base_url=live_server.url, **options).new_page()
    page.goto("/papers/")
    return page


def test_facets_to_the_address_and_back(live_server, papers):
    with browser() as started:
        page = open_page(started, live_server)
        page.locator("#year-2024").click()
        page.wait_for_url("**/papers/?year=2024")
        page.locator("#year-2025").click()
        page.wait_for_url("**/papers/?year=2024&year=2025")
        page.wait_for_selector(".results-head:has-text('29 papers')")
        assert page.locator(".facet-list a[aria-current]").count() == 2
        page.locator(".chips a", has_text="2024").click()
        page.wait_for_url("**/papers/?year=2025")
        page.wait_for_selector(".results-head:has-text('14 papers')")
        page.go_back()
        page.wait_for_selector(".results-head:has-text('29 papers')")
        page.go_back()
        page.wait_for_selector(".results-head:has-text('15 papers')")
        page.reload()
        assert page.locator("#year-2024[aria-current]").count() == 1


def test_rows_by_key(live_server, papers):
    with browser() as started:
        page = open_page(started, live_server)
        for layout in ("list", "table"):
            page.goto(f"/papers/?layout={layout}&sort=title")
            page.keyboard.press("j")
            assert page.evaluate("document.activeElement.textContent").strip() == "Of many subjects"
            page.keyboard.press("j")
            page.keyboard.press("j")
            page.keyboard.press("k")
            assert page.evaluate("document.activeElement.textContent").strip() == "Paper 00"
            page.keyboard.press("/")
            page.keyboard.type("jk")
            assert page.input_value("#q") == "jk"
        page.goto("/papers/?sort=title")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/papers/*/")
        assert page.text_content("h1").strip() == "Of many subjects"


def test_no_fault_in_light_and_dark(live_server, papers):
    with browser() as started:
        page = open_page(started, live_server)
        for address in ("/papers/?year=2024&year=2025", "/papers/?layout=table", "/papers/facets/subject/"):
            for scheme in ("light", "dark"):
                for width in (390, 1440):
                    page.set_viewport_size({"width": width, "height": 900})
                    page.emulate_media(color_scheme=scheme)
                    page.goto(address)
                    # axe-core takes what is in a closed <details> for hidden, though style shows it where there is room.
                    page.evaluate("document.querySelectorAll('.facets').forEach((each) => (each.open = true))")
                    assert [each["id"] for each in Axe().run(page).response["violations"]] == [], address
                    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                    assert page.evaluate(wide) == 0, address


def test_without_script(live_server, papers):
    with browser() as started:
        page = open_page(started, live_server, java_script_enabled=False)
        page.locator("#more-subject").click()
        page.wait_for_url("**/papers/facets/subject/?*")
        page.get_by_role("link", name="cs.LL").click()
        page.wait_for_url("**/papers/?subject=cs.LL")
        assert page.locator("ol.papers h3").all_text_contents() == ["Of many subjects"]
        page.goto("/papers/?sort=title")
        page.get_by_role("link", name="Next").click()
        page.wait_for_url("**/papers/?sort=title&after=*")
        assert page.locator("ol.papers h3").count() == 5
        page.locator("#layout-table").click()
        assert page.locator("tbody tr").count() == 5
