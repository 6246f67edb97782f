"""What an export would change, and the files to take away."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from io import BytesIO
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from kbsite import diffs
from papers import entries, review
from papers.export import FORMATS
from papers.models import EntryText, PaperList
from papers.prefill import prefill
from papers.publication.draft import draft
from papers.readme import exporter
from papers.readme.listfile import CategorySetting, read_list_file
from papers.texts import fields_of
from tests.factories import make_paper, make_topic
from tests.kbsite.bilingual import CHINESE, ENGLISH, document

pytestmark = pytest.mark.django_db


def page_of(client, paper_list):
    response = client.get(reverse("export", args=[paper_list.slug]))
    assert response.status_code == 200
    return response.content.decode()


def accept(paper_list, user, **changes):
    """A paper into the first category, with a row in the primary language only."""
    paper = make_paper("A cache that forgets")
    row = replace(prefill(paper, document(paper_list, "en")), **changes)
    return review.accept(paper_list.categories.first(), paper, {"en": row}, user)


def test_without_changes_it_says_so(client, caches):
    page = page_of(client, caches)
    assert page.count("No changes") == 2
    assert "diff-add" not in page
    for language in ("en", "zh"):
        for identifier in FORMATS:
            assert reverse("download", args=[caches.slug, language, identifier]) in page


def test_one_accepted_paper_is_one_added_line_in_each_language(client, caches, curator):
    accept(caches, curator, tags=("Eviction", "Novel"), tldr="It forgets.")
    page = page_of(client, caches)
    assert page.count("diff-add") == 2 and "diff-del" not in page
    assert page.count("+1 line") == 2
    assert "1 row holds text in another language" in page
    assert page.count("badge-warn") == 2  # its tags and its TL;DR, in Chinese


def test_an_edit_is_an_old_line_and_a_new_one_with_the_words_marked(client, caches, curator):
    text = EntryText.objects.get(title="Two Bits", document=document(caches, "en"))
    entries.edit(text, replace(fields_of(text), venue="ICML 2025"), curator)
    page = page_of(client, caches)
    assert "<del>2024</del>" in page and "<ins>2025</ins>" in page
    assert "+1 line" in page and "−1 line" in page


def test_the_diff_shows_what_strangers_wrote_as_text(client, caches, curator):
    accept(caches, curator, tldr="<img src=x onerror=alert(1)>")
    page = page_of(client, caches)
    assert "<img" not in page.split("<main")[1] and "&amp;lt;img src=x" in page  # the export disarms it, too


def test_untranslated_rows_lead_curators_to_their_form(client, caches, curator):
    entry = accept(caches, curator, tldr="It forgets.").entries.get()
    edit = reverse("edit-entry", args=[caches.slug, entry.pk])
    assert edit not in page_of(client, caches)
    client.force_login(curator)
    assert edit in page_of(client, caches)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("identifier", list(FORMATS))
def test_a_download_is_byte_for_byte_what_the_command_writes(client, caches, curator, language, identifier):
    accept(caches, curator, tldr="It forgets.")
    response = client.get(reverse("download", args=[caches.slug, language, identifier]))
    written = BytesIO()
    with mock.patch("sys.stdout") as stdout:
        stdout.buffer = written
        call_command("export_list", caches.slug, language=language, format=identifier)
    assert response.status_code == 200
    assert response.content == written.getvalue()
    assert response["Content-Disposition"].startswith("attachment; filename=")


def test_what_nobody_touched_is_downloaded_as_it_was_imported(client, caches):
    for language, source, name in (("en", ENGLISH, "README.md"), ("zh", CHINESE, "README_CN.md")):
        response = client.get(reverse("download", args=[caches.slug, language, "markdown"]))
        assert response.content == source.encode()
        assert response["Content-Type"] == "text/markdown; charset=utf-8"
        assert f'filename="{name}"' in response["Content-Disposition"]


# --- publishing -------------------------------------------------------------------------------------------------


@pytest.fixture
def moment(monkeypatch):
    """A clock that stands still, so that two patches have the same date."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


def test_the_page_shows_the_message_of_the_commit_and_leads_to_its_patch(client, caches, curator):
    address = reverse("patch", args=[caches.slug])
    assert "Nothing to publish" in page_of(client, caches) and address not in page_of(client, caches)
    entry = accept(caches, curator, tldr="It forgets.").entries.get()
    entries.edit(
        entry.texts.get(document__language="zh"), replace(fields_of(entry.texts.first()), tldr="<i>会忘</i>"), curator
    )
    gone = EntryText.objects.get(title="Two Bits", document=document(caches, "en")).entry
    entries.remove(gone, curator)
    page = page_of(client, caches)
    assert "Nothing to publish" not in page and address in page
    assert '<p class="commit-subject">Add 1 paper, remove 1</p>' in page
    message = draft(caches).message
    assert "Add A cache that forgets to Eviction (curator)\nRemove Two Bits from Quantization (curator)" in message.body
    assert escape(message.body) in page


def test_the_patch_is_byte_for_byte_what_the_command_writes_and_git_takes_it(
    client, caches, curator, moment, tmp_path, capfdbinary
):
    accept(caches, curator, tldr="It forgets.")
    response = client.get(reverse("patch", args=[caches.slug]))
    assert response["Content-Disposition"] == 'attachment; filename="caches.patch"'
    call_command("publish", caches.slug, patch="-")
    assert response.content == capfdbinary.readouterr().out
    (tmp_path / "README.md").write_text(ENGLISH)
    (tmp_path / "README_CN.md").write_text(CHINESE)
    (tmp_path / "caches.patch").write_bytes(response.content)
    own = ["git", "-c", "user.name=C", "-c", "user.email=c@example.org"]
    for words in (["init", "-q"], ["add", "README.md", "README_CN.md"], ["commit", "-qm", "First"]):
        subprocess.run([*own, *words], cwd=tmp_path, check=True)
    subprocess.run([*own, "am", "-q", "caches.patch"], cwd=tmp_path, check=True)
    for name, language in (("README.md", "en"), ("README_CN.md", "zh")):
        assert (tmp_path / name).read_bytes() == exporter.export(document(caches, language))
    told = subprocess.run(["git", "log", "-1", "--format=%B"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert told.decode().rstrip("\n") == draft(caches).message.text.rstrip("\n")


def test_without_changes_there_is_no_patch(client, caches):
    response = client.get(reverse("patch", args=[caches.slug]))
    assert response.status_code == 404 and "Nothing to publish" in response.content.decode()
    assert client.get(reverse("patch", args=["none"])).status_code == 404


def test_the_settings_are_a_list_toml(client, caches, tmp_path):
    make_topic("evicting", caches, source="arxiv", query='ti:"cache"')
    address = reverse("list-toml", args=[caches.slug])
    assert address in page_of(client, caches)
    response = client.get(address)
    assert response["Content-Disposition"] == 'attachment; filename="list.toml"'
    (tmp_path / "list.toml").write_bytes(response.content)
    settings = read_list_file(tmp_path / "list.toml")
    assert dict(settings.languages) == {"en": "README.md", "zh": "README_CN.md"}
    assert settings.categories == (
        CategorySetting("eviction", ("Eviction", "淘汰")),
        CategorySetting("quantization", ("Quantization", "量化")),
    )
    assert [(topic.slug, topic.query) for topic in settings.topics] == [("evicting", 'ti:"cache"')]
    empty = PaperList.objects.create(slug="empty", name="Empty")
    assert client.get(reverse("list-toml", args=[empty.slug])).status_code == 404


def test_an_unknown_language_or_format_is_said_in_plain_words(client, caches):
    response = client.get(reverse("download", args=[caches.slug, "fr", "markdown"]))
    assert response.status_code == 404 and "en, zh" in response.content.decode()
    response = client.get(reverse("download", args=[caches.slug, "en", "docx"]))
    assert response.status_code == 404 and "markdown, json" in response.content.decode()
    assert response["Content-Type"].startswith("text/plain")
    assert client.get(reverse("download", args=["none", "en", "json"])).status_code == 404
    assert client.get(reverse("export", args=["none"])).status_code == 404


def test_a_list_without_readme_says_what_to_do(client):
    empty = PaperList.objects.create(slug="empty", name="Empty")
    assert "import_list" in page_of(client, empty)


def test_the_page_costs_the_same_queries_however_much_changed(client, caches, curator):
    def queries_with_more(papers):
        for _ in range(papers):
            accept(caches, curator, tldr="It forgets.")
            text = accept(caches, curator).entries.get().texts.get(document__language="en")
            entries.edit(text, replace(fields_of(text), venue="ICML 2025"), curator)
            entries.remove(accept(caches, curator).entries.get(), curator)
        with CaptureQueriesContext(connection) as queries:
            page_of(client, caches)
        return len(queries)

    entries.remove(EntryText.objects.get(title="Two Bits", document=document(caches, "en")).entry, curator)
    assert queries_with_more(1) == queries_with_more(12)


# --- reading a diff ---------------------------------------------------------------------------------------------


def test_lines_that_look_like_marks_of_a_diff_are_content(caches):
    stored = document(caches, "en")
    with mock.patch.object(exporter, "export", return_value=ENGLISH.encode() + b"++ two\n-- minus\n@@ at\n"):
        found = diffs.read(exporter.diff(stored))
    assert (found.added, found.removed) == (3, 0)
    assert [line.text for line in found.lines if line.kind == "add"] == ["++ two", "-- minus", "@@ at"]


def test_a_huge_diff_is_counted_in_full_and_shown_in_part():
    unified = "--- a\n+++ b\n@@ -0,0 +1,5000 @@\n" + "+line\n" * 5000
    found = diffs.read(unified)
    assert found.added == 5000 and len(found.lines) == diffs.SHOWN
    assert found.hidden == 5001 - diffs.SHOWN


def test_no_diff_has_no_lines():
    assert diffs.read("") == diffs.Diff(0, 0, [], 0)
