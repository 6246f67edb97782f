"""Undo from the pages: the toast, the history, and what goes with an act."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest
from django.urls import reverse

from papers import acts, entries, inbulk, listsettings, newlanguage, review
from papers.models import Act, EntryText, Review
from papers.readme.exporter import export
from papers.readme.importer import import_readme
from papers.texts import fields_of
from tests.factories import make_user
from tests.kbsite.bilingual import document, make_waiting

pytestmark = pytest.mark.django_db


def edit(caches, user, **fields) -> Act:
    text = EntryText.objects.filter(document=document(caches, "en")).order_by("pk")[0]
    entries.edit(text, replace(fields_of(text), **fields), user)
    return Act.objects.latest("pk")


def undo(client, act, **data):
    return client.post(reverse("undo-act", args=[act.pk]), data)


def test_the_toast_after_an_edit_undoes_it_and_its_own_toast_does_it_again(desk, caches, curator):
    before = export(document(caches, "en"))
    text = EntryText.objects.filter(document=document(caches, "en")).order_by("pk")[0]
    page = reverse("edit-entry", args=[caches.slug, text.entry_id])
    form = {
        f"{each.document.language}-{name}": getattr(each, name)
        for each in text.entry.texts.select_related("document")
        for name in ("title", "link", "venue", "tldr")
    } | {"en-tldr": "Short.", "category": "eviction", "save": "1"}
    shown = desk.post(page, form, follow=True).content.decode()
    act = Act.objects.latest("pk")
    assert act.kind == "edit" and reverse("undo-act", args=[act.pk]) in shown
    shown = desk.post(reverse("undo-act", args=[act.pk]), {"next": page}, follow=True).content.decode()
    assert export(document(caches, "en")) == before and "Undone." in shown
    again = Act.objects.latest("pk")
    assert reverse("undo-act", args=[again.pk]) in shown
    undo(desk, again)
    assert export(document(caches, "en")) != before
    history = desk.get(reverse("history", args=[caches.slug])).content.decode()
    assert "Done again" in history and history.count(">Redo<") == 0


def test_what_changes_nothing_offers_no_undoing(office, caches):
    shown = office.post(reverse("list-settings", args=[caches.slug]), {"orders": "1"}, follow=True).content.decode()
    assert "Saved." in shown and "/undo/" not in shown.split('id="messages"')[1].split("<main")[0]


def test_with_what_followed_it_is_undone_after_these_were_shown(desk, caches, curator):
    before = export(document(caches, "en"))
    first = edit(caches, curator, tldr="One.")
    edit(caches, make_user("ada", curator=True), tldr="Two.")
    asked = undo(desk, first, next="/papers/")
    assert asked.url == reverse("undo-act", args=[first.pk]) + "?next=%2Fpapers%2F"
    shown = desk.get(asked.url).content.decode()
    assert "1 act followed" in shown and "ada" in shown and "Two." in shown
    answer = undo(desk, first, cascade="1", next=f"/lists/{caches.slug}/history/")
    assert answer.url == f"/lists/{caches.slug}/history/"
    assert export(document(caches, "en")) == before
    assert "already" in desk.get(undo(desk, first).url).content.decode()


def test_what_no_act_tells_of_is_left_as_it_is_and_said(desk, caches, curator):
    act = edit(caches, curator, tldr="One.")
    EntryText.objects.filter(tldr="One.").update(tldr="By another hand.")
    assert "by hand" in desk.get(undo(desk, act).url).content.decode()
    assert EntryText.objects.filter(tldr="By another hand.").exists()


def test_nobody_is_sent_elsewhere_after_undoing(desk, caches, curator):
    answer = undo(desk, edit(caches, curator, tldr="One."), next="https://evil.example/")
    assert answer.url == reverse("history", args=[caches.slug])


def test_only_curators_undo(client, caches, curator, reader):
    act = edit(caches, curator, tldr="One.")
    assert "/sign-in/" in undo(client, act).url
    client.force_login(reader)
    assert undo(client, act).status_code == 403
    act.refresh_from_db()
    assert act.undone_by is None


def test_what_only_maintainers_may_do_only_they_may_undo(desk, caches, curator, maintainer):
    listsettings.want_second_opinion(caches, True, maintainer)
    wanted = Act.objects.latest("pk")
    listsettings.fix_orders(caches, {"eviction": "newest first"}, maintainer)
    ordered = Act.objects.latest("pk")
    with acts.act(caches, maintainer, Act.Kind.LANGUAGE) as made:
        newlanguage.create(caches, "fr", "README_FR.md", maintainer)
    history = desk.get(reverse("history", args=[caches.slug])).content.decode()
    for act in (wanted, ordered, made):
        assert reverse("undo-act", args=[act.pk]) not in history, "so no button says it could be done"
        assert undo(desk, act).status_code == 403
        act.refresh_from_db()
        assert act.undone_by is None
    caches.refresh_from_db()
    assert caches.second_opinion
    desk.force_login(maintainer)
    history = desk.get(reverse("history", args=[caches.slug])).content.decode()
    assert all(reverse("undo-act", args=[act.pk]) in history for act in (wanted, ordered, made))
    undo(desk, wanted)
    caches.refresh_from_db()
    assert not caches.second_opinion
    desk.force_login(curator)
    assert undo(desk, Act.objects.latest("pk")).status_code == 403, "nor do it again"
    listsettings.say_criterion(caches.categories.first(), "Caches.", curator)
    undo(desk, Act.objects.latest("pk"))
    assert caches.categories.first().criterion == "", "this one is a curator's own"


def test_the_key_of_the_queue_puts_back_exactly_what_a_deferral_had_been(desk, caches, curator):
    paper = make_waiting(caches).paper
    decision = review.reject(caches, paper, curator)
    desk.post(reverse("undo", args=[decision.pk]))
    assert not Review.objects.filter(paper=paper).exists()  # as before: nobody had looked at it
    assert Act.objects.latest("pk").kind == "undo"


def test_one_of_many_is_taken_back_from_the_queue(desk, caches, curator):
    papers = [make_waiting(caches, f"Paper {n}").paper for n in range(2)]
    done = inbulk.reject(caches, [paper.pk for paper in papers], curator)
    desk.post(reverse("undo", args=[done.results[0].decision.pk]))
    assert dict(Review.objects.values_list("paper", "state")) == {papers[0].pk: "open", papers[1].pk: "rejected"}


def test_taking_back_what_an_import_decided_undoes_no_import(desk, caches, curator):
    readme = export(document(caches, "en")).decode()
    newer = readme + "| [More](https://arxiv.org/abs/2501.00001) | ICML 2025 | - | - | More. |\n"
    import_readme(caches, "en", newer.encode(), "README.md", user=curator)
    desk.post(reverse("undo", args=[Review.objects.get(paper__title="More").decision_id]))
    assert Act.objects.latest("pk").kind == "take-back"
    assert bytes(document(caches, "en").source) == newer.encode() and export(document(caches, "en")) == readme.encode()


def test_the_history_is_narrowed_to_a_person_a_kind_and_a_paper(client, caches, curator):
    edit(caches, curator, tldr="One.")
    paper = make_waiting(caches, "Somebody's paper").paper
    review.reject(caches, paper, make_user("ada", curator=True))
    page = reverse("history", args=[caches.slug])
    for query, there, not_there in (
        ({"user": "ada"}, "Somebody&#x27;s paper", "One."),
        ({"kind": "edit"}, "One.", "Somebody&#x27;s paper"),
        ({"paper": paper.pk}, "Somebody&#x27;s paper", "One."),
    ):
        shown = client.get(page, query).content.decode()
        assert there in shown and not_there not in shown
    assert "Nothing of the kind" in client.get(page, {"kind": "move"}).content.decode()
    for wrong in ({"kind": "no"}, {"paper": "x"}, {"before": "-1"}):
        assert client.get(page, wrong).status_code == 404


def test_the_history_as_a_file_tells_every_decision_and_change(client, caches, curator):
    edit(caches, curator, title="=1+1")
    review.reject(caches, make_waiting(caches, "A weak one").paper, curator, "weak")
    address = reverse("history-export", args=[caches.slug, "jsonl"])
    lines = [json.loads(line) for line in client.get(address).getvalue().splitlines()]
    assert [each["kind"] for each in lines[:2]] == ["reject", "edit"]
    assert lines[1]["after"]["en"]["title"] == "=1+1" and lines[0]["reason"] == "weak"
    answer = client.get(reverse("history-export", args=[caches.slug, "csv"]), {"user": "curator"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="caches-history.csv"'
    rows = list(csv.DictReader(answer.getvalue().decode().splitlines()))
    assert [row["title"] for row in rows] == ["A weak one", "Heavy Hitters"]
    assert client.get(reverse("history-export", args=[caches.slug, "xls"])).status_code == 404
