"""The review queue with the plain test client, which runs no script: what curators see and what their buttons do."""

from __future__ import annotations

import logging
import re
import time
from datetime import date, timedelta
from html import unescape

import numpy as np
import pytest
from celery import Celery
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ingest import tasks
from ingest.models import Head
from kbsite import forms
from kbsite.celery import app
from papers import review, vectors
from papers.models import Decision, Entry, EntryText, Review, Suggestion
from papers.readme.exporter import diff, export
from tests.factories import make_entry, make_list, make_paper, make_suggestion, make_user
from tests.kbsite.bilingual import document, make_waiting

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def queue_of(paper_list, **query):
    return reverse("queue", args=[paper_list.slug], query=query or None)


def decide(client, suggestion, data, query=None, **extra):
    """Press a button of a card; `query` is what its form's address says of the queue."""
    where = reverse("decide", args=[suggestion.list.slug, suggestion.paper_id], query=query)
    return client.post(where, data, **extra)


def row(suggestion, **changes):
    """What the form of the card sends when nobody touches it, with changes."""
    fields = {
        "en-title": suggestion.paper.title,
        "en-link": suggestion.paper.link,
        "en-venue": "arXiv 2026.11",
        "en-tags": "",
        "en-code_url_0": "",
        "en-code_label_0": "",
        "en-tldr": "",
        "zh-tags": "",
        "zh-tldr": "",
    }
    return fields | changes


# --- who may ----------------------------------------------------------------------------------------------------


def test_the_anonymous_are_sent_to_sign_in(client, caches):
    suggestion = make_waiting(caches)
    for response in (client.get(queue_of(caches)), decide(client, suggestion, {"reject": ""})):
        assert response.status_code == 302
        assert response.url.startswith(reverse("sign-in"))
    assert not Decision.objects.exists()


def test_readers_are_refused(client, reader, curator, caches):
    suggestion = make_waiting(caches)
    decision = review.reject(caches, make_paper(), curator)
    client.force_login(reader)
    assert client.get(queue_of(caches)).status_code == 403
    assert decide(client, suggestion, {"reject": ""}).status_code == 403
    assert client.post(reverse("undo", args=[decision.pk])).status_code == 403
    assert Decision.objects.count() == 1


def test_a_form_without_its_token_is_refused(curator, caches):
    client = Client(enforce_csrf_checks=True)
    client.force_login(curator)
    assert decide(client, make_waiting(caches), {"reject": ""}).status_code == 403


def test_what_is_not_there_is_not_found(desk, caches):
    assert desk.get(reverse("queue", args=["none"])).status_code == 404
    for wrong in ("999999", "x", "9" * 40):
        assert desk.get(queue_of(caches, paper=wrong)).status_code == 404
    suggestion = make_waiting(caches)
    assert decide(desk, suggestion, row(suggestion, accept="none")).status_code == 404
    assert desk.post(reverse("decide", args=[caches.slug, 999999]), {"reject": ""}).status_code == 404


def test_who_comes_back_by_get_is_shown_the_card(desk, caches, curator):
    suggestion = make_waiting(caches)
    card = queue_of(caches, paper=suggestion.paper_id)
    assert desk.get(reverse("decide", args=[caches.slug, suggestion.paper_id])).url == card
    decision = review.reject(caches, suggestion.paper, curator)
    assert desk.get(reverse("undo", args=[decision.pk])).url == card
    assert Decision.objects.count() == 1


# --- what is shown ----------------------------------------------------------------------------------------------


def test_the_most_relevant_paper_comes_first_with_all_that_a_decision_needs(desk, caches):
    make_waiting(caches, "Of little interest", 0.2)
    near = Entry.objects.get(texts__title="Two Bits", texts__document__language="en")
    paper = make_paper(
        "A cache that forgets",
        abstract="We evict cache entries.",
        comment="Accepted at ICML",
        facts=[("upvotes", 34), ("code", "https://github.com/x/forget")],
    )
    make_suggestion(caches, paper, 0.9, nearest=[[near.paper_id, 0.71]], terms=[["evict", 1.2], ["cache", 0.4]])
    page = desk.get(queue_of(caches)).content.decode()
    for shown in ("A cache that forgets", "Ada Lovelace", "Accepted at ICML", "34 upvotes", "github.com/x/forget"):
        assert shown in page
    assert "<mark>evict</mark> <mark>cache</mark> entries" in page
    assert "Two Bits" in page and "71 % alike" in page
    assert ">Quantization</span>" in page  # the tag of that neighbour, to be added by a click
    assert "Drops entries of the cache." in page and "丢弃缓存条目。" in page
    assert "90 %" in page
    assert 'value="https://github.com/x/forget"' in page  # the code of the prefilled row
    assert page.index("A cache that forgets") < page.index("Of little interest")


def test_the_sentence_that_speaks_loudest_is_marked_with_its_terms_and_explained(desk, caches):
    paper = make_paper(abstract="Models <b> grow. We evict entries of a cache. It works.")
    make_suggestion(caches, paper, 0.9, terms=[["evict", 1.2]], sentence="We evict entries of a cache.")
    page = desk.get(queue_of(caches)).content.decode()
    title = "The sentence that speaks loudest for Eviction"
    marked = f'<mark class="trigger" title="{title}">We <mark>evict</mark> entries of a cache.</mark>'
    assert f"Models &lt;b&gt; grow. {marked} It works." in page
    assert "(“We evict entries of a cache.”)" in page  # for those who see no line under it


def test_formulas_of_the_abstract_are_drawn_and_its_emphasis_is_kept_beside_the_marks(desk, caches):
    sentence = r"We evict $k$ entries, 2.5$\times$ as many as \emph{others}."
    paper = make_paper(abstract=rf"A \textbf{{cache}} costs $5 and <b>. {sentence}")
    make_suggestion(caches, paper, 0.9, terms=[["evict", 1.2], ["k", 1.0]], sentence=sentence)
    page = desk.get(queue_of(caches)).content.decode()
    abstract = re.sub(r"<math.*?</math>", "[]", page[page.index('<p class="abstract">') :].split("</p>")[0])
    assert "A <strong>cache</strong> costs $5 and &lt;b&gt;. <mark " in abstract
    assert ">We <mark>evict</mark> [] entries, 2.5[] as many as <em>others</em>.</mark>" in abstract


def test_a_sentence_that_the_abstract_no_longer_has_is_not_shown(desk, caches):
    make_suggestion(caches, make_paper(abstract="Another text."), 0.9, sentence="We evict.")
    page = desk.get(queue_of(caches)).content.decode()
    assert "Another text." in page and "trigger" not in page and "We evict." not in page


def test_the_criterion_is_the_definition_of_the_suggested_category_and_its_keywords_in_the_paper(desk, caches):
    category = caches.categories.first()
    category.texts.filter(document__is_primary=True).update(keywords=["Heavy Hitters", "Attention Sink"])
    make_suggestion(caches, make_paper("On attention sinks"), 0.9, category)
    page = desk.get(queue_of(caches)).content.decode()
    part = page[page.index("<h3>Criterion</h3>") : page.index("What belongs where")]
    assert "Drops entries of the cache." in part and ">Attention Sink<" in part and "Heavy Hitters" not in part


@pytest.mark.parametrize(
    ("probabilities", "relevance", "unsure"),
    [
        ({"eviction": 0.9, "quantization": 0.05, "out": 0.05}, 0.95, []),
        ({"eviction": 0.7, "quantization": 0.25, "out": 0.05}, 0.95, ["Category"]),
        ({"eviction": 0.5, "quantization": 0.45, "out": 0.05}, 0.95, ["Category"]),
        ({"eviction": 0.7, "quantization": 0.05, "out": 0.25}, 0.75, ["Belongs in the list?"]),
        ({"eviction": 0.26, "quantization": 0.24, "out": 0.5}, 0.5, ["Belongs in the list?", "Category"]),
        ({"eviction": 0.15, "quantization": 0.1, "out": 0.75}, 0.25, ["Belongs in the list?"]),
        ({"eviction": 0.01, "quantization": 0.01, "out": 0.98}, 0.02, []),
    ],
)
def test_doubt_is_what_the_head_that_spoke_calls_so(desk, caches, probabilities, relevance, unsure):
    for version, sure_from in ((1, 0.8), (2, 0.3)):  # the newest has not spoken on it yet
        Head.objects.create(list=caches, version=version, meta={"sure_from": sure_from}, arrays=b"")
    make_suggestion(caches, relevance=relevance, probabilities=probabilities, head="v1")
    page = desk.get(queue_of(caches)).content.decode()
    assert re.findall(r'<h3>([^<]*) <span class="badge badge-warn">Unsure<', page) == unsure
    assert ("may be relied on from 80 % on" in page) == bool(unsure)


def test_a_head_that_can_never_be_relied_on_says_so_and_one_that_is_not_known_says_nothing(desk, caches):
    told = make_suggestion(caches, relevance=0.99, probabilities={"eviction": 0.99, "out": 0.01}, head="v1")
    assert "Unsure" not in desk.get(queue_of(caches)).content.decode()
    Head.objects.create(list=caches, version=1, meta={"sure_from": 1.0}, arrays=b"")
    assert "no answer may be relied on yet" in desk.get(queue_of(caches)).content.decode()
    assert told.head == "v1"


def test_whether_it_is_unsure_is_looked_up_once_for_all_cards(desk, caches):
    Head.objects.create(list=caches, version=1, meta={"sure_from": 0.8}, arrays=b"")
    for number in range(2):
        make_suggestion(caches, relevance=0.5 + number / 10, head="v1")
    desk.get(queue_of(caches))
    with CaptureQueriesContext(connection) as captured:
        desk.get(queue_of(caches, paper=Suggestion.objects.first().paper_id))
    assert not [query for query in captured if "ingest_head" in query["sql"]]


def test_a_given_paper_can_be_opened_and_the_queue_narrowed(desk, caches):
    first = make_waiting(caches, "First in line", 0.9)
    quantization = caches.categories.get(key="quantization")
    other = make_suggestion(caches, make_paper("Second in line"), 0.5, quantization)
    assert 'id="card-title" tabindex="-1">First in line<' in desk.get(queue_of(caches)).content.decode()
    opened = desk.get(queue_of(caches, paper=other.paper_id)).content.decode()
    assert 'id="card-title" tabindex="-1">Second in line<' in opened and "2 of 2" in opened
    narrowed = desk.get(queue_of(caches, category="quantization")).content.decode()
    assert 'id="card-title" tabindex="-1">Second in line<' in narrowed and "First in line" not in narrowed
    decided = decide(desk, other, {"reject": ""}, {"category": "quantization"})
    assert decided.url == queue_of(caches, category="quantization")
    empty = desk.get(decided.url).content.decode()
    assert "Nothing waits in this category" in empty and "Show all 1" in empty
    assert first.paper.title in desk.get(queue_of(caches, category="no such")).content.decode()


def test_a_paper_that_was_never_classified_can_be_decided_on(desk, caches):
    paper = make_paper("Not yet classified")
    page = desk.get(queue_of(caches, paper=paper.pk)).content.decode()
    assert "The classifier has not spoken" in page
    desk.post(reverse("decide", args=[caches.slug, paper.pk]), {"reject": "weak"})
    assert Decision.objects.get().suggestion is None


def test_an_empty_queue_says_why_and_what_to_do(desk, curator, caches):
    assert "manage.py pull" in desk.get(queue_of(caches)).content.decode()
    papers = [make_paper(), make_paper()]
    page = desk.get(queue_of(caches)).content.decode()
    assert "2 papers wait for the classifier" in page
    review.reject(caches, papers[0], curator)
    review.defer(caches, papers[1], curator, timezone.localdate() + timedelta(days=3))
    page = desk.get(queue_of(caches)).content.decode()
    assert "All decided" in page and "2 decisions stand" in page and "1 is put off" in page
    assert reverse("export", args=[caches.slug]) in page


def test_htmx_gets_the_changing_part_only(desk, caches):
    make_waiting(caches)
    part = desk.get(queue_of(caches), headers=HTMX)
    assert part.content.strip().startswith(b'<div id="stage"')
    assert b"<html" not in part.content
    assert "HX-Request" in part["Vary"]
    whole = desk.get(queue_of(caches), headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert b"<html" in whole.content


def test_every_category_has_a_key_of_its_own_while_there_are_letters(desk):
    paper_list = make_list(categories=[f"topic-{number}" for number in range(30)])
    make_suggestion(paper_list)
    page = desk.get(queue_of(paper_list)).content.decode()
    bar = page[page.index('class="decide-accept"') : page.index('class="decide-other"')]
    keys = re.findall(r'data-key="(.)"', bar)
    verbs = re.findall(r'data-key="(.)', page.replace(bar, ""))
    assert bar.count('name="accept"') == 30
    assert len(keys) == len(set(keys)) == 24 and not {key for key in keys if key.isalpha()} & set(verbs)


# --- deciding ---------------------------------------------------------------------------------------------------


def test_accepting_puts_a_row_into_every_language_and_flags_what_is_not_translated(desk, curator, caches):
    first, second = make_waiting(caches, "A cache that forgets", 0.9), make_waiting(caches, relevance=0.5)
    typed = row(first, **{"en-tags": "Eviction, New Idea", "en-tldr": "Forgets what is old.", "note": "Clear."})
    response = decide(desk, first, typed | {"accept": "eviction"})
    assert response.url == queue_of(caches, paper=second.paper_id)
    decision = Decision.objects.get()
    assert (decision.kind, decision.user, decision.note) == ("accept", curator, "Clear.")
    assert decision.suggestion["relevance"] == 0.9
    entry = Entry.objects.get(decision=decision)
    texts = {text.document.language: text for text in entry.texts.all()}
    assert texts["en"].tags == ["Eviction", "New Idea"] and texts["en"].untranslated == []
    # By the list's own glossary, where it knows the word.
    assert texts["zh"].tags == ["淘汰", "New Idea"] and set(texts["zh"].untranslated) == {"tags", "tldr"}
    for language in ("en", "zh"):
        changed = [line for line in diff(document(caches, language)).splitlines()[2:] if line[0] in "+-"]
        assert len(changed) == 1 and "A cache that forgets" in changed[0]


def test_a_translation_that_is_given_is_no_longer_awaited(desk, caches):
    suggestion = make_waiting(caches, facts=[("tldr", "It forgets.")])
    page = desk.get(queue_of(caches)).content.decode()
    assert page.count("It forgets.") == 1  # what is not Chinese is not offered as Chinese
    typed = row(suggestion, **{"en-tldr": "It forgets.", "zh-tldr": "会遗忘。", "en-tags": "Eviction"})
    decide(desk, suggestion, typed | {"accept": "eviction"})
    text = EntryText.objects.get(entry__paper=suggestion.paper, document__language="zh")
    assert (text.tldr, text.untranslated) == ("会遗忘。", [])


def test_an_edited_english_summary_does_not_pass_for_chinese(desk, caches):
    suggestion = make_waiting(caches, facts=[("tldr", "It forgets.")])
    decide(desk, suggestion, row(suggestion, **{"en-tldr": "It forgets soon.", "accept": "eviction"}))
    text = EntryText.objects.get(entry__paper=suggestion.paper, document__language="zh")
    assert (text.tldr, text.untranslated) == ("It forgets soon.", ["tldr"])


@pytest.mark.parametrize(
    ("sent", "kind", "told"),
    [
        ({"reject": ""}, "reject", {"reason": ""}),
        ({"reject": "weak"}, "reject", {"reason": "weak"}),
        ({"defer": "7"}, "defer", {"until": timezone.localdate() + timedelta(days=7)}),
        ({"defer": "", "until": "2099-01-31"}, "defer", {"until": date(2099, 1, 31)}),
        ({"defer": "0"}, "defer", {"until": None}),
    ],
)
def test_every_other_verb_is_one_button(desk, caches, sent, kind, told):
    suggestion = make_waiting(caches)
    response = decide(desk, suggestion, row(suggestion) | sent)
    assert response.url == queue_of(caches)
    decision = Decision.objects.get()
    assert decision.kind == kind
    assert {name: getattr(decision, name) for name in told} == told
    assert review.queue(caches).count() == 0


@pytest.mark.parametrize("sent", ["number", "link", "id"])
def test_a_duplicate_is_named_by_number_link_or_id(desk, caches, sent):
    other = make_paper("The first record", identifiers=[("arxiv", "2301.00001")])
    suggestion = make_waiting(caches)
    data = {
        "number": {"duplicate": other.pk},
        "link": {"duplicate": "", "of": "https://arxiv.org/pdf/2301.00001v3"},
        "id": {"duplicate": "", "of": "2301.00001"},
    }[sent]
    decide(desk, suggestion, data)
    assert Decision.objects.get().duplicate_of == other
    assert "of The first record" in desk.get(queue_of(caches)).content.decode()


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        ({"reject": "boring"}, ""),
        ({"defer": ""}, "Say until when."),
        ({"defer": "", "until": "2020-01-01"}, "Choose a day after today."),
        ({"defer": "-4"}, ""),
        ({"duplicate": "", "of": "2999.00001"}, "No paper here"),
        ({"duplicate": "77777777"}, "No paper here"),
        ({"duplicate": "", "of": "2611.54321"}, "the paper itself"),
        ({}, ""),
    ],
)
def test_a_verb_that_makes_no_sense_decides_nothing(desk, caches, sent, complaint):
    suggestion = make_waiting(caches, identifiers=[("arxiv", "2611.54321")])
    response = decide(desk, suggestion, row(suggestion, **{"en-tldr": "My words."}) | sent)
    assert response.status_code == 422
    assert complaint in response.content.decode()
    assert "My words." in response.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("en-link", "javascript:alert(1)", "Give an address"),
        ("en-link", "data:text/html,x", "Give an address"),
        ("en-code_url_0", "ftp://example.org", "Give an address"),
        ("en-code_url_0", "https://example.org/a b", "Give an address"),
        ("en-code_label_0", "Code", "A label needs an address."),
        ("en-title", " ", "A row needs a title."),
        ("en-title", "x" * 2001, "at most 2000"),
        ("en-tldr", "x" * 5001, "at most 5000"),
        ("zh-tldr", "字" * 5001, "at most 5000"),
        ("en-tags", "x" * 201, "at most 200"),
    ],
)
def test_a_row_that_cannot_stand_is_shown_again_with_all_that_was_typed(desk, caches, field, value, complaint):
    suggestion = make_waiting(caches)
    typed = row(suggestion, **{"en-venue": "ICML 2026", "zh-tags": "淘汰", "note": "My note."}) | {field: value}
    response = decide(desk, suggestion, typed | {"accept": "eviction"})
    page = unescape(response.content.decode())
    assert response.status_code == 422
    assert complaint in page
    for words in (value.strip(), "ICML 2026", "淘汰", "My note."):
        assert words in page
    assert not Decision.objects.exists() and Entry.objects.count() == 3


def test_line_breaks_that_were_pasted_become_spaces(desk, caches):
    suggestion = make_waiting(caches)
    typed = row(suggestion, **{"en-title": "A title\x01\r\n| with | a row", "en-tldr": "One.\n\n| Two. |\u2028Three."})
    decide(desk, suggestion, typed | {"accept": "eviction"})
    text = EntryText.objects.get(entry__paper=suggestion.paper, document__language="en")
    assert (text.title, text.tldr) == ("A title | with | a row", "One. | Two. | Three.")


def test_the_preview_is_the_very_line_and_decides_nothing(desk, caches):
    suggestion = make_waiting(caches, "A cache that forgets")
    typed = row(suggestion, **{"en-tags": "Eviction, `Odd`", "en-tldr": "A | B `code` <b>"})
    before = {language: export(document(caches, language)) for language in ("en", "zh")}
    response = decide(desk, suggestion, typed | {"preview": "eviction"})
    assert response.status_code == 200
    assert not Decision.objects.exists() and Entry.objects.count() == 3
    assert {language: export(document(caches, language)) for language in ("en", "zh")} == before
    page = unescape(response.content.decode())
    decide(desk, suggestion, typed | {"accept": "eviction"})
    for language in ("en", "zh"):
        added = [line[1:] for line in diff(document(caches, language)).splitlines()[2:] if line.startswith("+")]
        assert len(added) == 1 and added[0] in page


def test_what_strangers_wrote_is_shown_as_text(desk, caches):
    evil = "<script>alert('x')</script>"
    paper = make_paper(
        f"A title {evil}",
        abstract=f"evict {evil}",
        authors=(evil,),
        comment=evil,
        facts=[("code", "javascript:alert(1)")],
    )
    make_suggestion(caches, paper, 0.9, terms=[["<b>", 1.0], ["script", 1.0], ["evict", 1.0]])
    page = desk.get(queue_of(caches)).content.decode()
    assert evil not in page
    assert "&lt;<mark>script</mark>&gt;alert" in page
    assert 'href="javascript:' not in page


# --- two at one queue, and undoing ------------------------------------------------------------------------------


def test_who_comes_second_sees_whose_decision_stands_and_keeps_what_was_typed(desk, caches):
    suggestion = make_waiting(caches)
    review.reject(caches, suggestion.paper, make_user("first", curator=True), "weak")
    for headers in ({}, HTMX):
        typed = row(suggestion, **{"en-tldr": "My words."})
        response = decide(desk, suggestion, typed | {"accept": "eviction"}, headers=headers)
        page = response.content.decode()
        assert response.status_code == 409
        assert "first already decided" in page and "too weak" in page and "My words." in page
    assert Decision.objects.count() == 1 and Entry.objects.count() == 3


def test_accepting_what_is_listed_already_says_where(desk, caches):
    entry = Entry.objects.first()
    page = desk.get(queue_of(caches, paper=entry.paper_id)).content.decode()
    assert "Listed in Eviction" in page and 'name="accept"' not in page
    suggestion = make_suggestion(caches, entry.paper)
    response = decide(desk, suggestion, row(suggestion) | {"accept": "eviction"})
    assert response.status_code == 409
    assert "already stands in" in response.content.decode()
    assert not Decision.objects.exists()


def test_undo_returns_the_paper_and_the_export_to_what_they_were(desk, caches):
    suggestion = make_waiting(caches, "A cache that forgets")
    before = export(document(caches, "en"))
    decide(desk, suggestion, row(suggestion) | {"accept": "eviction"})
    page = desk.get(queue_of(caches)).content.decode()
    decision = Decision.objects.get()
    assert "Accepted into Eviction" in page and reverse("undo", args=[decision.pk]) in page
    response = desk.post(reverse("undo", args=[decision.pk]))
    assert response.url == queue_of(caches, paper=suggestion.paper_id)
    page = desk.get(response.url).content.decode()
    assert 'name="accept"' in page and "data-taken-back" in page  # which says so
    assert export(document(caches, "en")) == before
    assert review.queue(caches).get() == suggestion
    again = desk.post(reverse("undo", args=[decision.pk]))
    assert again.status_code == 409 and "no longer in force" in again.content.decode()


def test_a_paper_that_somebody_else_took_back_or_that_was_never_decided_says_nothing_of_it(desk, caches):
    taken, other = make_waiting(caches, "Taken back"), make_waiting(caches, "Never decided")
    colleague = make_user("alan", curator=True)
    review.undo(review.reject(caches, taken.paper, colleague), colleague)
    for suggestion in (taken, other):
        assert "data-taken-back" not in desk.get(queue_of(caches, paper=suggestion.paper_id)).content.decode()


def test_undo_goes_back_decision_by_decision_and_only_through_ones_own(desk, curator, caches):
    suggestions = [make_waiting(caches, relevance=relevance) for relevance in (0.9, 0.8, 0.7)]
    mine = [review.reject(caches, each.paper, curator) for each in suggestions[:2]]
    review.reject(caches, suggestions[2].paper, make_user("other", curator=True))
    for decision in reversed(mine):
        assert f'action="{reverse("undo", args=[decision.pk])}"' in desk.get(queue_of(caches)).content.decode()
        desk.post(reverse("undo", args=[decision.pk]))
    assert "/undo/" not in desk.get(queue_of(caches)).content.decode()


def test_undo_returns_to_where_its_button_was_but_to_no_other_site(desk, curator, caches):
    history = reverse("history", args=[caches.slug])
    for back, wanted in ((history, history), ("https://evil.example/", None), ("//evil.example", None)):
        decision = review.reject(caches, (paper := make_paper()), curator)
        response = desk.post(reverse("undo", args=[decision.pk]), {"next": back})
        assert response.url == (wanted or queue_of(caches, paper=paper.pk))


def test_a_deferred_paper_comes_back_on_its_day(desk, curator, caches):
    suggestion = make_waiting(caches)
    review.defer(caches, suggestion.paper, curator, timezone.localdate() + timedelta(days=1))
    opened = queue_of(caches, paper=suggestion.paper_id)
    assert "Put off until" in desk.get(opened).content.decode()
    Review.objects.update(until=timezone.localdate())
    assert 'name="accept"' in desk.get(opened).content.decode()
    assert decide(desk, suggestion, {"reject": ""}).status_code == 302


# --- learning ---------------------------------------------------------------------------------------------------


def test_a_decision_asks_a_worker_to_learn(desk, caches, monkeypatch, django_capture_on_commit_callbacks):
    asked = []
    monkeypatch.setattr(tasks.train, "apply_async", lambda args, *_, **__: asked.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        decide(desk, make_waiting(caches), {"reject": ""})
        assert asked == []  # a worker must find the decision in the table
    assert asked == [("caches",)]
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(reverse("undo", args=[Decision.objects.get().pk]))
    assert len(asked) == 2
    with django_capture_on_commit_callbacks(execute=True):
        decide(desk, make_waiting(caches), {"defer": "7"})
    assert len(asked) == 2  # putting off says nothing of the paper


def test_a_broken_broker_costs_no_decision_and_little_time(
    desk, caches, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    nobody = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
    monkeypatch.setattr(app, "connection_for_write", nobody.connection_for_write)
    monkeypatch.setattr(logging.getLogger("kbsite"), "propagate", True)
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        response = decide(desk, make_waiting(caches), {"reject": ""})
    assert response.status_code == 302 and Decision.objects.count() == 1
    assert "no worker could be asked" in caplog.text
    assert time.monotonic() - began < 4  # left to itself, the client of Redis tries for six seconds


# --- cost -------------------------------------------------------------------------------------------------------


def test_a_card_costs_the_same_queries_however_long_the_queue(desk):
    paper_list = make_list(categories=("alpha", "beta"))

    def queries_with_more(papers):
        nearest = [[make_entry(paper_list.categories.first()).paper_id, 0.5] for _ in range(3)]
        for _ in range(papers):
            make_suggestion(paper_list, nearest=nearest)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(queue_of(paper_list)).status_code == 200
        return len(queries)

    assert queries_with_more(3) == queries_with_more(30)


@pytest.mark.parametrize(
    "typed",
    ["Eviction, Layer-wise", "Eviction, `Layer-wise`", "`Eviction`, `Layer-wise`", " Eviction ,, Layer-wise, Eviction"],
)
def test_no_typed_tag_is_lost_whatever_quotes_it(typed):
    assert forms.typed_tags(typed) == ("Eviction", "Layer-wise")


def test_the_card_tells_of_other_lists_and_of_what_may_be_the_same_paper(desk, caches):
    suggestion = make_waiting(caches, "Forgetting caches", facts=[("tldr", "It forgets.")])
    same = make_paper("Forgetting Caches!", identifiers=[("doi", "10.1000/1")], source="semanticscholar")
    close, other = make_paper("Close by"), make_paper("Far away")
    axes = np.eye(384, dtype=np.float32)
    near = np.array([0.99, 0.14, *[0] * 382], np.float32)
    vectors.store("an encoder", [suggestion.paper, close, other], np.stack([axes[0], near, axes[1]]))
    told = [("peer:someone/a-list", "listed", ["Caches › Eviction"]), ("semanticscholar", "tldr", "Caches forget.")]
    for source, kind, value in told:
        suggestion.paper.facts.create(kind=kind, source=source, value=value, observed_at=timezone.now())
    page = desk.get(queue_of(caches, paper=suggestion.paper_id)).content.decode()
    assert same.title in page and "the same title" in page
    assert "Close by" in page and "99% the same text" in page and "Far away" not in page
    assert "someone/a-list" in page and "Caches › Eviction" in page
    assert "<q>Caches forget.</q>" in page, "the one that is in the row already is not offered"
    assert "<q>It forgets.</q>" not in page


def test_the_curators_say_in_their_own_words_what_belongs_where(desk, caches):
    suggestion = make_waiting(caches)
    category = suggestion.category
    where = reverse("criterion", args=[caches.slug, category.key])
    answer = desk.post(where, {"criterion": " Only what forgets. ", "paper": suggestion.paper_id})
    assert answer.url == queue_of(caches, paper=suggestion.paper_id)
    assert desk.get(answer.url).content.decode().count("Only what forgets.") == 3  # told, told again, and to be changed
    desk.post(where, {"criterion": ""})
    category.refresh_from_db()
    assert category.criterion == ""


def test_a_line_is_shown_while_it_is_typed(desk, caches):
    suggestion = make_waiting(caches)
    sent = row(suggestion, preview=suggestion.category.key, **{"en-tldr": "Typed so far"})
    answer = decide(desk, suggestion, sent, headers={"Preview": "1"}).content.decode()
    assert "Typed so far" in answer and "<html" not in answer and "card-title" not in answer
    assert not Decision.objects.exists()


# --- sent after the next card is shown ----------------------------------------------------------------------------

AFTER = {"Outbox": "1"}


def test_a_decision_that_is_sent_twice_is_taken_once(desk, caches):
    suggestion = make_waiting(caches)
    sent = row(suggestion, accept="eviction", key="6a0e7b51-6f0f-4c3d-9a54-5d6e5b1f7a10")
    for _ in range(2):
        answer = decide(desk, suggestion, sent, headers=AFTER)
        assert answer.status_code == 200
        assert "Accepted" in answer.content.decode() and suggestion.paper.title in answer.content.decode()
    assert Decision.objects.count() == 1
    review.undo(Decision.objects.get(), Decision.objects.get().user)
    decide(desk, suggestion, sent, headers=AFTER)  # a letter that was long on its way
    assert Review.objects.get(paper=suggestion.paper).state == "open"


def test_who_decides_without_script_twice_by_the_same_form_is_shown_no_clash(desk, caches):
    suggestion, following = make_waiting(caches, relevance=0.9), make_waiting(caches, relevance=0.8)
    page = desk.get(queue_of(caches)).content.decode()
    key = re.search(r'name="key" value="([0-9a-f-]{36})"', page).group(1)
    for _ in range(2):
        answer = decide(desk, suggestion, {"reject": "", "key": key})
        assert answer.url == queue_of(caches, paper=following.paper_id)
    assert Decision.objects.count() == 1


def test_what_could_not_be_decided_is_told_with_the_way_back(desk, caches):
    suggestion = make_waiting(caches, "A title <b>with marks</b>")
    answer = decide(desk, suggestion, row(suggestion, accept="eviction", **{"en-title": ""}), headers=AFTER)
    assert answer.status_code == 422
    told = answer.content.decode()
    assert "A row needs a title." in told and "&lt;b&gt;with marks" in told
    assert queue_of(caches, paper=suggestion.paper_id) in told
    review.reject(caches, suggestion.paper, make_user("ada", curator=True))
    answer = decide(desk, suggestion, {"reject": ""}, headers=AFTER)
    assert answer.status_code == 409
    assert "ada already decided" in unescape(answer.content.decode())
    assert Decision.objects.count() == 1


def test_a_card_that_is_asked_for_ahead_is_another_one(desk, caches):
    first, second = make_waiting(caches, relevance=0.9), make_waiting(caches, relevance=0.8)
    stage = desk.get(queue_of(caches, but=str(first.paper_id)), headers=HTMX).content.decode()
    assert f'data-paper="{second.paper_id}"' in stage and "<html" not in stage
    stage = desk.get(queue_of(caches, but=f"{first.paper_id},{second.paper_id},x,{'9' * 30}"), headers=HTMX)
    assert 'data-paper=""' in stage.content.decode()


def test_two_curators_are_shown_different_papers_and_told_who_reads_one(desk, caches):
    first, second = make_waiting(caches, relevance=0.9), make_waiting(caches, relevance=0.8)
    other = Client()
    other.force_login(make_user("ada", curator=True))
    assert f'data-paper="{first.paper_id}"' in other.get(queue_of(caches)).content.decode()
    assert f'data-paper="{second.paper_id}"' in desk.get(queue_of(caches)).content.decode()
    page = desk.get(queue_of(caches, paper=first.paper_id)).content.decode()
    assert "ada is reading this paper" in page


def test_skipping_goes_on_and_decides_nothing(desk, caches):
    first, second = make_waiting(caches, relevance=0.9), make_waiting(caches, relevance=0.8)
    assert decide(desk, first, {"skip": "1"}).url == queue_of(caches, paper=second.paper_id)
    assert decide(desk, second, {"skip": "1"}).url == queue_of(caches, paper=first.paper_id)
    assert decide(desk, first, {"skip": "1"}, headers=AFTER).status_code == 200
    assert not Decision.objects.exists()


def test_the_order_is_kept_from_card_to_card(desk, caches):
    sure, unsure = make_waiting(caches, relevance=0.9), make_waiting(caches, relevance=0.52)
    page = desk.get(queue_of(caches, order="unsure")).content.decode()
    assert f'data-paper="{unsure.paper_id}"' in page and "most unsure first" in page
    answer = decide(desk, unsure, {"reject": ""}, {"order": "unsure"})
    assert answer.url == queue_of(caches, paper=sure.paper_id, order="unsure")
    assert desk.get(queue_of(caches, order="nonsense")).status_code == 200
