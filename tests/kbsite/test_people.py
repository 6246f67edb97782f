"""Inviting, joining, changing roles: the people's pages and their API."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kbsite import people
from kbsite.access import ALL, Action, may, rights_of
from kbsite.models import Invitation, Membership
from tests import factories as make
from tests.kbsite.api.conftest import _no_throttles, client_of  # noqa: F401

pytestmark = pytest.mark.django_db
NOWHERE = "django.core.mail.backends.console.EmailBackend"
BROKEN = "tests.kbsite.test_people.Broken"
PASSWORD = "correct horse battery"


class Broken:
    """A mail server that is away."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def send_messages(self, _: object) -> int:
        raise ConnectionRefusedError


@pytest.fixture
def small():
    return make.make_list("small")


@pytest.fixture
def keeper(small):
    """A maintainer of the list “small”."""
    return make.make_user("keeper", role="maintainer", of=small, email="keeper@example.org")


@pytest.fixture
def hall(client, keeper):
    """A browser in which that one is signed in."""
    client.force_login(keeper)
    return client


def address(paper_list=None) -> str:
    return reverse("people", args=[paper_list.slug]) if paper_list else reverse("all-people")


def invite(client, paper_list, email="lin@example.org", role="curator", **more):
    return client.post(address(paper_list), {"invite": "1", "email": email, "role": role}, **more)


def link_in(text: str) -> str:
    return re.search(r"http://testserver(/join/[\w-]+/)", text)[1]


# --- inviting -------------------------------------------------------------------------------------------------


def test_a_mail_brings_a_link_that_makes_an_account_and_a_curator_of_this_list(hall, small):
    told = invite(hall, small, follow=True).content.decode()
    assert "An invitation went to lin@example.org." in told and "/join/" not in told, "the link is the invited one's"
    (sent,) = mail.outbox
    assert sent.to == ["lin@example.org"] and "The small list" in sent.subject and "keeper" in sent.body
    link = link_in(sent.body)
    assert link.split("/")[2] not in str(list(Invitation.objects.values())), "only a digest of it is kept"

    lin = Client()
    assert "as a curator of “The small list”" in lin.get(link).content.decode()
    answer = lin.post(link, {"name": "lin", "password": PASSWORD}, follow=True)
    assert "You are a curator of The small list." in answer.content.decode()
    person = answer.wsgi_request.user
    assert (person.get_username(), person.email) == ("lin", "lin@example.org") and person.check_password(PASSWORD)
    assert may(person, Action.DECIDE, "small") and not may(person, Action.DECIDE, ALL)
    assert lin.get(reverse("queue", args=["small"])).status_code == 200

    page = hall.get(address(small)).content.decode()
    assert "lin" in page and "Invited, not here yet" not in page
    assert Client().get(link).status_code == 410 and "used already" in Client().get(link).content.decode()
    assert Client().post(link, {"name": "mallory", "password": PASSWORD}).status_code == 410


def test_where_no_mail_goes_out_the_link_is_shown_once(hall, small, settings):
    settings.EMAIL_BACKEND = NOWHERE
    shown = invite(hall, small)
    assert "no-store" in shown["Cache-Control"] and "pass on" in shown.content.decode()
    link = link_in(shown.content.decode())
    assert "/join/" not in hall.get(address(small)).content.decode()
    assert Client().get(link).status_code == 200
    again = hall.post(address(small), {"resend": Invitation.objects.get().pk}).content.decode()
    assert link_in(again) != link and Client().get(link).status_code == 404, "a new link ends the older one"
    assert Client().get(link_in(again)).status_code == 200


def test_a_mail_server_that_is_away_loses_no_invitation(hall, small, settings):
    settings.EMAIL_BACKEND = BROKEN
    shown = invite(hall, small).content.decode()
    assert "The mail server did not take the mail." in shown
    assert Client().get(link_in(shown)).status_code == 200


def test_who_has_an_account_signs_in_and_joins_with_it(hall, small, reader):
    invite(hall, small)
    link = link_in(mail.outbox[0].body)
    browser = Client()
    page = browser.get(link).content.decode()
    assert f"/sign-in/?next={link}" in page
    browser.post(f"/sign-in/?next={link}", {"username": "reader", "password": "a long password", "next": link})
    assert "Join as reader" in browser.get(link).content.decode()
    browser.post(link)
    assert Membership.objects.get(user=reader).list == small
    reader.refresh_from_db()
    assert reader.email == "lin@example.org", "it had none, and the mail reached this one"


def test_joining_takes_no_higher_role_away(hall, small, keeper):
    invite(hall, small, email="other@example.org", role="curator")
    people.join(Invitation.objects.get(), keeper)
    assert Membership.objects.get(user=keeper).role == "maintainer"


def test_an_invitation_ends_by_age_and_when_it_is_taken_back(hall, small):
    invite(hall, small)
    old = link_in(mail.outbox[0].body)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert Client().get(old).status_code == 410 and "too old" in Client().get(old).content.decode()
    invite(hall, small, email="two@example.org")
    link = link_in(mail.outbox[1].body)
    hall.post(address(small), {"revoke": Invitation.objects.get(email="two@example.org").pk})
    assert "taken back" in Client().get(link).content.decode()
    assert Client().post(link, {"name": "two", "password": PASSWORD}).status_code == 410
    assert not Membership.objects.exclude(user__username="keeper").exists()


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"name": "keeper", "password": PASSWORD}, "Somebody has this name"),
        ({"name": "KEEPER", "password": PASSWORD}, "Somebody has this name"),
        ({"name": "a b", "password": PASSWORD}, "valid username"),
        ({"name": "", "password": PASSWORD}, "required"),
        ({"name": "lin", "password": "short"}, "too short"),
        ({"name": "lin", "password": "lin@example.org"}, "too similar"),
        ({"name": "lin\x00", "password": PASSWORD}, "Null characters"),
    ],
)
def test_an_account_needs_a_name_of_its_own_and_a_good_password(hall, small, form, told):
    invite(hall, small)
    answer = Client().post(link_in(mail.outbox[0].body), form)
    assert answer.status_code in (400, 422)
    assert answer.status_code == 400 or told in answer.content.decode()
    assert Invitation.objects.pending().exists() and Membership.objects.count() == 1


@pytest.mark.parametrize("email", ["", "lin", "lin@example.org\nBcc: all@example.org", "x" * 250 + "@example.org"])
def test_what_is_no_address_is_refused(hall, small, email):
    assert invite(hall, small, email=email).status_code == 422
    assert not mail.outbox and not Invitation.objects.exists()


def test_inviting_again_replaces_the_link_and_a_member_is_not_invited(hall, small):
    invite(hall, small)
    Invitation.objects.update(mailed_at=timezone.now() - timedelta(hours=2))
    invite(hall, small, email="LIN@example.org", role="maintainer")
    assert Invitation.objects.get().role == "maintainer"
    assert Client().get(link_in(mail.outbox[0].body)).status_code == 404
    answer = invite(hall, small, email="keeper@example.org")
    assert answer.status_code == 422 and "is a maintainer there already" in answer.content.decode()


def test_mails_have_a_pace(hall, small):
    for number in range(people.MAILS_AN_HOUR):
        assert invite(hall, small, email=f"{number}@example.org").status_code == 302
    answer = invite(hall, small, email="one.more@example.org")
    assert answer.status_code == 429 and "Go on later" in answer.content.decode()
    assert len(mail.outbox) == people.MAILS_AN_HOUR
    Invitation.objects.update(mailed_at=timezone.now() - timedelta(hours=2))
    assert hall.post(address(small), {"resend": Invitation.objects.first().pk}).status_code == 302
    assert hall.post(address(small), {"resend": Invitation.objects.first().pk}).status_code == 429, "minutes ago"


def test_an_invitation_of_another_list_is_not_found_on_this_page(hall, small):
    other = Invitation(email="x@example.org", role="curator", list=make.make_list("other"))
    other.renew()
    other.save()
    for button in ("resend", "revoke"):
        assert hall.post(address(small), {button: other.pk}).status_code == 404
    assert Invitation.objects.pending().count() == 1


# --- members --------------------------------------------------------------------------------------------------


def test_a_role_is_changed_and_a_member_removed(hall, small):
    lin = make.make_user("lin", role="curator", of=small)
    member = Membership.objects.get(user=lin)
    hall.post(address(small), {"change": member.pk, "role": "maintainer"})
    assert rights_of(type(lin).objects.get(pk=lin.pk)).by_list["small"].name == "MAINTAINER"
    told = hall.post(address(small), {"remove": member.pk}, follow=True).content.decode()
    assert "lin is no member any more." in told and not lin.memberships.exists()
    for wrong in ({"change": member.pk, "role": "curator"}, {"remove": "x"}, {"remove": "9" * 30}):
        assert hall.post(address(small), wrong).status_code == 404
    keeper = Membership.objects.get(user__username="keeper")
    for wrong in ({"change": keeper.pk, "role": "king"}, {}):
        assert hall.post(address(small), wrong).status_code == 400


def test_who_left_meanwhile_is_given_no_other_role(small, keeper):
    """Two maintainers press at once: the second one is told, and nobody comes back by it."""
    member = make.make_user("cleo")
    membership = Membership.objects.create(user=member, list=small, role="curator")
    Membership.objects.filter(pk=membership.pk).delete()
    with pytest.raises(people.NoMember, match="cleo is no member any more"):
        people.change(membership, "maintainer", keeper)
    assert not Membership.objects.filter(user=member).exists()


@pytest.mark.parametrize("form", [{"remove": ""}, {"change": "", "role": "curator"}])
def test_the_last_maintainer_goes_only_when_somebody_is_sure(hall, small, keeper, form):
    member = Membership.objects.get(user=keeper)
    asked = {name: value or member.pk for name, value in form.items()}
    answer = hall.post(address(small), asked)
    assert answer.status_code == 409 and "is the last maintainer of “The small list”" in answer.content.decode()
    member.refresh_from_db()
    assert member.role == "maintainer"
    assert hall.post(address(small), asked | {"sure": "1"}).url == reverse("account")
    assert not Membership.objects.filter(role="maintainer").exists()
    assert hall.get(address(small)).status_code == 403


def test_ones_own_right_goes_only_when_one_is_sure(hall, small, keeper):
    make.make_user("second", role="maintainer", of=small)
    member = Membership.objects.get(user=keeper)
    answer = hall.post(address(small), {"remove": member.pk})
    assert answer.status_code == 409 and "your own right" in answer.content.decode()
    assert Membership.objects.filter(pk=member.pk).exists()


def test_a_member_of_another_list_is_not_found_on_this_page(hall, small):
    other = make.make_user("far", role="curator", of=make.make_list("other")).memberships.get()
    assert hall.post(address(small), {"remove": other.pk}).status_code == 404
    assert Membership.objects.filter(pk=other.pk).exists()


def test_the_sites_page_shows_those_of_all_lists_and_the_administrators(office, small, keeper, admin_user):
    page = office.get(address()).content.decode()
    assert "maintainer" in page and admin_user.get_username() in page
    assert f'href="{address(small)}"' in page and "1 member, 1 of them a maintainer" in page
    invite(office, None, role="maintainer")
    assert "maintainer of all lists" in mail.outbox[0].body
    link = link_in(mail.outbox[0].body)
    lin = Client()
    lin.post(link, {"name": "lin", "password": PASSWORD})
    assert Membership.objects.get(user__username="lin").list is None and lin.get(address()).status_code == 200


def test_a_list_page_costs_the_same_for_more_people(hall, small):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert hall.get(address(small)).status_code == 200
        return len(captured)

    make.make_user(role="curator", of=small)
    make.make_user(role="curator")
    before = queries()
    for _ in range(5):
        make.make_user(role="curator", of=small)
        make.make_user(role="curator")
        people.invite(f"{_}@example.org", "curator", small, make.make_user(), "http://testserver")
    assert queries() == before


def test_names_and_addresses_are_shown_as_text(hall, small, settings):
    small.name = "<script>alert(1)</script>"
    small.save()
    settings.EMAIL_BACKEND = NOWHERE
    shown = invite(hall, small).content.decode()
    assert "<script>alert" not in shown + Client().get(link_in(shown)).content.decode()


def test_a_form_of_another_site_is_refused(small, keeper):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(keeper)
    assert invite(browser, small).status_code == 403
    assert not Invitation.objects.exists()


def test_the_last_administrator_stays(client, admin_user):
    client.force_login(admin_user)
    one = reverse("admin:auth_user_change", args=[admin_user.pk])
    form = {
        "username": admin_user.username,
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        "is_staff": "on",
    }
    answer = client.post(one, form | {"is_active": "on"})
    assert answer.status_code == 200 and "the last administrator" in answer.content.decode()
    assert client.post(reverse("admin:auth_user_delete", args=[admin_user.pk]), {"post": "yes"}).status_code == 403
    admin_user.refresh_from_db()
    assert admin_user.is_superuser
    make.make_user("second", is_superuser=True, is_staff=True)
    assert client.post(one, form | {"is_active": "on"}).status_code == 302
    admin_user.refresh_from_db()
    assert not admin_user.is_superuser


# --- by the API -----------------------------------------------------------------------------------------------


def test_programs_invite_and_join(small, keeper, reader, settings):
    by_keeper, by_reader = client_of(keeper), client_of(reader)
    asked = {"email": "lin@example.org", "role": "curator", "list": "small"}
    answer = by_keeper.post("/api/v1/invitations/", asked)
    assert answer.status_code == 201 and answer.json()["link"] is None and len(mail.outbox) == 1
    assert by_keeper.post("/api/v1/invitations/", asked).status_code == 429
    settings.EMAIL_BACKEND = NOWHERE
    again = by_keeper.post(f"/api/v1/invitations/{answer.json()['id']}/resend/").json()
    secret = link_in(again["link"]).split("/")[2]
    assert by_keeper.get("/api/v1/invitations/").json()["results"][0]["email"] == "lin@example.org"
    assert by_reader.post("/api/v1/invitations/accept/", {"secret": "nonsense"}).status_code == 400
    joined = by_reader.post("/api/v1/invitations/accept/", {"secret": secret})
    assert joined.status_code == 201 and joined.json()["role"] == "curator"
    assert by_reader.post("/api/v1/invitations/accept/", {"secret": secret}).status_code == 409
    one = f"/api/v1/invitations/{answer.json()['id']}/"
    assert by_keeper.delete(one).status_code == by_keeper.post(f"{one}resend/").status_code == 409
    assert by_keeper.post("/api/v1/invitations/", asked | {"email": "keeper@example.org"}).status_code == 409


def test_programs_see_the_people_of_lists_that_they_manage(small, keeper, maintainer):
    make.make_user("far", role="curator", of=make.make_list("other"))
    seen = {each["user"] for each in client_of(keeper).get("/api/v1/memberships/").json()["results"]}
    assert seen == {"keeper"}
    everybody = client_of(maintainer).get("/api/v1/memberships/").json()["results"]
    assert {each["user"]: each["list"] for each in everybody} == {
        "keeper": "small",
        "far": "other",
        "maintainer": None,
    }
    assert len(client_of(maintainer).get("/api/v1/memberships/?list=small").json()["results"]) == 1


def test_programs_are_asked_whether_they_are_sure(small, keeper):
    member = Membership.objects.get(user=keeper)
    one = f"/api/v1/memberships/{member.pk}/"
    client = client_of(keeper)
    refused = client.patch(one, {"role": "curator"})
    assert refused.status_code == 409 and refused.json()["type"].endswith("not-sure")
    assert client.delete(one).status_code == 409
    assert client.patch(one, {"role": "curator", "sure": True}).json()["role"] == "curator"
    assert client.delete(f"{one}?sure=true").status_code == 403, "it is a curator now"


def test_only_those_of_all_lists_invite_to_all_lists(small, keeper):
    asked = {"email": "lin@example.org", "role": "maintainer", "list": None}
    answer = client_of(keeper).post("/api/v1/invitations/", asked)
    assert answer.status_code == 403 and "maintainers of all lists" in answer.json()["detail"]
    assert not Invitation.objects.exists()
