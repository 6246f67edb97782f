"""The map of the field in a real browser: what the worker placed is drawn, filtered, chosen, walked and opened."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.browser.test_whole_way import SLUG, get, page, site  # noqa: F401

pytestmark = pytest.mark.browser
MAP = f"/lists/{SLUG}/map/"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
BOX = """() => {
  const box = document.querySelector("[data-map-over]").getBoundingClientRect();
  return [box.left, box.top, box.width, box.height];
}"""


@pytest.fixture(scope="module")
def placed(site):  # noqa: F811
    """The site once its worker has placed the listed papers and the candidates: nobody asked for it."""
    deadline = time.monotonic() + 240
    while True:
        told = json.loads(get(site, f"/api/v1/lists/{SLUG}/map/"))
        if told["layout"] is not None and {"listed", "likely"} <= set(told["points"]["statuses"]):
            return told
        assert time.monotonic() < deadline, "the worker places papers"
        time.sleep(1)


@pytest.fixture
def map_page(placed, page):  # noqa: F811
    page.set_viewport_size({"width": 1280, "height": 1400})
    page.goto(MAP)
    page.wait_for_selector("[data-map][data-titled]")
    return page


def violations(page):  # noqa: F811
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=RULES).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def drag(page, trail):  # noqa: F811
    page.mouse.move(*trail[0])
    page.mouse.down()
    for spot in trail[1:]:
        page.mouse.move(*spot, steps=4)
    page.mouse.up()


def ink(page):  # noqa: F811
    """How many pixels of the points' canvas are not its ground, once what was asked for is drawn."""
    return page.evaluate(
        """async () => {
          for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
          const canvas = document.querySelector("[data-map-points]");
          const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return new Uint32Array(data.buffer).filter((each, _, all) => each !== all[0]).length;
        }"""
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_has_no_violation_and_keeps_to_the_page(placed, page, scheme, width):  # noqa: F811
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(MAP)
    page.wait_for_selector("[data-map][data-titled]")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert ink(page) > 500


def test_the_filter_is_in_the_address_and_back(map_page, placed):
    everything, listed = ink(map_page), placed["points"]["statuses"].count("listed")
    map_page.select_option("#map-status", "listed")
    map_page.wait_for_url(re.compile("status=listed"))
    papers = {
        paper
        for paper, status in zip(placed["points"]["papers"], placed["points"]["statuses"], strict=True)
        if status == "listed"
    }
    map_page.get_by_text(f"{len(papers)} papers fit.").wait_for()
    assert listed >= len(papers) and 0 < ink(map_page) < everything
    assert "status=listed" in map_page.get_attribute("[data-map-browse]", "href")
    map_page.click(".map-legend a[href$='category=kv']")
    map_page.wait_for_url(re.compile("category=kv"))
    fewer = map_page.text_content("[data-map-count]")
    map_page.reload()
    map_page.wait_for_selector("[data-map][data-ready]")
    assert map_page.text_content("[data-map-count]") == fewer
    assert map_page.input_value("#map-category") == "kv" and map_page.input_value("#map-status") == "listed"
    map_page.fill("#map-q", "zzzzunheardof")
    map_page.get_by_text("0 papers fit.").wait_for()
    map_page.click("[data-map-reset]")
    map_page.get_by_text(f"{len(set(placed['points']['papers']))} papers fit.").wait_for()
    assert map_page.url.endswith("/map/")


@pytest.mark.parametrize("mode", ["Box", "Lasso"])
def test_papers_are_chosen_and_let_go(map_page, placed, mode):
    map_page.get_by_role("button", name=mode).click()
    left, top, width, height = map_page.evaluate(BOX)
    corners = [(left + 2, top + 60), (left + width - 2, top + 60), (left + width - 2, top + height - 2)]
    corners.append((left + 2, top + height - 2))
    drag(map_page, [corners[0], corners[2]] if mode == "Box" else [*corners, corners[0]])
    chosen = map_page.locator("[data-map-chosen]")
    assert chosen.is_visible()
    n = int(map_page.text_content("[data-map-chosen-count]"))
    assert n > len(set(placed["points"]["papers"])) / 2
    assert chosen.locator("li").count() == min(n, 100)
    assert chosen.locator("li a").first.get_attribute("href").startswith("/papers/")
    map_page.get_by_role("button", name="Let them go").click()
    assert not chosen.is_visible()


def test_it_is_walked_by_arrow_keys_and_a_paper_is_opened(map_page):
    map_page.locator("[data-map-over]").focus()
    said = map_page.locator("[data-map-said]")
    map_page.keyboard.press("ArrowRight")
    first = said.text_content()
    assert first
    seen = {first}
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"):
        map_page.keyboard.press(key)
        seen.add(said.text_content())
    assert len(seen) > 2
    map_page.keyboard.press("Space")
    assert map_page.text_content("[data-map-chosen-count]") == "1"
    title = map_page.text_content("[data-map-card] b")
    assert map_page.text_content("[data-map-list] a") == title
    map_page.keyboard.press("Enter")
    map_page.wait_for_url(re.compile(r"/papers/\d+/"))
    assert map_page.text_content("h1").strip() == title


def test_a_point_is_told_under_the_pointer_and_opened_by_a_click(map_page):
    left, top, width, height = map_page.evaluate(BOX)
    card = map_page.locator("[data-map-card]")
    spots = [(x, y) for y in range(80, int(height), 24) for x in range(20, int(width), 24)]
    for x, y in spots:
        map_page.mouse.move(left + x, top + y)
        if card.is_visible():
            break
    title = card.locator("b").text_content(timeout=1000)
    map_page.mouse.down()
    map_page.mouse.up()
    map_page.wait_for_url(re.compile(r"/papers/\d+/"))
    assert map_page.text_content("h1").strip() == title


def test_it_zooms_and_moves(map_page):
    before = ink(map_page)
    left, top, width, height = map_page.evaluate(BOX)
    map_page.get_by_role("button", name="Zoom in").click()
    map_page.get_by_role("button", name="Zoom in").click()
    zoomed = ink(map_page)
    assert zoomed != before
    for _ in range(6):
        drag(map_page, [(left + width / 2, top + height - 30), (left + width / 2, top + 70)])
    assert ink(map_page) == 0, "it was dragged out of sight"
    map_page.get_by_role("button", name="Show everything").click()
    assert ink(map_page) == before


def test_it_reads_without_a_script(placed, site, page):  # noqa: F811
    plain = page.context.browser.new_context(java_script_enabled=False, base_url=site.address).new_page()
    plain.goto(MAP)
    listed = plain.locator(".map-svg a").count()
    assert listed > 20
    plain.select_option("#map-category", "kv")
    plain.get_by_role("button", name="Show", exact=True).click()
    plain.wait_for_url(re.compile("category=kv"))
    assert 0 < plain.locator(".map-svg a").count() < listed
    plain.goto(MAP)
    plain.locator("table th a").first.click()
    plain.wait_for_url(re.compile(r"region=\d+"))
    plain.locator("main a[href^='/papers/']").first.wait_for()


def test_where_the_points_cannot_be_had_the_listed_papers_stay(placed, page):  # noqa: F811
    page.route("**/map/points/**", lambda route: route.fulfill(status=200, body=b"short"))
    page.goto(MAP)
    page.get_by_text("The candidates could not be fetched").wait_for()
    assert page.locator(".map-svg a").count() > 20
