"""Deciding on many papers of the queue at once, from the page, without script."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kbsite.views import bulk
from papers import review
from papers.models import Act, Decision, Entry, Hold, Review
from papers.readme.exporter import export
from tests.factories import make_user
from tests.kbsite.bilingual import document, make_waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(caches):
    """Thirty papers that wait, the most relevant first; every third is of another subject."""
    return [
        make_waiting(
            caches, f"Paper number {place}", 0.9 - place / 50, subjects=["cs.LG" if place % 3 else "cs.CV"]
        ).paper_id
        for place in range(30)
    ]


def address(paper_list, **words):
    return reverse("bulk", args=[paper_list.slug], query=words or None)


def post(desk, paper_list, data, follow=False, **words):
    return desk.post(address(paper_list, **words), data, follow=follow)


def text_of(response):
    return " ".join(unescape(response.content.decode()).split())


def chosen(response):
    return [int(pk) for pk in re.search(r'name="papers" value="([\d,]+)"', response.content.decode())[1].split(",")]


def test_all_that_match_are_shown_as_a_sample_rejected_as_one_and_brought_back_as_one(desk, caches, many):
    table = text_of(desk.get(address(caches, subject="cs.CV", order="unsure")))
    assert "Go on with all 10 that match" in table and table.count('name="paper"') == 10
    look = post(desk, caches, {"look": "all"}, relevance_max="0.6", subject="cs.LG")
    low = [pk for place, pk in enumerate(many) if place % 3 and place >= 15]
    assert chosen(look) == low and "10 papers chosen" in text_of(look)
    assert not Decision.objects.exists()
    form = {"papers": ",".join(map(str, low)), "do": "reject", "reject": "off-topic", "note": "All of the lot."}
    done = post(desk, caches, form, follow=True, subject="cs.LG")
    assert done.redirect_chain[0][0] == address(caches, subject="cs.LG")
    act = Act.objects.get(kind="bulk")
    assert "10 papers rejected." in text_of(done) and reverse("undo-act", args=[act.pk]) in text_of(done)
    assert set(act.decisions.values_list("paper", "reason", "note")) == {
        (p, "off-topic", "All of the lot.") for p in low
    }
    desk.post(reverse("undo-act", args=[act.pk]))
    assert review.queue(caches).count() == 30


def test_a_sample_of_ten_is_spread_over_the_order(desk, caches, many):
    shown = text_of(post(desk, caches, {"look": "all"}))
    assert re.findall(r">Paper number (\d+)<", shown) == [str(place) for place in range(0, 30, 3)]
    assert "30 papers chosen" in shown and "Relevance from 32% to 90%" in shown.replace(" %", "%")


def test_enter_in_the_date_puts_off_until_that_day_and_rejects_nothing(desk, caches, many):
    form = text_of(post(desk, caches, {"look": "all"})).partition('class="bulk-verbs"')[2]
    assert re.findall(r'name="do" value="(\w+)"', form) == ["defer", "reject", "accept"], "Enter presses the first one"
    assert re.search(r'<select name="defer" id="id_defer">\s*<option value="(\w*)"', form)[1] == ""


def test_those_ticked_by_hand_are_put_off_or_accepted_with_their_rows(desk, caches, many):
    assert chosen(post(desk, caches, {"look": "ticked", "paper": [many[3], many[1], "x", 10**9]})) == [many[1], many[3]]
    nothing = post(desk, caches, {"look": "ticked"}, follow=True)
    assert "No paper is ticked" in text_of(nothing)
    post(desk, caches, {"papers": f"{many[1]},{many[3]}", "do": "defer", "defer": "30"})
    assert {each.until for each in Review.objects.all()} == {timezone.localdate() + timedelta(days=30)}
    before = export(document(caches, "en"))
    post(desk, caches, {"papers": f"{many[0]},{many[2]}", "do": "accept", "accept": "quantization"})
    assert set(Entry.objects.filter(paper__in=many).values_list("paper", "category__key")) == {
        (many[0], "quantization"),
        (many[2], "quantization"),
    }
    after = export(document(caches, "en"))
    assert b"Paper number 2" in after
    desk.post(reverse("undo-act", args=[Act.objects.filter(kind="bulk").latest("pk").pk]))
    assert export(document(caches, "en")) == before


def test_what_lacks_something_is_asked_again_and_decides_nothing(desk, caches, many):
    papers = f"{many[0]},{many[2]}"
    for form, words in (
        ({"do": "accept"}, "Choose a category."),
        ({"do": "defer", "defer": ""}, "Say until when."),
        ({"do": "defer", "defer": "", "until": "2020-01-01"}, "Choose a day after today."),
    ):
        asked = post(desk, caches, {"papers": papers, "note": "Kept.", **form})
        assert asked.status_code == 422 and words in text_of(asked) and "Kept." in text_of(asked)
        assert chosen(asked) == [many[0], many[2]]
    assert post(desk, caches, {"papers": papers, "do": "praise"}).status_code == 400
    assert post(desk, caches, {"papers": papers}).status_code == 400
    assert not Decision.objects.exists()


def test_a_list_without_a_readme_takes_no_rows_and_says_so(desk, caches, many):
    caches.documents.all().delete()
    said = post(desk, caches, {"papers": str(many[0]), "do": "accept", "accept": "quantization"})
    assert said.status_code == 422 and "no README yet" in text_of(said)


def test_papers_that_were_decided_meanwhile_are_told_with_the_reason_and_the_rest_is_done(desk, caches, many):
    ada = make_user("ada", curator=True)
    review.reject(caches, review.queue(caches).get(paper=many[0]).paper, ada)
    done = post(desk, caches, {"papers": f"{many[0]},{many[1]},{10**9}", "do": "reject"})
    shown = text_of(done)
    assert "1 paper rejected." in shown and "2 papers were refused" in shown
    assert "Paper number 0" in shown and "ada already decided" in shown and "There is no such paper." in shown
    assert reverse("undo-act", args=[Act.objects.get(kind="bulk").pk]) in shown
    again = text_of(post(desk, caches, {"papers": str(many[0]), "do": "reject"}))
    assert "Nothing was decided" in again and "/undo/" not in again.split("<main")[1]


def test_more_than_can_be_done_at_once_is_cut_to_the_first_and_said(desk, caches, many, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 12)
    shown = post(desk, caches, {"look": "all"})
    assert chosen(shown) == many[:12] and "30 match, and at most 12" in text_of(shown)
    too_many = post(desk, caches, {"papers": ",".join(map(str, many)), "do": "reject"})
    assert too_many.status_code == 400 and not Decision.objects.exists()


def test_it_is_said_when_others_read_some_of_them(desk, caches, curator, many):
    until = timezone.now() + timedelta(minutes=5)
    Hold.objects.create(list=caches, paper_id=many[0], user=make_user("ada", curator=True), until=until)
    Hold.objects.create(list=caches, paper_id=many[1], user=curator, until=until)
    assert "Somebody else is reading 1 of them" in text_of(post(desk, caches, {"look": "all"}))


def test_an_empty_queue_and_a_filter_that_leaves_nothing_say_so(desk, caches):
    assert "No paper waits" in text_of(desk.get(address(caches)))
    assert "Nothing that waits is like this" in text_of(desk.get(address(caches, q="zebra")))


def test_the_table_and_the_sample_cost_the_same_however_many_wait(desk, caches):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(address(caches, subject="cs.LG")).status_code == 200
            assert post(desk, caches, {"look": "all"}, subject="cs.LG").status_code == 200
        return len(captured)

    for _ in range(2):
        make_waiting(caches, subjects=["cs.LG"])
    queries()
    before = queries()
    for _ in range(40):
        make_waiting(caches, subjects=["cs.LG"])
    assert queries() == before


def test_a_list_that_wants_two_opinions_says_so_instead_of_offering_many_at_once(desk, caches, many):
    assert "Many at once" in text_of(desk.get(reverse("queue", args=[caches.slug])))
    caches.second_opinion = True
    caches.save()
    table = text_of(desk.get(address(caches)))
    assert "Each paper wants two opinions" in table and 'name="paper"' not in table
    assert "Many at once" not in text_of(desk.get(reverse("queue", args=[caches.slug])))
