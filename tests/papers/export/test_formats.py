"""A list in every format: whole, in order, the same bytes for the same data."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from papers import entries
from papers.export import FORMATS, NoSuchDocument
from papers.export.bibtex import _escape
from papers.export.citation import cite
from papers.export.csv import cell
from papers.export.formats import listed
from papers.models import EntryText, Paper
from tests.papers.readme import samples
from tests.papers.readme.lists import both_languages, entry, new_list, take_in
from tests.papers.readme.strategies import hostile, quickly

database = pytest.mark.django_db


@pytest.fixture
def paper_list(db):
    return both_languages()


def told(paper_list, identifier: str, language: str = "en") -> str:
    return FORMATS[identifier].render(paper_list, language).content.decode()


def describe(shown: str, **values: object) -> Paper:
    """Give the paper of the row with this title what a source would know of it."""
    paper = EntryText.objects.filter(title=shown).first().entry.paper
    for name, value in values.items():
        setattr(paper, name, value)
    paper.save()
    return paper


def test_the_formats_are_known_by_their_identifiers():
    assert list(FORMATS) == ["markdown", "json", "csv", "bibtex", "ris"]
    assert all(each.name for each in FORMATS.values())


@database
@pytest.mark.parametrize(
    ("identifier", "english", "chinese", "content_type"),
    [
        ("markdown", "README.md", "README_CN.md", "text/markdown; charset=utf-8"),
        ("json", "sample.json", "sample.zh.json", "application/json"),
        ("csv", "sample.csv", "sample.zh.csv", "text/csv; charset=utf-8"),
        ("bibtex", "sample.bib", "sample.zh.bib", "application/x-bibtex; charset=utf-8"),
        ("ris", "sample.ris", "sample.zh.ris", "application/x-research-info-systems; charset=utf-8"),
    ],
)
def test_every_format_names_its_file_and_type(paper_list, identifier, english, chinese, content_type):
    exported = FORMATS[identifier].render(paper_list, "en")
    assert (exported.file_name, exported.content_type) == (english, content_type)
    assert FORMATS[identifier].render(paper_list, "zh").file_name == chinese
    assert FORMATS[identifier].render(paper_list, "en") == exported


@database
@pytest.mark.parametrize("identifier", FORMATS)
def test_a_language_that_is_not_there_is_named(paper_list, identifier):
    with pytest.raises(NoSuchDocument, match="sample: no README in fr; there are: en, zh"):
        FORMATS[identifier].render(paper_list, "fr")


@database
@pytest.mark.parametrize("identifier", FORMATS)
def test_the_number_of_queries_does_not_grow(identifier):
    def queries(rows: int) -> int:
        paper_list = new_list(f"list-{rows}")
        table = "".join(f"| [P{n}](https://arxiv.org/abs/2401.{n:05d}) |\n" for n in range(rows))
        take_in(paper_list, f"## A\n\n| Title |\n| --- |\n{table}")
        with CaptureQueriesContext(connection) as captured:
            FORMATS[identifier].render(paper_list, "en")
        return len(captured)

    assert queries(2) == queries(20)


@database
def test_markdown_is_the_readme(paper_list):
    assert told(paper_list, "markdown") == samples.ENGLISH
    assert told(paper_list, "markdown", "zh") == samples.CHINESE


@database
def test_entries_come_in_the_lists_order(paper_list):
    assert [each.fields.title for each in listed(paper_list, "en")] == [
        "TokenSkip: Controllable Compression",
        "Nugget: Neural Compression",
        "LLMLingua",
        "Quest",
        "CaM",
        "A Survey",
    ]


@database
def test_an_entry_without_a_translation_is_there_in_the_primary_language(paper_list):
    shown = {each.fields.title: each.language for each in listed(paper_list, "zh")}
    assert shown["LLMLingua"] == "zh"
    assert shown["CaM"] == "en"
    assert len(shown) == 6


@database
def test_json_has_the_whole_list(paper_list):
    describe("Quest", authors=["Jiaming Tang"], published=date(2024, 6, 16), abstract="As the demand…")
    content = json.loads(told(paper_list, "json"))
    assert content["list"] == {"slug": "sample", "name": "Sample", "homepage": ""}
    assert [category["key"] for category in content["categories"]] == ["explicit", "kv", "survey"]
    assert content["categories"][0]["keywords"] == ["Token Pruning", "Summarization"]
    assert content["entries"][3] == {
        "category": "kv",
        "language": "en",
        "title": "Quest",
        "link": "https://arxiv.org/abs/2406.10774",
        "nickname": "",
        "authors": "",
        "venue": "ICML 2024",
        "date": "",
        "tags": ["Sparse", "Query-Aware"],
        "code": [{"label": "Github", "url": "https://github.com/mit-han-lab/Quest"}],
        "tldr": "Pages",
        "extra": {},
        "normalised": {"title": "Quest", "known_as": "Quest", "venue": "ICML", "dated": "2024"},
        "paper": {
            "title": "Quest",
            "identifiers": [{"scheme": "arxiv", "value": "2406.10774"}],
            "authors": ["Jiaming Tang"],
            "published": "2024-06-16",
            "abstract": "As the demand…",
        },
    }
    assert json.loads(told(paper_list, "json", "zh"))["categories"][0]["name"] == "显式压缩（提示层面）"


@database
def test_csv_has_a_line_for_every_entry():
    paper_list = new_list()
    take_in(paper_list, samples.BADGES)
    rows = list(csv.DictReader(io.StringIO(told(paper_list, "csv"))))
    assert [row["Recom"] for row in rows] == ["⭐️⭐️", "⭐️⭐️⭐️", "⭐️"]
    assert rows[0]["category"] == "kv-cache"
    assert rows[0]["arxiv"] == "2306.14048"
    assert rows[0]["code"] == "https://github.com/FMInference/H2O"


@database
def test_no_cell_of_a_csv_is_a_formula(paper_list):
    EntryText.objects.filter(title="Quest").update(
        title='=HYPERLINK("https://evil.example")', venue="+1", tldr="@SUM(A1)", tags=["-2+3"], extra={"=x": "\t=1"}
    )
    for row in csv.reader(io.StringIO(told(paper_list, "csv"))):
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)
    assert '"\'=HYPERLINK(""https://evil.example"")"' in told(paper_list, "csv")


@given(hostile)
@quickly
def test_no_text_is_a_formula_in_a_spreadsheet(text):
    assert not cell(text).lstrip(" \u00a0\ufeff").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell(text).endswith(text)


def bibtex(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    """A strict reader: key -> (kind, fields); fails on anything that BibTeX would stumble over."""
    found = {}
    position = 0
    while match := re.compile(r"\s*@(\w+)\{([a-z0-9-]+),\n").match(text, position):
        fields, position = {}, match.end()
        while field := re.compile(r"  (\w+) *= \{").match(text, position):
            depth, end = 1, field.end()
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            fields[field[1]] = text[field.end() : end - 1]
            assert text[end] == ","
            position = end + 2
        assert text[position] == "}"
        assert match[2] not in found
        found[match[2]] = (match[1], fields)
        position += 1
    assert text[position:].strip() == ""
    return found


@database
def test_bibtex_tells_published_papers_from_preprints(paper_list):
    describe("Quest", authors=["Jiaming Tang", "Song Han"], published=date(2024, 6, 16), subjects=["cs.CL"])
    describe("CaM", published=date(2024, 5, 1))
    EntryText.objects.filter(title="LLMLingua").update(venue="TMLR 2024")
    EntryText.objects.filter(title__startswith="Nugget").update(venue="arXiv 2023.10")
    found = bibtex(told(paper_list, "bibtex"))
    assert found["tang2024quest"] == (
        "inproceedings",
        {
            "title": "{Quest}",
            "author": "Jiaming Tang and Song Han",
            "year": "2024",
            "booktitle": "ICML 2024",
            "eprint": "2406.10774",
            "archiveprefix": "arXiv",
            "primaryclass": "cs.CL",
            "url": "https://arxiv.org/abs/2406.10774",
        },
    )
    assert found["2024llmlingua"][0] == "article"
    assert found["2024llmlingua"][1]["journal"] == "TMLR 2024"
    assert found["2023nugget"][0] == "misc"
    assert "booktitle" not in found["2023nugget"][1]
    assert found["2024cam"][1]["year"] == "2024"


@database
def test_bibtex_names_each_paper_once():
    paper_list = new_list()
    table = "\n\n| Title |\n| --- |\n| [A](https://arxiv.org/abs/2401.00001) |\n| [A](https://arxiv.org/abs/2401.00002) |\n\n"
    take_in(paper_list, "## X" + table + "## Y" + table)
    assert list(bibtex(told(paper_list, "bibtex"))) == ["paper", "paper-2"]
    assert told(paper_list, "ris").count("TY  - ") == 2


@database
@pytest.mark.parametrize(
    "title",
    [
        "Braces } everywhere {",
        "100% of $5 & $10_000 #1 ~^ \\",
        "$\\{x\\}$ and $O(n^2)$",
        "$\\input{/etc/passwd}$ x",
        "a$",
        "中文",
    ],
)
def test_bibtex_is_valid_whatever_a_title_holds(paper_list, title):
    describe("Quest", title=title, authors=["A and B", "C, Jr.", "{", "Émile Zola"])
    assert len(bibtex(told(paper_list, "bibtex"))) == 6


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("100% of R&D_x #1", r"100\% of R\&D\_x \#1"),
        ("The $O(n^2)$ of $k$-NN", "The $O(n^2)$ of $k$-NN"),
        ("from $5 to $10", r"from \$5 to \$10"),
        ("{x} \\y", r"\textbraceleft{}x\textbraceright{} \textbackslash{}y"),
        ("$\\input{x}$", r"\$\textbackslash{}input\textbraceleft{}x\textbraceright{}\$"),
        ("$a % b$", r"\$a \% b\$"),
        ("$}{$", r"\$\textbraceright{}\textbraceleft{}\$"),
    ],
)
def test_latex_is_escaped_but_for_formulas(text, latex):
    assert _escape(text) == latex


@given(st.text(alphabet="{}\\$%&#_~^ ab1", max_size=20))
@quickly
def test_escaped_text_has_pairs_of_braces(text):
    depth = 0
    for character in _escape(text):
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0


@database
@pytest.mark.parametrize(
    ("venue", "published_in", "year"),
    [
        ("EMNLP 2025 Main", "EMNLP 2025 Main", "2025"),
        ("arXiv 2024.06", "", "2024"),
        ("-", "", "2023"),
        ("2026.1", "", "2026"),
        ("Jul 2018", "", "2018"),
        ("Nature", "Nature", "2023"),
        ("ICLR 2024 submitted", "", "2024"),
        ("**NeurIPS** 2023", "NeurIPS 2023", "2023"),
        ("SOSP", "SOSP", "2023"),
    ],
)
def test_a_venue_is_where_it_was_published(paper_list, venue, published_in, year):
    describe("Quest", published=date(2023, 1, 1))
    EntryText.objects.filter(title="Quest").update(venue=venue if venue != "-" else "")
    citation = next(cite(each) for each in listed(paper_list, "en") if each.fields.title == "Quest")
    assert (citation.venue, citation.year) == (published_in, year)


@database
def test_ris_is_what_zotero_reads(paper_list):
    describe("Quest", authors=["Jiaming Tang"], published=date(2024, 6, 16), abstract="Two\nlines.")
    records = told(paper_list, "ris").split("ER  - \r\n")
    assert records[-1] == ""
    assert records[3] == (
        "TY  - CONF\r\nTI  - Quest\r\nAU  - Jiaming Tang\r\nPY  - 2024\r\nDA  - 2024/06/16\r\nT2  - ICML 2024\r\n"
        "AN  - arXiv:2406.10774\r\nUR  - https://arxiv.org/abs/2406.10774\r\nAB  - Two lines.\r\n"
        "KW  - Sparse\r\nKW  - Query-Aware\r\n"
    )
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for record in records for line in record.splitlines())


@database
def test_a_moved_entry_stands_once(paper_list, curator):
    entries.move(entry(paper_list, "Quest"), paper_list.categories.get(key="survey"), curator)
    found = [(each.category.key, each.fields.title) for each in listed(paper_list, "en")]
    assert found.count(("survey", "Quest")) == 1
    assert len(found) == 6


@database
def test_authors_as_written_stand_in_for_those_no_source_told():
    paper_list = new_list()
    row = (
        "| H2O | [T: x.](https://arxiv.org/abs/2401.00001) | **Cook, A. Baker, et al.** | Jul 2018 | ICML'18 Workshop |"
    )
    headers = "| Abbr. | Title | Authors | Date | Venue |\n| --- | --- | --- | --- | --- |"
    take_in(paper_list, f"## A\n\n{headers}\n{row}\n")
    [entry_told] = bibtex(told(paper_list, "bibtex")).values()
    assert (entry_told[1]["author"], entry_told[1]["year"]) == ("Cook and A. Baker and others", "2018")
    assert re.findall(r"AU  - (.*)\r\n", told(paper_list, "ris")) == ["Cook", "A. Baker"], "nobody is called others"
    [line] = csv.DictReader(io.StringIO(told(paper_list, "csv")))
    assert {name: line[name] for name in ("nickname", "known_as", "clean_title", "venue", "venue_name", "dated")} == {
        "nickname": "H2O",
        "known_as": "H2O",
        "clean_title": "T: x",
        "venue": "ICML'18 Workshop",
        "venue_name": "ICML Workshop",
        "dated": "2018-07",
    }
    [shown] = json.loads(told(paper_list, "json"))["entries"]
    assert (shown["authors"], shown["date"]) == ("**Cook, A. Baker, et al.**", "Jul 2018")
    assert shown["normalised"] == {"title": "T: x", "known_as": "H2O", "venue": "ICML Workshop", "dated": "2018-07"}


@database
def test_a_report_or_a_blog_is_no_proceedings(paper_list):
    EntryText.objects.filter(title="Quest").update(venue="Technical Report")
    EntryText.objects.filter(title="CaM").update(venue="ICLR 2026 (under review)")
    kinds = [
        kind for kind, fields in bibtex(told(paper_list, "bibtex")).values() if fields["title"] in ("{Quest}", "{CaM}")
    ]
    assert kinds == ["misc", "misc"]
