"""Steps up and down, moves of many, and a second place: in every language, and undone as one."""

from __future__ import annotations

import pytest

from papers import acts, arranging, entries
from papers.models import Act, Entry, EntryText
from papers.readme.exporter import export
from papers.texts import fields_of
from tests.factories import make_entry
from tests.kbsite.bilingual import document, make_bilingual_list

pytestmark = pytest.mark.django_db


@pytest.fixture
def caches():
    return make_bilingual_list()


def entry(title, **which) -> Entry:
    return Entry.objects.get(texts__title=title, texts__document__language="en", **which)


def titles(caches, language, category="eviction"):
    rows = EntryText.objects.filter(document=document(caches, language), entry__category__key=category)
    return list(rows.order_by("position", "pk").values_list("title", flat=True))


def exports(caches):
    return [export(each) for each in caches.documents.all()]


def test_a_step_changes_places_in_every_language(caches, curator):
    english = document(caches, "en")
    make_entry(caches.categories.get(key="eviction"), title="Third")
    assert arranging.step(entry("Third"), english, arranging.UP, curator)
    for language in ("en", "zh"):
        assert titles(caches, language) == ["Heavy Hitters", "Third", "Sink Tokens"]
    assert arranging.step(entry("Third"), english, arranging.UP, curator)
    assert arranging.step(entry("Heavy Hitters"), english, arranging.DOWN, curator)
    assert titles(caches, "zh") == ["Third", "Sink Tokens", "Heavy Hitters"]
    assert not arranging.step(entry("Third"), english, arranging.UP, curator), "the first goes no further"
    assert not arranging.step(entry("Heavy Hitters"), english, arranging.DOWN, curator)
    assert Act.objects.filter(kind="reorder").count() == 3, "and nothing is kept of what changed nothing"


def test_many_move_as_one_and_come_back_as_one(caches, curator):
    twice = entry("Heavy Hitters")
    make_entry(caches.categories.get(key="quantization"), twice.paper)
    chosen = [twice, entry("Sink Tokens")]
    before = exports(caches)
    moved = arranging.move_all(chosen, caches.categories.get(key="quantization"), curator)
    assert moved == chosen[1:], "the other one stands there already"
    assert titles(caches, "zh") == ["Heavy Hitters"] and "Sink Tokens" in titles(caches, "zh", "quantization")
    acts.undo(Act.objects.latest("pk"), curator)
    assert exports(caches) == before


def test_a_second_place_has_the_same_rows_and_the_same_doubts(caches, curator):
    before = exports(caches)
    first, there = entry("Heavy Hitters"), caches.categories.get(key="quantization")
    EntryText.objects.filter(entry=first, document__language="zh").update(untranslated=["tags"], stale=["tldr"])
    made = arranging.place_too(first, there, curator)
    for text in made.texts.all():
        own = first.texts.get(document=text.document)
        assert fields_of(text) == fields_of(own) and (text.untranslated, text.stale) == (own.untranslated, own.stale)
    assert "Heavy Hitters" in titles(caches, "en") and "Heavy Hitters" in titles(caches, "en", "quantization")
    with pytest.raises(entries.AlreadyListed):
        arranging.place_too(first, there, curator)
    acts.undo(Act.objects.latest("pk"), curator)
    assert exports(caches) == before


def test_what_a_second_place_says_otherwise_is_in_no_doubt(caches, curator):
    first = entry("Heavy Hitters")
    EntryText.objects.filter(entry=first, document__language="zh").update(untranslated=["tags", "tldr"])
    own = fields_of(first.texts.get(document__language="zh"))
    rows = {"zh": entries.RowFields.from_json(own.as_json() | {"tldr": "新的。"})}
    made = arranging.place_too(first, caches.categories.get(key="quantization"), curator, rows)
    text = made.texts.get(document__language="zh")
    assert (text.tldr, text.untranslated) == ("新的。", ["tags"])
    assert first.texts.get(document__language="zh").tldr == own.tldr, "the first keeps its own"
