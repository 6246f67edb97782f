"""The three-way merge of a README: as pure rules, and as lists in the database meet newer files."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from papers import entries, review
from papers.models import Decision, Entry, EntryChange, EntryText, Finding, Paper, PaperList, Review
from papers.readme.ancestor import Step, ancestor
from papers.readme.exporter import diff, export
from papers.readme.fieldwise import Conflict, merge_fields
from papers.readme.merge import Place, merge, order
from papers.readme.row import RowFields
from papers.texts import fields_of
from tests.papers.readme import samples
from tests.papers.readme.lists import SETTINGS, both_languages, document, entry, new_list, take_in

EVERYTHING = frozenset(RowFields().as_json())


def nothing_filled(_: Place) -> None:
    return None


def only(chains: Any) -> Any:
    (one,) = chains
    return one


# --- fields ------------------------------------------------------------------------------------------------------


def test_a_field_that_one_side_changed_is_taken_from_that_side():
    base = RowFields(title="T", venue="V", tldr="D")
    here = RowFields(title="T", venue="ours", tldr="D")
    theirs = RowFields(title="T", venue="V", tldr="theirs")
    assert merge_fields(base, here, theirs) == (RowFields(title="T", venue="ours", tldr="theirs"), [])


def test_a_field_that_both_sides_changed_stays_and_says_all_three_values():
    merged, conflicts = merge_fields(RowFields(venue="V"), RowFields(venue="ours"), RowFields(venue="theirs"))
    assert merged.venue == "ours"
    assert conflicts == [Conflict("venue", "V", "ours", "theirs")]


def test_further_columns_are_merged_each_on_its_own():
    base = RowFields(extra={"Stars": "1", "Year": "2023"})
    here = RowFields(extra={"Stars": "2", "Year": "2023"})
    theirs = RowFields(extra={"Stars": "1", "Year": "2024"})
    assert merge_fields(base, here, theirs) == (RowFields(extra={"Stars": "2", "Year": "2024"}), [])


def test_a_link_to_code_without_a_label_is_no_other_link():
    here = RowFields(code=(("", "https://github.com/a/b"),), venue="ours")
    theirs = RowFields(code=(("GitHub", "https://github.com/a/b"),))
    merged, conflicts = merge_fields(RowFields(), here, theirs)
    assert (merged.code, merged.venue, conflicts) == (theirs.code, "ours", [])


# --- order -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "here", "theirs", "merged"),
    [
        ("abc", "abc", "cab", "cab"),
        ("abc", "abxc", "cab", "cabx"),  # x follows b, as it did
        ("abc", "xabc", "abc", "xabc"),
        ("abc", "cab", "abcd", "cdab"),  # only here was it changed; d follows c, as it does there
        ("abc", "acb", "bac", "bac"),
        ("ab", "ab", "yab", "yab"),
        ("", "x", "y", "yx"),
    ],
)
def test_rows_follow_the_file_and_what_only_one_side_has_its_neighbour(base, here, theirs, merged):
    assert "".join(order(base, here, theirs)) == merged


def test_what_both_have_added_stands_where_the_file_has_it():
    assert order("ab", "abx", "axb") == ["a", "x", "b"]


# --- which base --------------------------------------------------------------------------------------------------

P = Place(1, 1)
EDIT = Step(1, None, None, RowFields(title="T", venue="V"), RowFields(title="T", venue="ours"))


def said_everything(_: int) -> frozenset[str]:
    return EVERYTHING


def test_a_file_that_has_our_edit_descends_from_our_export():
    base = {P: EDIT.before}
    theirs = {P: RowFields(title="T", venue="ours", tldr="more")}
    assert ancestor(base, [EDIT], theirs, said_everything) == ({P: EDIT.after}, frozenset())


def test_a_file_without_our_edit_descends_from_the_last_import():
    base = {P: EDIT.before}
    assert ancestor(base, [EDIT], {P: RowFields(title="T", venue="V", tldr="more")}, said_everything) == (
        base,
        frozenset(),
    )


def test_the_export_may_have_been_made_between_two_changes():
    later = Step(1, None, None, EDIT.after, RowFields(title="T", venue="ours", tldr="later"))
    theirs = {P: RowFields(title="Theirs", venue="ours")}
    assert ancestor({P: EDIT.before}, [EDIT, later], theirs, said_everything) == ({P: EDIT.after}, frozenset())


def test_what_a_file_contradicts_of_an_export_that_it_knows_is_doubtful():
    other = Step(2, None, None, RowFields(title="T", tldr="D"), RowFields(title="T", tldr="ours"))
    further = Step(2, None, None, other.after, RowFields(title="T", venue="ours", tldr="ours"))
    base = {P: EDIT.before, Place(2, 1): other.before}
    theirs = {P: EDIT.before, Place(2, 1): further.after}
    found = ancestor(base, [EDIT, other, further], theirs, said_everything)
    assert found == ({P: EDIT.before, Place(2, 1): further.after}, {(1, "venue")})
    (asked,) = [
        outcome.conflicts
        for outcome in merge(found.base, {P: EDIT.after}, {P: EDIT.before}, nothing_filled, found.doubts)
        if outcome.conflicts
    ]
    assert asked == (Conflict("venue", "V", "ours", "V"),)


def test_a_field_that_the_file_has_no_column_for_says_nothing():
    change = Step(1, None, None, EDIT.before, RowFields(title="T", venue="V", tldr="ours"))
    base = {P: change.before}
    found = ancestor(base, [change, EDIT], {P: EDIT.after}, lambda _: frozenset({"title", "venue"}))
    assert found == ({P: EDIT.after}, frozenset())


# --- any rows on any side ----------------------------------------------------------------------------------------

fields = st.builds(
    RowFields,
    title=st.sampled_from(["One", "Two"]),
    venue=st.sampled_from(["", "A", "B", "C"]),
    tldr=st.sampled_from(["", "x", "y"]),
)
sides = st.dictionaries(st.builds(Place, st.integers(1, 4), st.integers(1, 3)), fields, max_size=6)


@given(sides, sides, sides)
@settings(max_examples=300, deadline=None)
def test_no_value_of_either_side_is_lost(base, here, theirs):
    outcomes = merge(base, here, theirs, nothing_filled)
    placed = [outcome.place for outcome in outcomes if outcome.place]
    assert len(placed) == len(set(placed)), "each row has a place of its own"
    assert {o.chain.here for o in outcomes if o.chain.here} == set(here)
    assert {o.chain.theirs for o in outcomes if o.chain.theirs} == set(theirs)
    for outcome in outcomes:
        was = base.get(outcome.chain.base, RowFields())
        asked = {conflict.field for conflict in outcome.conflicts}
        for side, place in ((here, outcome.chain.here), (theirs, outcome.chain.theirs)):
            if place is None:
                other = outcome.chain.here or outcome.chain.theirs
                # Gone on this side: it is gone, or the other side touched it and somebody is asked.
                assert outcome.place is None or outcome.chain.base is None or "row" in asked, other
                continue
            if outcome.place is None:
                assert "row" in asked or side[place] == was
                continue
            for name in ("title", "venue", "tldr"):
                value = getattr(side[place], name)
                kept = getattr(outcome.fields, name) == value
                assert kept or value == getattr(was, name) or name in asked or "row" in asked


@given(sides, sides)
@settings(max_examples=150, deadline=None)
def test_what_only_one_side_changed_is_what_that_side_says(base, other):
    for outcomes in (merge(base, base, other, nothing_filled), merge(base, other, base, nothing_filled)):
        assert not any(outcome.conflicts for outcome in outcomes)
        assert {outcome.place: outcome.fields for outcome in outcomes if outcome.place} == other


@given(sides, sides, sides)
@settings(max_examples=150, deadline=None)
def test_merging_the_same_file_again_changes_nothing(base, here, theirs):
    merged = {o.place: o.fields for o in merge(base, here, theirs, nothing_filled) if o.place}
    again = merge(theirs, merged, theirs, nothing_filled)
    assert not any(outcome.conflicts for outcome in again)
    assert {outcome.place: outcome.fields for outcome in again if outcome.place} == merged


# --- lists in the database ---------------------------------------------------------------------------------------

database = pytest.mark.django_db


def row(number: int, venue: str = "-", tldr: str = "-", title: str = "") -> str:
    return f"| [{title or f'P{number}'}](https://arxiv.org/abs/2401.{number:05d}) | {venue} | {tldr} |\n"


def readme(**sections: list[str]) -> str:
    head = "| Title | Venue | TL;DR |\n| --- | --- | --- |\n"
    return "# L\n\n" + "\n".join(f"## {name}\n\n{head}{''.join(rows)}" for name, rows in sections.items())


BASE = readme(A=[row(1, "V1"), row(2, "V2"), row(3, "V3")], B=[row(4, "V4"), row(5, "V5")])


@pytest.fixture
def listed(db) -> PaperList:
    paper_list = new_list()
    take_in(paper_list, BASE)
    return paper_list


def change(paper_list: PaperList, title: str, user: Any, **values: Any) -> EntryText:
    text = entry(paper_list, title).texts.get(document__language="en")
    entries.edit(text, RowFields.from_json(fields_of(text).as_json() | values), user)
    return text


def exported(paper_list: PaperList, language: str = "en") -> str:
    return export(document(paper_list, language)).decode()


def add(paper_list: PaperList, number: int, category: str, user: Any, **values: str) -> Entry:
    paper = Paper.objects.create(title=f"P{number}", title_key=f"p{number}", source="arxiv", text_hash="")
    paper.identifiers.create(scheme="arxiv", value=f"2401.{number:05d}")
    fields = RowFields(title=f"P{number}", link=f"https://arxiv.org/abs/2401.{number:05d}", **values)
    return entries.admit(paper_list.categories.get(key=category), paper, {"en": fields}, user)


def test_changes_of_different_rows_and_fields_come_together(listed, curator):
    change(listed, "P1", curator, tldr="ours")
    entries.remove(entry(listed, "P4"), curator)
    add(listed, 9, "b", curator, venue="V9")
    newer = readme(
        A=[row(3, "V3"), row(1, "theirs"), row(2, "V2"), row(8, "V8")], B=[row(4, "V4"), row(5, "V5", "theirs")]
    )
    report = take_in(listed, newer)
    assert (report.added, report.removed, report.moved, report.changed, report.conflicts) == (1, 0, 0, 2, [])
    assert exported(listed) == readme(
        A=[row(3, "V3"), row(1, "theirs", "ours"), row(2, "V2"), row(8, "V8")],
        B=[row(5, "V5", "theirs"), row(9, "V9")],
    )
    assert take_in(listed, newer).unchanged


def test_without_changes_here_the_export_is_the_file(listed):
    newer = readme(B=[row(5, "V5"), row(1, "V1")], C=[row(2, "V2"), row(7)], A=[row(3, "else")])
    take_in(listed, newer)
    assert exported(listed) == newer
    assert not Finding.objects.exists()


def test_what_was_removed_here_stays_removed_however_many_versions_come(listed, curator):
    entries.remove(entry(listed, "P2"), curator)
    for number in (6, 7, 8):
        newer = BASE + row(number)
        take_in(listed, newer)
        assert not Entry.objects.filter(paper__title="P2").exists()
    assert exported(listed) == newer.replace(row(2, "V2"), "")


def test_what_was_moved_here_stays_there_however_many_versions_come(listed, curator):
    entries.move(entry(listed, "P2"), listed.categories.get(key="b"), curator)
    for number in (6, 7):
        assert not take_in(listed, BASE.replace("V2", "V2 new") + row(number)).conflicts
        assert entry(listed, "P2").category.key == "b"
        assert entry(listed, "P2").texts.get().venue == "V2 new"


def test_a_conflict_of_a_field_keeps_ours_and_asks(listed, curator):
    change(listed, "P1", curator, venue="ours")
    report = take_in(listed, BASE.replace("V1", "theirs"))
    assert [(each.line, each.title, each.field) for each in report.conflicts] == [(7, "P1", "venue")]
    found = Finding.objects.get()
    assert found.values == {"base": "V1", "here": "ours", "readme": "theirs"}
    assert (found.message, found.field) == ("“P1”: venue was changed here and in README.md", "venue")
    assert exported(listed) == BASE.replace("V1", "ours")
    take_in(listed, BASE.replace("V1", "theirs, again"))
    found.refresh_from_db()
    assert found.values == {"base": "theirs", "here": "ours", "readme": "theirs, again"}
    assert Finding.objects.count() == 1


def test_a_row_removed_there_and_edited_here_stays_and_asks(listed, curator):
    change(listed, "P1", curator, venue="ours")
    newer = BASE.replace(row(1, "V1"), "")
    report = take_in(listed, newer)
    assert [(each.line, each.field) for each in report.conflicts] == [(None, "row")]
    assert exported(listed) == BASE.replace("V1", "ours")
    assert take_in(listed, newer).unchanged
    assert not Decision.objects.exists()


def test_a_row_removed_here_and_edited_there_stays_out_and_asks(listed, curator):
    entries.remove(entry(listed, "P1"), curator)
    report = take_in(listed, BASE.replace("V1", "theirs"))
    assert [(each.line, each.field) for each in report.conflicts] == [(7, "row")]
    found = Finding.objects.get()
    assert (found.values["here"], found.values["readme"]["fields"]["venue"]) == (None, "theirs")
    assert exported(listed) == BASE.replace(row(1, "V1"), "")


def test_a_paper_added_on_both_sides_stands_once(listed, curator):
    add(listed, 9, "b", curator, venue="ours", tldr="ours")
    report = take_in(listed, BASE + row(9, "theirs"))
    assert [each.field for each in report.conflicts] == ["venue"]
    assert exported(listed) == BASE + row(9, "ours", "ours")


def test_a_paper_added_to_different_sections_stays_where_it_is_here(listed, curator):
    add(listed, 9, "a", curator, venue="ours")
    report = take_in(listed, BASE + row(9, "theirs"))
    assert [each.field for each in report.conflicts] == ["row"]
    assert entry(listed, "P9").category.key == "a"
    assert exported(listed) == BASE.replace(row(3, "V3"), row(3, "V3") + row(9, "ours"))
    assert take_in(listed, BASE + row(9, "theirs")).unchanged


def test_a_mended_link_takes_our_edits_along(listed, curator):
    change(listed, "P2", curator, tldr="ours")
    old = entry(listed, "P2")
    report = take_in(listed, BASE.replace("2401.00002", "2401.00077"))
    assert (report.added, report.removed, report.conflicts) == (0, 0, [])
    new = entry(listed, "P2")
    assert (new.pk, new.added_at) == (old.pk, old.added_at)
    assert new.paper.main_identifier == ("arxiv", "2401.00077")
    assert exported(listed) == BASE.replace("2401.00002", "2401.00077").replace("| V2 | - |", "| V2 | ours |")
    states = dict(Review.objects.values_list("paper", "state"))
    assert states == {old.paper_id: "rejected", new.paper_id: "accepted"}


def test_what_was_added_here_in_a_section_that_is_gone_does_not_vanish_silently(listed, curator):
    add(listed, 9, "b", curator)
    report = take_in(listed, readme(A=[row(1, "V1"), row(2, "V2"), row(3, "V3")]))
    assert [(each.line, each.title, each.field) for each in report.conflicts] == [(None, "P9", "row")]
    assert report.removed == 2
    assert entry(listed, "P9").category.key == "b"
    assert "no longer has the section" in Finding.objects.get().message


# --- sections ----------------------------------------------------------------------------------------------------


def under(**parents: list[str]) -> str:
    """A README whose sections are all called alike, each below a heading of its own."""
    head = "| Title | Venue | TL;DR |\n| --- | --- | --- |\n"
    return "# L\n\n" + "\n".join(f"## {name}\n\n### Papers\n\n{head}{''.join(rows)}" for name, rows in parents.items())


def test_sections_that_are_called_alike_are_told_apart_by_the_headings_above_them(db):
    paper_list = new_list()
    take_in(paper_list, under(X=[row(1), row(2)], Y=[row(3), row(4)], Z=[row(5)]))
    before = {each.title: each.entry.category_id for each in EntryText.objects.select_related("entry")}
    newer = under(New=[row(8)], Y=[row(3), row(4), row(9)], X=[row(1), row(2)], Z=[row(6)])
    report = take_in(paper_list, newer)
    assert (report.added, report.removed, report.moved) == (3, 1, 0)
    after = {each.title: each.entry.category_id for each in EntryText.objects.select_related("entry")}
    assert {title: after[title] for title in ("P1", "P2", "P3", "P4")} == {
        title: before[title] for title in ("P1", "P2", "P3", "P4")
    }
    assert after["P6"] == before["P5"]  # the same section, though all of its rows are others
    assert exported(paper_list) == newer


def test_sections_that_are_called_alike_are_told_apart_by_their_rows_when_what_is_above_them_is_renamed(db):
    paper_list = new_list()
    take_in(paper_list, under(X=[row(1)], Y=[row(2)]))
    report = take_in(paper_list, under(Second=[row(2)], First=[row(1), row(9)]))
    assert (report.added, report.removed, report.moved) == (1, 0, 0)


def test_a_section_that_is_renamed_or_split_takes_our_edits_along(listed, curator):
    change(listed, "P1", curator, venue="ours")
    change(listed, "P3", curator, venue="ours too")
    newer = readme(A1=[row(1, "V1"), row(2, "V2")], A2=[row(3, "V3")], B2=[row(4, "V4"), row(5, "V5")])
    report = take_in(listed, newer)
    assert (report.added, report.removed, report.moved, report.conflicts) == (0, 0, 1, [])
    assert exported(listed) == newer.replace("V1", "ours").replace("V3", "ours too")


# --- which base, with exports that people commit by hand ---------------------------------------------------------


def test_an_export_that_others_edited_further_merges_cleanly(listed, curator):
    change(listed, "P1", curator, venue="ours")
    add(listed, 9, "a", curator, venue="V9")
    entries.move(entry(listed, "P2"), listed.categories.get(key="b"), curator)
    entries.remove(entry(listed, "P4"), curator)
    committed = exported(listed)
    change(listed, "P3", curator, venue="ours, later")
    newer = committed.replace("ours", "theirs over ours").replace("V9", "theirs over V9").replace("V5", "V5 too")
    report = take_in(listed, newer)
    assert report.conflicts == []
    assert exported(listed) == newer.replace("| V3 |", "| ours, later |")


def test_a_file_that_never_saw_our_export_does_not_revert_it(listed, curator):
    change(listed, "P1", curator, venue="ours")
    entries.move(entry(listed, "P2"), listed.categories.get(key="b"), curator)
    entries.remove(entry(listed, "P4"), curator)
    add(listed, 9, "a", curator, venue="V9")
    before = exported(listed)
    report = take_in(listed, BASE.replace("V5", "V5 too"))
    assert report.conflicts == []
    assert exported(listed) == before.replace("V5", "V5 too")


# --- decisions ---------------------------------------------------------------------------------------------------


def test_what_a_newer_file_says_is_decided_with_its_origin(listed, curator):
    rejected = Paper.objects.create(title="P8", title_key="p8", source="arxiv", text_hash="")
    rejected.identifiers.create(scheme="arxiv", value="2401.00008")
    review.reject(listed, rejected, curator)
    newer = readme(A=[row(1, "V1"), row(8), row(5, "V5")], B=[row(4, "V4"), row(3, "V3")])
    report = take_in(listed, newer)
    assert (report.added, report.removed, report.moved) == (1, 1, 2)
    told = {(d.paper.title, d.kind, d.note, d.user) for d in Decision.objects.filter(origin="readme")}
    assert told == {
        ("P8", "accept", "As README.md has it", None),
        ("P5", "accept", "As README.md has it", None),
        ("P3", "accept", "As README.md has it", None),
        ("P2", "reject", "Removed from README.md", None),
    }
    states = {each.paper.title: each.state for each in Review.objects.all()}
    assert states == {"P8": "accepted", "P5": "accepted", "P3": "accepted", "P2": "rejected"}
    assert {decision.who for decision in Decision.objects.filter(origin="readme")} == {"README"}
    assert entry(listed, "P8").decision.paper == rejected


def test_a_paper_that_leaves_one_of_its_sections_is_not_rejected(db):
    paper_list = new_list()
    take_in(paper_list, readme(A=[row(1), row(2)], B=[row(1)]))
    report = take_in(paper_list, readme(A=[row(2)], B=[row(1)]))
    assert report.removed == 1
    assert not Decision.objects.exists()
    assert Entry.objects.get(paper__title="P1").category.key == "b"


# --- languages ---------------------------------------------------------------------------------------------------


def test_a_first_import_of_a_language_changes_no_other_document(listed):
    before = list(EntryText.objects.order_by("pk").values())
    report = take_in(listed, readme(A=[row(1, "anders")], B=[row(5, "V5"), row(6)]), "zh")
    assert (report.added, report.removed) == (3, 0)
    assert list(EntryText.objects.filter(document__language="en").order_by("pk").values()) == before
    assert not Decision.objects.exists()


def test_a_row_added_to_one_language_is_filled_into_the_other_until_its_own_words_come(db):
    paper_list = both_languages()
    new = "| [New](https://arxiv.org/abs/2409.00001) | ICLR 2025 | `Pruning` | - | New words |\n"
    take_in(paper_list, samples.ENGLISH.replace("| [Quest]", new + "| [Quest]"), listfile=SETTINGS)
    text = entry(paper_list, "New").texts.get(document__language="zh")
    assert (text.title, text.tldr, text.untranslated) == ("New", "New words", ["tldr"])
    own = "| [New!](https://arxiv.org/abs/2409.00001) | ICLR 2025 | `剪枝` | - | 新 |\n"
    chinese = samples.CHINESE.replace("| [Quest]", own + "| [Quest]")
    report = take_in(paper_list, chinese, "zh", listfile=SETTINGS)
    assert (report.conflicts, report.added, report.changed) == ([], 0, 1)
    text.refresh_from_db()
    assert (text.title, text.tldr, text.untranslated) == ("New!", "新", [])
    assert entry(paper_list, "New").texts.get(document__language="en").tldr == "New words"
    assert exported(paper_list, "zh") == chinese


def test_an_edit_in_one_readme_reaches_what_was_filled_in_and_no_row_of_another_readme(db):
    paper_list = both_languages()
    new = "| [New](https://arxiv.org/abs/2409.00001) | ICLR 2025 | - | - | - |\n"
    newer = samples.ENGLISH.replace("| [Quest]", new + "| [Quest]")
    take_in(paper_list, newer, listfile=SETTINGS)
    take_in(paper_list, newer.replace("ICML 2024", "ICML 2026").replace("ICLR 2025", "ICLR 2026"), listfile=SETTINGS)
    assert entry(paper_list, "New").texts.get(document__language="zh").venue == "ICLR 2026"
    assert entry(paper_list, "Quest").texts.get(document__language="zh").venue == "ICML 2024"
    edit = EntryChange.objects.get(verb="edit", paper__title="New")
    assert (edit.before["zh"]["venue"], edit.after["zh"]["venue"]) == ("ICLR 2025", "ICLR 2026")


def test_a_row_that_moves_where_another_language_has_it_already_joins_that_entry(db, curator):
    paper_list = new_list()
    take_in(paper_list, readme(A=[row(1), row(2)], B=[row(1), row(3)]))
    take_in(paper_list, readme(A=[row(1, "dort"), row(2)], B=[row(3)]), "zh")
    joined = entry(paper_list, "P1", "b")
    newer = readme(A=[row(2)], B=[row(3), row(1, "dort")])
    report = take_in(paper_list, newer, "zh")
    assert (report.added, report.removed, report.moved) == (1, 1, 0)
    assert exported(paper_list, "zh") == newer
    assert exported(paper_list) == readme(A=[row(2)], B=[row(1), row(3)])
    assert entry(paper_list, "P1") == joined
    assert not Decision.objects.filter(kind="reject").exists()


def test_a_link_that_is_mended_to_what_another_language_has_already_joins_that_entry(db):
    paper_list = new_list()
    take_in(paper_list, readme(A=[row(1, title="T"), row(7, title="T")]))
    take_in(paper_list, readme(A=[row(1, title="T")]), "zh")
    take_in(paper_list, readme(A=[row(7, title="T")]), "zh")
    assert exported(paper_list, "zh") == readme(A=[row(7, title="T")])
    assert exported(paper_list) == readme(A=[row(7, title="T")])


def test_what_one_readme_adds_and_moves_stands_in_the_other_behind_the_same_rows(db):
    paper_list = new_list()
    take_in(paper_list, BASE)
    take_in(paper_list, BASE, "zh")
    newer = readme(A=[row(6), row(1, "V1"), row(7), row(8), row(5, "V5"), row(2, "V2")], B=[row(4, "V4"), row(3, "V3")])
    report = take_in(paper_list, newer)
    assert (report.added, report.moved, report.removed) == (3, 2, 0)
    assert exported(paper_list, "zh") == newer
    told = EntryChange.objects.get(verb="admit", paper__title="P7").after
    assert (told["category"], told["zh"]) == ("a", told["en"])
    moved = EntryChange.objects.get(verb="move", paper__title="P5")
    assert (moved.before["category"], moved.after["category"]) == ("b", "a")
    assert set(moved.before) == {"category", "en", "zh"}


@pytest.mark.parametrize("languages", [("en",), ("en", "zh")])
def test_a_merge_of_many_rows_asks_the_database_about_them_together(db, languages, django_assert_max_num_queries):
    paper_list = new_list()
    for language in languages:
        take_in(paper_list, readme(A=[row(n) for n in range(1, 60)]), language)
    with django_assert_max_num_queries(60):
        take_in(paper_list, readme(A=[row(n) for n in range(1, 200)]))
    with django_assert_max_num_queries(60):
        take_in(paper_list, readme(A=[row(n) for n in range(1, 60)]))


# --- the same file, read better ----------------------------------------------------------------------------------


def test_a_file_that_is_understood_otherwise_is_read_again_without_deciding_anything(listed, curator):
    change(listed, "P1", curator, tldr="ours")
    listed.columns = {"Venue": "extra"}
    listed.save()
    history = EntryChange.objects.exclude(paper=None).count()
    report = take_in(listed, BASE)
    assert (report.read_anew, report.changed, report.unchanged) == (5, 0, False)
    text = entry(listed, "P1").texts.get()
    assert (text.venue, text.extra, text.tldr) == ("", {"Venue": "V1"}, "ours")
    assert EntryChange.objects.exclude(paper=None).count() == history
    assert exported(listed) == BASE.replace("| V1 | - |", "| V1 | ours |")
    assert take_in(listed, BASE).unchanged


# --- any edits on both sides -------------------------------------------------------------------------------------

numbers = st.integers(1, 5)
words = st.sampled_from(["W1", "W2", "W3"])
edits = st.lists(
    st.one_of(
        st.tuples(st.just("venue"), numbers, words),
        st.tuples(st.just("tldr"), numbers, words),
        st.tuples(st.just("move"), numbers, st.sampled_from("ab")),
        st.tuples(st.just("remove"), numbers, st.none()),
        st.tuples(st.just("add"), st.integers(6, 7), st.sampled_from("ab")),
    ),
    max_size=5,
)


def edited_readme(changes: list[Any]) -> str:
    rows = {n: ["a" if n < 4 else "b", f"V{n}", "-"] for n in range(1, 6)}
    for kind, number, value in changes:
        if kind == "add":
            rows.setdefault(number, [value, "there", "-"])
        elif number in rows:
            match kind:
                case "venue":
                    rows[number][1] = value
                case "tldr":
                    rows[number][2] = value
                case "move":
                    rows[number][0] = value
                case "remove":
                    del rows[number]
    return readme(**{k: [row(n, v, t) for n, (c, v, t) in rows.items() if c == k.lower()] for k in ("A", "B")})


def edit_here(paper_list: PaperList, changes: list[Any], user: Any) -> None:
    for kind, number, value in changes:
        found = Entry.objects.filter(paper__title=f"P{number}").first()
        if kind == "add":
            if found is None and not Paper.objects.filter(title=f"P{number}").exists():
                add(paper_list, number, value, user, venue="here")
        elif found is not None:
            if kind == "move" and found.category.key != value:
                entries.move(found, paper_list.categories.get(key=value), user)
            elif kind == "remove":
                entries.remove(found, user)
            elif kind in ("venue", "tldr"):
                change(paper_list, f"P{number}", user, **{kind: value})


def state(paper_list: PaperList) -> dict[str, tuple[str, ...]]:
    texts = EntryText.objects.filter(document__list=paper_list).select_related("entry__category")
    return {text.title: (text.entry.category.key, text.venue, text.tldr) for text in texts}


@database
@given(edits, edits)
@example([("venue", 1, "W1"), ("venue", 1, "W2")], [("venue", 1, "W1")])
@settings(max_examples=25, deadline=None)
def test_random_changes_on_both_sides_lose_nothing(ours, theirs):
    from django.contrib.auth import get_user_model
    from django.db import transaction

    with transaction.atomic():
        user = get_user_model().objects.create_user("somebody")
        paper_list, apart = new_list(), new_list("apart")
        take_in(paper_list, BASE)
        newer = edited_readme(theirs)
        if any(line.startswith("| [") for line in newer.splitlines()):
            before = state(paper_list)
            edit_here(paper_list, ours, user)
            here = state(paper_list)
            take_in(apart, newer)
            there = state(apart)
            take_in(paper_list, newer)
            merged = state(paper_list)
            asked = {(finding.paper.title, finding.field) for finding in Finding.objects.all()}
            told = {
                (each.paper.title, name, value)
                for each in EntryChange.objects.filter(list=paper_list, origin="readme", verb="edit")
                for name, value in each.before["en"].items()
                if isinstance(value, str)
            }
            # What was said here once and changed again: a file that says it descends from that export.
            once = {
                (each.paper.title, name, value)
                for each in EntryChange.objects.filter(list=paper_list, origin="curator", verb="edit")
                for name, value in each.after["en"].items()
                if isinstance(value, str)
            }
            for title in before.keys() | here.keys() | there.keys():
                was, mine, new, now = (each.get(title) for each in (before, here, there, merged))
                if (title, "row") in asked:
                    assert now == mine or (now and mine and now[0] == mine[0])
                elif mine == was:
                    assert now == new
                elif new == was:
                    assert now == mine
                elif mine is None or new is None:
                    repeats_ours = any((each, "venue", there[each][1]) in once for each in there)
                    assert now is None or was is None or (repeats_ours and now == new)
                else:
                    for name, *values in zip(("row", "venue", "tldr"), was or ("",) * 3, mine, new, now, strict=True):
                        old, of_mine, of_new, kept = values
                        if of_mine == old:
                            assert kept == of_new
                        elif kept != of_mine:  # the file descends from what our export said: it edits our edit
                            assert kept == of_new and (title, name, of_mine) in told
                        else:
                            assert of_new in (old, of_mine) or (title, name) in asked or (title, name, of_new) in once
            again = take_in(paper_list, newer)
            assert again.unchanged and state(paper_list) == merged
            if not ours:
                assert exported(paper_list) == newer and diff(document(paper_list)) == ""
        transaction.set_rollback(True)
