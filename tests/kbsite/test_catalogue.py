"""The catalogue of the interface in Chinese: whole, in step with the sources, and compiled as it stands."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.apps import apps
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import datetime

from tests.conftest import ROOT

PO = ROOT / "kbsite/locale/zh_Hans/LC_MESSAGES/django.po"
ROOMS = ("kbsite", "papers", "ingest")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%|%[sdn]|</?\w+>")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
AS_THEY_ARE = {"API", "arXiv", "Hugging Face", "Semantic Scholar", "PDF", "CSV"}  # the same in both languages


@pytest.fixture(scope="module")
def catalogue():
    return polib.pofile(str(PO))


def key(entry):
    """What a translation is found by: one word may have several, each in its context."""
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural


def names(entries):
    return {key(entry) for entry in entries if not entry.obsolete}


def said(entry):
    """The translations of an entry; Chinese has one form for any number."""
    return list(entry.msgstr_plural.values()) or [entry.msgstr]


def test_everything_is_translated_and_nothing_is_doubtful(catalogue):
    assert len(catalogue) > 1400
    assert [entry.msgid for entry in catalogue if not entry.translated() or entry.fuzzy or entry.obsolete] == []
    unchanged = {words for entry in catalogue for words in said(entry) if not CHINESE.search(words)}
    assert {words for words in unchanged if re.search("[A-Za-z]", PLACEHOLDER.sub("", words))} <= AS_THEY_ARE


def test_both_languages_have_the_same_placeholders(catalogue):
    for entry in catalogue:
        for words in said(entry):
            assert sorted(PLACEHOLDER.findall(words)) == sorted(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
            assert (words[:1] == "\n", words[-1:] == "\n") == (entry.msgid[:1] == "\n", entry.msgid[-1:] == "\n")


def test_what_is_compiled_is_what_is_written(catalogue):
    compiled = polib.mofile(str(PO.with_suffix(".mo")))
    assert {key(entry): said(entry) for entry in compiled} == {key(entry): said(entry) for entry in catalogue}


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="gettext is not installed")
def test_it_is_in_step_with_the_sources(catalogue, tmp_path):
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    made = ["makemessages", "-l", "zh_Hans", "--no-obsolete", "--add-location", "file"]
    here = os.environ | {"LISTKEEPER_DATA_DIR": str(tmp_path / "data")}
    subprocess.run([sys.executable, "manage.py", *made], cwd=tmp_path, env=here, check=True, capture_output=True)
    assert names(polib.pofile(str(tmp_path / PO.relative_to(ROOT)))) == names(catalogue)


def test_no_marked_text_is_where_xgettext_does_not_look(catalogue):
    """Into f-strings, that is, of which Python's own parser knows."""
    known = {name for entry in catalogue for name in (entry.msgid, entry.msgid_plural)}
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            called = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if called in ("_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"):
                for given in node.args:
                    if isinstance(given, ast.Constant) and isinstance(given.value, str):
                        assert given.value in known, f"{Path(path).relative_to(ROOT)}:{node.lineno}"


def test_roles_states_and_choices_have_names_in_chinese():
    choices = [
        (field, label)
        for room in ROOMS
        for model in apps.get_app_config(room).get_models()
        for field in model._meta.get_fields()
        for _, label in getattr(field, "flatchoices", ())
    ]
    assert len(choices) > 60
    with translation.override("zh-hans"):
        assert {str(label) for _, label in choices if not CHINESE.search(str(label))} <= {"README"}


def test_dates_and_numbers_are_written_as_each_language_does():
    day = datetime(2026, 11, 5, 16, 30)
    for language, number, long, short in (
        ("en", "106,000", "5 November 2026", "5 Nov 2026"),
        ("zh-hans", "106,000", "2026年11月5日", "2026年11月5日"),
    ):
        with translation.override(language):
            assert intcomma(106_000) == number
            assert (date_format(day, "DATE_FORMAT"), date_format(day, "SHORT_DATE_FORMAT")) == (long, short)
