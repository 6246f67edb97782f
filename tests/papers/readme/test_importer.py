"""A README becomes categories, papers and entries; the same file again changes nothing."""

from __future__ import annotations

import random

import pytest

from papers import entries
from papers.models import Category, CategoryText, Entry, EntryChange, EntryText, Paper
from papers.readme.exporter import export
from papers.readme.importer import ImportRefused
from papers.readme.row import RowFields
from tests.papers.readme import samples
from tests.papers.readme.lists import SETTINGS, both_languages, document, entry, new_list, take_in

pytestmark = pytest.mark.django_db


def random_text(length: int) -> str:
    """Text that does not compress."""
    return "".join(random.Random(1).choices([chr(code) for code in range(0x4E00, 0x9FA0)], k=length))


def test_categories_papers_and_entries_are_made():
    paper_list = new_list()
    report = take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    assert (report.categories, report.rows, report.new_papers, report.added) == (3, 6, 6, 6)
    assert (report.removed, report.kept, report.kept_as_text, report.unchanged) == (0, 0, [], False)
    assert [category.key for category in paper_list.categories.all()] == ["explicit", "kv", "survey"]
    text = CategoryText.objects.get(category__key="explicit")
    assert (text.name, text.heading_line) == ("Explicit Compression (Prompt Level)", 7)
    assert text.definition == "Methods that work on the input text."
    assert text.keywords == ["Token Pruning", "Summarization"]


def test_an_entry_holds_its_row():
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    text = EntryText.objects.get(line=15)
    assert text.title == "TokenSkip: Controllable Compression"
    assert text.link == "https://arxiv.org/abs/2502.12067"
    assert text.venue == "EMNLP 2025 Main"
    assert text.tags == ["Token Pruning", "Distillation"]
    assert text.code == [["GitHub", "https://github.com/hemingkx/TokenSkip"]]
    assert text.tldr == "Skips less important tokens."
    assert text.imported == entries.fields_of(text).as_json()
    assert (text.position, text.entry.paper.main_identifier) == (1.0, ("arxiv", "2502.12067"))
    assert text.entry.paper.source == "readme"


def test_the_first_language_is_primary():
    paper_list = both_languages()
    assert [(d.language, d.is_primary, d.path) for d in paper_list.documents.all()] == [
        ("en", True, "README.md"),
        ("zh", False, "README_CN.md"),
    ]


def test_without_settings_a_key_is_made_of_the_heading():
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH + "\n## Surveys\n\n" + samples.BADGES.partition("\n\n")[2])
    assert [category.key for category in paper_list.categories.all()] == [
        "explicit-compression-prompt-level",
        "kv-compression",
        "surveys",
        "surveys-2",
    ]


@pytest.mark.parametrize(
    ("heading", "key"),
    [("显式压缩", "category"), ("Out", "out-2"), ("x" * 200, "x" * 72), ("", "category")],
)
def test_a_key_is_made_of_any_heading(heading, key):
    paper_list = new_list()
    take_in(paper_list, f"## {heading}\n\n| Title |\n| --- |\n| [A](https://arxiv.org/abs/2401.00001) |\n")
    assert paper_list.categories.get().key == key


def test_a_table_before_any_heading_is_a_category_too():
    paper_list = new_list()
    take_in(paper_list, samples.UNCLOSED)
    assert paper_list.categories.get().name == "Sample"
    assert export(document(paper_list)) == samples.UNCLOSED.encode()


def test_a_section_that_the_settings_name_is_a_category_without_rows():
    paper_list = new_list()
    take_in(
        paper_list,
        "## KV Compression\n\n| Title | Venue |\n| --- | --- |\n\n## B\n\n| Title |\n| --- |\n",
        listfile=SETTINGS,
    )
    assert [category.key for category in paper_list.categories.all()] == ["kv"]


def test_known_papers_are_found_by_their_identifier():
    paper = Paper.objects.create(title="LLMLingua, as arXiv says", title_key="x", source="arxiv", text_hash="")
    paper.identifiers.create(scheme="arxiv", value="2310.05736")
    paper_list = new_list()
    report = take_in(paper_list, samples.ENGLISH)
    assert report.new_papers == 5
    assert entry(paper_list, "LLMLingua").paper == paper
    paper.refresh_from_db()
    assert paper.title == "LLMLingua, as arXiv says"


def test_a_papers_title_has_no_markup():
    take_in(new_list(), samples.BADGES)
    titles = set(Paper.objects.values_list("title", flat=True))
    assert titles == {
        "[H2O] H2O: Heavy-Hitter Oracle(@UT)",
        "[Sink] Efficient Streaming(@MIT)",
        "[SnapKV] SnapKV: LLM Knows",
    }


def test_rows_that_are_no_entries_are_reported_with_their_line():
    source = (
        "## A\n\n| Title | Venue |\n| --- | --- |\n"
        "| [A](https://arxiv.org/abs/2401.00001) | a |\n"
        "| No link | b |\n"
        "| [Again](https://arxiv.org/pdf/2401.00001v2) | c |\n"
        "| [Relative](papers/x.pdf) | d |\n"
        "[//]: # (no row at all)\n"
    )
    paper_list = new_list()
    report = take_in(paper_list, source)
    assert [(kept.line, kept.reason) for kept in report.kept_as_text] == [
        (6, "no link to the paper"),
        (7, "the same paper as line 5"),
        (8, "its link names no paper: papers/x.pdf"),
    ]
    assert report.kept_as_text[0].text == "| No link | b |"
    assert export(document(paper_list)) == source.encode()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (
            f"[{'压缩' * 501}](https://arxiv.org/abs/2401.00001) | a",
            "the catalogue refused it: a title of more than 1,000 characters",
        ),
        (
            f"[A](https://example.org/{'x' * 1000}) | a",
            "the catalogue refused it: an identifier of more than 1,000 bytes",
        ),
        (f"[A](https://arxiv.org/abs/2401.00001) | {random_text(3000)}", "a tag of more than 300 characters"),
    ],
)
def test_a_row_beyond_the_limits_stays_text_and_costs_no_other(cells, reason):
    paper_list = new_list()
    readme = f"# A\n\n| Title | Tags |\n| --- | --- |\n| {cells} |\n| [B](https://arxiv.org/abs/2401.00002) | b |\n"
    report = take_in(paper_list, readme)
    assert [(kept.line, kept.reason) for kept in report.kept_as_text] == [(5, reason)]
    assert [text.title for text in EntryText.objects.all()] == ["B"]
    assert export(document(paper_list)) == readme.encode()


def test_one_paper_may_stand_in_several_categories():
    paper_list = new_list()
    row = "\n\n| Title |\n| --- |\n| [A](https://arxiv.org/abs/2401.00001) |\n\n"
    report = take_in(paper_list, "## A" + row + "## B" + row)
    assert (report.rows, report.new_papers, Entry.objects.count()) == (2, 1, 2)


def test_a_second_language_shares_the_entries():
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    report = take_in(paper_list, samples.CHINESE, "zh", listfile=SETTINGS)
    assert (report.rows, report.new_papers, report.categories) == (4, 0, 3)
    assert Entry.objects.count() == 6
    shared = entry(paper_list, "TokenSkip: Controllable Compression")
    assert {text.document.language: text.tags for text in shared.texts.all()} == {
        "en": ["Token Pruning", "Distillation"],
        "zh": ["剪枝", "蒸馏"],
    }


def test_a_second_language_is_matched_by_papers_without_settings():
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH)
    take_in(paper_list, samples.CHINESE, "zh")
    assert Category.objects.count() == 3
    names = {c.key: [t.name for t in c.texts.order_by("document")] for c in paper_list.categories.all()}
    assert names["kv-compression"] == ["KV Compression", "KV 压缩"]


def test_sections_that_share_no_paper_are_matched_in_order():
    paper_list = new_list()
    table = "\n\n| Title |\n| --- |\n| [x](https://arxiv.org/abs/2401.0000{}) |\n\n"
    take_in(paper_list, "## A" + table.format(1) + "## B" + table.format(2))
    take_in(paper_list, "## 甲" + table.format(2) + "## 乙" + table.format(3), "zh")
    assert {c.key: {t.name for t in c.texts.all()} for c in paper_list.categories.all()} == {
        "a": {"A", "乙"},
        "b": {"B", "甲"},
    }


def test_the_same_file_again_does_nothing():
    paper_list = both_languages()
    before = list(EntryText.objects.order_by("pk").values())
    report = take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    assert report.unchanged
    assert (report.added, report.removed, report.kept) == (0, 0, 6)
    assert list(EntryText.objects.order_by("pk").values()) == before


CHANGED = samples.ENGLISH.replace(
    "| [Nugget: Neural Compression](https://arxiv.org/abs/2310.04749) | ICLR 2024 | `Pruning` | - | Keeps \"nugget\" tokens |\n",
    "",
).replace(
    "| [Quest]",
    "| [PyramidKV](https://arxiv.org/abs/2406.02069) | - | `Layers` | - | Pyramid |\n| [Quest]",
).replace("ICML 2024", "ICML 2025")  # fmt: skip


def test_a_newer_file_replaces_the_older_one():
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    kept = entry(paper_list, "Quest")
    report = take_in(paper_list, CHANGED, listfile=SETTINGS)
    assert (report.added, report.removed, report.kept, report.changed) == (1, 1, 5, 1)
    assert report.new_papers == 1
    assert export(document(paper_list)) == CHANGED.encode()
    assert not Entry.objects.filter(texts__title__startswith="Nugget").exists()
    assert entry(paper_list, "Quest") == kept
    assert kept.texts.get().venue == "ICML 2025"
    assert [c.key for c in paper_list.categories.all()] == ["explicit", "kv", "survey"]


def test_rows_may_trade_places():
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    lines = samples.ENGLISH.splitlines(keepends=True)
    lines[14], lines[16] = lines[16], lines[14]
    report = take_in(paper_list, "".join(lines), listfile=SETTINGS)
    assert (report.added, report.removed, report.kept, report.changed) == (0, 0, 6, 0)
    assert export(document(paper_list)) == "".join(lines).encode()


def test_a_row_that_went_to_another_section_is_the_same_entry_moved():
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    old = entry(paper_list, "LLMLingua")
    line = next(line for line in samples.ENGLISH.splitlines(keepends=True) if "[LLMLingua]" in line)
    moved = samples.ENGLISH.replace(line, "").replace("| [Quest]", line + "| [Quest]")
    report = take_in(paper_list, moved, listfile=SETTINGS)
    assert (report.added, report.removed, report.moved) == (0, 0, 1)
    new = entry(paper_list, "LLMLingua")
    assert (new.pk, new.category.key, new.added_at) == (old.pk, "kv", old.added_at)
    assert (new.decision.kind, new.decision.category.key, new.decision.origin) == ("accept", "kv", "readme")
    assert EntryChange.objects.filter(paper=new.paper, verb="move", origin="readme").exists()
    assert export(document(paper_list)) == moved.encode()


def test_a_row_gone_from_one_language_leaves_the_list():
    paper_list = both_languages()
    paper = entry(paper_list, "TokenSkip: Controllable Compression").paper
    line = next(line for line in samples.ENGLISH.splitlines(keepends=True) if "TokenSkip" in line)
    report = take_in(paper_list, samples.ENGLISH.replace(line, ""), listfile=SETTINGS)
    assert report.removed == 1
    assert not Entry.objects.filter(paper=paper).exists()
    assert export(document(paper_list, "zh")).decode() == "".join(
        line for line in samples.CHINESE.splitlines(keepends=True) if "TokenSkip" not in line
    )


def test_an_entry_without_a_row_in_this_language_stays(curator):
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    chinese = samples.CHINESE.partition("## 综述")[0]
    take_in(paper_list, chinese, "zh", listfile=SETTINGS)
    paper = Paper.objects.create(title="New", title_key="new", source="arxiv", text_hash="")
    paper.identifiers.create(scheme="arxiv", value="2409.00001")
    row = RowFields(title="New", link="https://arxiv.org/abs/2409.00001")
    entries.admit(paper_list.categories.get(key="survey"), paper, {"en": row}, curator)
    assert export(document(paper_list, "zh")) == chinese.encode()
    assert take_in(paper_list, chinese.replace("页", "按页"), "zh", listfile=SETTINGS).removed == 0
    assert entry(paper_list, "New").texts.count() == 2
    whole = samples.CHINESE.replace("页", "按页") + "| [New](https://arxiv.org/abs/2409.00001) | - | 新 |\n"
    report = take_in(paper_list, whole, "zh", listfile=SETTINGS)
    assert (report.added, report.kept, report.removed) == (1, 4, 0)
    assert entry(paper_list, "New").texts.get(document__language="zh").tldr == "新"


def test_a_section_that_is_gone_takes_its_category_along():
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    take_in(paper_list, samples.ENGLISH.partition("## Surveys")[0], listfile=SETTINGS)
    assert [c.key for c in paper_list.categories.all()] == ["explicit", "kv"]


def test_a_renamed_section_is_the_same_category():
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH)
    kv = paper_list.categories.get(key="kv-compression")
    take_in(paper_list, samples.ENGLISH.replace("## ⚡ KV Compression", "## Caches"))
    assert paper_list.categories.get(key="kv-compression") == kv
    assert kv.texts.get().name == "Caches"


def test_settings_given_later_rename_the_keys():
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH)
    take_in(paper_list, CHANGED, listfile=SETTINGS)
    assert [c.key for c in paper_list.categories.all()] == ["explicit", "kv", "survey"]


def test_curators_changes_are_never_overwritten(curator):
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    text = entry(paper_list, "Quest").texts.get()
    entries.edit(text, RowFields(title="Quest, edited", link=text.link), curator)
    report = take_in(paper_list, CHANGED, listfile=SETTINGS)
    assert [(each.line, each.title, each.field) for each in report.conflicts] == [(27, "Quest, edited", "venue")]
    text.refresh_from_db()
    assert (text.title, text.venue) == ("Quest, edited", "")
    assert (report.added, report.removed, report.changed) == (1, 1, 0)


def test_after_export_and_import_a_newer_file_is_welcome(curator):
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    text = entry(paper_list, "Quest").texts.get()
    fields = entries.fields_of(text)
    entries.edit(text, RowFields(**fields.__dict__ | {"venue": "ICML 2024 Oral"}), curator)
    exported = export(document(paper_list))
    assert exported != samples.ENGLISH.encode()
    assert take_in(paper_list, exported, listfile=SETTINGS).unchanged
    assert bytes(document(paper_list).source) == exported
    newer = exported.replace(b"NAACL 2025", b"NAACL 2026")
    report = take_in(paper_list, newer, listfile=SETTINGS)
    assert (report.kept, report.changed) == (6, 1)
    assert export(document(paper_list)) == newer


def test_an_export_that_reads_otherwise_does_not_become_the_base(curator):
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    text = entry(paper_list, "Quest").texts.get()
    entries.edit(text, RowFields(title="Quest without a link"), curator)
    exported = export(document(paper_list))
    assert take_in(paper_list, exported, listfile=SETTINGS).unchanged
    assert bytes(document(paper_list).source) == samples.ENGLISH.encode()
    assert entry(paper_list, "Quest without a link")


def test_a_translated_field_is_no_longer_flagged(curator):
    paper_list = both_languages()
    text = entry(paper_list, "Quest").texts.get(document__language="zh")
    text.untranslated = ["tldr", "tags"]
    text.save()
    take_in(paper_list, samples.CHINESE.replace("| 页 |", "| 按页选择 |"), "zh", listfile=SETTINGS)
    text.refresh_from_db()
    assert text.untranslated == ["tags"]


def test_the_history_says_what_an_import_did(curator):
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS, user=curator)
    *rows, summary = EntryChange.objects.order_by("pk")
    assert (summary.verb, summary.user, summary.paper) == ("import", curator, None)
    assert summary.after["lines"] == [15, 16, 17, 27, 28, 34]
    assert (summary.after["language"], summary.after["added"]) == ("en", 6)
    assert {change.verb for change in rows} == {"import"} and len({change.paper_id for change in rows}) == 6
    assert all(change.who == f"README, {curator}" and change.before is None for change in rows)
    take_in(paper_list, CHANGED, listfile=SETTINGS, user=curator)
    later = EntryChange.objects.filter(pk__gt=summary.pk).exclude(paper=None)
    changes = {c.paper.title: (c.before, c.after) for c in later}
    assert {c.paper.title: c.verb for c in later} == {
        "Nugget: Neural Compression": "remove",
        "PyramidKV": "admit",
        "Quest": "edit",
    }
    assert set(changes) == {"Nugget: Neural Compression", "PyramidKV", "Quest"}
    assert changes["Nugget: Neural Compression"][1] is None
    assert changes["PyramidKV"][0] is None
    assert changes["Quest"][0]["en"]["venue"] == "ICML 2024"
    assert changes["Quest"][1]["en"] == entries.fields_of(EntryText.objects.get(title="Quest")).as_json()


def test_nul_and_halves_of_characters_stay_in_the_bytes():
    source = (
        samples.ENGLISH.encode().replace(b"Keeps", b"Keeps \x00\xff\xed\xa0\x80").replace(b"# A list", b"# \x00\xff")
    )
    paper_list = new_list()
    take_in(paper_list, source)
    assert export(document(paper_list)) == source
    assert "\x00" not in EntryText.objects.get(line=16).tldr
    text = EntryText.objects.get(line=16)
    text.venue = "changed"
    text.save()
    assert export(document(paper_list)) == source.replace(b"| ICLR 2024 |", b"| changed |")


def test_an_import_that_fails_leaves_nothing(monkeypatch):
    monkeypatch.setattr("papers.readme.importer.record", lambda *args: 1 / 0)
    paper_list = new_list()
    with pytest.raises(ZeroDivisionError):
        take_in(paper_list, samples.ENGLISH)
    assert not paper_list.documents.exists()
    assert not Paper.objects.exists()


@pytest.mark.parametrize("sample", samples.ALL.values(), ids=samples.ALL)
def test_import_and_export_give_the_same_bytes(sample):
    paper_list = new_list()
    report = take_in(paper_list, sample)
    assert report.rows
    assert export(document(paper_list)) == sample.encode()


NO_LIST = {
    b"": "README.md: the file is empty",
    b"\n": "README.md: the file is empty",
    b"no table": "README.md: no row names a paper",
    b"\xef\xbb\xbf": "README.md: no row names a paper",
    b"| Title |\n| --- |": "README.md: no row names a paper",
    b"| Title |\n| --- |\n| A |": "README.md: no row names a paper; line 3: no link to the paper",
    "# Papers".encode("utf-16"): "README.md: not a text file in UTF-8 (byte 3 is NUL)",
    b"\x7fELF" + bytes(5000): "README.md: not a text file in UTF-8 (byte 4 is NUL)",
}


@pytest.mark.parametrize("source", NO_LIST)
def test_a_file_without_papers_is_refused_and_nothing_is_made(source):
    paper_list = new_list()
    with pytest.raises(ImportRefused) as refused:
        take_in(paper_list, source)
    assert str(refused.value) == NO_LIST[source]
    assert not paper_list.documents.exists()


@pytest.mark.parametrize("source", NO_LIST)
def test_a_file_without_papers_does_not_empty_a_list(source):
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH)
    with pytest.raises(ImportRefused):
        take_in(paper_list, source)
    assert export(document(paper_list)) == samples.ENGLISH.encode()
    assert Entry.objects.count() == 6


@pytest.mark.parametrize("source", [b"", b"no table", b"| Title |\n| --- |"])
def test_who_asks_for_it_may_begin_with_an_empty_list(source):
    paper_list = new_list()
    assert take_in(paper_list, source, allow_empty=True).rows == 0
    assert export(document(paper_list)) == source
    assert take_in(paper_list, source).unchanged


def test_importing_takes_few_queries(django_assert_max_num_queries):
    paper_list = new_list()
    many = "".join(f"| [P{n}](https://arxiv.org/abs/2401.{n:05d}) | x |\n" for n in range(1, 101))
    for number in range(1, 101):
        paper = Paper.objects.create(title=f"P{number}", title_key="x", source="arxiv", text_hash="")
        paper.identifiers.create(scheme="arxiv", value=f"2401.{number:05d}")
    readme = "## A\n\n| Title | Venue |\n| --- | --- |\n" + many
    with django_assert_max_num_queries(30):
        take_in(paper_list, readme)
    with django_assert_max_num_queries(60):
        take_in(paper_list, readme.replace("| [P7]", "| [Seven]"))


def test_a_header_too_long_for_a_field_keeps_its_rows_as_text():
    paper_list = new_list()
    readme = f"## A\n\n| Title | {'Very long ' * 12} |\n| --- | --- |\n| [P1](https://arxiv.org/abs/2401.00001) | x |\n"
    report = take_in(
        paper_list, readme + "\n| Title | Short |\n| --- | --- |\n| [P2](https://arxiv.org/abs/2401.00002) | x |\n"
    )
    assert [(each.line, each.reason) for each in report.kept_as_text] == [
        (5, "a column whose header has more than 100 characters")
    ]
    assert EntryText.objects.get().title == "P2"
