"""A new list: its files and its place in the database come from one short TOML, all or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from papers import review
from papers.models import PaperList
from papers.newlist import files, read_new_list
from papers.prefill import prefill
from papers.readme.exporter import diff, export
from papers.readme.listfile import read_list_file
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
