"""The README's pictures, made anew: `make pictures`. The bundled list in an installation of its own, seen in Chromium.

The list and the papers are those of every first run. How often papers are cited, and who decided what about them when,
is made up, and the same each time; so is the day on which it is looked at, just after the newest of the papers came.
"""

from __future__ import annotations

import base64
import random
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from benchmarks.installation import ROOT, installed
from tests.browser.test_queue_flow import browser

FOLDER = ROOT / "docs" / "pictures"
SLUG = "context-compression"
TODAY = datetime(2026, 8, 6, 9, tzinfo=UTC)
WINDOW = {"width": 1280, "height": 960}
SCALE = 1.25  # device pixels a pixel of the page: sharp enough on a fine screen, and still small
QUALITY = 78  # of WebP, of 100
DECIDED = 26
PICTURES = {
    "home": ("/?new=month", "light"),
    "queue": (f"/lists/{SLUG}/queue/", "light"),
    "browse": ("/papers/?category=kv&category=implicit&year=2025&year=2026&sort=relevance", "light"),
    "map": (f"/lists/{SLUG}/map/", "dark"),
}


def main() -> None:
    """Make the data, serve it, and take the pictures."""
    with installed(), clock_at(TODAY):
        session = make_data()
        FOLDER.mkdir(exist_ok=True)
        with served() as address:
            for name, picture in taken(address, session):
                (FOLDER / f"{name}.webp").write_bytes(picture)
                print(f"{name}: {len(picture):,} bytes")


def clock_at(moment: datetime):
    """Let Django believe that it is always this moment."""
    return patch("django.utils.timezone.now", lambda: moment)


def make_data() -> str:
    """Bring in the bundled list, and a life around it; return the session of a curator who has signed in."""
    from django.core.management import call_command
    from django.test import Client

    from kbsite import statics
    from papers.models import Entry, PaperList
    from tests.factories import make_user

    call_command("migrate", verbosity=0)
    call_command("bootstrap")
    statics.collect()
    chance = random.Random(0)
    Entry.objects.update(added_at=TODAY - timedelta(days=200))
    count_papers(chance)
    curator = make_user("lin", curator=True)
    decide(PaperList.objects.get(slug=SLUG), curator, chance)
    call_command("classify", list=SLUG)
    call_command("place")
    client = Client()
    client.force_login(curator)
    return client.cookies["sessionid"].value


def count_papers(chance: random.Random) -> None:
    """Say how often recent papers were voted for, starred and cited, now and three weeks ago."""
    from papers.models import EarlierCount, Fact, Paper

    recent = Paper.objects.filter(published__gte=TODAY.date() - timedelta(days=300)).order_by("pk")
    for paper in recent:
        for kind, source, most in (
            ("upvotes", "huggingface", 90),
            ("stars", "readme", 700),
            ("citations", "semanticscholar", 60),
        ):
            if chance.random() < 0.4:
                value = int(most * chance.random() ** 2) + 3
                fact = Fact.objects.create(paper=paper, kind=kind, source=source, value=value, observed_at=TODAY)
                before = value - int(value * chance.random() / 3)
                EarlierCount.objects.create(fact=fact, day=TODAY.date() - timedelta(days=21), value=before)


def decide(paper_list, curator, chance: random.Random) -> None:
    """Accept what the classifier likes most and reject what it likes least, over half a year."""
    from papers import inbulk, review

    ranked = list(review.queue(paper_list))
    picked = ranked[3 : 3 + DECIDED // 2] + ranked[-DECIDED // 2 :]
    days = sorted((int(170 * chance.random() ** 1.5) for _ in picked), reverse=True)
    for suggestion, day in zip(chance.sample(picked, len(picked)), days, strict=True):
        with clock_at(TODAY - timedelta(days=day)):
            if suggestion.relevance > 0.5:
                rows = inbulk.rows(suggestion.category, suggestion.paper)
                review.accept(suggestion.category, suggestion.paper, rows, curator)
            else:
                review.reject(paper_list, suggestion.paper, curator, "off-topic")


@contextmanager
def served():
    """Serve the site from this process, whose clock it shares; give its address."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

    from kbsite.wsgi import application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(application)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def taken(address: str, session: str):
    """Yield each picture's name, and the picture as WebP."""
    with browser() as started:
        for name, (page_address, scheme) in PICTURES.items():
            context = started.new_context(
                viewport=WINDOW, device_scale_factor=SCALE, color_scheme=scheme, base_url=address
            )
            if name == "queue":
                context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
            page = context.new_page()
            page.goto(page_address, wait_until="networkidle")
            page.evaluate("() => document.fonts.ready.then(() => new Promise((done) => setTimeout(done, 500)))")
            camera = context.new_cdp_session(page)
            shot = camera.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
            yield name, base64.b64decode(shot["data"])
            context.close()


if __name__ == "__main__":
    main()
