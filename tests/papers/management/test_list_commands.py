"""manage.py import_list and export_list, as scripts use them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from papers.models import Entry, PaperList
from tests.conftest import ROOT
from tests.factories import make_list, make_topic
from tests.papers.readme import samples
from tests.papers.readme.lists import both_languages

pytestmark = pytest.mark.django_db

LIST_TOML = """\
slug = "sample"
name = "A sample"
homepage = "https://example.org"
[languages.en]
file = "README.md"
[languages.zh]
file = "README_CN.md"
[[categories]]
key = "kv"
headings = ["KV"]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "README.md").write_bytes(samples.ENGLISH.encode())
    (tmp_path / "README_CN.md").write_bytes(samples.CHINESE.encode())
    (tmp_path / "list.toml").write_text(LIST_TOML)
    return tmp_path


def test_the_settings_beside_the_file_are_read(folder, capsys):
    call_command("import_list", str(folder / "README.md"), slug="sample")
    call_command("import_list", str(folder / "README_CN.md"), slug="sample")
    paper_list = PaperList.objects.get()
    assert (paper_list.name, paper_list.homepage) == ("A sample", "https://example.org")
    assert [document.language for document in paper_list.documents.all()] == ["en", "zh"]
    assert paper_list.categories.filter(key="kv").exists()
    assert capsys.readouterr().out.splitlines() == [
        "README.md (en): 6 rows in 3 categories, 6 added, 0 removed, 0 changed, 6 papers new to the catalogue.",
        "README_CN.md (zh): 4 rows in 3 categories, 4 added, 0 removed, 0 changed, 0 papers new to the catalogue.",
    ]


def test_the_settings_of_another_list_are_not(folder):
    call_command("import_list", str(folder / "README_CN.md"), slug="other")
    paper_list = PaperList.objects.get()
    assert (paper_list.slug, paper_list.name) == ("other", "论文列表")
    assert paper_list.documents.get().language == "en"


def test_rows_that_stay_text_are_listed(tmp_path, capsys):
    (tmp_path / "R.md").write_bytes(samples.LINKS.encode())
    call_command("import_list", str(tmp_path / "R.md"), slug="x", language="fr")
    assert "R.md:7: kept as text, no link to the paper: | **No link at all**" in capsys.readouterr().out


def test_the_same_file_again_says_so(folder, capsys):
    for _ in range(2):
        call_command("import_list", str(folder / "README.md"), slug="sample")
    assert capsys.readouterr().out.endswith("README.md (en): nothing to do, sample would export this very file.\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nowhere.md", "--slug", "x"], "nowhere.md: No such file or directory"),
        (["README.md"], "the following arguments are required: --slug"),
        (["README.md", "--slug", "a b"], "“a b” must be letters, digits and hyphens"),
        (["README.md", "--slug", "x" * 51], f"“{'x' * 51}” must be letters, digits and hyphens, at most 50"),
        (["README.md", "--slug", "new"], '"new" cannot be a list: /lists/new/ is the page that makes one'),
        (["README.md", "--slug", "x", "--language", "English please"], "must be a language code"),
    ],
)
def test_an_error_is_one_line(folder, monkeypatch, arguments, error):
    monkeypatch.chdir(folder)
    with pytest.raises(CommandError, match=error) as raised:
        call_command("import_list", *arguments)
    assert "\n" not in str(raised.value)
    assert not PaperList.objects.exists()


def test_a_broken_list_toml_is_named(folder):
    (folder / "list.toml").write_text('slug = "sample"\n')
    with pytest.raises(CommandError, match=r"list.toml: name: is missing"):
        call_command("import_list", str(folder / "README.md"), slug="sample")
    assert not PaperList.objects.exists()


TOPIC = '[[topics]]\nslug = "{slug}"\nsource = "{source}"\nschedule = "{schedule}"\n'


@pytest.mark.parametrize(
    ("topic", "error"),
    [
        ({"schedule": "monthly"}, r'list.toml: topics\[1\].schedule: "monthly" must be hourly, daily or weekly'),
        ({"slug": "x" * 51}, r"list.toml: topics\[1\].slug: must be of at most 50 characters"),
        ({"source": "nowhere"}, "topic caches: no source “nowhere”"),
        ({"slug": "taken"}, "topic taken: the list “other” has one of this name already; choose another slug"),
    ],
)
def test_a_topic_that_cannot_be_is_an_error_of_one_line_and_nothing_is_written(folder, topic, error):
    make_topic("taken", make_list("other"))
    told = {"slug": "caches", "source": "arxiv", "schedule": "daily"} | topic
    (folder / "list.toml").write_text(LIST_TOML + TOPIC.format(**told))
    with pytest.raises(CommandError, match=error) as raised:
        call_command("import_list", str(folder / "README.md"), slug="sample")
    assert "\n" not in str(raised.value)
    assert not PaperList.objects.filter(slug="sample").exists()


def test_a_refused_import_is_an_error(folder):
    both_languages()
    (folder / "README.md").write_bytes(b"# A list of papers\n\nNothing here.\n")
    with pytest.raises(CommandError, match=r"README.md"):
        call_command("import_list", str(folder / "README.md"), slug="sample")
    assert Entry.objects.exists()


def test_standard_output_gets_the_very_bytes(capfdbinary):
    from tests.papers.readme.lists import new_list, take_in

    source = samples.BADGES.replace("\n", "\r\n").encode() + b"\xff\x00"
    take_in(new_list(), source)
    call_command("export_list", "sample")
    assert capfdbinary.readouterr().out == source


def test_a_file_is_written_whole(tmp_path, capsys):
    both_languages()
    target = tmp_path / "README.md"
    target.write_text("old")
    target.chmod(0o640)
    call_command("export_list", "sample", output=str(target), language="zh")
    assert target.read_bytes() == samples.CHINESE.encode()
    assert target.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert f"{target}: {len(samples.CHINESE.encode())} bytes written." in capsys.readouterr().err


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    both_languages()
    target = tmp_path / "README.md"
    target.write_text("old")

    def refuse(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("papers.export.files.os.replace", refuse)
    with pytest.raises(CommandError, match="No space left on device"):
        call_command("export_list", "sample", output=str(target))
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nothing"], "nothing: there is no such list"),
        (["sample", "--language", "fr"], "sample: no README in fr; there are: en, zh"),
        (["sample", "--format", "docx"], "invalid choice: 'docx'"),
        (["sample", "--output", "/nowhere/at/all"], "/nowhere/at/all: No such file or directory"),
    ],
)
def test_an_export_error_is_one_line(arguments, error):
    both_languages()
    with pytest.raises(CommandError, match=error) as raised:
        call_command("export_list", *arguments)
    assert "\n" not in str(raised.value)


def test_other_formats_are_written_too(tmp_path):
    both_languages()
    call_command("export_list", "sample", format="json", output=str(tmp_path / "list.json"))
    assert len(json.loads((tmp_path / "list.json").read_text())["entries"]) == 6


def test_help_needs_no_database():
    for command in ("import_list", "export_list"):
        done = subprocess.run(
            [sys.executable, "manage.py", command, "--help"], cwd=ROOT, capture_output=True, check=True
        )
        assert b"usage:" in done.stdout
