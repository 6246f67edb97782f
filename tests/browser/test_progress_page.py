"""The page of a list's progress as a browser lays it out, with axe-core's rules, in light and dark."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.browser.test_whole_way import SLUG, page, sign_in, site  # noqa: F401

pytestmark = pytest.mark.browser
ADDRESS = f"/lists/{SLUG}/queue/progress/"
WIDTHS = (1440, 1024, 390)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def decided(site):  # noqa: F811
    """Sixteen papers of the queue decided over the API, from its top: every other one accepted."""
    name = (site.folder / "curator-login.txt").read_text().split("name: ", 1)[1].split()[0]
    token = site.manage("create_token", name).stdout.split()[-1]
    for number in range(16):
        asked = f"/api/v1/suggestions/?list={SLUG}&awaiting=true&page_size=1"
        said = _api(site, token, asked)["results"][0]
        decision = {
            "list": SLUG,
            "paper": said["paper"]["id"],
            "kind": "reject",
            "reason": ("weak", "off-topic")[number % 3 > 0],
        }
        if number % 2:
            decision = decision | {"kind": "accept", "category": said["category"], "reason": ""}
        _api(site, token, "/api/v1/decisions/", decision)
    return site


def _api(site, token, path, body=None):  # noqa: F811
    request = urllib.request.Request(
        site.address + path,
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def violations(page):  # noqa: F811
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=RULES).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_no_violation_before_and_after_decisions(site, page, scheme, request):  # noqa: F811
    page.emulate_media(color_scheme=scheme)
    page.goto(ADDRESS)
    assert violations(page) == []
    request.getfixturevalue("decided")
    sign_in(site, page)
    page.goto(ADDRESS)
    for summary in page.locator("details.as-table summary").all():
        summary.click()
    assert violations(page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_it_keeps_to_the_page_and_says_what_is_left(decided, page, width):  # noqa: F811
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(decided, page)
    page.goto(ADDRESS)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_text("Reading on is worth it.", exact=True).is_visible()
    assert page.locator(".stat", has_text="Decided today").locator("dd").text_content() == "16"
    for plot in page.locator("figure.curves").all():
        box = plot.locator("svg.plot").bounding_box()
        for circle in plot.locator("svg.plot circle").all():
            spot = circle.bounding_box()
            assert box["x"] - 10 <= spot["x"] <= box["x"] + box["width"] + 1
            assert box["y"] - 10 <= spot["y"] <= box["y"] + box["height"] + 1
    assert page.locator("section", has=page.locator("#recall")).locator("svg.plot circle").count() == 17


def test_its_tables_open_by_keyboard(decided, page):  # noqa: F811
    page.goto(ADDRESS)
    table = page.locator("section", has=page.locator("#recall")).locator("table")
    assert not table.is_visible()
    page.locator("section", has=page.locator("#recall")).locator("summary").focus()
    page.keyboard.press("Enter")
    assert table.is_visible() and table.locator("tbody tr").count() == 17
