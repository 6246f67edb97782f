"""A change of an entry reaches every language of the list, as one change of its history."""

from __future__ import annotations

from dataclasses import replace

import pytest

from papers import entries
from papers.models import EntryChange, EntryText, Origin
from papers.readme.exporter import diff, export
from papers.readme.row import RowFields
from papers.shelves import differences
from papers.texts import fields_of
from tests.factories import make_paper
from tests.papers.readme.lists import both_languages, document, entry, new_list, take_in

pytestmark = pytest.mark.django_db

NEW = RowFields(
    title="New", link="https://arxiv.org/abs/2601.00001", venue="arXiv 2026.01", tags=("Pruning",), tldr="N."
)


@pytest.fixture
def listed():
    return both_languages()


def text(listed, title="TokenSkip: Controllable Compression", language="en") -> EntryText:
    return entry(listed, title).texts.get(document__language=language)


def changed(listed, language) -> list[str]:
    return [line for line in diff(document(listed, language)).splitlines()[2:] if line[:1] in "+-"]


def last_change(listed) -> EntryChange:
    return EntryChange.objects.filter(list=listed).order_by("-pk")[0]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "TokenSkip, renamed"),
        ("link", "https://arxiv.org/abs/2502.12067v3"),
        ("venue", "ACL 2026"),
        ("code", (("GitHub", "https://github.com/elsewhere/TokenSkip"),)),
        ("code", ()),
    ],
)
def test_what_is_the_same_in_every_language_stays_so_in_one_change(listed, curator, language, field, value):
    own = text(listed, language=language)
    before = EntryChange.objects.count()
    assert entries.edit(own, replace(fields_of(own), **{field: value}), curator)
    for each in own.entry.texts.all():
        assert getattr(fields_of(each), field) == value
    assert len(changed(listed, "en")) == len(changed(listed, "zh")) == 2, "that row's line and no other"
    assert EntryChange.objects.count() == before + 1
    assert {each.language for each in differences(last_change(listed))} == {"en", "zh"}


def test_what_another_language_says_otherwise_stays(listed, curator):
    chinese = text(listed, language="zh")
    EntryText.objects.filter(pk=chinese.pk).update(venue="EMNLP 2025 主会")
    english = text(listed)
    entries.edit(english, replace(fields_of(english), venue="ACL 2026"), curator)
    assert text(listed, language="zh").venue == "EMNLP 2025 主会"
    assert set(last_change(listed).after) == {"en"}


def test_the_label_of_a_code_link_is_each_language_s_own(listed, curator):
    chinese, english = text(listed, language="zh"), text(listed)
    EntryText.objects.filter(pk=chinese.pk).update(code=[["代码", english.code[0][1]]])
    more = (*fields_of(english).code, ("Page", "https://example.org/page"))
    entries.edit(english, replace(fields_of(english), code=more), curator)
    assert text(listed, language="zh").code == [["代码", english.code[0][1]], ["Page", "https://example.org/page"]]


def test_rows_that_were_changed_together_keep_their_own_words(listed, curator):
    english, chinese = text(listed), text(listed, language="zh")
    rows = {
        "en": replace(fields_of(english), venue="ACL 2026", tldr="Skips."),
        "zh": replace(fields_of(chinese), venue="ACL 2026 主会", tldr="跳过。"),
    }
    entries.edit_rows(english.entry, rows, curator)
    english, chinese = text(listed), text(listed, language="zh")
    assert (english.venue, chinese.venue) == ("ACL 2026", "ACL 2026 主会")
    assert (chinese.tldr, chinese.stale) == ("跳过。", []), "it was translated in the same breath"


def test_a_form_that_shows_every_language_carries_a_change_of_one(listed, curator):
    english, chinese = text(listed), text(listed, language="zh")
    rows = {"en": replace(fields_of(english), venue="ACL 2026"), "zh": fields_of(chinese)}
    entries.edit_rows(english.entry, rows, curator)
    assert text(listed, language="zh").venue == text(listed).venue == "ACL 2026"


def test_a_translation_whose_original_changed_is_stale_until_it_is_changed_or_confirmed(listed, curator):
    english = text(listed)
    entries.edit(english, replace(fields_of(english), tldr="Skips all tokens.", tags=("Distillation",)), curator)
    chinese = text(listed, language="zh")
    assert (chinese.tldr, chinese.stale, chinese.untranslated) == ("跳过不重要的Token", ["tags", "tldr"], [])
    assert changed(listed, "zh") == []
    entries.edit(chinese, replace(fields_of(chinese), tldr="跳过所有 Token"), curator)
    assert text(listed, language="zh").stale == ["tags"]
    assert entries.confirm(text(listed, language="zh"), ["tags", "tldr"], curator)
    assert text(listed, language="zh").stale == []
    told = differences(last_change(listed))
    assert [(each.field, each.before, each.after) for each in told] == [(entries.LOOKED_AT, "zh: tags", "")]
    assert not entries.confirm(text(listed, language="zh"), ["tags", "tldr"], curator)


def test_editing_a_translation_doubts_nothing(listed, curator):
    chinese = text(listed, language="zh")
    entries.edit(chinese, replace(fields_of(chinese), tldr="跳过。"), curator)
    english = text(listed)
    assert (english.tldr, english.stale) == ("Skips less important tokens.", [])


def test_copies_follow_their_original_and_what_a_curator_translated_does_not(listed, curator):
    new = entries.admit(listed.categories.get(key="explicit"), make_paper("New"), {"en": NEW}, curator)
    chinese = new.texts.get(document__language="zh")
    assert (chinese.tags, chinese.tldr, chinese.untranslated) == (["剪枝"], "N.", ["tldr"])
    english = new.texts.get(document__language="en")
    entries.edit(english, replace(NEW, tldr="Newer.", tags=("Distillation", "Unheard")), curator)
    chinese.refresh_from_db()
    assert (chinese.tldr, chinese.untranslated) == ("Newer.", ["tldr"])
    assert (chinese.tags, chinese.stale) == (["剪枝"], ["tags"]), "translated by the list's own words"
    assert set(last_change(listed).after) == {"en", "zh"}
    entries.edit(english, replace(NEW, tldr="", tags=("Distillation", "Unheard")), curator)
    chinese.refresh_from_db()
    assert (chinese.tldr, chinese.untranslated) == ("", [])


def test_a_row_may_come_from_a_language_that_is_not_the_primary_one(listed, curator):
    row = replace(NEW, title="新", tags=("剪枝",), tldr="新的。")
    new = entries.admit(listed.categories.get(key="explicit"), make_paper("New"), {"zh": row}, curator)
    english = new.texts.get(document__language="en")
    assert (english.title, english.tags, english.tldr) == ("新", ["Pruning"], "新的。")
    assert english.untranslated == ["tldr"]
    chinese = new.texts.get(document__language="zh")
    assert (chinese.untranslated, fields_of(chinese)) == ([], row)
    entries.edit(chinese, replace(row, tldr="更新的。"), curator)
    english.refresh_from_db()
    assert (english.tldr, english.untranslated) == ("更新的。", ["tldr"]), "the copy follows what it was copied from"
    entries.edit(english, replace(fields_of(english), tldr="New."), curator)
    chinese.refresh_from_db()
    assert (chinese.tldr, chinese.untranslated) == ("更新的。", [])


def test_a_field_that_a_table_has_no_column_for_is_not_copied_there(curator):
    listed = new_list()
    take_in(
        listed,
        "## A\n\n| Title | TL;DR | Stars |\n| - | - | - |\n| [One](https://arxiv.org/abs/2401.00001) | 1 | 5 |\n",
    )
    take_in(listed, "## 甲\n\n| 标题 | 星标 |\n| - | - |\n| [One](https://arxiv.org/abs/2401.00001) | 5 |\n", "zh")
    row = replace(NEW, tags=(), extra={"Stars": "7"})
    new = entries.admit(listed.categories.get(), make_paper("New"), {"en": row}, curator)
    chinese = new.texts.get(document__language="zh")
    assert (chinese.tldr, chinese.untranslated, chinese.extra) == ("", [], {"星标": "7"})
    english = new.texts.get(document__language="en")
    entries.edit(english, replace(fields_of(english), extra={"Stars": "9"}), curator)
    chinese.refresh_from_db()
    assert chinese.extra == {"星标": "9"}


def test_what_one_readme_says_changes_no_row_that_another_one_said_itself(listed):
    english = text(listed)
    entries.edit(english, replace(fields_of(english), venue="ACL 2026", tldr="Other."), None, Origin.README)
    chinese = text(listed, language="zh")
    assert (chinese.venue, chinese.stale) == ("EMNLP 2025 Main", ["tldr"])
    assert changed(listed, "zh") == []


def test_a_new_row_stands_where_the_category_s_order_is_fixed_in_every_language(listed, curator):
    category = listed.categories.get(key="explicit")
    category.order = "newest first"
    new = entries.admit(category, make_paper("New"), {"en": NEW}, curator)
    for language in ("en", "zh"):
        rows = [row for row in export(document(listed, language)).decode().splitlines() if "](http" in row]
        assert rows[0].startswith("| [New]")
    entries.move(new, listed.categories.get(key="kv"), curator)
    for language in ("en", "zh"):
        last = document(listed, language).texts.filter(entry__category__key="kv").order_by("-position").first()
        assert last.entry == new


def test_an_entry_is_put_behind_another_one_in_all_languages(listed, curator):
    first, last = entry(listed, "TokenSkip: Controllable Compression"), entry(listed, "LLMLingua")
    assert entries.reorder(first, last, curator)
    for language in ("en", "zh"):
        text = export(document(listed, language)).decode()
        assert text.index("[LLMLingua]") < text.index("[TokenSkip")
        assert len(changed(listed, language)) == 2, "one line less here, one line more there"
    (told,) = differences(last_change(listed))
    assert (told.field, told.before, told.after) == ("behind", "", "LLMLingua")
    assert not entries.reorder(first, last, curator)
    assert entries.reorder(first, None, curator)
    assert changed(listed, "en") == changed(listed, "zh") == []
    with pytest.raises(ValueError, match="own category"):
        entries.reorder(first, entry(listed, "Quest"), curator)
