"""Second opinions by keyboard, two browsers and no script, and their pages as axe-core sees them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import test_queue_flow
from tests.browser.test_queue_flow import Site, browser, desk, is_saved, press, title

pytestmark = pytest.mark.browser
PASSWORD = "a long password"
SLUG = "small"

MAKE = """
from tests.factories import make_list, make_paper, make_suggestion, make_user
for name in ("ada", "alan"):
    make_user(name, curator=True)
make_user("grace", role="maintainer")
paper_list = make_list("small", ("alpha", "beta"), second_opinion=True)
for number in range(12):
    make_suggestion(paper_list, make_paper(f"Paper {number} on caches"), 0.9 - number / 20)
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """An installation with twelve papers in a list that wants two opinions."""
    monkeypatch.setattr(test_queue_flow, "MAKE", MAKE)
    installation = Site(tmp_path / "data")
    installation.prepare()
    installation.serve()
    yield installation
    installation.kill()


def check(page, name):
    """No violation that axe-core knows, in light and dark, and nothing that hangs out of a narrow window."""
    size = page.viewport_size
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            if folder := os.environ.get("SCREENSHOTS"):
                page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        found = Axe().run(page).response["violations"]
        assert found == [], (name, [(each["id"], [node["html"] for node in each["nodes"]]) for each in found])
    page.set_viewport_size(size)


def test_two_curators_look_at_each_paper_and_a_disagreement_is_settled(site):
    with browser() as started:
        ada, alan = desk(started, site, "ada"), desk(started, site, "alan")
        papers = site.ask("list(Paper.objects.order_by('pk').values_list('pk', flat=True))")
        for page in (ada, alan):
            page.goto(f"/lists/{SLUG}/queue/?paper={papers[0]}")
        first = press(ada, "r")
        is_saved(ada)
        assert "in your opinion" in ada.text_content(".stage-news form.last")
        assert site.decisions() == []
        alan.reload()
        assert title(alan) == first
        assert "Rejected" not in alan.text_content("#stage") and "ada" not in alan.text_content("#stage")
        press(alan, "r")
        is_saved(alan)
        assert [row[1:] for row in site.decisions()] == [["reject", None, "alan"]]

        second = press(ada, "1")  # the two differ on the next one
        is_saved(ada)
        ada.goto(f"/lists/{SLUG}/queue/?paper={papers[1]}")
        check(ada, "awaiting")
        alan.goto(f"/lists/{SLUG}/queue/?paper={papers[1]}")
        assert press(alan, "d") == second
        is_saved(alan)
        ada.reload()
        check(ada, "differ")
        ada.goto(f"/lists/{SLUG}/queue/disagreements/")
        check(ada, "disagreements")
        ada.get_by_role("button", name="Decide so, as ada").press("Enter")
        ada.locator(".toast", has_text="Settled.").wait_for()
        assert site.decisions()[-1][1:] == ["accept", "alpha", "ada"]
        check(ada, "none")
        ada.goto(f"/lists/{SLUG}/queue/progress/")
        check(ada, "progress")
        ada.goto(f"/lists/{SLUG}/history/")
        check(ada, "history")
        assert ada.errors == [] and alan.errors == []


def test_without_script_an_opinion_is_given_and_taken_back(site):
    with browser() as started:
        page = started.new_context(base_url=site.address, java_script_enabled=False).new_page()
        page.goto(f"/sign-in/?next=/lists/{SLUG}/queue/")
        page.fill("input[name=username]", "ada")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        before = title(page)
        page.locator("button[name=reject][data-key=r]").click()
        assert title(page) != before
        page.locator(".stage-news form.last button").click()
        assert title(page) == before and site.ask("list(Act.objects.values_list('kind', flat=True))") == [
            "take-back",
            "opinion",
        ]


def test_a_maintainer_switches_it(site):
    with browser() as started:
        page = desk(started, site, "grace")
        page.goto(f"/lists/{SLUG}/settings/")
        check(page, "settings")
        page.get_by_label("Each paper needs two opinions").uncheck()
        page.locator("button[name=opinions]").click()
        page.locator(".toast", has_text="one curator decides").wait_for()
        assert site.ask("PaperList.objects.get(slug='small').second_opinion") is False
