"""The page that makes a list: what it asks for, what it refuses, and what it makes."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from papers.models import Category, Document, PaperList
from papers.newlist import files, read_new_list
from papers.readme.exporter import export
from tests.factories import make_list

pytestmark = pytest.mark.django_db

ADDRESS = "/lists/new/"
TYPED = {
    "name": "Soft Tokens & Friends",
    "slug": "",
    "homepage": "https://github.com/example/soft-tokens",
    "languages": ["0", "1"],
    "language-0-code": "en",
    "language-0-file": "",
    "language-1-code": "zh",
    "language-1-file": "",
    "categories": ["0", "1", "2"],
    "category-0-key": "gist",
    "category-0-name-0": "Gist Tokens",
    "category-0-definition-0": "Prompts in a few\nlearnt tokens.",
    "category-0-keywords-0": "gist, soft prompt",
    "category-0-name-1": "要点词元",
    "category-0-definition-1": "",
    "category-0-keywords-1": "要点、软提示",
    "category-1-key": "",
    "category-1-name-0": "Surveys",
    "category-2-key": " ",
    "category-2-name-0": "",
}


def errors_of(response):
    """The texts beside the fields, by the id of the field."""
    assert response.status_code == 422
    page = response.content.decode()
    found = dict(re.findall(r'<p class="error" id="id_([^"]+)_error">([^<]+)</p>', page))
    for name in found:
        control = re.search(rf'<(?:input|textarea)[^>]* id="id_{name}"[^>]*>', page)
        assert control, name
        assert 'aria-invalid="true"' in control[0] and f"id_{name}_error" in control[0], control[0]
    return {name: error.replace("&quot;", '"') for name, error in found.items()}


def nothing_was_made():
    return not (PaperList.objects.exists() or Document.objects.exists() or Category.objects.exists())


def test_only_maintainers_make_lists(client, reader):
    assert client.get(ADDRESS).url.startswith(reverse("sign-in"))
    client.force_login(reader)
    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, TYPED).status_code == 403
    assert nothing_was_made()


def test_a_list_is_made_as_the_command_makes_it(office, maintainer, tmp_path):
    response = office.post(ADDRESS, TYPED, follow=True)
    assert response.redirect_chain == [("/lists/soft-tokens-friends/", 302)]
    page = response.content.decode()
    assert "Made “Soft Tokens &amp; Friends”" in page
    assert '<a href="/lists/soft-tokens-friends/export/">Export</a>' in page
    assert "manage.py publish soft-tokens-friends" in page
    made = PaperList.objects.get()
    assert (made.name, made.homepage) == (TYPED["name"], TYPED["homepage"])
    assert [(each.key, each.name) for each in made.categories.all()] == [
        ("gist", "Gist Tokens"),
        ("surveys", "Surveys"),
    ]
    assert [each.path for each in made.documents.all()] == ["README.md", "README_zh.md"]
    gist = made.categories.get(key="gist").texts.get(document__language="zh")
    assert (gist.name, gist.definition, gist.keywords) == ("要点词元", "", ["要点", "软提示"])
    assert {change.user for change in made.changes.all()} == {maintainer}

    (tmp_path / "short.toml").write_text("""\
slug = "soft-tokens-friends"
name = "Soft Tokens & Friends"
homepage = "https://github.com/example/soft-tokens"
[languages.en]
file = "README.md"
[languages.zh]
file = "README_zh.md"
[[categories]]
key = "gist"
name = { en = "Gist Tokens", zh = "要点词元" }
definition = { en = "Prompts in a few learnt tokens." }
keywords = { en = ["gist", "soft prompt"], zh = ["要点", "软提示"] }
[[categories]]
key = "surveys"
name = "Surveys"
""")
    ours = {each.path: export(each).decode() for each in made.documents.all()}
    ours["list.toml"] = office.get(reverse("list-toml", args=[made.slug])).content.decode()
    assert ours == files(read_new_list(tmp_path / "short.toml"))


def test_all_that_is_wrong_is_said_beside_its_field_and_nothing_is_made(office):
    wrong = {
        "name": " ",
        "slug": "Soft Tokens",
        "homepage": "example.org",
        "languages": ["4", "2", "7"],
        "language-4-code": "en",
        "language-4-file": "../README.md",
        "language-2-code": "en",
        "language-2-file": "list.toml",
        "language-7-code": "English",
        "language-7-file": "x" * 201,
        "categories": ["3", "0", "9"],
        "category-3-key": "out",
        "category-3-name-4": "🚀",
        "category-0-name-4": "Surveys",
        "category-9-name-4": "surveys",
        "category-9-key": "Surveys!",
    }
    errors = errors_of(office.post(ADDRESS, wrong))
    assert nothing_was_made()
    assert errors.pop("language-7-file").startswith("Ensure this value has at most 200 characters")
    assert errors == {
        "name": "Must not be empty.",
        "slug": '"Soft Tokens" must be lower-case letters, digits and hyphens.',
        "homepage": '"example.org" must be an address that begins with https:// or http://.',
        "language-4-file": '"../README.md" must be the name of a file in the list&#x27;s repository, as README_CN.md.',
        "language-2-code": '"en" stands there twice.',
        "language-2-file": '"list.toml" is the file of the settings.',
        "language-7-code": '"English" must be a language code, as "en" or "zh".',
        "category-3-key": '"out" is the word for papers that belong nowhere.',
        "category-3-name-4": '"🚀" is no heading: it needs letters or digits.',
        "category-9-name-4": 'Two are called "surveys".',
        "category-9-key": '"Surveys!" must be lower-case letters, digits and hyphens.',
    }


def test_what_was_wrong_stays_typed_and_the_first_error_gets_the_focus(office):
    page = office.post(ADDRESS, TYPED | {"homepage": "example.org"}).content.decode()
    assert "Nothing was made yet: 1 field needs another look." in page
    focused = re.findall(r"<[^>]* autofocus[ >]", page)
    assert len(focused) == 1 and 'name="homepage"' in focused[0]
    assert 'value="要点词元"' in page and "Prompts in a few learnt tokens." in " ".join(page.split())


@pytest.mark.parametrize(
    ("change", "name", "error"),
    [
        ({"slug": "new"}, "slug", '"new" cannot be a list: /lists/new/ is the page that makes one.'),
        ({"slug": "taken"}, "slug", "There is such a list already."),
        ({"name": "Taken"}, "slug", "There is such a list already."),
        ({"name": "论文列表"}, "slug", "Must not be empty."),
        ({"categories": ["2"]}, "category-2-name-0", "A list needs at least one."),
        ({"categories": ["0", "8"], "category-8-key": "gist", "category-8-name-0": "B"}, "category-8-key", '"gist" stands there twice.'),
        ({"language-1-file": "readme.md"}, "language-1-file", '"readme.md" stands there twice.'),
        ({"language-1-code": ""}, "language-1-code", "Must not be empty."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(office, change, name, error):
    make_list("taken")
    errors = errors_of(office.post(ADDRESS, TYPED | change))
    assert errors[name] == error
    assert PaperList.objects.count() == 1


def test_a_row_more_and_a_row_less_lose_nothing_that_was_typed(office):
    typed = TYPED | {"slug": "Not Yet Right", "another": "categories"}
    response = office.post(ADDRESS, typed)
    page = response.content.decode()
    assert response.status_code == 200 and 'class="error"' not in page
    assert re.findall(r'name="categories" value="(\d+)"', page) == ["0", "1", "2", "3"]
    assert 'value="Not Yet Right"' in page and 'value="要点、软提示"' in page and "learnt tokens." in page
    assert re.search(r'name="category-3-name-0"[^>]* autofocus', page)

    page = office.post(ADDRESS, typed | {"another": "languages"}).content.decode()
    assert re.findall(r'name="languages" value="(\d+)"', page) == ["0", "1", "2"]
    assert 'name="category-1-definition-2"' in page
    assert re.search(r'name="language-2-code"[^>]* autofocus', page)

    del typed["another"]
    page = office.post(ADDRESS, typed | {"without": "categories-0"}).content.decode()
    assert re.findall(r'name="categories" value="(\d+)"', page) == ["1", "2"]
    assert 'value="Surveys"' in page and "Gist" not in page
    page = office.post(ADDRESS, typed | {"without": "languages-0"}).content.decode()
    assert re.findall(r'name="languages" value="(\d+)"', page) == ["1"]
    assert 'value="要点词元"' in page and "Gist Tokens" not in page
    assert nothing_was_made()


def test_a_list_of_what_is_left_after_taking_rows_away_is_made(office):
    typed = TYPED | {"languages": ["1"], "categories": ["1", "0"], "category-1-name-1": "综述", "slug": "soft"}
    assert office.post(ADDRESS, typed).status_code == 302
    made = PaperList.objects.get(slug="soft")
    assert [(each.path, each.language) for each in made.documents.all()] == [("README.md", "zh")]
    assert [(each.key, each.name) for each in made.categories.all()] == [("category", "综述"), ("gist", "要点词元")]


@pytest.mark.parametrize(
    "odd",
    [
        {"languages": [], "categories": []},
        {"languages": ["x", "-1", "99999"], "categories": ["0", "0", "½"]},
        {"another": "papers"},
        {"without": "categories"},
        {"without": "papers-1"},
        {"without": ["categories-0", "categories-1"]},
    ],
)
def test_odd_input_is_answered(office, odd):
    assert office.post(ADDRESS, TYPED | odd).status_code in (200, 302, 422)


def test_there_is_an_end_to_rows(office):
    many = {"categories": [str(number) for number in range(300)], "another": "categories"}
    page = office.post(ADDRESS, TYPED | many).content.decode()
    assert page.count('name="categories" value=') == 100


def test_what_is_typed_is_text(office):
    hostile = '"><script>alert(1)</script>'
    page = office.post(ADDRESS, TYPED | {"name": hostile, "slug": hostile, "language-1-code": hostile}).content.decode()
    assert "<script>alert" not in page
    page = office.post(ADDRESS, TYPED | {"name": hostile, "slug": "odd"}, follow=True).content.decode()
    assert "<script>alert" not in page and PaperList.objects.get().name == hostile


def test_every_control_has_a_label(office):
    page = office.post(ADDRESS, TYPED | {"another": "languages"}).content.decode()
    form = page[page.index('id="new-list"') :]
    controls = re.findall(r'<(?:input|textarea) (?![^>]*type="hidden")[^>]*id="([^"]+)"', form)
    assert len(controls) == 3 + 3 * 2 + 3 * (1 + 3 * 3)
    assert set(controls) <= set(re.findall(r'<label for="([^"]+)"', form))


def test_lists_lead_maintainers_to_it(client, maintainer, reader):
    assert ADDRESS in client.get("/").content.decode()  # nothing is here yet
    client.force_login(reader)
    assert ADDRESS not in client.get("/").content.decode()
    client.force_login(maintainer)
    assert ADDRESS in client.get("/").content.decode()
    make_list()
    assert ADDRESS in client.get("/").content.decode()
    client.logout()
    assert ADDRESS not in client.get("/").content.decode()


def test_the_page_costs_the_same_queries_however_many_rows(office):
    def queries(rows):
        with CaptureQueriesContext(connection) as asked:
            office.post(ADDRESS, TYPED | {"categories": [str(number) for number in range(rows)], "homepage": "wrong"})
        return len(asked)

    assert queries(2) == queries(40)
