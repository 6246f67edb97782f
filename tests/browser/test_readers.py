"""What readers keep, in a browser: a search saved and its feed, papers marked by button and key, and without script."""

from __future__ import annotations

import os
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone

from papers import reading, savedsearches, seen
from papers.models import Reading, SavedSearch, Seen
from tests.browser.test_queue_flow import browser
from tests.factories import make_entry, make_list, make_paper, make_suggestion, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _async_allowed(monkeypatch):
    """Playwright's own loop runs in the thread of the test, where Django would refuse to speak with the database."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def ada():
    return make_user("ada")


@contextmanager
def chair(live_server, user, **options):
    """A page of a browser in which this person is signed in; no script on it may fail."""
    client = Client()
    client.force_login(user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    troubles = []
    with browser() as started:
        context = started.new_context(base_url=live_server.url, **options)
        context.add_cookies([cookie])
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        yield page
    assert troubles == []


def test_a_search_is_saved_by_one_click_and_its_feed_needs_no_session(live_server, ada):
    make_paper("On caches"), make_paper("Prompts", abstract="Not of them.")
    with chair(live_server, ada) as page:
        page.goto("/papers/")
        page.fill("#q", "caches")
        page.wait_for_url("**/papers/?q=caches*")
        page.get_by_role("button", name="Save this search").click()
        page.wait_for_url("**/searches/*/")
        assert page.get_by_role("heading", name="“caches”").is_visible()
        feed = page.get_by_label("Address of the feed").input_value()
        page.goto("/searches/")
        assert page.get_by_role("link", name="“caches”").is_visible()
    with urllib.request.urlopen(feed, timeout=20) as answer:
        told = answer.read().decode()
    assert "<title>On caches</title>" in told and "Prompts" not in told


def test_papers_are_marked_by_button_and_by_key_in_their_rows(live_server, ada):
    first, second = make_paper("First"), make_paper("Second")
    with chair(live_server, ada) as page:
        page.goto("/papers/")
        row = page.locator("li", has=page.get_by_role("link", name="First", exact=True))
        row.get_by_role("button", name="Read later").click()
        row.get_by_text("To read").wait_for()
        assert page.evaluate("document.activeElement.id") == f"later-{first.pk}"  # where one was
        assert page.url.endswith("/papers/")
        other = page.locator("li", has=page.get_by_role("link", name="Second", exact=True))
        other.get_by_role("link", name="Second", exact=True).focus()
        page.keyboard.press("l")
        other.get_by_text("To read").wait_for()
        page.keyboard.press("s")
        other.get_by_role("button", name="Not seen").wait_for()
        page.fill("#q", "l")  # typing is typing
        assert {each.paper for each in Reading.objects.all()} == {first, second}
        assert Seen.objects.get().paper == second
        page.goto("/papers/")
        page.get_by_role("link", name="Hide what I have seen").click()
        page.get_by_role("link", name="Show what I have seen").wait_for()
        assert page.get_by_role("link", name="Second", exact=True).count() == 0 and row.count() == 1
        page.goto(f"/papers/{first.pk}/")
        page.keyboard.press("l")
        page.get_by_role("button", name="Read later").wait_for()
        assert Reading.objects.get().paper == second


def test_without_script_all_of_it_works(live_server, ada):
    paper = make_paper("On caches")
    with chair(live_server, ada, java_script_enabled=False) as page:
        page.goto("/papers/?q=caches")
        page.get_by_role("button", name="Read later").click()
        assert "/papers/?q=caches" in page.url and page.get_by_text("Saved in your reading list.").is_visible()
        page.goto("/reading/")
        page.get_by_role("button", name="Reading", exact=True).click()
        page.locator("summary", has_text="Note").click()
        page.get_by_label("Note on On caches").fill("Read section 3.")
        page.get_by_role("button", name="Save the note").click()
        kept = Reading.objects.get()
        assert (kept.paper, kept.state, kept.note) == (paper, "reading", "Read section 3.")
        page.goto("/papers/?q=caches")
        page.get_by_role("button", name="Save this search").click()
        assert SavedSearch.objects.get().query == "q=caches"
        page.goto("/account/")
        page.get_by_role("button", name="Remember the papers that I open").click()
        page.goto(f"/papers/{paper.pk}/")
        assert page.get_by_text("seen", exact=True).is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390, 360])
def test_no_page_has_a_violation_or_hangs_out_of_its_window(live_server, ada, scheme, width):
    paper_list = make_list()
    alpha, _ = paper_list.categories.all()
    listed = make_entry(alpha, make_paper("Keep what matters: small caches for very long contexts")).paper
    likely = make_suggestion(paper_list, make_paper("Prompts that fit into small caches")).paper
    reading.put(ada, listed.pk, "reading", "Section 3 has the proof.\nAsk the authors about it.")
    reading.put(ada, likely.pk)
    seen.tick(ada, [listed.pk])
    search, _ = savedsearches.save(ada, "q=caches", "Everything on small caches of language models")
    savedsearches.save(ada, "list=small&status=listed", "Listed")
    SavedSearch.objects.filter(pk=search.pk).update(looked_at=timezone.now() - timedelta(days=3))
    addresses = {
        "searches": "/searches/",
        "search": f"/searches/{search.pk}/",
        "reading": "/reading/",
        "reading-read": "/reading/?state=read",
        "papers": "/papers/?q=caches",
        "paper": f"/papers/{listed.pk}/",
        "account": "/account/",
    }
    wrong = []
    with chair(live_server, ada, viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        for name, address in addresses.items():
            page.goto(address)
            if folder := os.environ.get("SCREENSHOTS"):
                page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", full_page=True)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append((address, "hangs out"))
            for each in Axe().run(page).response["violations"]:
                wrong.append((address, each["id"], [node["html"][:200] for node in each["nodes"]][:3]))
    assert wrong == []
