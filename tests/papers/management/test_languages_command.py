"""manage.py languages, as a person and as a check of continuous integration use it."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from papers.readme.exporter import export
from tests.papers.readme import samples
from tests.papers.readme.lists import both_languages, document, new_list, take_in

pytestmark = pytest.mark.django_db


def test_it_tells_what_each_language_lacks(capsys):
    both_languages()
    call_command("languages", "sample")
    assert capsys.readouterr().out.splitlines() == [
        "README.md (en): 6 rows, in step.",
        "README_CN.md (zh): 4 rows, 2 missing.",
    ]
    call_command("languages", "sample", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["list"] == "sample"
    assert told["languages"][1] == {
        "language": "zh",
        "path": "README_CN.md",
        "primary": False,
        "rows": 4,
        "missing": 2,
        "homeless": 0,
        "untranslated": 0,
        "stale": 0,
        "out_of_order": 0,
        "in_step": False,
    }


def test_a_check_fails_while_anything_is_to_do(capsys):
    listed = both_languages()
    with pytest.raises(CommandError, match=r"not in step: README_CN\.md"):
        call_command("languages", "sample", "--check")
    call_command("languages", "sample", "--in-step", "zh")
    captured = capsys.readouterr()
    assert captured.err == "README_CN.md (zh): 2 rows filled in, 0 put in order, 0 filled in the primary language.\n"
    assert captured.out.splitlines()[-1] == "README_CN.md (zh): 6 rows, 2 untranslated."
    document(listed, "zh").texts.update(untranslated=[])
    call_command("languages", "sample", "--check")


def test_a_readme_is_made_in_a_new_language(capsys):
    listed = new_list()
    take_in(listed, samples.ENGLISH)
    call_command("languages", "sample", "--create", "zh", "--file", "README_CN.md")
    captured = capsys.readouterr()
    assert captured.err == "README_CN.md (zh): made; 4 lines of text to translate.\n"
    assert "| 论文标题 |" in export(document(listed, "zh")).decode()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--in-step", "fr"], "has no README in “fr”; its languages: en, zh"),
        (["--create", "fr"], "go together"),
        (["--file", "README_FR.md"], "go together"),
        (["--create", "zh", "--file", "README_ZH.md"], "already: README_CN.md"),
    ],
)
def test_what_cannot_be_is_one_line(options, reason):
    both_languages()
    with pytest.raises(CommandError, match=reason):
        call_command("languages", "sample", *options)
    with pytest.raises(CommandError, match="no such list"):
        call_command("languages", "other")
