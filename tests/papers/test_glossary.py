"""How a list translates its tags: what it learnt, what curators say, and what that does to rows that await it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from papers import entries, glossary, instep
from papers.models import EntryChange, EntryText
from papers.readme.row import RowFields
from papers.texts import fields_of
from tests.factories import make_paper
from tests.papers.readme.lists import both_languages, document, entry

pytestmark = pytest.mark.django_db

NEW = RowFields(title="New", link="https://arxiv.org/abs/2601.00001", tags=("Pruning", "Unheard"), tldr="N.")


@pytest.fixture
def listed():
    return both_languages()


def words(listed) -> dict[str, str]:
    return glossary.tags(document(listed, "en"), document(listed, "zh"))


def test_pairs_are_learnt_from_rows_that_stand_in_both_languages(listed):
    found = words(listed)
    assert (found["Pruning"], found["Query-Aware"]) == ("剪枝", "查询感知")
    assert "Merging" not in found, "its row is in English only"
    assert glossary.tags(document(listed, "zh"), document(listed, "en"))["蒸馏"] == "Distillation"


@pytest.mark.parametrize("doubt", ["untranslated", "stale"])
def test_what_is_in_doubt_teaches_nothing(listed, doubt):
    EntryText.objects.filter(document__language="zh", title="Quest").update(**{doubt: ["tags"]})
    assert "Sparse" not in words(listed)


def test_the_word_that_most_rows_have_is_taken(listed, curator):
    text = entry(listed, "LLMLingua").texts.get(document__language="zh")
    entries.edit(text, replace(fields_of(text), tags=("裁剪",)), curator)
    term = next(
        each for each in glossary.terms(document(listed, "en"), document(listed, "zh")) if each.term == "Pruning"
    )
    assert (term.learnt, term.translation, term.own, term.count) == ((("裁剪", 1),), "裁剪", "", 1)
    text.refresh_from_db()
    entries.edit(text, replace(fields_of(text), tags=("剪枝",)), curator)
    assert words(listed)["Pruning"] == "剪枝"


def test_a_curator_s_own_word_comes_first_and_an_empty_one_is_forgotten(listed):
    glossary.say(listed, "zh", {"Pruning": " 修剪 ", "Merging": "合并"})
    assert (words(listed)["Pruning"], words(listed)["Merging"]) == ("修剪", "合并")
    assert glossary.tags(document(listed, "zh"), document(listed, "en"))["修剪"] == "Pruning"
    glossary.say(listed, "zh", {"Pruning": "修枝"})
    terms = {each.term: each for each in glossary.terms(document(listed, "en"), document(listed, "zh"))}
    assert terms["Pruning"].own == "修枝"
    assert (terms["Merging"].own, terms["Merging"].count) == ("合并", 0)
    glossary.say(listed, "zh", {"Pruning": "", "Merging": ""})
    assert words(listed)["Pruning"] == "剪枝"
    assert glossary.own(listed, "zh") == {}


def test_a_new_word_is_applied_to_the_tags_that_await_it_and_to_no_others(listed, curator):
    new = entries.admit(listed.categories.get(key="kv"), make_paper("New"), {"en": NEW}, curator)
    chinese = new.texts.get(document__language="zh")
    assert (chinese.tags, chinese.untranslated) == (["剪枝", "Unheard"], ["tags", "tldr"])
    assert instep.translate_tags(document(listed, "zh"), curator) == 0
    glossary.say(listed, "zh", {"Pruning": "修剪", "Unheard": "未闻"})
    before = EntryChange.objects.count()
    assert instep.translate_tags(document(listed, "zh"), curator) == 1
    chinese.refresh_from_db()
    assert (chinese.tags, chinese.untranslated) == (["修剪", "未闻"], ["tldr"])
    assert entry(listed, "LLMLingua").texts.get(document__language="zh").tags == ["剪枝"]
    assert EntryChange.objects.count() == before + 1
    change = EntryChange.objects.order_by("-pk")[0]
    assert (change.verb, change.user, change.after["zh"]["tags"]) == ("edit", curator, ["修剪", "未闻"])
