"""The page of what was changed here and in the README."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from papers import entries, findings
from papers.models import EntryText, Finding
from papers.readme.importer import import_readme
from papers.readme.row import RowFields
from papers.texts import fields_of
from tests.factories import make_paper
from tests.kbsite.bilingual import ENGLISH, document

pytestmark = pytest.mark.django_db


@pytest.fixture
def disputed(caches, curator):
    """A venue that was changed on both sides."""
    text = EntryText.objects.get(title="Two Bits", document__language="en")
    entries.edit(text, RowFields.from_json(fields_of(text).as_json() | {"venue": "Ours 2024"}), curator)
    import_readme(caches, "en", ENGLISH.replace("ICML 2024", "Theirs 2024").encode(), "README.md")
    return caches


def page_of(client, paper_list, **query):
    response = client.get(reverse("findings", args=[paper_list.slug], query=query or None))
    assert response.status_code == 200
    return response.content.decode()


def settle(client, finding, choice):
    return client.post(reverse("settle-finding", args=[finding.list.slug, finding.pk]), {"choice": choice}, follow=True)


def test_anyone_sees_the_values_side_by_side_and_only_curators_the_buttons(client, disputed, curator):
    page = page_of(client, disputed)
    for shown in ("Two Bits", "Ours 2024", "Theirs 2024", "ICML 2024", "venue was changed here and in README.md"):
        assert shown in page
    assert "Keep ours" not in page
    client.force_login(curator)
    page = page_of(client, disputed)
    assert "Keep ours" in page and "Take the README" in page


def test_the_tab_counts_what_is_open(client, disputed):
    listing = client.get(reverse("list", args=[disputed.slug])).content.decode()
    assert 'Findings <span class="count">1</span>' in listing
    Finding.objects.all().delete()
    assert "Findings</a>" in client.get(reverse("list", args=[disputed.slug])).content.decode()


def test_a_curator_takes_the_readmes_value(client, disputed, curator):
    client.force_login(curator)
    response = settle(client, Finding.objects.get(), "readme")
    assert "Took the README" in response.content.decode()
    assert EntryText.objects.get(title="Two Bits", document__language="en").venue == "Theirs 2024"
    assert "Nothing is in doubt" in page_of(client, disputed)


def test_a_curator_keeps_ours_and_a_second_answer_is_told_so(client, disputed, curator):
    client.force_login(curator)
    finding = Finding.objects.get()
    settle(client, finding, "here")
    assert "This was settled already." in settle(client, finding, "readme").content.decode()
    assert EntryText.objects.get(title="Two Bits", document__language="en").venue == "Ours 2024"


def test_a_question_can_be_let_go(client, disputed, curator):
    client.force_login(curator)
    assert "Let it go." in settle(client, Finding.objects.get(), "dismiss").content.decode()
    assert Finding.objects.get().state == "dismissed"


def test_nobody_else_settles_anything(client, disputed, reader):
    finding = Finding.objects.get()
    assert settle(client, finding, "readme").redirect_chain[0][0].startswith(reverse("sign-in"))
    client.force_login(reader)
    assert settle(client, finding, "readme").status_code == 403
    finding.refresh_from_db()
    assert finding.state == "open"


def test_an_unknown_answer_is_a_bad_request(client, disputed, curator):
    client.force_login(curator)
    assert settle(client, Finding.objects.get(), "both").status_code == 400
    assert client.get(reverse("settle-finding", args=[disputed.slug, Finding.objects.get().pk])).status_code == 405
    assert client.get(reverse("findings", args=[disputed.slug], query={"before": "x"})).status_code == 404


def test_what_strangers_wrote_is_shown_as_text(client, caches, curator):
    entry = caches.categories.first().entries.first()
    values = {"base": "", "here": "<script>1</script>", "readme": "<img src=x>"}
    findings.open_conflict(document(caches, "en"), entry.paper, entry, "venue", values, "<b>who</b>")
    page = page_of(client, caches)
    assert "<script>1" not in page and "<img src=x>" not in page and "<b>who" not in page


def many(paper_list, count):
    entry = paper_list.categories.first().entries.first()
    side = {"category": entry.category.key, "fields": {"title": "T", "venue": "V"}}
    for number in range(count):
        values = {"base": side, "here": side | {"category": "quantization"}, "readme": None}
        findings.open_conflict(document(paper_list, "en"), make_paper(f"Q{number}"), entry, "row", values, "row")


def test_a_page_holds_fifty_and_leads_to_the_older_ones(client, caches):
    many(caches, 52)
    page = page_of(client, caches)
    assert page.count('id="finding-') == 50 and "Q51" in page and ">Q1<" not in page
    older = page.partition("?before=")[2].partition('"')[0]
    rest = page_of(client, caches, before=older)
    assert rest.count('id="finding-') == 2 and ">Q1<" in rest


def test_the_number_of_queries_does_not_grow_with_the_findings(client, caches, curator):
    client.force_login(curator)
    many(caches, 2)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page_of(client, caches)
    many(caches, 30)
    with CaptureQueriesContext(connection) as more:
        page_of(client, caches)
    assert len(more) == len(few)
