"""What programs download is what the command writes."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from papers.export import FORMATS
from papers.models import Document
from papers.readme import exporter
from tests.kbsite.api.test_errors import assert_problem

URL = "/api/v1/lists/small/"


@pytest.fixture
def changed(world, as_curator):
    asked = {"list": "small", "paper": world.waiting[0].pk, "kind": "accept", "category": "kv-compression"}
    assert as_curator.post("/api/v1/decisions/", asked).status_code == 201


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_bytes_are_those_of_the_command(changed, as_anonymous, tmp_path, language, form):
    file = tmp_path / "list"
    call_command("export_list", "small", language=language, format=form, output=file)
    response = as_anonymous.get(f"{URL}export/{language}/{form}/")
    assert response.status_code == 200
    assert response.content == file.read_bytes()
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_an_untouched_readme_comes_back_byte_for_byte(world, as_anonymous):
    for document in Document.objects.all():
        response = as_anonymous.get(f"{URL}export/{document.language}/markdown/")
        assert response.content == bytes(document.source)


def test_the_accept_header_has_no_say_in_it(world, as_anonymous):
    for accept in ("text/markdown", "text/csv", "image/png", "nonsense"):
        assert as_anonymous.get(f"{URL}export/en/csv/", HTTP_ACCEPT=accept)["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize("address", ["export/fr/markdown/", "export/en/docx/", "export/en/", "diff/fr/", "diff/"])
def test_what_there_is_not(world, as_anonymous, address):
    assert_problem(as_anonymous.get(URL + address), 404)


def test_the_diff_is_one_line_for_one_accepted_paper(changed, as_anonymous):
    for document in Document.objects.all():
        shown = as_anonymous.get(f"{URL}diff/{document.language}/").json()
        assert shown["path"] == document.path and shown["changed_lines"] == 1
        assert shown["diff"] == exporter.diff(document)
        added = [line for line in shown["diff"].splitlines() if line.startswith("+") and not line.startswith("+++")]
        removed = [line for line in shown["diff"].splitlines() if line.startswith("-") and not line.startswith("---")]
        assert len(added) == 1 and "Paper 0 on caches" in added[0] and removed == []


def test_the_diff_of_an_untouched_list_is_empty(world, as_anonymous):
    assert as_anonymous.get(f"{URL}diff/en/").json() == {
        "list": "small",
        "language": "en",
        "path": "README.md",
        "changed_lines": 0,
        "diff": "",
    }
