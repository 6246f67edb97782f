"""The row that a paper would get, written as the list writes its own."""

from __future__ import annotations

from datetime import date

import pytest

from papers.models import PaperList
from papers.prefill import prefill
from papers.readme.importer import import_readme
from papers.readme.row import RowFields
from tests.factories import make_paper

pytestmark = pytest.mark.django_db

AUTHORS = ["Ann One", "Bob Two", "Cy Three", "Di Four"]


def filled(headers: str, *rows: str, facts: list[tuple[str, object]] | None = None) -> RowFields:
    """The row of a new paper in a list whose only table has these headers and rows."""
    paper_list = PaperList.objects.create(slug="meals", name="Meals")
    rule = "|" + " --- |" * (headers.count("|") - 1)
    source = "\n".join(["# Meals", "", "## All", "", headers, rule, *rows, ""])
    import_readme(paper_list, "en", source.encode(), "README.md")
    paper = make_paper("Steam: Gentle Heat", authors=AUTHORS, published=date(2025, 2, 3), facts=facts or [])
    return prefill(paper, paper_list.documents.get())


@pytest.mark.parametrize(
    ("written", "venue"),
    [
        (["arXiv 2024.06"], "arXiv 2025.02"),
        (["arXiv 2025.2.12"], "arXiv 2025.2.3"),
        (["arXiv 2024.10", "arXiv 2024.6", "arXiv 2024.12"], "arXiv 2025.2"),
        (["Arxiv 2024", "ICML 2024"], "Arxiv 2025"),
        (["ICML 2024"], "arXiv 2025.02"),
    ],
)
def test_a_preprint_is_written_as_the_list_writes_them(written, venue):
    rows = [f"| [T{n}](https://arxiv.org/abs/2401.0000{n}) | {each} |" for n, each in enumerate(written)]
    assert filled("| Title | Venue |", *rows).venue == venue


def test_where_it_was_published_is_told_if_a_source_knows_it():
    row = "| [T](https://arxiv.org/abs/2401.00001) | arXiv 2024.01 |"
    assert filled("| Title | Venue |", row, facts=[("venue", "EMNLP 2025 Main")]).venue == "EMNLP 2025 Main"


def test_that_it_is_on_an_archive_is_no_news():
    row = "| [T](https://arxiv.org/abs/2401.00001) | Arxiv 2024 |"
    assert filled("| Title | Venue |", row, facts=[("venue", "CoRR")]).venue == "Arxiv 2025"


@pytest.mark.parametrize(
    ("written", "day"),
    [("2024.06", "2025.02"), ("2024.6", "2025.2"), ("Jul 2018", "Feb 2025"), ("2024-05-06", "2025-02-03")],
)
def test_a_date_is_written_as_the_list_writes_them(written, day):
    row = f"| {written} | [T](https://arxiv.org/abs/2401.00001) |"
    assert filled("| Date | Title |", row).date == day


@pytest.mark.parametrize(
    ("written", "authors"),
    [
        ("A. Cook, B. Baker", "Ann One, Bob Two, Cy Three, Di Four"),
        ("A. Cook, B. Baker et al.", "Ann One, Bob Two et al."),
        ("Ann Cook et al.", "Ann One et al."),
        ("Cook et al.", "One et al."),
    ],
)
def test_authors_are_as_many_as_the_list_names(written, authors):
    row = f"| [T](https://arxiv.org/abs/2401.00001) | {written} |"
    assert filled("| Title | Authors |", row).authors == authors


def test_a_short_name_is_taken_from_the_title_where_the_table_has_a_column():
    row = "| H2O | [Heavy Hitters](https://arxiv.org/abs/2401.00001) |"
    assert filled("| Abbr. | Title |", row).nickname == "Steam"


def test_what_has_no_column_is_not_filled_in():
    given = filled("| Title | TL;DR |", "| [T](https://arxiv.org/abs/2401.00001) | It tells of much that is hot. |")
    assert (given.authors, given.date, given.venue, given.nickname) == ("", "", "", "")
