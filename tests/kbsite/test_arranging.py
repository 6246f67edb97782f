"""Arranging a list by its page's form, with and without a script, and the ways to an entry beside it."""

from __future__ import annotations

from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from papers.models import Act, Entry, EntryText
from papers.readme.exporter import diff
from tests.factories import make_entry
from tests.kbsite.bilingual import document, make_bilingual_list
from tests.kbsite.test_entries import shown
from tests.kbsite.test_lists import page_of

pytestmark = pytest.mark.django_db


def entry(title) -> Entry:
    return Entry.objects.get(texts__title=title, texts__document__language="en", category__list__slug="caches")


def arrange(client, aside=False, **sent):
    return client.post(reverse("arrange", args=["caches"]), sent, headers={"HX-Request": "true"} if aside else None)


def titles(caches, language="en", category="eviction"):
    rows = EntryText.objects.filter(document=document(caches, language), entry__category__key=category)
    return list(rows.order_by("position", "pk").values_list("title", flat=True))


def edit_address(title, **query):
    return reverse("edit-entry", args=["caches", entry(title).pk], query=query or None)


# --- the list's page --------------------------------------------------------------------------------------------


def test_only_those_who_may_edit_arrange(client, desk, caches, reader):
    assert 'name="up"' in page_of(desk, caches, arrange=1)
    assert 'name="up"' not in page_of(desk, caches), "who reads is not in the way of who arranges"
    assert 'name="up"' not in page_of(desk, caches, arrange=1, tag="Sparse"), "what is hidden cannot be stepped over"
    client.force_login(reader)
    assert 'name="up"' not in page_of(client, caches, arrange=1)


def test_without_script_the_page_comes_again_where_the_entry_stands(desk, caches):
    response = arrange(desk, up=entry("Sink Tokens").pk, language="zh")
    assert response.url == f"/lists/caches/?arrange=1&language=zh#entry-{entry('Sink Tokens').pk}"
    page = unescape(desk.get(response.url).content.decode())
    assert "“Sink Tokens” is number 1 of 2 in Eviction now." in page
    assert titles(caches) == titles(caches, "zh") == ["Sink Tokens", "Heavy Hitters"]
    assert reverse("undo-act", args=[Act.objects.latest("pk").pk]) in page


def test_a_script_is_told_what_was_done_and_how_to_undo_it(desk, caches):
    answer = arrange(desk, aside=True, down=entry("Heavy Hitters").pk)
    told = unescape(answer.content.decode())
    assert answer.status_code == 200 and "“Heavy Hitters” is number 2 of 2 in Eviction now." in told
    assert 'name="next" value="/lists/caches/?arrange=1"' in told
    act = Act.objects.latest("pk")
    assert desk.post(reverse("undo-act", args=[act.pk]), {"next": "/lists/caches/?arrange=1"}).status_code == 302
    assert "Undone." in page_of(desk, caches, arrange=1)
    assert titles(caches) == ["Heavy Hitters", "Sink Tokens"]
    told = unescape(arrange(desk, aside=True, up=entry("Heavy Hitters").pk).content.decode())
    assert "stays number 1 of 2" in told and "Undo" not in told


def test_an_entry_goes_where_it_is_dropped(desk, caches):
    arrange(desk, entry=entry("Sink Tokens").pk, behind="")
    assert titles(caches, "zh") == ["Sink Tokens", "Heavy Hitters"]
    arrange(desk, entry=entry("Two Bits").pk, behind=entry("Sink Tokens").pk, to="eviction")
    assert titles(caches) == titles(caches, "zh") == ["Sink Tokens", "Two Bits", "Heavy Hitters"]
    act = Act.objects.latest("pk")
    assert act.changes.count() == 2, "the move and the place, as one"
    desk.post(reverse("undo-act", args=[act.pk]))
    assert titles(caches, "en", "quantization") == ["Two Bits"]


def test_what_stands_elsewhere_meanwhile_is_no_place_to_drop(desk, caches):
    answer = arrange(desk, aside=True, entry=entry("Heavy Hitters").pk, behind=entry("Two Bits").pk)
    assert answer.status_code == 409 and "its own category" in answer.content.decode()
    make_entry(caches.categories.get(key="quantization"), entry("Heavy Hitters").paper, title="Another")
    answer = arrange(desk, aside=True, entry=entry("Heavy Hitters").pk, behind="", to="quantization")
    assert answer.status_code == 409 and "already stands in" in answer.content.decode()
    assert titles(caches) == ["Heavy Hitters", "Sink Tokens"]


def test_chosen_entries_move_together(desk, caches):
    chosen = [entry("Heavy Hitters").pk, entry("Sink Tokens").pk, "x"]
    response = arrange(desk, chosen=chosen, to="quantization")
    page = unescape(desk.get(response.url).content.decode())
    assert "Moved 2 entries to Quantization." in page and "No entry yet." in page
    assert "Choose entries first" in unescape(desk.get(arrange(desk, to="eviction").url).content.decode())
    told = unescape(arrange(desk, aside=True, chosen=chosen, to="quantization").content.decode())
    assert "Moved 0 entries to Quantization. 2 stand there already." in told


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 400),
        ({"up": "999999"}, 404),
        ({"up": "x"}, 404),
        ({"up": "9" * 30}, 404),
        ({"up": "1", "language": "fr"}, 404),
        ({"to": "nowhere"}, 404),
    ],
)
def test_what_is_not_there_is_not_arranged(desk, caches, sent, status):
    assert arrange(desk, **sent).status_code == status


def test_another_list_stays_as_it_is(desk, caches):
    other = make_bilingual_list("other")
    theirs = Entry.objects.filter(category__list=other).first()
    assert arrange(desk, down=theirs.pk).status_code == 404
    assert arrange(desk, entry=entry("Heavy Hitters").pk, behind=theirs.pk).status_code == 404
    arrange(desk, chosen=[theirs.pk], to="quantization")
    theirs.refresh_from_db()
    assert theirs.category.list == other


def test_arranging_costs_the_same_queries_however_long_the_list(desk, caches):
    def queries_with_more(number):
        for _ in range(number):
            make_entry(caches.categories.get(key="eviction"))
        counts = []
        for do in (
            lambda: page_of(desk, caches, arrange=1),
            lambda: arrange(desk, aside=True, down=entry("Heavy Hitters").pk),
            lambda: arrange(desk, aside=True, entry=entry("Two Bits").pk, behind="", to="eviction"),
        ):
            with CaptureQueriesContext(connection) as queries:
                do()
            counts.append(len(queries))
        arrange(desk, aside=True, chosen=[entry("Two Bits").pk], to="quantization")
        return counts

    queries_with_more(0)
    assert queries_with_more(2) == queries_with_more(30)


# --- an entry ---------------------------------------------------------------------------------------------------


def test_a_second_place_is_prefilled_and_stands_once_it_is_saved(desk, caches):
    assert '<option value="quantization">' in desk.get(edit_address("Heavy Hitters")).content.decode()
    page = desk.get(edit_address("Heavy Hitters", also="quantization"))
    assert "A second place in “Quantization”" in unescape(page.content.decode())
    assert titles(caches, "en", "quantization") == ["Two Bits"]
    typed = shown(page) | {"also": "quantization", "zh-tldr": "新的。"}
    previewed = unescape(desk.post(edit_address("Heavy Hitters"), typed | {"preview": "1"}).content.decode())
    response = desk.post(edit_address("Heavy Hitters"), typed | {"save": "1"})
    added = [line for line in diff(document(caches, "zh")).splitlines()[2:] if line.startswith("+")]
    assert len(added) == 1 and "新的。" in added[0] and added[0][1:] in previewed
    told = unescape(desk.get(response.url).content.decode())
    assert "“Heavy Hitters” stands in Quantization, too." in told
    act = Act.objects.latest("pk")
    assert act.kind == "add" and reverse("undo-act", args=[act.pk]) in told
    desk.post(reverse("undo-act", args=[act.pk]))
    assert titles(caches, "en", "quantization") == ["Two Bits"] and diff(document(caches, "zh")) == ""


def test_a_second_place_where_it_stands_already_is_refused(desk, caches):
    typed = shown(desk.get(edit_address("Heavy Hitters", also="eviction"))) | {"also": "eviction", "save": "1"}
    response = desk.post(edit_address("Heavy Hitters"), typed)
    assert response.status_code == 422 and "already stands in" in response.content.decode()
    assert desk.get(edit_address("Heavy Hitters", also="nowhere")).status_code == 404


def test_a_translation_is_written_beside_its_original(desk, caches):
    EntryText.objects.filter(entry=entry("Heavy Hitters"), document__language="zh").update(
        untranslated=["tags"], stale=["tldr"]
    )
    assert "translate=zh" in page_of(desk, caches, language="zh") and "translate=" not in page_of(desk, caches)
    page = desk.get(edit_address("Heavy Hitters", translate="zh"))
    told = page.content.decode()
    assert '<dd lang="en">Keeps what is read most.</dd>' in told, "the original, to read"
    assert 'name="en-tldr"' not in told and 'name="zh-tldr"' in told
    assert "Tags not translated" in told and "TL;DR to check again" in told
    typed = shown(page) | {"translate": "zh", "zh-tldr": "新的。", "save": "1"}
    desk.post(edit_address("Heavy Hitters"), typed)
    text = EntryText.objects.get(entry=entry("Heavy Hitters"), document__language="zh")
    assert (text.tldr, text.untranslated, text.stale) == ("新的。", ["tags"], [])
    assert EntryText.objects.get(entry=text.entry, document__language="en").tldr == "Keeps what is read most."


def test_a_translation_that_is_right_is_confirmed_as_it_is_saved(desk, caches):
    found = EntryText.objects.filter(entry=entry("Heavy Hitters"), document__language="zh")
    found.update(untranslated=["tags"], stale=["tldr"])
    page = desk.get(edit_address("Heavy Hitters", translate="zh"))
    desk.post(edit_address("Heavy Hitters"), shown(page) | {"translate": "zh", "save": "right"})
    text = found.get()
    assert (text.untranslated, text.stale) == ([], [])
    desk.post(reverse("undo-act", args=[Act.objects.latest("pk").pk]))
    text.refresh_from_db()
    assert (text.untranslated, text.stale) == (["tags"], ["tldr"])
    assert desk.get(edit_address("Heavy Hitters", translate="fr")).status_code == 404


def test_the_history_of_an_entry_is_one_step_away(desk, caches):
    address = f"{reverse('history', args=['caches'])}?paper={entry('Heavy Hitters').paper_id}"
    assert address in page_of(desk, caches)
    page = desk.get(edit_address("Heavy Hitters")).content.decode()
    assert address in page and "history/export.csv?paper=" in page and "history/export.jsonl?paper=" in page
    assert desk.get(address).status_code == 200
