"""A list as a page, and the history of its decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from papers import review
from papers.entries import fields_of
from papers.models import CategoryText, Entry, EntryText, PaperList, Review
from tests.factories import make_entry, make_list, make_paper, make_suggestion, make_user
from tests.kbsite.bilingual import document, make_waiting

pytestmark = pytest.mark.django_db


def page_of(client, paper_list, **query):
    response = client.get(reverse("list", args=[paper_list.slug], query=query or None))
    assert response.status_code == 200
    return response.content.decode()


def history_of(client, paper_list, **query):
    response = client.get(reverse("history", args=[paper_list.slug], query=query or None))
    assert response.status_code == 200
    return response.content.decode()


# --- the list ---------------------------------------------------------------------------------------------------


def test_anyone_reads_the_sections_and_entries_in_each_language(client, caches):
    english = page_of(client, caches)
    for shown in (
        "Eviction",
        "Drops entries of the cache.",
        "Heavy Hitters",
        "NeurIPS 2023",
        "Keeps what is read most.",
    ):
        assert shown in english
    assert english.index("Heavy Hitters") < english.index("Sink Tokens") < english.index("Two Bits")
    assert 'href="https://arxiv.org/abs/2306.14048"' in english and 'href="https://github.com/x/h2o"' in english
    chinese = page_of(client, caches, language="zh")
    for shown in ("淘汰", "丢弃缓存条目。", "保留最常读的。"):
        assert shown in chinese and shown not in english
    assert 'lang="zh"' in chinese


def test_only_curators_see_the_way_to_edit(client, caches, curator, reader):
    entry = Entry.objects.first()
    edit = reverse("edit-entry", args=[caches.slug, entry.pk])
    assert edit not in page_of(client, caches)
    client.force_login(reader)
    assert edit not in page_of(client, caches)
    client.force_login(curator)
    assert edit in page_of(client, caches)


def test_every_section_and_entry_has_an_anchor(client, caches):
    page = page_of(client, caches)
    for anchor in ("eviction", "quantization", *(f"entry-{pk}" for pk in Entry.objects.values_list("pk", flat=True))):
        assert f'id="{anchor}"' in page


def test_a_tag_narrows_the_page_to_what_carries_it(client, caches):
    page = page_of(client, caches, tag="Streaming")
    assert "Sink Tokens" in page and "Heavy Hitters" not in page and "Two Bits" not in page
    assert "1 entry" in page
    assert "No entry carries this tag" in page_of(client, caches, tag="Nothing")


def test_untranslated_fields_are_flagged_where_they_stand(client, caches):
    EntryText.objects.filter(document=document(caches, "zh"), title="Two Bits").update(untranslated=["tags", "tldr"])
    assert "not translated" not in page_of(client, caches)
    page = page_of(client, caches, language="zh")
    assert "Tags not translated" in page and "TL;DR not translated" in page


def test_what_strangers_wrote_is_shown_as_text(client, caches):
    text = EntryText.objects.filter(document=document(caches, "en")).first()
    text.title = "<script>alert(1)</script>"
    text.link = "javascript:alert(2)"
    text.code = [["<b>code</b>", "javascript:alert(3)"]]
    text.tags = ['"><img src=x onerror=alert(4)>', "a & b"]
    text.tldr = "A | B `code` <script>alert(5)</script> **bold** [x](javascript:alert(6))"
    text.save()
    page = page_of(client, caches)
    assert "<script>alert" not in page and 'href="javascript:' not in page and "<img src=x" not in page
    assert "alert(1)" in page  # as on GitHub: the words without the tags around them
    assert "tag=%22%3E%3Cimg" in page
    assert "A | B code" in page and "bold" in page and "**bold**" not in page
    assert fields_of(text).tags[0] in EntryText.objects.get(pk=text.pk).tags
    narrowed = page_of(client, caches, tag=text.tags[0])
    assert "<img src=x" not in narrowed and "1 entry" in narrowed


def test_a_section_that_a_readme_lacks_is_said(client, caches):
    CategoryText.objects.filter(document=document(caches, "zh"), category__key="quantization").delete()
    page = page_of(client, caches, language="zh")
    assert "README_CN.md has no such section" in page and "Quantization" in page


def test_an_unknown_list_or_language_is_not_found(client, caches):
    assert client.get(reverse("list", args=["none"])).status_code == 404
    assert client.get(reverse("list", args=[caches.slug], query={"language": "fr"})).status_code == 404
    assert client.post(reverse("list", args=[caches.slug])).status_code == 405


def test_a_list_without_readme_says_what_to_do(client):
    empty = PaperList.objects.create(slug="empty", name="Empty")
    assert "import_list" in page_of(client, empty)


def test_the_page_costs_the_same_queries_however_long_the_list(client, curator):
    client.force_login(curator)
    paper_list = make_list()

    def queries_with_more(entries):
        for _ in range(entries):
            make_entry(paper_list.categories.first(), tags=["a", "b"], code=[["Code", "https://example.org"]])
        with CaptureQueriesContext(connection) as queries:
            page_of(client, paper_list)
        return len(queries)

    assert queries_with_more(3) == queries_with_more(30)


# --- its history ------------------------------------------------------------------------------------------------


def test_the_history_tells_who_decided_what_when_why_and_what_was_suggested(client, caches, curator):
    mei = make_user("mei", curator=True)
    suggestion = make_suggestion(
        caches, make_paper("A weak one"), 0.7, probabilities={"eviction": 0.6, "quantization": 0.1, "out": 0.3}
    )
    review.reject(caches, suggestion.paper, mei, "weak", "Two pages.")
    review.defer(caches, make_waiting(caches, "A late one").paper, curator, timezone.localdate() + timedelta(days=9))
    review.duplicate(caches, make_paper("A second record"), Entry.objects.first().paper, curator)
    page = history_of(client, caches)
    for shown in ("mei", "A weak one", "Too weak", "Two pages.", "70 % relevant", "Eviction 60 %", "(v1)"):
        assert shown in page
    assert page.index("A second record") < page.index("A late one") < page.index("A weak one")
    assert 'method="post"' not in page.split("<main")[1].split("</main")[0]  # readers undo nothing


def test_curators_undo_from_the_history_what_is_still_in_force(client, caches, curator):
    client.force_login(curator)
    paper = make_paper()
    first = review.reject(caches, paper, make_user("other", curator=True))
    page = history_of(client, caches)
    first.refresh_from_db()
    undo = reverse("undo-act", args=[first.act_id])
    assert undo in page
    response = client.post(undo, {"next": reverse("history", args=[caches.slug])})
    assert response.url == reverse("history", args=[caches.slug])
    page = history_of(client, caches)
    assert undo not in page and "taken back" in page and f"#act-{first.act_id}" in page
    assert not Review.objects.exclude(state="open").exists()


def test_a_long_history_has_pages(client, caches, curator):
    for _ in range(55):
        review.reject(caches, make_paper(), curator)
    page = history_of(client, caches)
    assert page.count('<tr id="act-') == 50
    oldest_shown = min(int(part.split('"')[0]) for part in page.split('<tr id="act-')[1:])
    assert f"?before={oldest_shown}" in page
    older = history_of(client, caches, before=oldest_shown)
    assert older.count('<tr id="act-') == 7 and "Older" not in older
    assert "Nothing older" in history_of(client, caches, before=1)
    for wrong in ("x", "-1", "9" * 30):
        assert client.get(reverse("history", args=[caches.slug], query={"before": wrong})).status_code == 404


def test_a_history_without_decisions_says_what_will_be_there(client, caches):
    assert "Nobody has done anything yet" in history_of(client, make_list())


def test_the_history_costs_the_same_queries_however_long(client, caches, curator):
    client.force_login(curator)

    def queries_with_more(decisions):
        for _ in range(decisions):
            decision = review.reject(caches, make_paper(), curator)
            review.undo(decision, curator)
            suggestion = make_waiting(caches)
            review.duplicate(caches, suggestion.paper, make_paper(), curator)
        with CaptureQueriesContext(connection) as queries:
            history_of(client, caches)
        return len(queries)

    assert queries_with_more(2) == queries_with_more(10)
