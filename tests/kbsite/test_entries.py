"""Editing an entry: its rows, its category, its end, and the line as it will stand."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from papers import entries
from papers.models import Entry, EntryChange, EntryText
from papers.readme.exporter import diff, export
from tests.factories import make_entry, make_user
from tests.kbsite.bilingual import document, make_bilingual_list

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(caches):
    return Entry.objects.get(texts__title="Heavy Hitters", texts__document__language="en")


def address(entry):
    return reverse("edit-entry", args=[entry.category.list.slug, entry.pk])


def shown(response):
    """What the form of the page would send if nothing were touched."""
    desk = response.context["desk"]
    data = {form.add_prefix(name): form.initial[name] for form in desk.forms for name in form.fields}
    return data | {"category": desk.category.key, "seen": desk.seen}


def changed_lines(paper_list, language):
    return [line for line in diff(document(paper_list, language)).splitlines()[2:] if line[:1] in "+-"]


def test_only_curators_edit(client, reader, entry):
    assert client.get(address(entry)).url.startswith(reverse("sign-in"))
    client.force_login(reader)
    assert client.get(address(entry)).status_code == 403
    assert client.post(address(entry), {"remove": "1"}).status_code == 403
    assert Entry.objects.count() == 3


def test_an_entry_is_found_in_its_own_list_only(desk, entry):
    make_bilingual_list("other")
    assert desk.get(reverse("edit-entry", args=["other", entry.pk])).status_code == 404
    assert desk.get(reverse("edit-entry", args=["caches", 999999])).status_code == 404


def test_saving_what_nobody_touched_changes_nothing(desk, caches, entry):
    before = EntryChange.objects.count()
    response = desk.post(address(entry), shown(desk.get(address(entry))) | {"save": "1"})
    assert response.url == f"{reverse('list', args=['caches'])}#entry-{entry.pk}"
    assert EntryChange.objects.count() == before
    assert changed_lines(caches, "en") == changed_lines(caches, "zh") == []


def test_an_edit_changes_one_line_of_one_language(desk, caches, entry, curator):
    page = desk.get(address(entry))
    assert "| [Heavy Hitters](https://arxiv.org/abs/2306.14048) | NeurIPS 2023 |" in unescape(page.content.decode())
    desk.post(address(entry), shown(page) | {"zh-tldr": "保留常读的。", "save": "1"})
    assert changed_lines(caches, "en") == []
    removed, added = changed_lines(caches, "zh")
    assert "保留最常读的。" in removed and "保留常读的。" in added
    change = EntryChange.objects.first()
    assert (change.verb, change.user) == ("edit", curator)
    history = desk.get(address(entry)).content.decode()
    assert "<del>保留最常读的。</del>" in history and "<ins>保留常读的。</ins>" in history


def test_every_code_link_and_column_is_kept(desk, caches, entry):
    english = document(caches, "en")
    english.source = (
        bytes(english.source)
        .replace(b"| TL;DR |\n", b"| TL;DR | Stars |\n")
        .replace(b"| :--- |\n", b"| :--- | :--- |\n")
    )
    english.save()
    text = entry.texts.get(document__language="en")
    text.code = [["GitHub", "https://github.com/x/a"], ["Page", "https://example.org"]]
    text.extra = {"Stars": "12"}
    text.save()
    page = desk.get(address(entry))
    desk.post(
        address(entry), shown(page) | {"en-code_url_1": "https://example.org/new", "en-extra_0": "13", "save": "1"}
    )
    text.refresh_from_db()
    assert text.code == [["GitHub", "https://github.com/x/a"], ["Page", "https://example.org/new"]]
    assert text.extra == {"Stars": "13"}
    desk.post(
        address(entry), shown(desk.get(address(entry))) | {"en-code_url_0": "", "en-code_label_0": "", "save": "1"}
    )
    text.refresh_from_db()
    assert text.code == [["Page", "https://example.org/new"]]


def test_an_old_value_that_would_not_pass_today_does_not_block_other_edits(desk, entry):
    text = entry.texts.get(document__language="en")
    text.link, text.tags = "../notes/h2o.md", ["one, two", "x" * 300]
    text.save()
    desk.post(address(entry), shown(desk.get(address(entry))) | {"en-venue": "ICML", "save": "1"})
    text.refresh_from_db()
    assert (text.venue, text.link, text.tags) == ("ICML", "../notes/h2o.md", ["one, two", "x" * 300])


def test_a_wrong_row_is_shown_again_with_all_that_was_typed(desk, entry):
    typed = shown(desk.get(address(entry))) | {"en-link": "javascript:x", "zh-tldr": "新的", "category": "quantization"}
    response = desk.post(address(entry), typed | {"save": "1"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "javascript:x" in page and "新的" in page and "Give an address" in page
    assert '<option value="quantization" selected>' in page
    entry.refresh_from_db()
    assert entry.category.key == "eviction" and not EntryChange.objects.filter(verb="edit").exists()


def test_an_entry_moves_to_another_category_in_every_language(desk, caches, entry):
    typed = shown(desk.get(address(entry))) | {"category": "quantization", "save": "1"}
    desk.post(address(entry), typed)
    entry.refresh_from_db()
    assert entry.category.key == "quantization"
    assert len(changed_lines(caches, "en")) == len(changed_lines(caches, "zh")) == 2


def test_where_it_was_moved_is_told_by_the_names_of_the_categories(desk, caches, entry):
    caches.categories.get(key="quantization").texts.filter(document__language="en").update(name="Fewer Bits")
    desk.post(address(entry), shown(desk.get(address(entry))) | {"category": "quantization", "save": "1"})
    for page in (address(entry), reverse("history", args=[caches.slug])):
        assert "<del>Eviction</del> <ins>Fewer Bits</ins>" in desk.get(page).content.decode()


def test_it_cannot_stand_twice_in_one_category(desk, caches, entry):
    make_entry(caches.categories.get(key="quantization"), entry.paper)
    for button in ("save", "preview"):
        typed = shown(desk.get(address(entry))) | {"category": "quantization", button: "1"}
        response = desk.post(address(entry), typed)
        assert "already stands in" in response.content.decode()
    entry.refresh_from_db()
    assert entry.category.key == "eviction"
    assert desk.post(address(entry), typed | {"category": "none"}).status_code == 404


def test_the_preview_is_the_very_line_and_changes_nothing(desk, caches, entry):
    exports = [export(document(caches, language)) for language in ("en", "zh")]
    typed = shown(desk.get(address(entry))) | {"en-tldr": "A | `b` <script>", "en-tags": 'With "quotes", Other'}
    page = unescape(desk.post(address(entry), typed | {"preview": "1"}).content.decode())
    assert [export(document(caches, language)) for language in ("en", "zh")] == exports
    assert EntryChange.objects.filter(verb="edit").count() == 0
    desk.post(address(entry), typed | {"save": "1"})
    _, added = changed_lines(caches, "en")
    assert added[1:] in page
    assert "<script>" not in desk.get(address(entry)).content.decode().split("<main")[1]


def test_the_preview_follows_a_move(desk, caches, entry):
    typed = shown(desk.get(address(entry))) | {"category": "quantization", "preview": "1"}
    page = unescape(desk.post(address(entry), typed).content.decode())
    desk.post(address(entry), typed | {"save": "1"})
    (added,) = (line for line in changed_lines(caches, "en") if line[0] == "+")
    assert added[1:] in page


def test_who_saves_over_a_newer_edit_is_told_whose_it_is(desk, entry):
    typed = shown(desk.get(address(entry))) | {"en-tldr": "My words.", "save": "1"}
    text = entry.texts.select_related("document__list", "entry").get(document__language="en")
    other = make_user("other", curator=True)
    entries.edit(text, entries.RowFields.from_json(entries.fields_of(text).as_json() | {"venue": "ICML"}), other)
    response = desk.post(address(entry), typed)
    body = response.content.decode()
    assert response.status_code == 409
    assert "other changed this entry" in body and "My words." in body
    text.refresh_from_db()
    assert (text.venue, text.tldr) == ("ICML", "Keeps what is read most.")
    desk.post(address(entry), typed | {"seen": response.context["desk"].seen})
    text.refresh_from_db()
    assert text.tldr == "My words."


def test_taking_an_entry_out_asks_first_and_leaves_its_history(desk, caches, entry):
    page = desk.get(address(entry)).content.decode()
    assert "Yes, take it out" in page
    paper = entry.paper
    response = desk.post(address(entry), {"remove": "1"}, follow=True)
    assert "Removed “Heavy Hitters” from Eviction" in response.content.decode()
    assert not Entry.objects.filter(paper=paper).exists()
    assert EntryChange.objects.filter(paper=paper, verb="remove").exists()
    assert [line[0] for language in ("en", "zh") for line in changed_lines(caches, language)] == ["-", "-"]


def test_after_saving_one_is_back_where_one_came_from(desk, entry):
    back = reverse("export", args=["caches"])
    page = desk.get(f"{address(entry)}?next={back}")
    assert page.context["back"] == back
    typed = shown(page) | {"save": "1"}
    assert desk.post(address(entry), typed | {"next": back}).url == back
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        assert desk.post(address(entry), typed | {"next": elsewhere}).url.startswith("/lists/caches/")
        assert desk.get(f"{address(entry)}?next={elsewhere}").context["back"] == ""


def test_translating_a_flagged_field_takes_the_flag_away(desk, entry):
    EntryText.objects.filter(entry=entry, document__language="zh").update(untranslated=["tags", "tldr"])
    page = desk.get(address(entry))
    assert "TL;DR not translated" in page.content.decode()
    desk.post(address(entry), shown(page) | {"zh-tldr": "新的简述。", "save": "1"})
    assert EntryText.objects.get(entry=entry, document__language="zh").untranslated == ["tags"]


def test_the_page_costs_the_same_queries_however_long_the_list(desk, caches, entry):
    def queries_with_more(rows):
        for _ in range(rows):
            make_entry(entry.category)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(address(entry)).status_code == 200
        return len(queries)

    assert queries_with_more(2) == queries_with_more(20)


def test_its_history_is_taken_away_as_a_file(desk, entry):
    page = unescape(desk.get(address(entry)).content.decode())
    files = re.findall(r'href="([^"]*/export[^"]*)"', page.partition("What was done to it")[2])
    assert len(files) == 2 and all(desk.get(each).status_code == 200 for each in files)
