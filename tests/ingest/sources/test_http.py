from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import httpx
import pytest
from django.db import connection, connections

from ingest.sources import SourceUnavailable, http, pace
from tests.ingest.sources import answers
from tests.servers import Reply, Server, in_json

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]

HOST = http.Host("somewhere", "Somewhere")


def get_json(host, url, params=None):
    """Ask as the sources of JSON do."""
    return http.get(host, url, http.read_json, params)


def failure(*replies: Reply, tries: int = 3, kind: type[SourceUnavailable] = SourceUnavailable) -> str:
    """Return what the error says after these replies, which must have been asked for so often."""
    with Server(*replies) as server:
        with pytest.raises(kind) as caught:
            get_json(HOST, server.url)
        assert len(server.asked) == tries
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestAnswers:
    def test_json_is_read(self):
        with Server(in_json({"a": [1]})) as server:
            assert get_json(HOST, f"{server.url}/x", {"q": "a b&c"}) == {"a": [1]}
        assert (server.asked[0].path, server.asked[0].params) == ("/x", {"q": "a b&c"})

    @pytest.mark.parametrize(
        ("contact", "introduction"),
        [
            ("", "Listkeeper/0.1.0"),
            ("https://lists.example.org", "Listkeeper/0.1.0 (+https://lists.example.org)"),
            ("curator@example.org", "Listkeeper/0.1.0 (+mailto:curator@example.org)"),
            ("mailto:curator@example.org", "Listkeeper/0.1.0 (+mailto:curator@example.org)"),
            ("Jörg\nhttps://x.example", "Listkeeper/0.1.0 (+Jrg https://x.example)"),
        ],
    )
    def test_we_say_who_we_are(self, settings, monkeypatch, contact, introduction):
        monkeypatch.setattr(http, "_version", lambda: "0.1.0")
        settings.CONTACT = contact
        with Server(in_json(1)) as server:
            get_json(HOST, server.url)
        assert server.asked[0].headers["User-Agent"] == introduction

    def test_the_version_is_the_projects(self):
        assert http._version()[0].isdigit()

    def test_a_redirect_is_followed_at_the_pace_of_requests(self):
        host = http.Host("somewhere", "Somewhere", delay=0.1)
        with Server(Reply(status=301, headers={"Location": "/new"}), in_json("here")) as server:
            assert get_json(host, f"{server.url}/old") == "here"
        assert [asked.path for asked in server.asked] == ["/old", "/new"]
        assert min(server.gaps) >= 0.1

    def test_redirects_end(self):
        said = failure(Reply(status=302, headers={"Location": "/again"}), tries=4, kind=http.Refused)
        assert said.startswith("Somewhere sent us on 3 times, the last time to http://127.0.0.1")


class TestQuestions:
    def test_a_post_carries_json_and_what_else_is_said(self):
        with Server(in_json([1])) as server:
            assert http.post(
                HOST, f"{server.url}/batch", http.read_json, {"ids": ["ä"]}, {"f": "a"}, {"x-key": "k"}
            ) == [1]
        (asked,) = server.asked
        assert (asked.path, asked.params, json.loads(asked.body)) == ("/batch", {"f": "a"}, {"ids": ["ä"]})
        assert (asked.headers["Content-Type"], asked.headers["x-key"]) == ("application/json", "k")

    def test_a_post_is_tried_again_but_never_sent_on(self):
        with Server(Reply("", 503), in_json([])) as server:
            http.post(HOST, server.url, http.read_json, {})
            assert len(server.asked) == 2
        with (
            Server(Reply("", 307, headers={"Location": "/other"}), in_json([])) as server,
            pytest.raises(http.Refused, match="to post anything"),
        ):
            http.post(HOST, server.url, http.read_json, {})

    def test_an_answer_that_is_still_the_same(self):
        marked = in_json(1, headers={"ETag": '"a"'})
        with Server(marked, Reply("", 304)) as server:
            assert http.get(HOST, server.url, lambda answer: answer.validator) == '"a"'
            with pytest.raises(http.Unchanged):
                http.get(HOST, server.url, http.read_json, headers={"If-None-Match": '"a"'})
        assert server.asked[1].headers["If-None-Match"] == '"a"'

    def test_304_without_having_asked_for_it_is_no_answer(self):
        assert "answered 304" in failure(Reply("", 304), tries=1)

    def test_headers_are_meant_for_one_host(self):
        with Server(in_json(1)) as other:
            here = Reply("", 302, headers={"Location": "/again"})
            there = Reply("", 302, headers={"Location": other.url})
            with Server(here, there) as server:
                http.get(HOST, server.url, http.read_json, headers={"Authorization": "Bearer secret"})
        assert [asked.headers.get("Authorization") for asked in server.asked] == ["Bearer secret"] * 2
        assert "Authorization" not in other.asked[0].headers

    def test_a_403_of_a_budget_that_is_used_up_is_a_pause(self):
        reset = str(int(time.time()) + 1200)
        said = failure(
            in_json(
                {"message": "API rate limit exceeded"},
                status=403,
                headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset},
            ),
            tries=1,
        )
        assert "API rate limit exceeded" in said and "left alone for 20 minutes" in said
        assert "a pause" in failure(in_json(1), tries=0)


class TestTryingAgain:
    @pytest.mark.parametrize(
        "trouble",
        [
            Reply("Rate exceeded.", 429),
            Reply("first byte timeout", 503),
            Reply("", 500),
            Reply("", 502),
            Reply("", 504),
            Reply(reset=True),
            Reply('["whole", "or nothing"]', kind="application/json", short=True),
            Reply("<html>not a bot?</html>", kind="text/html"),
            Reply('{"cut": ', kind="application/json"),
            Reply("[" * 100_000, kind="application/json"),
        ],
        ids=lambda reply: f"{reply.status} {reply.kind} {str(reply.body)[:10]}",
    )
    def test_what_may_pass_is_tried_three_times(self, trouble):
        with Server(trouble, trouble, in_json("well")) as server:
            assert get_json(HOST, server.url) == "well"
        assert len(server.asked) == 3
        assert failure(trouble).endswith(", 3 times")

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
    def test_a_refusal_is_taken_for_one(self, status):
        said = failure(in_json({"error": "q is too long"}, status=status), tries=1, kind=http.Refused)
        assert said == f"Somewhere answered {status} (q is too long)"

    def test_each_try_keeps_the_pace(self):
        host = http.Host("somewhere", "Somewhere", delay=0.1)
        with Server(Reply("", 503), Reply(reset=True), in_json("well")) as server:
            get_json(host, server.url)
        assert min(server.gaps) >= 0.1

    def test_waits_grow_and_are_not_the_same_for_all(self, monkeypatch):
        monkeypatch.setattr(http, "BACKOFF", (30.0, 60.0))
        waits = [[http._backoff(HOST, tried) for _ in range(50)] for tried in (1, 2, 3)]
        assert all(30 <= wait <= 37.5 for wait in waits[0]) and len(set(waits[0])) > 40
        assert all(60 <= wait <= 75 for wait in waits[1] + waits[2])

    def test_waits_shrink_with_the_pace(self, monkeypatch):
        monkeypatch.setattr(http, "BACKOFF", (30.0, 60.0))
        assert http._backoff(http.Host("a", "A", 0.3, haste=0.1), 1) <= 3.75


PROCESS = """
import sys, django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from ingest.sources import http
for _ in range(4):
    http.get(http.Host("somewhere", "Somewhere", delay=0.15), sys.argv[2], http.read_json)
"""


def test_processes_keep_one_pace_together():
    # What a process does for the first time takes longer, and must not bring the next one's request closer.
    with Server(in_json(1, slow=0.03)) as server:
        arguments = [sys.executable, "-c", PROCESS, connection.settings_dict["NAME"], server.url]
        processes = [subprocess.Popen(arguments) for _ in range(3)]
        assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert len(server.asked) == 12
    assert min(server.gaps) >= 0.15
    assert all(earlier.ended <= later.began for earlier, later in pairwise(server.asked))


class TestPauses:
    def test_retry_after_is_honoured_by_everybody(self):
        with Server(Reply("", 503, headers={"Retry-After": "1"}), in_json("well")) as server:
            assert get_json(HOST, server.url) == "well"
        assert server.gaps[0] >= 1

    def test_retry_after_may_be_a_date(self):
        response = httpx.Response(
            503,
            headers={"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)},
        )
        seconds = http._retry_after(response)
        assert seconds is not None and 85 < seconds <= 90

    @pytest.mark.parametrize("given", ["0", "", "-5", "soon", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT"])
    def test_a_retry_after_that_says_nothing_is_none(self, given):
        assert http._retry_after(httpx.Response(503, headers={"Retry-After": given})) is None

    def test_a_long_pause_ends_the_run_and_keeps_others_away(self):
        said = failure(Reply("Rate exceeded.", 429, headers={"Retry-After": "1800"}), tries=1)
        assert said == "Somewhere answered 429 (Rate exceeded) and wants to be left alone for 30 minutes"
        with Server(in_json(1)) as server:
            with pytest.raises(SourceUnavailable, match="30 minutes are left"):
                get_json(HOST, server.url)
            assert not server.asked

    @pytest.mark.parametrize(("header", "seconds"), [("1800", 1800), ("1", 1), ("", None)])
    def test_the_outage_says_when_to_come_back(self, header, seconds):
        with Server(Reply(status=503, headers={"Retry-After": header})) as server:
            with pytest.raises(SourceUnavailable) as caught:
                get_json(HOST, server.url)
            assert caught.value.retry_after == seconds
            if seconds == 1800:
                with pytest.raises(SourceUnavailable, match="asked for a pause") as later:
                    get_json(HOST, server.url)
                assert 1790 < (later.value.retry_after or 0) <= 1800

    def test_others_stay_away_too_after_429_without_a_time(self, monkeypatch):
        monkeypatch.setattr(http, "BACKOFF", (0.2,))
        failure(Reply("Rate exceeded.", 429), tries=2)
        with Server(in_json(1)) as server:
            began = time.monotonic()
            get_json(HOST, server.url)
        assert server.asked[0].began - began > 0.15

    def test_a_budget_that_is_used_up_is_waited_for(self):
        spent = {"ratelimit": '"api";r=0;t=1', "ratelimit-policy": '"fixed window";"api";q=500;w=300'}
        with Server(in_json(1, headers=spent), in_json(2)) as server:
            get_json(HOST, server.url)
            get_json(HOST, server.url)
        assert server.gaps[0] >= 0.9

    def test_a_budget_with_something_left_is_not(self):
        with Server(in_json(1, headers={"ratelimit": '"api";r=10;t=300'})) as server:
            get_json(HOST, server.url)
            get_json(HOST, server.url)
        assert server.gaps[0] < 0.9


def test_a_question_that_was_too_much_is_not_repeated_where_it_can_be_parted():
    too_much = Reply("first byte timeout", 503, headers={"Retry-After": "0"})
    with Server(too_much, too_much, in_json([])) as server:
        with pytest.raises(http.TooMuch, match="503"):
            http.get(HOST, server.url, http.read_json, divisible=True)
        assert len(server.asked) == 1
        assert get_json(HOST, server.url) == []
    with Server(Reply(status=503), in_json([])) as server:
        assert http.get(HOST, server.url, http.read_json, divisible=True) == []


class TestSlowness:
    def test_a_source_may_be_given_longer_or_shorter(self):
        slow = http.Host("somewhere", "Somewhere", patience=0.05)
        with Server(Reply(slow=0.5)) as server, pytest.raises(SourceUnavailable, match="did not answer in time"):
            get_json(slow, server.url)

    def test_a_source_that_does_not_answer_is_given_up(self, monkeypatch):
        monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.1))
        assert failure(Reply("", slow=0.5)) == "Somewhere did not answer in time (ReadTimeout), 3 times"

    def test_a_drip_is_given_up(self, monkeypatch):
        monkeypatch.setattr(http, "WHOLE_ANSWER", 0.1)
        assert "was still sending after" in failure(Reply("x" * 100, drip=0.02))

    def test_an_endless_answer_is_given_up(self, monkeypatch):
        monkeypatch.setattr(http, "LARGEST_ANSWER", 2**20)
        assert failure(Reply("x" * 2**22), tries=1) == "Somewhere sent more than 1 MB for one page"

    def test_an_answer_that_was_packed_twice_is_not_unpacked(self):
        bomb = gzip.compress(gzip.compress(b"0" * 2**20))
        reply = Reply(bomb, headers={"Content-Encoding": "gzip, gzip"})
        assert failure(reply, tries=1) == "Somewhere sent an answer that was packed more than once"

    def test_production_waits_as_long_as_the_rules_say(self):
        assert (http.TIMEOUT.connect, http.TIMEOUT.read) == (10, 60)


class TestWords:
    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (Reply("Rate exceeded.", 429), "Somewhere answered 429 (Rate exceeded), 3 times"),
            (in_json({"message": "Too Many\nRequests"}, status=429), "429 (Too Many Requests)"),
            (in_json(["odd"], status=500), "500 (Internal Server Error)"),
            (Reply("<html>", 503, "text/html"), "503 (Service Unavailable)"),
            (answers.atom(answers.entry(summary="all &amp; sundry"), status=500), "500 (all &amp; sundry)"),
            (Reply("x" * 5000, 500), f"500 ({'x' * 200})"),
            (Reply("<html>", kind="text/html"), "Somewhere answered an HTML page instead of JSON, 3 times"),
            (Reply("[", kind="application/json"), "Somewhere answered broken JSON (1 bytes: "),
        ],
        ids=str,
    )
    def test_they_say_what_happened(self, reply, words):
        assert words in failure(reply)

    def test_nobody_at_the_address(self):
        with pytest.raises(SourceUnavailable, match=r"Somewhere could not be reached \(.*refused"):
            get_json(HOST, "http://127.0.0.1:9")

    @pytest.mark.parametrize("address", ["ftp://example.org", "example.org", "http://[::1", ""])
    def test_an_address_that_is_none(self, address):
        with pytest.raises(http.Refused, match="is no address"):
            get_json(HOST, address)


def test_others_may_ask_while_one_waits_to_try_again(monkeypatch):
    monkeypatch.setattr(http, "BACKOFF", (0.6,))

    def one() -> None:
        get_json(HOST, server.url)
        connections.close_all()

    with Server(Reply("", 503), in_json("well")) as server:
        waiting = threading.Thread(target=one)
        waiting.start()
        while not (server.asked and server.asked[0].ended):
            time.sleep(0.01)
        began = time.monotonic()
        with pace.turn(HOST.budget, 0):
            assert time.monotonic() - began < 0.3
        waiting.join()
    assert len(server.asked) == 2
