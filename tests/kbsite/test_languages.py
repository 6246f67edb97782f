"""The page of a list's languages, its glossary, and what curators do there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from papers import entries, glossary
from papers.models import Document, Entry, EntryChange, EntryText
from papers.readme.exporter import export
from papers.readme.importer import import_readme
from papers.readme.row import RowFields
from papers.texts import fields_of
from tests.factories import make_paper
from tests.kbsite.bilingual import document

pytestmark = pytest.mark.django_db

NEW = RowFields(title="New", link="https://arxiv.org/abs/2601.00001", tags=("Unheard",), tldr="N.")


def page(client):
    response = client.get(reverse("languages", args=["caches"]))
    assert response.status_code == 200
    return response.content.decode()


def entry(title):
    return Entry.objects.get(texts__title=title, texts__document__language="en")


def lose(title, language="zh"):
    """Let a language lack an entry, as a README does that never had its row."""
    EntryText.objects.get(entry=entry(title), document__language=language).delete()


def change_original(curator):
    text = entry("Two Bits").texts.get(document__language="en")
    entries.edit(text, replace(fields_of(text), tldr="One bit is enough."), curator)


def test_readers_look_and_only_curators_act(client, caches, reader):
    assert page(client).count("in step") >= 2 and "<button" not in page(client).split("<main")[1].split("</main")[0]
    acts = [
        reverse(name, args=["caches", *more])
        for name, *more in (["bring-in-step"], ["confirm-translation"], ["create-language"], ["say-words", "zh"])
    ]
    for address in acts:
        assert client.post(address).url.startswith(reverse("sign-in"))
    client.force_login(reader)
    for address in acts:
        assert client.post(address).status_code == 403
    assert client.get(reverse("glossary", args=["caches", "zh"])).status_code == 200


def test_what_is_to_do_is_listed_with_the_way_to_it_and_counted_on_the_tab(desk, caches, curator):
    lose("Sink Tokens")
    change_original(curator)
    entries.admit(caches.categories.get(key="eviction"), make_paper("New"), {"en": NEW}, curator)
    shown = page(desk)
    for words in ("1 missing", "1 untranslated", "1 to check again"):
        assert words in shown
    assert f"{reverse('edit-entry', args=['caches', entry('Sink Tokens').pk])}?next=" in shown
    beside = f"{reverse('edit-entry', args=['caches', entry('New').pk])}?translate=zh&amp;next="
    assert beside in shown, "what there is to translate stands beside its original"
    assert 'Languages <span class="count">3</span>' in shown


def test_a_language_is_brought_in_step(desk, caches, curator):
    lose("Sink Tokens")
    done = desk.post(reverse("bring-in-step", args=["caches"]), {"language": "zh"}, follow=True)
    assert "README_CN.md: 1 row filled in, 0 put in order." in done.content.decode()
    assert "1 missing" not in page(desk)
    assert "[Sink Tokens]" in export(document(caches, "zh")).decode()
    assert EntryChange.objects.order_by("-pk")[0].user == curator
    assert desk.post(reverse("bring-in-step", args=["caches"]), {"language": "fr"}).status_code == 404


def test_a_translation_is_still_right(desk, caches, curator):
    change_original(curator)
    text = entry("Two Bits").texts.get(document__language="zh")
    assert text.stale == ["tldr"]
    desk.post(reverse("confirm-translation", args=["caches"]), {"text": text.pk, "field": "tldr"})
    text.refresh_from_db()
    assert (text.stale, text.tldr) == ([], "两比特足矣。")
    for wrong in ("", "x", "999999", "9" * 30):
        assert desk.post(reverse("confirm-translation", args=["caches"]), {"text": wrong}).status_code == 404


def test_a_readme_is_made_in_another_language_or_the_reason_is_told(office, caches):
    address = reverse("create-language", args=["caches"])
    refused = office.post(address, {"language": "zh", "path": "README_ZH.md"})
    assert refused.status_code == 422
    shown = refused.content.decode()
    assert "already: README_CN.md" in shown and 'value="README_ZH.md"' in shown
    assert office.post(address, {"language": "fr", "path": "README_FR.md"}).status_code == 302
    assert Document.objects.get(language="fr").texts.count() == 3
    assert "README_FR.md" in page(office) and "3 untranslated" in page(office)


def test_a_list_without_a_readme_says_how_to_begin(client):
    from papers.models import PaperList

    PaperList.objects.create(slug="caches", name="Empty")
    assert "import_list" in page(client)


def test_words_are_said_and_applied(desk, caches, curator):
    new = entries.admit(caches.categories.get(key="eviction"), make_paper("New"), {"en": NEW}, curator)
    address = reverse("glossary", args=["caches", "zh"])
    shown = desk.get(address).content.decode()
    assert '<span class="tag">淘汰 <span class="count">1</span></span>' in shown and 'value="Unheard"' in shown
    say = reverse("say-words", args=["caches", "zh"])
    desk.post(say, {"term": ["Unheard", "Sparse"], "own": ["未闻", ""]})
    chinese = new.texts.get(document__language="zh")
    assert (glossary.own(caches, "zh"), chinese.tags) == ({"Unheard": "未闻"}, ["Unheard"])
    told = desk.post(say, {"term": ["Unheard"], "own": ["新词"], "apply": "1"}, follow=True).content.decode()
    assert "1 word changed. Tags of 1 row changed." in told
    chinese.refresh_from_db()
    assert (chinese.tags, chinese.untranslated) == (["新词"], ["tldr"])
    assert desk.post(say, {"term": ["Unheard"], "own": ["x" * 201]}).status_code == 400
    assert desk.get(reverse("glossary", args=["caches", "en"])).status_code == 404, "it is the language of the terms"


def test_titles_are_shown_as_text(desk, caches, curator):
    text = entry("Sink Tokens").texts.get(document__language="en")
    entries.edit(text, replace(fields_of(text), title="<script>alert(1)</script>"), curator)
    EntryText.objects.filter(entry=text.entry, document__language="zh").delete()
    assert "<script>alert" not in page(desk)


def test_the_queries_do_not_grow_with_the_list(desk, caches):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(desk)
        return len(queries)

    asked()
    few = asked()
    source = bytes(document(caches, "en").source)
    rows = "".join(f"| [P{n}](https://arxiv.org/abs/2405.{n:05}) | - | `a` | - | T |\n" for n in range(1, 30))
    import_readme(caches, "en", source + rows.encode(), "README.md")
    assert EntryText.objects.filter(document__language="en").count() == 32
    assert asked() == few


def test_a_glossary_of_very_many_tags_is_said_page_by_page(desk, caches):
    text = entry("Two Bits").texts.get(document__language="en")
    text.tags = [f"tag {number:03}" for number in range(600)]
    text.save()
    address = reverse("glossary", args=["caches", "zh"])
    first, last = desk.get(address), desk.get(address, {"page": "4"})
    terms = [term.term for response in (first, last) for term in response.context["page"]]
    assert len(first.context["page"]) == 200 and "tag 599" in terms
    data = {"term": terms[200:], "own": ["词"] * len(terms[200:]), "page": "4"}
    answer = desk.post(reverse("say-words", args=["caches", "zh"]), data)
    assert answer.url == f"{address}?page=4"
    assert glossary.own(caches, "zh")["tag 599"] == "词"
    whole = {"term": terms[:200], "own": ["词"] * 200, "page": "1", "apply": "1"}
    assert desk.post(reverse("say-words", args=["caches", "zh"]), whole).status_code == 302
