"""Forms of rows ask for what the table has columns for, and lose nothing that was typed."""

from __future__ import annotations

import pytest
from django.urls import reverse

from papers import newlanguage
from papers.models import Entry, EntryText, PaperList
from papers.prefill import prefill
from papers.readme.columns import columns
from papers.readme.exporter import export
from papers.readme.importer import import_readme
from tests.factories import make_paper, make_suggestion

pytestmark = pytest.mark.django_db

README = b"""# Papers

## Cooking

| Year | Paper | What it says | Authors | Stars |
| --- | --- | --- | --- | --- |
| 2024 | [Boiling](https://arxiv.org/abs/2401.00001) | Water gets hot. | A. Cook | 5 |
"""
MIXED = README.replace(b"## Cooking", b"## Baking") + (
    b"\n## Tagged\n\n| Title | Venue | Tags | TL;DR |\n| --- | --- | --- | --- |\n"
    b"| [Frying](https://arxiv.org/abs/2402.00001) | arXiv 2024.02 | `oil` | Oil gets hotter. |\n"
)


def imported(source):
    paper_list = PaperList.objects.create(slug="meals", name="Meals")
    import_readme(paper_list, "en", source, "README.md")
    return paper_list


def card(desk, paper_list, **fields):
    """The form of a paper that waits, what it would send untouched, and where to."""
    paper = make_paper("Steaming", authors=["A", "B", "C", "D"], **fields)
    make_suggestion(paper_list, paper, 0.9)
    form = desk.get(reverse("queue", args=["meals"])).context["desk"].rows[0]
    data = {form.add_prefix(name): form.initial[name] for name in form.fields}
    return form, data, reverse("decide", args=["meals", paper.pk]), paper


def test_the_queue_asks_for_the_columns_of_the_table_and_what_is_typed_arrives(desk):
    meals = imported(README)
    form, data, address, paper = card(desk, meals, facts=[("code", "https://github.com/x/steam")])
    assert list(form.fields) == ["title", "link", "authors", "date", "tldr", "extra_0"]
    assert [field.label for field in form.extras] == ["Stars"]
    assert data["en-authors"] == "A, B, C, D"
    assert data["en-date"] == str(paper.published.year)
    category = meals.categories.get()
    typed = {"en-tldr": "Steam is gentle.", "en-extra_0": "7", "accept": category.key}
    assert desk.post(address, data | typed).status_code == 302
    line = export(meals.documents.get()).decode().splitlines()[-1]
    assert line.startswith(f"| {paper.published.year} | [Steaming](")
    assert line.endswith("| Steam is gentle. | A, B, C, D | 7 |")


def test_an_edit_shows_the_columns_in_the_order_of_the_table(desk):
    meals = imported(README)
    entry = Entry.objects.get()
    EntryText.objects.update(extra={"Stars": "5"})
    address = reverse("edit-entry", args=["meals", entry.pk])
    form = desk.get(address).context["desk"].forms[0]
    assert [(field.label, field.value()) for field in form.extras] == [("Stars", "5")]
    assert not {"tags", "code_url_0"} & set(form.fields)
    data = {form.add_prefix(name): form.initial[name] for name in form.fields}
    desk.post(address, data | {"category": entry.category.key, "save": "1"})
    assert export(meals.documents.get()) == README  # untouched


def test_what_has_no_column_in_the_chosen_section_is_refused_only_if_it_was_typed(desk):
    meals = imported(MIXED)
    form, data, address, _ = card(desk, meals)
    assert {"tags", "tldr", "authors", "date", "venue", "extra_0"} <= set(form.fields)
    baking, tagged = meals.categories.order_by("position")
    refused = desk.post(address, data | {"en-tags": "steam", "accept": baking.key})
    assert refused.status_code == 422
    assert refused.context["desk"].rows[0].errors == {"tags": ["This section's table has no tags column."]}
    refused = desk.post(address, data | {"en-extra_0": "7", "accept": tagged.key})
    assert refused.context["desk"].rows[0].errors == {"extra_0": ["This section's table has no Stars column."]}
    assert Entry.objects.count() == 2
    assert desk.post(address, data | {"en-tags": "steam", "accept": tagged.key}).status_code == 302


def test_columns_are_those_of_a_category_or_of_all():
    meals = imported(MIXED)
    readme = meals.documents.get()
    baking, tagged = meals.categories.order_by("position")
    assert [column.name for column in columns(readme, baking)] == ["Year", "Paper", "What it says", "Authors", "Stars"]
    assert [column.name for column in columns(readme, tagged)] == ["Title", "Venue", "Tags", "TL;DR"]
    assert [column.name for column in columns(readme)] == [
        *("Year", "Paper", "What it says", "Authors", "Stars", "Venue", "Tags")
    ]


def test_a_year_is_prefilled_where_the_table_has_years():
    meals = imported(MIXED)
    baking, tagged = meals.categories.order_by("position")
    paper = make_paper("Steaming")
    readme = meals.documents.get()
    assert prefill(paper, readme, baking).date == str(paper.published.year)
    assert prefill(paper, readme, tagged).venue == f"{paper.published:arXiv %Y.%m}"


def test_short_name_authors_and_date_are_edited_where_the_table_has_them(desk):
    meals = imported(
        b"# Papers\n\n## Cooking\n\n| Abbr. | Title | Authors | Date | Venue |\n| --- | --- | --- | --- | --- |\n"
        b"| BO | [Boiling](https://arxiv.org/abs/2401.00001) | A. Cook | Jul 2024 | ICML'24 |\n"
    )
    entry = Entry.objects.get()
    address = reverse("edit-entry", args=["meals", entry.pk])
    form = desk.get(address).context["desk"].forms[0]
    assert list(form.fields) == ["title", "link", "nickname", "authors", "venue", "date"]
    data = {form.add_prefix(name): form.initial[name] for name in form.fields}
    changed = {"en-nickname": "BOIL", "en-authors": "A. Cook et al.", "en-date": "Aug 2024"}
    desk.post(address, data | changed | {"category": entry.category.key, "save": "1"})
    text = EntryText.objects.get()
    assert (text.nickname, text.authors, text.date) == ("BOIL", "A. Cook et al.", "Aug 2024")
    assert (text.known_as, text.venue_name, text.dated) == ("BOIL", "ICML", "2024-08")
    line = export(meals.documents.get()).decode().splitlines()[-1]
    assert line == "| BOIL | [Boiling](https://arxiv.org/abs/2401.00001) | A. Cook et al. | Aug 2024 | ICML'24 |"
    shown = desk.get(reverse("list", args=["meals"])).content.decode()
    assert 'title="ICML">ICML&#x27;24</span>' in shown


@pytest.mark.parametrize("source, field", [(README, "tldr"), (README.replace(b"What it says", b"Stars too"), "title")])
def test_editing_begins_in_a_field_that_the_row_has(desk, source, field):
    """Whatever the table's columns are, the key leads somewhere."""
    meals = imported(source)
    make_suggestion(meals, make_paper("Steaming"), 0.9)
    page = desk.get(reverse("queue", args=["meals"])).content.decode()
    assert f'href="#id_en-{field}" data-key="e"' in page and f'id="id_en-{field}"' in page


def test_where_nothing_is_to_be_translated_no_word_is_said_of_tags_and_summaries(desk):
    meals = imported(
        b"# Papers\n\n## Cooking\n\n| Year | Paper | Authors |\n| --- | --- | --- |\n"
        b"| 2024 | [Boiling](https://arxiv.org/abs/2401.00001) | A. Cook |\n"
    )
    newlanguage.create(meals, "fr", "README_FR.md", None)
    make_suggestion(meals, make_paper("Steaming"), 0.9)
    page = desk.get(reverse("queue", args=["meals"])).content.decode()
    assert "README_FR.md" in page and "nothing in it is to be translated" in page and "empty TL;DR" not in page
