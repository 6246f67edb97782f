"""The classifier's plots and what a card says of its reasons, as a browser lays them out."""

from __future__ import annotations

import json
import time

import pytest

from tests.browser.test_whole_way import SLUG, get, page, sign_in, site  # noqa: F401

pytestmark = pytest.mark.browser
WIDTHS = (1280, 390)


@pytest.mark.parametrize("width", WIDTHS)
def test_plots_keep_to_the_page_and_their_tables_open(site, page, width):  # noqa: F811
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/lists/{SLUG}/classifier/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    plots = page.locator("figure.curves")
    assert plots.count() >= 2  # reliability and the order; the learning curve needs a second head
    for plot in plots.all():
        box = plot.locator("svg.plot").bounding_box()
        centres = plot.locator("svg.plot circle").evaluate_all(
            "all => all.map(each => each.getBoundingClientRect()).map(box => [box.x + box.width / 2, box.y + box.height / 2])"
        )
        assert centres
        for x, y in centres:
            assert box["x"] - 1 <= x <= box["x"] + box["width"] + 1
            assert box["y"] - 1 <= y <= box["y"] + box["height"] + 1
    section = page.locator("section", has=page.locator("#confidence"))
    table = section.locator("table")
    assert not table.is_visible()
    section.locator("summary").click()
    assert table.is_visible()
    assert table.locator("tbody tr").count() == section.locator("svg.plot circle").count()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_card_underlines_the_sentence_that_speaks_loudest(site, page, width):  # noqa: F811
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(site, page)
    page.goto(f"/lists/{SLUG}/queue/")
    sentence = page.locator(".abstract mark.trigger")
    assert sentence.count() == 1
    assert "underline" in sentence.evaluate("each => getComputedStyle(each).textDecorationLine")
    said = sentence.text_content()
    assert said in page.locator(".abstract").text_content() and said in page.locator(".mark-legend").text_content()
    assert page.get_by_role("heading", name="Criterion").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_rolling_back_is_confirmed_done_and_said(site, page):  # noqa: F811
    sign_in(site, page)
    heads = f"/api/v1/heads/?list={SLUG}"
    before = json.loads(get(site, heads))["results"][0]["version"]
    page.goto(f"/lists/{SLUG}/queue/")
    page.keyboard.press("r")
    deadline = time.monotonic() + 120
    while json.loads(get(site, heads))["results"][0]["version"] == before:
        assert time.monotonic() < deadline, "the decision is learned"
        time.sleep(0.5)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"/lists/{SLUG}/classifier/")
        for each in page.locator("main details").all():
            each.evaluate("each => each.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click(f"a[href='?head={before}#roll-back']")
    button = page.get_by_role("button", name=f"Yes, let v{before} speak again")
    assert not button.is_visible(), "it says first what it does"
    page.click(".roll-back summary")
    button.click()
    page.get_by_text(f"v{before + 2} is v{before} once more").wait_for()
    assert page.get_by_text(f"v{before + 1} is v{before} once more").count() == 0
    newest = json.loads(get(site, heads))["results"][0]
    assert (newest["again"], newest["in_use"]) == (before, True)
