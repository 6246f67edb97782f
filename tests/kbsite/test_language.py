"""Which language a page speaks: the one that was chosen, else that of the browser; programs are told English."""

from __future__ import annotations

import html
import re

import polib
import pytest
from django.test import Client

from tests import factories as make
from tests.kbsite.api.conftest import _no_throttles, world  # noqa: F401
from tests.kbsite.permissions import PAGES
from tests.kbsite.test_catalogue import CHINESE, PO
from tests.kbsite.test_permissions import address, site  # noqa: F401

pytestmark = pytest.mark.django_db

CHINESE_BROWSER = {"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}
ENGLISH_BROWSER = {"accept-language": "en-GB,en;q=0.9"}


def language(answer):
    return re.search(r'<html lang="([^"]+)"', answer.content.decode())[1]


@pytest.mark.parametrize(
    ("headers", "cookie", "expected"),
    [
        ({}, "", "en"),
        (ENGLISH_BROWSER, "", "en"),
        (CHINESE_BROWSER, "", "zh-hans"),
        ({"accept-language": "zh"}, "", "zh-hans"),
        ({"accept-language": "fr"}, "", "en"),
        (ENGLISH_BROWSER, "zh-hans", "zh-hans"),
        (CHINESE_BROWSER, "en", "en"),
        (CHINESE_BROWSER, "tlh", "zh-hans"),
    ],
)
def test_a_page_speaks_what_was_chosen_else_what_the_browser_asks_for(client, headers, cookie, expected):
    if cookie:
        client.cookies["django_language"] = cookie
    answer = client.get("/papers/", headers=headers)
    assert (language(answer), answer["Content-Language"]) == (expected, expected)
    assert ("搜索论文" in answer.content.decode()) == (expected == "zh-hans")
    assert {"Accept-Language", "Cookie"} <= {each.strip() for each in answer["Vary"].split(",")}


def test_the_switch_keeps_the_page_and_its_choice(client):
    page = client.get("/papers/?q=cache&sort=title").content.decode()
    assert '<input type="hidden" name="next" value="/papers/?q=cache&amp;sort=title">' in page
    assert '<button type="submit" class="link-button" name="language" value="zh-hans" lang="zh-hans">' in page
    answer = client.post("/language/", {"language": "zh-hans", "next": "/papers/?q=cache&sort=title"})
    assert (answer.status_code, answer["Location"]) == (302, "/papers/?q=cache&sort=title")
    cookie = client.cookies["django_language"]
    assert (cookie["max-age"], cookie["samesite"], cookie["httponly"]) == (31_536_000, "Lax", True)
    assert language(client.get(answer["Location"])) == "zh-hans"
    narrowed = "http://testserver/papers/?q=cache&year=2026"  # by a script, after the page was made
    sent = {"language": "zh-hans", "next": "/papers/?q=cache"}
    assert client.post("/language/", sent, headers={"referer": narrowed})["Location"] == narrowed
    client.post("/language/", {"language": "en"})
    assert language(client.get("/", headers=CHINESE_BROWSER)) == "en"


def test_the_switch_leads_nowhere_else_and_takes_no_other_language(client):
    assert client.post("/language/", {"language": "zh-hans", "next": "https://example.org/"})["Location"] == "/"
    elsewhere = {"referer": "https://example.org/"}
    assert client.post("/language/", {"language": "zh-hans"}, headers=elsewhere)["Location"] == "/"
    client.cookies.clear()
    client.post("/language/", {"language": "tlh"})
    assert "django_language" not in client.cookies
    assert client.get("/language/").status_code == 405


def test_the_switch_needs_no_token_so_readers_get_no_cookie():
    strict = Client(enforce_csrf_checks=True)
    assert not strict.get("/").cookies
    assert strict.post("/language/", {"language": "zh-hans"}).status_code == 302


def test_errors_speak_it_too(client):
    for where, status in (("/nowhere/", 404), ("/lists/none/", 404), ("/?x=%00", 400)):
        answer = client.get(where, headers=CHINESE_BROWSER)
        assert (answer.status_code, language(answer)) == (status, "zh-hans")
        assert CHINESE.search(answer.content.decode().partition("<main")[2])


@pytest.mark.parametrize(
    "where",
    [
        "/papers.exe",
        "/papers/facets/none/",
        "/searches/feed/none/",
        "/reading/export/exe/",
        "/lists/small/history/?before=x",
        "/lists/small/findings/?before=x",
        "/papers/9999/",
    ],
)
def test_what_is_not_there_is_said_in_it(client, curator, where):
    make.make_list()
    client.force_login(curator)
    answer = client.get(where, headers=CHINESE_BROWSER)
    assert answer.status_code == 404
    for words in re.findall(r"<p>(.*?)</p>", answer.content.decode().partition("<main")[2]):
        assert CHINESE.search(words), words


def test_what_is_ignored_is_said_in_it(client):
    words = "list=none&code=maybe&year=x&since=never&status=no&" + "&".join(f"tag={n}" for n in range(21))
    errors = client.get(f"/papers/?{words}", headers=CHINESE_BROWSER).context["filters"].errors
    assert set(errors) == {"list", "code", "year", "since", "status", "tag"}
    assert [each[0] for each in errors.values() if not CHINESE.search(each[0])] == []


def test_programs_are_told_english(client, curator):
    make.make_list()
    client.cookies["django_language"] = "zh-hans"
    client.force_login(curator)
    asked = [
        client.get("/api/v1/papers/9999/", headers=CHINESE_BROWSER),
        client.get("/api/v1/papers/?year=x", headers=CHINESE_BROWSER),
        client.post("/api/v1/decisions/", {"list": "small"}, headers=CHINESE_BROWSER, content_type="application/json"),
        client.post("/api/v1/lists/", {"name": ""}, headers=CHINESE_BROWSER, content_type="application/json"),
    ]
    for answer in asked:
        assert answer.status_code >= 400
        assert not CHINESE.search(answer.content.decode())
        assert "Content-Language" not in answer
        assert "Accept-Language" not in answer.get("Vary", "")


def visible(page):
    """What people read of a page, and what is read to them; code and what is of English papers apart."""
    page = re.sub(r"(?s)<(script|style|code|pre|title|kbd)\b.*?</\1>|<!--.*?-->", " ", page)
    spoken = re.findall(r'(?:aria-label|title|placeholder|alt|data-label)="([^"]*)"', page)
    return [html.unescape(" ".join(text.split())) for text in [*re.findall(r">([^<]+)<", page), *spoken]]


def test_no_page_says_a_sentence_of_ours_in_english(site):  # noqa: F811
    """It would be one that is looked up too early, before anybody has asked for a page, or one that is not marked."""
    ours = [entry.msgid for entry in polib.pofile(str(PO)) if entry.msgid != entry.msgstr]
    known = {words for words in ours if " " in words}
    client = Client(headers=CHINESE_BROWSER)
    client.force_login(site.people["administrator"])
    looked_at = 0
    for method, route in PAGES:
        answer = client.get(address(route, site)) if method == "GET" else None
        if answer is None or not answer.get("Content-Type", "").startswith("text/html") or "admin" in route:
            continue
        if answer.status_code in (200, 410):
            looked_at += 1
            assert {text for text in visible(answer.content.decode()) if text in known} == set(), route
    assert looked_at > 35
