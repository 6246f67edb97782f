"""The page that adds papers by hand: what each line would do, one confirm, nothing lost."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kbsite import broker, curation
from papers import pasting, review
from papers.models import Act, Decision, Entry, Paper, Proposal
from tests.factories import make_suggestion, make_user

pytestmark = pytest.mark.django_db

ROW = "| [Fewer Keys](https://arxiv.org/abs/2611.00009) | ACL 2026 | `Sparse` | [GitHub](https://github.com/x/y) | Half of them. |"
PASTED = f"https://arxiv.org/abs/2306.14048\n2611.00001\n\nhttps://doi.org/10.1000/x\nSome words only\n{ROW}\n"


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """The tasks that workers are asked for."""
    found = []
    monkeypatch.setattr(broker, "send", lambda task: found.append((task.task, task.args)) or True)
    return found


@pytest.fixture
def address(caches):
    return reverse("add-papers", args=[caches.slug])


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def box_of(response):
    return re.search(r'<textarea id="text"[^>]*>\n(.*?)</textarea>', response.content.decode(), re.DOTALL)[1]


def test_only_curators_add(client, reader, caches, address):
    switch = reverse("switch-proposals", args=[caches.slug])
    for page in (address, switch):
        assert client.post(page, {"text": "2611.00001", "add": "1", "take": "0"}).url.startswith(reverse("sign-in"))
    client.force_login(reader)
    for page in (address, switch):
        assert client.post(page, {"text": "2611.00001", "add": "1", "take": "0"}).status_code == 403
    assert client.get(address).status_code == 403
    assert not Proposal.objects.exists()


def test_the_list_leads_curators_to_it(client, desk, caches, address):
    assert address in desk.get(reverse("list", args=[caches.slug])).content.decode()
    desk.logout()
    assert address not in client.get(reverse("list", args=[caches.slug])).content.decode()


def test_a_paste_is_looked_at_before_anything_is_done(desk, address):
    response = desk.post(address, {"text": PASTED, "preview": "1"})
    page = response.content.decode()
    assert response.status_code == 200
    assert re.findall(r'name="take" value="(\d+)"', page) == ["1", "2", "4"]
    text = text_of(response)
    assert "It is listed already, in Eviction." in text
    assert "Its title is missing until arXiv is asked for it." in text
    assert "It names no paper by a link or an id." in text and "Some words only" in text
    assert 'name="title-2"' in page and 'name="title-1"' not in page
    assert 'name="where-4"' in page
    assert Paper.objects.filter(source="hand").count() == Proposal.objects.count() == 0


def test_one_confirm_puts_the_ticked_ones_into_the_queue_and_straight_into_a_category(
    desk, caches, address, curator, sent, django_capture_on_commit_callbacks
):
    data = {"text": PASTED, "add": "1", "take": ["1", "2", "4"], "title-2": "A title", "where-4": "eviction"}
    with django_capture_on_commit_callbacks(execute=True):
        response = desk.post(address, data)
    text = text_of(response)
    assert "2 papers are before the curators. 1 is in the list." in text
    assert {each.paper.title for each in Proposal.objects.filter(user=curator)} == {
        "arXiv:2611.00001",
        "A title",
        "Fewer Keys",
    }
    assert Entry.objects.get(paper__title="Fewer Keys").category.key == "eviction"
    assert Decision.objects.get().user == curator
    assert box_of(response) == "https://arxiv.org/abs/2306.14048\nSome words only"
    assert ("ingest.tasks.take_in", (caches.slug,)) in sent
    assert "the classifier has not spoken yet" in text and "arXiv is still asked for its title" in text


def test_a_wrong_line_keeps_no_other_one_back_and_stays_in_the_box(desk, address):
    data = {"text": "2611.00001\nhttps://doi.org/10.1000/x\n", "add": "1", "take": ["0", "1"]}
    response = desk.post(address, data)
    assert Proposal.objects.get().paper.title == "arXiv:2611.00001"
    assert "Line 2: its title is missing, and nobody can be asked for it." in text_of(response)
    assert box_of(response) == "https://doi.org/10.1000/x"


def test_what_was_accepted_is_undone_from_there_and_what_was_left_out_is_told_first(desk, caches, address):
    pasted = f"{ROW}\nhttps://doi.org/10.1000/x"
    typed = {"text": pasted, "add": "1", "take": ["0", "1"], "where-0": "eviction"}
    page = desk.post(address, typed).content.decode()
    lines = page[page.index('class="added-lines"') :].split("</ul>")[0]
    assert lines.index("its title is missing") < lines.index("Fewer Keys")
    act = Act.objects.latest("pk")
    assert reverse("undo-act", args=[act.pk]) in page
    assert desk.post(reverse("undo-act", args=[act.pk]), {"next": address}).url == address
    assert not Entry.objects.filter(paper__title="Fewer Keys").exists()
    assert "undo-act" not in desk.post(address, {"text": "2611.00001", "add": "1", "take": "0"}).content.decode()


def test_sending_it_twice_adds_it_once(desk, address):
    data = {"text": "2611.00001", "add": "1", "take": "0"}
    for _ in range(2):
        assert "1 paper is before the curators." in text_of(desk.post(address, data))
    assert Proposal.objects.count() == 1


def test_too_much_is_refused_with_a_word(desk, address):
    text = "\n".join(f"2611.{number:05}" for number in range(pasting.MOST_ITEMS + 1))
    response = desk.post(address, {"text": text, "preview": "1"})
    assert response.status_code == 422
    assert "Paste what comes before line 301 first." in text_of(response)
    assert box_of(response) == text


def test_a_full_paste_can_be_confirmed(desk, address):
    text = "\n".join(f"A title of {number} https://doi.org/10.1000/{number}" for number in range(pasting.MOST_ITEMS))
    data = {"text": text, "add": "1", "take": [str(number) for number in range(pasting.MOST_ITEMS)]}
    data |= {f"where-{number}": "" for number in range(pasting.MOST_ITEMS)}
    data |= {f"title-{number}": "" for number in range(pasting.MOST_ITEMS)}
    assert desk.post(address, data).status_code == 200
    assert Proposal.objects.count() == pasting.MOST_ITEMS


@pytest.mark.parametrize(
    "odd",
    [
        {"text": ""},
        {"text": " \n "},
        {"text": "2611.00001", "take": ["7", "-1", "x", "½", "9" * 30], "add": "1"},
        {"text": "2611.00001", "take": "0", "where-0": "no such", "add": "1"},
        {"text": "\r\n\r\n2611.00001", "preview": "1", "where": "no such"},
        {"text": '<script>alert(1)</script> https://example.org/"><script>', "preview": "1"},
    ],
)
def test_odd_input_is_answered(desk, address, odd):
    response = desk.post(address, odd)
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


def test_what_was_added_is_told_of_as_it_goes(desk, caches, address, curator):
    desk.post(address, {"text": "A title of it https://doi.org/10.1000/x", "add": "1", "take": "0"})
    paper = Proposal.objects.get().paper
    make_suggestion(caches, paper, relevance=0.83)
    assert "In the queue, 83 % relevant" in text_of(desk.get(address))
    review.reject(caches, paper, curator, "weak")
    assert "Rejected already by curator" in text_of(desk.get(address))


def test_the_card_says_who_put_it_there(desk, caches, address, curator):
    desk.post(address, {"text": "A title of it https://doi.org/10.1000/x", "add": "1", "take": "0"})
    paper = Proposal.objects.get().paper
    card = text_of(desk.get(reverse("queue", args=[caches.slug]), {"paper": paper.pk}))
    assert "Added by hand by curator" in card and "Source: By hand" in card


def test_authors_can_be_kept_out_of_one_list(desk, caches, address, settings):
    switch = reverse("switch-proposals", args=[caches.slug])
    assert "Authors may propose papers:" in text_of(desk.get(address))
    text = text_of(desk.post(switch, {"open": "0"}, follow=True))
    assert "This list takes no proposals at present." in text
    caches.refresh_from_db()
    assert not caches.takes_proposals
    assert desk.get(switch).status_code == 405
    desk.post(switch, {"open": "1"})
    caches.refresh_from_db()
    assert caches.takes_proposals
    told = text_of(desk.get(reverse("history", args=[caches.slug])))
    assert "Authors may propose papers: no yes" in told and "Authors may propose papers: yes no" in told
    act = Act.objects.filter(kind=Act.Kind.SETTINGS).first()
    curation.undo_act(act, make_user("another", curator=True))
    caches.refresh_from_db()
    assert not caches.takes_proposals


def test_the_page_costs_the_same_queries_however_much_is_there(desk, address):
    def queries(count):
        text = "\n".join(f"A long enough title {number} https://doi.org/10.1000/{number}" for number in range(count))
        desk.post(address, {"text": text, "add": "1", "take": [str(number) for number in range(count)]})
        with CaptureQueriesContext(connection) as asked:
            desk.post(address, {"text": f"{text}\n2611.00001\n2306.14048", "preview": "1"})
        return len(asked)

    assert queries(2) == queries(40)
