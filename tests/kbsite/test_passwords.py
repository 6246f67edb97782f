"""A forgotten password: a link by mail, and a new one."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from tests import factories as make

pytestmark = pytest.mark.django_db
NEW = "a new password of mine"


@pytest.fixture
def lin():
    return make.make_user("lin", email="lin@example.org")


def test_a_link_by_mail_gives_a_new_password_once(client, lin):
    assert "/password/" in client.get("/sign-in/").content.decode()
    answer = client.post("/password/", {"email": "lin@example.org"}, follow=True)
    assert "Look into your mail" in answer.content.decode()
    link = re.search(r"http://testserver(/password/\S+)", mail.outbox[0].body)[1]
    assert "lin" in mail.outbox[0].body and "Listkeeper" in mail.outbox[0].subject
    page = client.get(link, follow=True)
    assert "Keep this password" in page.content.decode()
    where = page.wsgi_request.path
    wrong = client.post(where, {"new_password1": NEW, "new_password2": "another one of mine"})
    assert "match" in wrong.content.decode()
    assert client.post(where, {"new_password1": NEW, "new_password2": NEW}).url == "/sign-in/"
    lin.refresh_from_db()
    assert lin.check_password(NEW)
    assert "opens nothing" in Client().get(link, follow=True).content.decode()


def test_the_answer_does_not_tell_who_is_here(client, lin):
    known = client.post("/password/", {"email": "lin@example.org"}, follow=True).content
    unknown = client.post("/password/", {"email": "nobody@example.org"}, follow=True).content
    assert known == unknown and len(mail.outbox) == 1


def test_nobody_fills_the_mailbox_of_another(client, lin):
    statuses = [client.post("/password/", {"email": "lin@example.org"}).status_code for _ in range(7)]
    assert statuses == [302] * 5 + [429] * 2 and len(mail.outbox) == 5


def test_where_no_mail_goes_out_there_is_no_such_page(client, lin, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "/password/" not in client.get("/sign-in/").content.decode()
    answer = client.get("/password/")
    assert answer.status_code == 404 and "sends no mail" in answer.content.decode()


def test_the_account_tells_ones_roles(client, lin):
    make.Membership.objects.create(user=lin, list=make.make_list("small"), role="maintainer")
    client.force_login(lin)
    page = client.get("/account/").content.decode()
    assert "Maintainer" in page and "The small list" in page
