"""A topic's way in a real browser: made, tried, pulled, watched, cancelled and pulled again, from fake sources."""

from __future__ import annotations

import json
import signal
import socket
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.test_whole_way import page, sign_in  # noqa: F401
from tests.installation import Installation

pytestmark = pytest.mark.browser

PAPERS = 600  # three pages of arXiv's
QUERY = 'abs:"context compression"'


@pytest.fixture(scope="module")
def sources(shared, tmp_path_factory):
    """arXiv with 600 papers of the last weeks, which takes its time over every page."""
    if not (shared / "fake_sources.py").is_file():
        pytest.skip("the stand-in for the sources, shared/fake_sources.py beside the checkout, is missing")
    sys.path.insert(0, str(shared))
    try:
        from fake_sources import FakeSources
    finally:
        sys.path.remove(str(shared))
    corpus = tmp_path_factory.mktemp("corpus") / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(paper(number)) + "\n" for number in range(PAPERS)))
    with FakeSources(str(corpus), min_gap=0.0) as fake:
        yield fake


def paper(number: int) -> dict[str, object]:
    day = (datetime.now(UTC) - timedelta(days=3 + number % 14)).date().isoformat()
    return {
        "arxiv_id": f"2611.{number:05}",
        "title": f"Compressed contexts, part {number}",
        "abstract": "All about context compression.",
        "authors": ["Ada Lovelace"],
        "categories": ["cs.CL"],
        "published": day,
        "updated": day,
        "comment": None,
        "journal_ref": None,
        "doi": None,
    }


@pytest.fixture(scope="module")
def site(sources, tmp_path_factory):
    """`manage.py serve` without the bundled list, with a curator."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    installation = Installation(
        tmp_path_factory.mktemp("site") / "data",
        ARXIV_API_URL=f"{sources.url}/_f/slow=2/api/query",
        ARXIV_DELAY_SECONDS="0.1",
    )
    installation.address = f"http://127.0.0.1:{port}"
    process = installation.start(sys.executable, "manage.py", "serve", "--port", str(port), "--skip-bootstrap")
    deadline = time.monotonic() + 120
    while not answers(installation.address):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.5)
    installation.manage("shell", "--command", "from kbsite import firstrun; firstrun.make_curator()")
    yield installation
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_a_topic_is_made_tried_pulled_cancelled_and_pulled_again(site, page):  # noqa: F811
    sign_in(site, page)
    page.goto("/topics/")
    page.click("text=Make the first topic")

    # The help follows the source; a query that the source does not take is told beside the field.
    page.select_option("select[name=source]", "hf_daily")
    page.wait_for_selector("#id_query_helptext:has-text('It takes no query')")
    page.select_option("select[name=source]", "arxiv")
    page.wait_for_selector("#id_query_helptext:has-text('A search as')")
    page.fill("textarea[name=query]", 'abs:"context compression')
    page.uncheck("input[name=enabled]")  # so that nobody but this test pulls it
    page.click("text=Make the topic")
    assert "quotation mark" in page.text_content("#id_query_error")
    page.fill("textarea[name=query]", QUERY)
    page.click("text=Make the topic")
    page.wait_for_url("**/topics/")
    assert page.locator("th[scope=row]:has-text('context-compression')").count() == 1

    # A dry run shows titles, and stores nothing.
    page.click("button:text('Dry run')")
    page.wait_for_url("**/runs/*/")
    page.wait_for_selector(".badge:text('done')", timeout=60_000)
    assert "Compressed contexts, part " in page.text_content("#sample + ul")
    assert f"{PAPERS}" in page.text_content(".stat:has-text('Would be new')")
    assert site.ask("Paper.objects.count()") == 0

    # A pull is watched while it goes, and stops when it is cancelled.
    page.goto("/topics/")
    page.click("button:text('Pull now')")
    page.wait_for_url("**/runs/*/")
    first = page.url
    page.wait_for_selector("#progress[value]", timeout=60_000)
    for words in ("Done", "Remaining", "Papers a second", "Pages", "So far", "About left"):
        page.wait_for_selector(f"#progress-words dt:text-is('{words}')")
    page.click("button:text('Cancel')")
    page.wait_for_selector(".badge:text('cancelled')", timeout=60_000)
    stored = site.ask("Paper.objects.count()")
    assert 0 < stored < PAPERS
    assert site.ask("Topic.objects.get().watermark") is None
    assert page.locator("[hx-trigger]").count() == 0, "what is over is not asked for again"

    # Run again does the rest.
    page.click("button:text('Run again')")
    page.wait_for_url("**/runs/?asked=*")
    newest = page.locator("tbody tr", has_text="Pull").first
    newest.locator(".badge:text('done')").wait_for(timeout=60_000)
    assert page.locator(f"a[href='{first.removeprefix(site.address)}']").count() == 1
    assert site.ask("Paper.objects.count()") == PAPERS
    assert site.ask("Topic.objects.get().watermark") is not None
    page.goto("/topics/")
    assert "No schedule runs" not in page.content()
