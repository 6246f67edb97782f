"""A new list: its files and its place in the database come from one short TOML, all or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ingest import topics
from papers import review
from papers.listsettings import settings_of
from papers.models import PaperList
from papers.newlist import NewCategory, NewLanguage, NewList, Words, completed, create, files, problems, read_new_list
from papers.prefill import prefill
from papers.readme.exporter import diff, export
from papers.readme.listfile import read_list_file
from papers.readme.listtoml import as_toml
from tests.factories import make_paper

pytestmark = pytest.mark.django_db

SHORT = """\
slug = "soft-tokens"
name = "Soft Tokens & Friends"

[languages.en]
file = "README.md"

[languages.zh]
file = "README_CN.md"

[[categories]]
key = "gist"
name = { en = "Gist Tokens", zh = "要点词元" }
definition = { en = "Prompts in a few **learnt** tokens.", zh = "用少量可学习词元表示提示。" }
keywords = ["gist", "soft prompt"]

[[categories]]
key = "survey"
name = "Surveys"

[[topics]]
slug = "soft"
source = "hf_search"
query = "soft tokens"
schedule = "weekly"
"""


@pytest.fixture
def short(tmp_path: Path) -> Path:
    path = tmp_path / "short.toml"
    path.write_text(SHORT)
    return path


def test_a_list_its_files_and_its_topics_are_made(short, tmp_path, capsys):
    folder = tmp_path / "made"
    call_command("new_list", str(short), output=str(folder))
    made = PaperList.objects.get(slug="soft-tokens")
    assert [(category.key, category.name) for category in made.categories.all()] == [
        ("gist", "Gist Tokens"),
        ("survey", "Surveys"),
    ]
    gist = made.categories.get(key="gist").texts.get(document__language="en")
    assert (gist.definition, gist.keywords) == ("Prompts in a few learnt tokens.", ["gist", "soft prompt"])
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "README_CN.md", "list.toml"]
    assert read_list_file(folder / "list.toml").slug == "soft-tokens"
    for document in made.documents.all():
        assert export(document) == (folder / document.path).read_bytes()
    assert "论文标题" in (folder / "README_CN.md").read_text()
    assert str(folder / "README.md") in capsys.readouterr().out


def test_its_files_can_be_imported_elsewhere(short, tmp_path):
    for name, text in files(read_new_list(short)).items():
        (tmp_path / name).write_text(text)
    call_command("import_list", str(tmp_path / "README.md"), slug="soft-tokens")
    assert PaperList.objects.get().categories.count() == 2


def test_the_first_paper_is_one_line_in_each_language(short, tmp_path, curator):
    call_command("new_list", str(short), output=str(tmp_path / "made"))
    made = PaperList.objects.get()
    category, paper = made.categories.get(key="gist"), make_paper("Gist: Learning to Shorten")
    readme = made.documents.get(language="en")
    review.accept(category, paper, {"en": replace(prefill(paper, readme, category), tldr="Short.")}, curator)
    for document in made.documents.all():
        added = [line for line in diff(document).splitlines() if line.startswith("+|")]
        assert len(added) == 1
        assert added[0].startswith("+| [Gist: Learning to Shorten](")
        assert added[0].count("|") == 6


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('slug = "soft-tokens"', 'slug = "Soft Tokens"', "slug"),
        ('slug = "soft-tokens"', 'slug = "new"', r"slug: .* /lists/new/ is the page that makes one"),
        ('file = "README_CN.md"', 'file = "../README_CN.md"', r"languages\.zh\.file: .* must be the name of a file"),
        ('file = "README_CN.md"', 'file = "readme.md"', r"languages\.zh\.file: .* stands there twice"),
        ('file = "README_CN.md"', 'file = "list.toml"', r"languages\.zh\.file: .* is the file of the settings"),
        ('name = "Surveys"', 'name = "🚀"', r"categories\[2\]\.name: .* is no heading"),
        ('name = "Surveys"', 'name = "🚀 Gist Tokens"', "two are called"),
        ('key = "survey"', 'key = "gist"', "stands there twice"),
        ('name = "Surveys"', 'name = "gist tokens"', "two are called"),
        ('key = "survey"', 'key = "out"', r"categories\[2\].key"),
        ('source = "hf_search"', 'source = "nowhere"', "nowhere"),
        ('name = "Surveys"', 'title = "Surveys"', "is not known"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(short, tmp_path, old, new, message):
    short.write_text(SHORT.replace(old, new))
    with pytest.raises(CommandError, match=message):
        call_command("new_list", str(short), output=str(tmp_path / "made"))
    assert not PaperList.objects.exists()
    assert not (tmp_path / "made").exists()


def test_nothing_is_overwritten(short, tmp_path):
    folder = tmp_path / "made"
    folder.mkdir()
    with pytest.raises(CommandError, match="is there already"):
        call_command("new_list", str(short), output=str(folder))
    assert not PaperList.objects.exists()
    call_command("new_list", str(short), output=str(tmp_path / "first"))
    with pytest.raises(CommandError, match="there is such a list already"):
        call_command("new_list", str(short), output=str(tmp_path / "second"))
    assert not (tmp_path / "second").exists()


def test_headings_with_emoji_and_markup_are_the_categories_they_were_meant_to_be(short, tmp_path):
    short.write_text(SHORT.replace('name = "Surveys"', 'name = "📚 `Long` Surveys & C #"'))
    call_command("new_list", str(short), output=str(tmp_path / "made"))
    made = PaperList.objects.get()
    assert [(each.key, each.name) for each in made.categories.all()] == [
        ("gist", "Gist Tokens"),
        ("survey", "Long Surveys & C"),
    ]
    settings = read_list_file(tmp_path / "made" / "list.toml")
    assert settings.categories[1].matches("Long Surveys & C")


def test_what_is_left_empty_is_proposed():
    new = completed(
        NewList(
            "",
            "Söft_Tokens!",
            "",
            (NewLanguage("en"), NewLanguage("zh-Hans")),
            (
                NewCategory("", (Words("Gist Tokens"), Words())),
                NewCategory("", (Words("Gist, Tokens"), Words("要点"))),
                NewCategory("kv", (Words(), Words())),
            ),
        )
    )
    assert new.slug == "soft-tokens"
    assert [language.file for language in new.languages] == ["README.md", "README_zh-Hans.md"]
    assert [category.key for category in new.categories] == ["gist-tokens", "gist-tokens-2", "kv"]
    assert [[words.name for words in category.words] for category in new.categories] == [
        ["Gist Tokens", "Gist Tokens"],
        ["Gist, Tokens", "要点"],
        ["kv", "kv"],
    ]
    assert problems(new) == []


def test_all_that_is_wrong_is_told_at_once():
    languages = (NewLanguage("en", "A.md"), NewLanguage("en", "a.md"), NewLanguage("english", ""))
    blank = (Words(), Words(), Words())
    found = problems(NewList("", "", "example.org", languages, (NewCategory("out", blank),)))
    assert {(each.field, each.category, each.language) for each in found} == {
        ("slug", None, None),
        ("name", None, None),
        ("homepage", None, None),
        ("code", None, 1),
        ("file", None, 1),
        ("code", None, 2),
        ("file", None, 2),
        ("key", 0, None),
        ("name", 0, 0),
    }
    assert {each.field for each in problems(NewList("a", "A", "", (), ()))} == {"languages", "categories"}


def test_a_definition_cannot_break_the_readme(curator):
    words = Words("Gist", "Few tokens <!-- never closed")
    new = completed(NewList("gist", "Gist", "", (NewLanguage("en"),), (NewCategory("", (words,)),)))
    made = create(new, curator)
    assert made.categories.get().texts.get().definition == "Few tokens <!-- never closed"
    assert made.changes.get().user == curator


def test_the_settings_of_a_list_are_told_again_as_they_were_made(short, tmp_path):
    new = read_new_list(short)
    call_command("new_list", str(short), output=str(tmp_path / "made"))
    made = PaperList.objects.get()
    assert as_toml(settings_of(made, topics.declared(made))) == files(new)["list.toml"]
