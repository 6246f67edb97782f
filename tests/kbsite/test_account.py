"""The account page: who one is, and keys to the API."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from kbsite.models import ApiToken
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ACCOUNT = "/account/"


def test_the_anonymous_are_sent_to_sign_in(client):
    assert client.get(ACCOUNT).url.startswith(reverse("sign-in"))
    assert client.post(ACCOUNT, {"name": "x"}).url.startswith(reverse("sign-in"))
    assert not ApiToken.objects.exists()


def test_it_says_who_one_is(client, reader, curator, admin_user):
    for user, role in ((reader, "Reader"), (curator, "Curator"), (admin_user, "Administrator")):
        client.force_login(user)
        page = client.get(ACCOUNT).content.decode()
        assert user.get_username() in page and role in page


def test_a_key_is_shown_once_and_opens_the_api(client, curator):
    client.force_login(curator)
    response = client.post(ACCOUNT, {"name": "My laptop", "create": "1"})
    secret = re.search(r"lk_[\w-]{20,}", response.content.decode())[0]
    assert ApiToken.of(secret).user == curator
    assert "no-store" in response["Cache-Control"]
    page = client.get(ACCOUNT).content.decode()
    assert secret not in page and "My laptop" in page and secret[:11] in page
    client.logout()
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/lists/", headers=headers).status_code == 200


def test_sending_the_form_again_makes_no_second_key(client, reader):
    client.force_login(reader)
    client.post(ACCOUNT, {"name": "My laptop"})
    response = client.post(ACCOUNT, {"name": "My laptop"})
    assert "You have a token of this name" in response.content.decode()
    assert ApiToken.objects.count() == 1
    for wrong in ("", " ", "x" * 101):
        assert client.post(ACCOUNT, {"name": wrong}).status_code == 422
    assert ApiToken.objects.count() == 1


def test_a_revoked_key_opens_nothing_and_its_name_is_free(client, reader):
    client.force_login(reader)
    token, secret = ApiToken.create(reader, "Old")
    response = client.post(ACCOUNT, {"revoke": token.pk}, follow=True)
    assert "opens nothing any more" in response.content.decode() and "revoked" in response.content.decode()
    assert not ApiToken.of(secret).is_valid
    client.post(ACCOUNT, {"name": "Old"})
    assert ApiToken.objects.filter(name="Old").count() == 2


def test_nobody_sees_or_revokes_the_keys_of_others(client, reader):
    token, _ = ApiToken.create(make_user(), "Not yours")
    client.force_login(reader)
    assert "Not yours" not in client.get(ACCOUNT).content.decode()
    for wrong in (token.pk, 999999, "9" * 5000, "x", ""):
        assert client.post(ACCOUNT, {"revoke": wrong}).status_code == 404
    token.refresh_from_db()
    assert token.is_valid


def test_names_are_shown_as_text(client, reader):
    client.force_login(reader)
    client.post(ACCOUNT, {"name": "<script>alert(1)</script>"})
    assert "<script>alert" not in client.get(ACCOUNT).content.decode()
