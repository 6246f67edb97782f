"""What no database can hold is refused before anything asks one."""

from __future__ import annotations

import pytest

from tests import factories as make
from tests.kbsite.api.test_errors import assert_problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/?x=%00",
        "/papers/?q=a%00b",
        "/papers/?%00=x",
        "/papers/?year=2026&year=%00",
        "/lists/small/?tag=%00",
        "/lists/small/?language=%00",
        "/lists/small/queue/?category=%00",
        "/lists/small/queue/?paper=%00",
        "/runs/?kind=%00",
        "/sign-in/?next=%00",
        "/admin/papers/paper/?q=%00",
    ],
)
def test_a_nul_in_the_address_is_a_bad_request(client, curator, address):
    make.make_list()
    for login in (lambda: None, lambda: client.force_login(curator)):
        login()
        answer = client.get(address)
        assert answer.status_code == 400
        assert "could not be understood" in answer.content.decode()
        assert "Content-Security-Policy" in answer.headers


def test_a_nul_in_a_form_is_a_bad_request_and_does_nothing(client, curator):
    paper_list = make.make_list()
    suggestion = make.make_suggestion(paper_list)
    entry = make.make_entry(paper_list.categories.first())
    queue = f"/lists/small/queue/{suggestion.paper_id}/"
    forms = [
        ("/sign-in/", {"username": "a\x00", "password": "x"}),
        (queue, {"reject": "off-topic", "note": "a\x00b"}),
        (queue, {"accept": "\x00"}),
        (queue, {"preview": "\x00"}),
        (queue, {"reject": "", "category": "\x00"}),
        (f"/lists/small/entries/{entry.pk}/", {"en-title": "x", "category": "\x00"}),
        (f"/lists/small/entries/{entry.pk}/", {"remove": "1", "note": "\x00"}),
        ("/account/", {"name": "a\x00"}),
    ]
    client.force_login(curator)
    for address, form in forms:
        assert client.post(address, form).status_code == 400, (address, form)
        multipart = client.post(address, form)
        urlencoded = client.post(address, {}, QUERY_STRING="x=%00")
        assert (multipart.status_code, urlencoded.status_code) == (400, 400)
    assert not paper_list.decisions.exists()


@pytest.mark.parametrize(
    "address", ["lists/?x=%00", "papers/?q=%00", "runs/?page=%00", "no/such/?%00", "schema/?x=%00"]
)
def test_the_api_says_it_in_its_own_shape(client, address):
    assert_problem(client.get(f"/api/v1/{address}"), 400)


def test_a_nul_in_a_cookie_is_a_bad_request(client):
    for name in ("sessionid", "csrftoken"):
        cookie = f'{name}="{"a" * 40}\\000"'
        assert client.get("/account/", headers={"Cookie": cookie}).status_code == 400
        assert_problem(client.get("/api/v1/lists/", headers={"Cookie": cookie}), 400)
