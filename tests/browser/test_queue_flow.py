"""Thirty papers by keyboard, two curators at once, and a server that dies in the middle: in a real browser."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest

from tests.installation import ROOT, Installation

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SLUG = "small"
PAPERS = 200
DECIDED = 100
PASSWORD = "a long password"  # of the factories

pytestmark = pytest.mark.browser

MAKE = f"""
from tests.factories import make_list, make_paper, make_suggestion, make_user
for name in ("ada", "alan"):
    make_user(name, curator=True)
paper_list = make_list({SLUG!r}, ("alpha", "beta"))
alpha, beta = paper_list.categories.all()
for number in range({PAPERS}):
    paper = make_paper(f"Paper {{number:03}} on caches")
    make_suggestion(paper_list, paper, round(0.99 - number / 250, 4), (alpha, beta)[number % 2])
"""

OTHER = """
from tests.factories import make_list, make_paper, make_suggestion
other = make_list("other")
for number in (1, 2):
    make_suggestion(other, make_paper(f"Other paper {number}", identifiers=[("arxiv", f"2610.0000{number}")]))
"""


class Site(Installation):
    """An installation whose web server is started, killed and started again on one port."""

    def prepare(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        self.manage("migrate", "--verbosity", "0")
        self.run(MAKE)
        self.server = None

    def run(self, program):
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{program}"],
            cwd=ROOT,
            env=self.environment | {"DJANGO_SETTINGS_MODULE": "kbsite.settings"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def serve(self):
        bind = f"127.0.0.1:{self.port}"
        command = ["-m", "gunicorn", "kbsite.wsgi", "--workers", "1", "--threads", "4", "--no-control-socket"]
        self.server = self.start(sys.executable, *command, "--bind", bind)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(self.address + "/healthz", timeout=2)
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the server does not answer")

    def kill(self):
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()

    def decisions(self):
        """Every decision, the oldest first, as [paper, kind, category key, who]."""
        asked = "Decision.objects.order_by('id').values_list('paper__title', 'kind', 'category__key', 'user__username')"
        return self.ask(f"[list(row) for row in {asked}]")


@pytest.fixture
def site(tmp_path):
    installation = Site(tmp_path / "data")
    installation.prepare()
    installation.serve()
    yield installation
    installation.kill()


@contextmanager
def browser():
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield started
        started.close()


def desk(started, site, name):
    """A page of the queue, in a browser profile of its own, for a curator who has signed in."""
    page = started.new_context(base_url=site.address).new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.answers = []  # what the server said last, told of where a card does not come
    page.on("response", lambda each: page.answers.append((each.status, each.request.method, each.url)))
    page.on("requestfailed", lambda each: page.answers.append((each.failure, each.method, each.url)))
    page.goto("/sign-in/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    page.goto(f"/lists/{SLUG}/queue/")
    page.wait_for_selector("#card-title")
    return page


def title(page):
    return page.text_content("#card-title")


def press(page, key):
    """Press a key and wait for another card; return the title that was there."""
    before = title(page)
    page.keyboard.press(key)
    wait_for_another(page, before)
    return before


STATE = """() => ({
    busy: document.getElementById("stage").hasAttribute("aria-busy"),
    stuck: "stuck" in document.getElementById("stage").dataset,
    asking: Boolean(document.querySelector(".htmx-request")),
    said: [...document.querySelectorAll("[data-trouble]:not([hidden])")].map(each => each.dataset.trouble),
    outbox: Object.entries(localStorage).filter(([key]) => key.startsWith("outbox:")),
    news: document.querySelector(".stage-news").innerText,
})"""


def wait_for_another(page, old):
    from playwright.sync_api import TimeoutError as NoOther

    try:
        page.wait_for_function("old => document.getElementById('card-title')?.textContent !== old", arg=old)
    except NoOther as late:
        raise AssertionError(f"{old} is still shown: {page.evaluate(STATE)}, {page.answers[-8:]}") from late


def is_saved(page):
    page.wait_for_function(
        "() => !Object.keys(localStorage).some(k => k.startsWith('outbox:') && localStorage[k] !== '[]')"
    )


def listening(port):
    """A server's socket on a port that another one has just left."""
    deadline = time.monotonic() + 30
    while True:
        try:
            taken = socket.create_server(("127.0.0.1", port))
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            taken.settimeout(30)
            return taken


def test_thirty_papers_are_decided_by_keyboard(site):
    with browser() as started:
        page = desk(started, site, "ada")
        wanted = []
        for number in range(30):
            # Most as suggested, two corrected into the other category, every fourth rejected.
            if number % 4 == 3:
                wanted.append([press(page, "r"), "reject", None, "ada"])
                continue
            suggested = page.get_attribute("button.btn-primary[name=accept]", "value")
            chosen = {"alpha": "beta", "beta": "alpha"}[suggested] if number in (5, 12) else suggested
            if number == 8:
                page.keyboard.press("e")
                page.wait_for_function("() => document.activeElement.id === 'id_en-tldr'")
                page.keyboard.type("Told by hand.")
                page.keyboard.press("Escape")
            key = page.get_attribute(f"button[name=accept][value={chosen}]", "data-key")
            wanted.append([press(page, key), "accept", chosen, "ada"])
            if number == 20:
                page.keyboard.press("u")  # also while it is being saved
                page.wait_for_function(
                    "old => document.getElementById('card-title')?.textContent === old", arg=wanted[-1][0]
                )
                wanted.append([wanted[-1][0], "undo", None, "ada"])
                wanted.append([press(page, key), "accept", chosen, "ada"])
        is_saved(page)
        assert page.errors == []
        page.wait_for_function("() => document.querySelector('.last:not([hidden])')")
        assert page.text_content('[data-count=""]') == str(PAPERS - 30)
    assert site.decisions() == wanted
    assert site.ask("list(EntryText.objects.exclude(tldr='').values_list('tldr', flat=True))") == ["Told by hand."]


def test_what_is_decided_while_the_server_is_away_is_kept_and_sent(site):
    with browser() as started:
        page = desk(started, site, "ada")
        page.wait_for_load_state("networkidle")  # two cards are here
        site.kill()
        first, second = press(page, "r"), press(page, "1")
        page.wait_for_selector("[data-trouble=kept]:not([hidden])")
        third = title(page)
        page.keyboard.press("r")  # no card is left, and yet it is kept
        page.wait_for_function("() => document.querySelector('[data-kept]').textContent === '3'")
        site.serve()
        is_saved(page)
        wait_for_another(page, third)
        assert page.errors == []
    assert site.decisions() == [
        [first, "reject", None, "ada"],
        [second, "accept", "alpha", "ada"],
        [third, "reject", None, "ada"],
    ]


def test_an_answer_that_breaks_off_is_none(site):
    with browser() as started:
        page = desk(started, site, "ada")
        page.wait_for_load_state("networkidle")
        site.kill()
        with listening(site.port) as dying:
            first = press(page, "r")
            while True:
                connection, _ = dying.accept()
                with connection:
                    asked = connection.recv(65536)
                    if asked.startswith(b"POST"):
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<p>")
                        break
        site.serve()
        is_saved(page)
        assert page.errors == []
    assert site.decisions() == [[first, "reject", None, "ada"]]


def test_a_card_that_could_not_be_had_at_once_comes_later(site):
    with browser() as started:
        page = desk(started, site, "ada")
        page.wait_for_load_state("networkidle")  # two cards are here
        page.route("**/queue/?but=*", lambda route: route.fulfill(status=503))
        page.route("**/queue/", lambda route: route.fulfill(status=503))
        press(page, "r"), press(page, "r")
        third = title(page)
        page.keyboard.press("r")
        page.wait_for_selector("[data-trouble=failed]:not([hidden])")  # it is saved, and no card was to be had
        is_saved(page)
        page.unroute_all()
        wait_for_another(page, third)
        assert page.errors == []
    assert len(site.decisions()) == 3


def test_what_makes_the_server_fail_holds_up_no_other_paper(site):
    with browser() as started:
        page = desk(started, site, "ada")
        page.wait_for_load_state("networkidle")
        failing = f"**/queue/{page.get_attribute('#stage', 'data-paper')}/**"
        page.route(failing, lambda route: route.fulfill(status=500))
        first, second, third = press(page, "r"), press(page, "r"), press(page, "r")
        page.wait_for_function(
            "() => Object.keys(localStorage).some(k => k.startsWith('outbox:') && JSON.parse(localStorage[k]).length === 1)"
        )
        assert [title for title, *_ in site.decisions()] == [second, third]
        page.unroute(failing)
        is_saved(page)
        assert page.errors == []
    assert [title for title, *_ in site.decisions()] == [second, third, first]


def test_what_was_not_sent_when_the_tab_was_closed_is_sent_by_the_next_page(site):
    with browser() as started:
        page = desk(started, site, "ada")
        page.wait_for_load_state("networkidle")
        site.kill()
        first = press(page, "r")
        page.wait_for_selector("[data-trouble=kept]:not([hidden])")
        context = page.context
        page.close()
        site.serve()
        page = context.new_page()
        page.goto(f"/lists/{SLUG}/queue/")
        is_saved(page)
    assert site.decisions() == [[first, "reject", None, "ada"]]


def test_what_was_fetched_ahead_of_one_category_does_not_come_in_another(site):
    with browser() as started:
        page = desk(started, site, "ada")
        page.wait_for_load_state("networkidle")  # two cards of all categories are here
        page.click(".segmented a[title=Beta]")
        page.wait_for_selector(".segmented a[title=Beta][aria-current]")
        for _ in range(3):
            assert page.get_attribute("button.btn-primary[name=accept]", "value") == "beta"
            press(page, "r")
        assert page.locator(".segmented a[title=Beta][aria-current]").count() == 1
        assert "category=beta" in page.url and page.errors == []


def test_undo_means_what_is_being_saved_and_nothing_when_that_is_refused(site):
    with browser() as started:
        page = desk(started, site, "ada")
        first = press(page, "r")
        is_saved(page)
        page.wait_for_load_state("networkidle")
        site.kill()
        second = press(page, "r")
        page.wait_for_selector("[data-trouble=kept]:not([hidden])")
        page.keyboard.press("u")
        site.run(
            "from papers import review\nfrom papers.models import Paper, PaperList\n"
            "from django.contrib.auth.models import User\n"
            f"paper, alan = Paper.objects.get(title={second!r}), User.objects.get(username='alan')\n"
            "review.reject(PaperList.objects.get(), paper, alan)"
        )
        site.serve()
        page.wait_for_selector(".stage-news:has-text('was not decided')")
        page.wait_for_timeout(500)  # for whatever it would do more
        assert page.errors == []
    assert site.decisions() == [[first, "reject", None, "ada"], [second, "reject", None, "alan"]]


def test_keys_that_are_off_and_those_of_the_browser_undo_nothing(site):
    with browser() as started:
        page = desk(started, site, "ada")
        page.wait_for_load_state("networkidle")
        site.kill()
        first = press(page, "r")
        page.wait_for_selector("[data-trouble=kept]:not([hidden])")
        page.keyboard.press("Control+u")
        page.evaluate("localStorage.setItem('keys', 'off')")
        page.keyboard.press("u")
        site.serve()
        is_saved(page)
        page.wait_for_selector("form.last:not([hidden])")
        page.wait_for_timeout(500)  # for whatever it would do more
        assert page.errors == []
    assert site.decisions() == [[first, "reject", None, "ada"]]


def test_a_right_that_was_taken_away_holds_up_no_decision_for_another_list(site):
    with browser() as started:
        page = desk(started, site, "ada")
        page.wait_for_load_state("networkidle")
        site.kill()
        press(page, "r")
        page.wait_for_selector("[data-trouble=kept]:not([hidden])")
        site.run(
            f"{OTHER}\nfrom kbsite.models import Membership\n"
            "Membership.objects.filter(user__username='ada').update(list=other)"
        )
        site.serve()
        page.goto("/lists/other/queue/")
        press(page, "r")
        is_saved(page)
        assert page.errors == []
    assert [kind for _, kind, _, who in site.decisions()] == ["reject"]
    assert site.ask("list(Decision.objects.values_list('list__slug', flat=True))") == ["other"]


def test_what_another_list_left_to_send_leaves_the_numbers_and_the_undoing_of_this_one(site):
    with browser() as started:
        page = desk(started, site, "ada")
        page.wait_for_load_state("networkidle")
        site.kill()
        left = press(page, "r")
        page.wait_for_selector("[data-trouble=kept]:not([hidden])")
        site.run(OTHER)
        site.serve()
        page.goto("/lists/other/queue/")
        is_saved(page)
        page.wait_for_load_state("networkidle")
        assert page.text_content('[data-count=""]') == "2" and page.locator("form.last").count() == 0
        assert page.errors == []
    assert site.decisions() == [[left, "reject", None, "ada"]]


def test_the_second_click_of_two_decides_nothing_on_the_next_card(site):
    with browser() as started:
        page = desk(started, site, "ada")
        page.wait_for_load_state("networkidle")  # the next card takes the place of this one at once
        first = title(page)
        page.dblclick("button[name=reject][data-key=r]")
        wait_for_another(page, first)
        is_saved(page)
        assert page.errors == []
    assert site.decisions() == [[first, "reject", None, "ada"]]


def test_what_one_typed_is_not_shown_to_who_signs_in_next(site):
    with browser() as started:
        page = desk(started, site, "ada")
        address = page.url
        page.fill("#id_en-tldr", "Between us.")
        page.context.clear_cookies()
        page.goto("/sign-in/")
        page.fill("input[name=username]", "alan")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        site.run("from papers.models import Hold; Hold.objects.all().delete()")
        page.goto(address)
        page.wait_for_selector("#card-title")
        assert page.input_value("#id_en-tldr") == "" and not page.locator("[data-restored]").is_visible()


def test_two_curators_decide_a_hundred_of_one_queue_while_the_server_dies(site):
    with browser() as started:
        pages = [desk(started, site, name) for name in ("ada", "alan")]
        shown = []
        for turn in range(0, DECIDED, 2):
            before = [title(page) for page in pages]
            for page in pages:
                page.keyboard.press("r" if turn % 3 else "1")
            if turn == DECIDED // 2:  # both decisions are on their way
                site.kill()
                site.serve()
            for page, old in zip(pages, before, strict=True):
                wait_for_another(page, old)
            shown += before
        for page in pages:
            is_saved(page)
            assert page.errors == []
    decided = [paper for paper, *_ in site.decisions()]
    assert len(shown) == len(set(shown)) == DECIDED, "nobody was shown a paper that the other one had"
    assert sorted(decided) == sorted(shown), "none was lost, none decided twice"
