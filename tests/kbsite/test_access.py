"""Whose request it is, behind none or some reverse proxies of one's own."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt

from kbsite.access import client_address
from tests import factories as make

FORGED = "203.0.113.9"


def trust(settings, proxies: int) -> None:
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": proxies}


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "10.0.0.1"),
        (0, FORGED, "10.0.0.1"),  # nobody of ours wrote it
        (1, None, "10.0.0.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, f"{FORGED}, 198.51.100.7", "198.51.100.7"),
        (2, f"{FORGED}, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "198.51.100.7", "198.51.100.7"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "no address", "10.0.0.1"),  # the database holds addresses only
        (1, "", "10.0.0.1"),
        (1, "\x00", "10.0.0.1"),
    ],
)
def test_the_address_of_a_client(settings, rf, proxies, forwarded, address):
    trust(settings, proxies)
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    assert client_address(rf.get("/", headers=headers, REMOTE_ADDR="10.0.0.1")) == address


def test_a_socket_has_no_address(settings, rf):
    trust(settings, 0)
    assert client_address(rf.get("/", REMOTE_ADDR="")) is None


@pytest.mark.django_db
@pytest.mark.parametrize(("proxies", "counted"), [(0, {"10.0.0.1"}), (1, {"198.51.100.7"})])
def test_a_forged_header_does_not_escape_the_lock(settings, client, proxies, counted):
    trust(settings, proxies)
    make.make_user("lin")
    form = {"username": "lin", "password": "wrong"}
    for number in range(6):
        headers = {"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.7"}
        answer = client.post("/sign-in/", form, headers=headers, REMOTE_ADDR="10.0.0.1")
    assert answer.status_code == 429
    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == counted


@pytest.mark.django_db
def test_behind_a_proxy_one_client_does_not_lock_another_out(settings, client):
    trust(settings, 1)
    make.make_user("lin")
    for _ in range(6):
        answer = client.post(
            "/sign-in/", {"username": "lin", "password": "wrong"}, headers={"X-Forwarded-For": "198.51.100.7"}
        )
    assert answer.status_code == 429
    form = {"username": "lin", "password": "a long password"}
    assert client.post("/sign-in/", form, headers={"X-Forwarded-For": "198.51.100.8"}).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("referer", "wanted"),
    [
        ("http://testserver/lists/small/?arrange=1", "/lists/small/?arrange=1"),  # whose form was sent
        ("http://evil.example/", "/lists/small/arrange/"),
        ("http://testserver.evil.example/", "/lists/small/arrange/"),
        ("http://[no address", "/lists/small/arrange/"),
        (None, "/lists/small/arrange/"),
    ],
)
def test_signing_in_leads_back_to_the_page_whose_form_was_sent(client, referer, wanted):
    headers = {"Referer": referer} if referer else {}
    answer = client.post("/lists/small/arrange/", {"up": "1"}, headers=headers)
    assert answer.status_code == 302 and answer.url == f"/sign-in/?{urlencode({'next': wanted}, safe='/')}"


@pytest.mark.django_db
def test_signing_in_leads_nowhere_else(client):
    make.make_user("lin")
    asked = client.post("/lists/small/arrange/", headers={"Referer": "http://testserver//evil.example/"})
    form = {"username": "lin", "password": "a long password", "next": "//evil.example/"}
    assert client.post(asked.url, form).url == "/"
