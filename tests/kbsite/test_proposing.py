"""Proposing by authors: the form, its traps and limits, the mail, and the page that tells the state."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kbsite import broker, proposing
from papers import review
from papers.models import Paper, Proposal
from tests.factories import make_entry, make_paper

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Tests fill the form in faster than people, and no worker is asked."""
    monkeypatch.setattr(proposing, "LEAST_SECONDS", -1)
    monkeypatch.setattr(broker, "send", lambda task: True)


@pytest.fixture
def address(caches):
    return reverse("propose", args=[caches.slug])


def filled(client, address, **fields):
    """What a person sends who has read the form."""
    shown = re.search(r'name="shown" value="([^"]+)"', client.get(address).content.decode())
    given = {"paper": "2611.00001", "email": "ada@example.org", "shown": shown[1] if shown else ""}
    return given | fields


def send(client, address, **fields):
    return client.post(address, filled(client, address, **fields))


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def links(message):
    confirm, state = re.findall(r"http://testserver(\S+)", message.body)
    return confirm, state


def confirmed(client, address, **fields):
    send(client, address, **fields)
    confirm, state = links(mail.outbox[-1])
    assert client.post(confirm).url == state
    return Proposal.objects.get(key=state.strip("/").rpartition("/")[2]), state


def test_an_author_proposes_confirms_and_sees_the_state(client, caches, address, curator):
    category = caches.categories.get(key="eviction")
    response = send(client, address, category=category.pk, why="It drops keys.")
    assert "A mail is on its way to ada@example.org." in text_of(response)
    (message,) = mail.outbox
    assert message.to == ["ada@example.org"] and message.subject == "Please confirm your proposal for Awesome Caches"
    assert "https://arxiv.org/abs/2611.00001" in message.body and "It drops keys" not in message.body
    confirm, state = links(message)
    assert "It awaits your confirmation" in text_of(client.get(state))
    assert not Paper.objects.filter(source="author").exists()

    assert "Yes, propose it" in text_of(client.get(confirm))
    assert Proposal.objects.get().confirmed_at is None, "looking at the link confirms nothing"
    response = client.post(confirm, follow=True)
    assert response.redirect_chain == [(state, 302)]
    assert "It is before the curators" in text_of(response) and response["X-Robots-Tag"] == "noindex"
    proposal = Proposal.objects.get()
    assert (proposal.category, proposal.why) == (category, "It drops keys.")
    for again in (client.get(confirm), client.post(confirm)):
        assert again.url == state
    assert Proposal.objects.get().confirmed_at == proposal.confirmed_at

    decision = review.reject(caches, proposal.paper, curator, "weak", "A secret note.")
    told = text_of(client.get(state))
    assert "declined it. Their reason: Too weak." in told and "secret" not in told and "curator on" not in told
    review.undo(decision, curator)
    assert "A decision was taken back: it awaits another one." in text_of(client.get(state))
    make_entry(category, proposal.paper)
    assert "It was accepted, and is in the list: Eviction." in text_of(client.get(state))
    assert "ada@example.org" not in client.get(state).content.decode()


def test_curators_see_who_proposed_it_and_others_do_not(client, caches, address, curator):
    proposal, _ = confirmed(client, address, why="It drops keys.")
    for page in (reverse("paper", args=[proposal.paper.pk]), reverse("list", args=[caches.slug]), reverse("papers")):
        assert "ada@example.org" not in client.get(page).content.decode()
    client.force_login(curator)
    card = text_of(client.get(reverse("queue", args=[caches.slug]), {"paper": proposal.paper.pk}))
    assert "Proposed by its author" in card and "It drops keys." in card and "ada@example.org" in card
    assert "ada@example.org" in text_of(client.get(reverse("add-papers", args=[caches.slug])))


def test_what_is_unconfirmed_is_nowhere(client, caches, address, curator):
    send(client, address, why="It drops keys.")
    client.force_login(curator)
    assert "It drops keys" not in client.get(reverse("add-papers", args=[caches.slug])).content.decode()


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"paper": ""}, "paper", "This field is required."),
        ({"paper": "some words"}, "paper", "It names no paper by a link or an id."),
        ({"paper": "2611.00001 2611.00002"}, "paper", "Name one paper, by its link, arXiv id or DOI."),
        ({"paper": "https://doi.org/10.1000/x"}, "title", "Give its title, too: nobody can be asked for it."),
        ({"email": "nobody"}, "email", "Enter a valid email address."),
        ({"email": "a@b.org\nBcc: c@d.org"}, "email", "Enter a valid email address."),
        ({"email": f"{'a' * 250}@b.org"}, "email", "Ensure this value has at most 254 characters"),
        ({"category": "999999"}, "category", "Select a valid choice."),
        ({"why": "x" * 501}, "why", "Ensure this value has at most 500 characters"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(client, address, fields, name, words):
    response = send(client, address, **fields)
    assert response.status_code == 422
    error = re.search(rf'id="id_{name}_error">([^<]*)<', response.content.decode())
    assert error and words in error[1]
    assert not Proposal.objects.exists() and not mail.outbox


def test_a_program_that_fills_in_everything_is_let_believe(client, address):
    response = send(client, address, homepage="https://spam.example")
    assert response.status_code == 200 and "Look into your mail" in text_of(response)
    assert not Proposal.objects.exists() and not mail.outbox


@pytest.mark.parametrize("shown", ["", "made:up", "now"])
def test_what_comes_at_once_or_without_the_form_is_asked_for_again(client, address, monkeypatch, shown):
    monkeypatch.setattr(proposing, "LEAST_SECONDS", 3)
    given = filled(client, address)
    response = client.post(address, given if shown == "now" else given | {"shown": shown})
    assert response.status_code == 422 and "faster than a person types" in text_of(response)
    assert not mail.outbox


def test_a_page_that_lay_open_for_days_is_loaded_again(client, address, monkeypatch):
    monkeypatch.setattr(proposing, "MOST_SECONDS", -1)
    assert send(client, address).status_code == 422


def test_the_form_is_protected_from_other_sites(caches, address):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(address, {"paper": "2611.00001"}).status_code == 403


def test_one_address_of_the_network_has_a_few_an_hour(client, address, monkeypatch):
    monkeypatch.setattr(proposing.ByAddress, "rate", "2/hour")
    for number in range(2):
        assert send(client, address, paper=f"2611.0000{number}", email=f"p{number}@example.org").status_code == 200
    response = send(client, address, paper="2611.00009", email="p9@example.org")
    assert response.status_code == 429 and "Try again in an hour." in text_of(response)
    assert len(mail.outbox) == 2
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert send(other, address, paper="2611.00009", email="p9@example.org").status_code == 200


def test_one_mail_address_has_a_few_a_day(client, address):
    for number in range(3):
        assert send(client, address, paper=f"2611.0000{number}").status_code == 200
    response = send(client, address, paper="2611.00009")
    assert response.status_code == 429 and "At most 3 papers a day" in text_of(response)
    assert len(mail.outbox) == 3


def test_what_is_settled_is_said_and_names_nobody(client, caches, address, curator):
    confirmed(client, address)
    review.reject(caches, make_paper(identifiers=[("arxiv", "2611.00003")]), curator, "off-topic")
    for paper, words in [
        ("2611.00001", "It was proposed already, and awaits a decision."),
        ("2306.14048", "It is in the list already: Eviction."),
        ("2611.00003", "The curators have declined it (off topic)."),
    ]:
        response = send(client, address, paper=paper, email="bob@example.org")
        assert response.status_code == 409
        page = response.content.decode()
        assert words in page and "ada@example.org" not in page and "curator on" not in page
    assert len(mail.outbox) == 1


def test_a_known_paper_that_waits_can_be_proposed_and_it_is_said(client, address):
    make_paper(identifiers=[("arxiv", "2611.00001")])
    assert "The paper is known here and awaits a decision" in text_of(send(client, address))


def test_whoever_confirms_second_is_told(client, address):
    send(client, address)
    send(client, address, email="bob@example.org")
    (first, _), (second, _) = map(links, mail.outbox)
    client.post(second)
    response = client.post(first)
    assert response.status_code == 409 and "It was proposed already" in text_of(response)


def test_links_that_are_old_or_made_up_lead_nowhere(client, address, monkeypatch):
    send(client, address)
    confirm, state = links(mail.outbox[0])
    assert client.get(confirm[:-2] + "x/").status_code == 410
    assert client.get(state.replace(state[-6:-1], "00000")).status_code == 404
    Proposal.objects.update(asked_at=timezone.now() - timedelta(days=4))
    assert client.post(confirm).status_code == 410
    Proposal.objects.all().delete()
    assert client.get(confirm).status_code == 410
    monkeypatch.setattr(proposing.proposals, "CONFIRMED_WITHIN", timedelta(seconds=-1))
    assert client.get(confirm).status_code == 410
    assert not Paper.objects.filter(source="author").exists()


def test_nothing_is_kept_when_the_mail_cannot_be_sent(client, address, monkeypatch):
    def fails(self, messages):
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailBackend, "send_messages", fails)
    response = send(client, address)
    assert response.status_code == 503 and "did not take the mail" in text_of(response)
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("how", ["no mail", "site", "list"])
def test_it_can_be_closed(client, caches, address, settings, how):
    given = filled(client, address)
    if how == "no mail":
        settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    elif how == "site":
        settings.PROPOSALS = False
    else:
        caches.takes_proposals = False
        caches.save()
    response = client.get(address)
    assert (
        response.status_code == 200
        and "proposals" in text_of(response).lower()
        and "<form method" not in response.content.decode()
    )
    assert client.post(address, given).status_code == 409
    assert not Proposal.objects.exists()
    assert address not in client.get(reverse("list", args=[caches.slug])).content.decode()


def test_the_list_leads_authors_to_it(client, caches, address):
    assert address in client.get(reverse("list", args=[caches.slug])).content.decode()


def test_a_stranger_cannot_put_words_into_a_mail(client, caches, address):
    send(client, address, paper="https://spam.example/buy", title="Buy now at https://spam.example", why="spam.example")
    assert "spam" not in mail.outbox[0].body + mail.outbox[0].subject


def test_what_is_typed_is_text(client, caches, address):
    hostile = '"><script>alert(1)</script>'
    _, state = confirmed(client, address, paper="https://example.org/x", title=hostile, why=hostile)
    assert "<script>alert" not in client.get(state).content.decode()
