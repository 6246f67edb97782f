"""What Lighthouse looks for, held by tests: bytes of script and style, layout that stands still, and paper that reads.

Scripts are held back until something is painted, as they come on a slow line: whatever they would move, moves here.
The largest paint is reported (`pytest -rP`, and as a property of the JUnit file); how fast it is depends on the machine.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories as make
from tests.browser.test_every_page import _async_allowed  # noqa: F401
from tests.browser.test_queue_flow import browser
from tests.kbsite.test_dashboard import full, small  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_BYTES = 300_000  # of script and style together, decoded
MOST_SHIFT = 0.01  # of the window, as the Layout Instability API sums it up
WIDTHS = (1440, 390)
WATCH = """
window.shifts = []; window.largest = null;
new PerformanceObserver((seen) => {
  for (const each of seen.getEntries()) {
    window.shifts.push([each.value, each.sources.map((source) => source.node?.outerHTML?.slice(0, 200))]);
  }
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((seen) => (window.largest = seen.getEntries().at(-1)))
  .observe({ type: "largest-contentful-paint", buffered: true });
"""
LARGEST = (
    "() => window.largest && [Math.round(window.largest.startTime), window.largest.element?.outerHTML.slice(0, 80)]"
)
SETTLED = (
    "() => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 200))))"
)


@pytest.fixture
def field(full):  # noqa: F811
    """A list with something in each figure, and more papers than a page of them shows."""
    alpha, beta = full.categories.all()
    for number in range(40):
        paper = make.make_paper(
            f"On caches that are compressed for the {number}th time, and what is lost by it",
            abstract="We make the caches of language models small, and measure what they forget. " * 6,
            published=timezone.localdate() - timedelta(days=9 * number),
            subjects=[f"cs.{letter}{letter}" for letter in "ABCDEFGHIJKL"[: 1 + number % 12]],
            facts=[("upvotes", number), ("code", "https://example.org/code")],
        )
        if number % 3:
            make.make_suggestion(full, paper, 0.95 - number / 100, (alpha, beta)[number % 2])
        else:
            make.make_entry(alpha, paper, tags=["eviction"], venue_name="ICLR", tldr="Keeps what matters.")
    return full


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("address", ["/", "/papers/"])
def test_it_is_light_and_stands_still(field, live_server, address, width, record_property):
    weights, held = {}, []
    with browser() as started:
        page = started.new_context(base_url=live_server.url, viewport={"width": width, "height": 900}).new_page()
        page.add_init_script(WATCH)
        page.route("**/*.js*", lambda route: held.append(route) if held is not None else route.continue_())
        answers = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(address, wait_until="commit")
        page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
        assert held, "scripts are waited for, or nothing was held back"
        late, held = held, None
        for route in late:
            route.continue_()
        page.wait_for_load_state("networkidle")
        page.evaluate(SETTLED)
        for answer in answers:
            if answer.request.resource_type in ("script", "stylesheet"):
                weights[answer.url.removeprefix(live_server.url)] = len(answer.body())
        shifts, largest = page.evaluate("window.shifts"), page.evaluate(LARGEST)
    print(f"{address} at {width}: {sum(weights.values())} bytes {weights}, largest paint {largest}, shifts {shifts}")
    record_property(f"largest paint of {address} at {width}, ms", largest)
    assert largest is not None
    assert any(name.endswith(".css") for name in weights) and any(name.endswith(".js") for name in weights)
    assert sum(weights.values()) <= MOST_BYTES, weights
    assert sum(value for value, _ in shifts) < MOST_SHIFT, shifts


def test_nothing_hangs_out_of_the_narrowest_window_with_everything_opened(field, live_server):
    listed = field.categories.first().entries.first().paper_id
    with browser() as started:
        page = started.new_context(base_url=live_server.url, viewport={"width": 360, "height": 800}).new_page()
        found = ("/papers/", "/papers/?layout=table", "/papers/?q=caches+-eviction", "/papers/?q=zzzqqq")
        for address in (
            "/",
            "/lists/small/",
            f"/papers/{listed}/",
            "/papers/facets/subject/",
            *found,
            "/no/such/page/",
        ):
            page.goto(address)
            page.evaluate("document.querySelectorAll('main details').forEach((each) => (each.open = true))")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_white_and_holds_no_navigation(field, live_server, scheme):
    listed = field.categories.first().entries.first().paper_id
    with browser() as started:
        page = started.new_context(base_url=live_server.url, color_scheme=scheme).new_page()
        page.emulate_media(media="print", color_scheme=scheme)
        for address in ("/", "/lists/small/", f"/papers/{listed}/", "/papers/"):
            page.goto(address)
            colours = page.evaluate(
                "[document.body, document.querySelector('h1')].map((each) => getComputedStyle(each))"
                ".map((style, place) => place ? style.color : style.backgroundColor)"
            )
            assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"], (address, scheme)
            shown = page.locator("header.site-header, footer, nav, form, button, .btn").filter(visible=True)
            assert shown.all_text_contents() == [], address
            assert page.pdf(format="A4").startswith(b"%PDF")
