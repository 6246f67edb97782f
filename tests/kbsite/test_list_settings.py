"""The settings of a list: the order of rows, and what columns tell."""

from __future__ import annotations

import pytest
from django.urls import reverse

from papers.models import EntryText
from papers.readme.exporter import export
from tests.kbsite.bilingual import document

pytestmark = pytest.mark.django_db


@pytest.fixture
def address():
    return reverse("list-settings", args=["caches"])


def test_only_maintainers_see_and_change_settings(client, reader, caches, address):
    assert client.get(address).url.startswith(reverse("sign-in"))
    client.force_login(reader)
    assert client.get(address).status_code == 403
    assert client.post(address, {"orders": "1", "order-eviction": "alphabetical"}).status_code == 403
    assert caches.categories.get(key="eviction").order == ""


def test_an_order_is_fixed_and_set_free_again(office, caches, address):
    assert "None: new rows go to the end" in office.get(address).content.decode()
    office.post(address, {"orders": "1", "order-eviction": "alphabetical", "order-quantization": "by mood"})
    assert caches.categories.get(key="eviction").order == "alphabetical"
    assert caches.categories.get(key="quantization").order == ""
    assert '<option value="alphabetical" selected>' in office.get(address).content.decode()
    office.post(address, {"orders": "1", "order-eviction": ""})
    assert caches.categories.get(key="eviction").order == ""


def test_a_column_is_fixed_and_its_rows_read_anew(office, caches, address):
    shown = office.get(address).content.decode()
    assert "NeurIPS 2023 · ICLR 2024 · ICML 2024" in shown
    before = export(document(caches, "en"))
    data = {"columns": "1", "header": ["Venue", "Tags"], "role": ["extra", ""]}
    told = office.post(address, data, follow=True).content.decode()
    assert "README.md: 3 rows are read otherwise now." in told
    assert "README_CN.md: 0 rows are read otherwise now." in told
    caches.refresh_from_db()
    assert caches.columns == {"Venue": "extra"}
    text = EntryText.objects.get(title="Two Bits", document__language="en")
    assert (text.venue, text.extra) == ("", {"Venue": "ICML 2024"})
    assert export(document(caches, "en")) == before


def test_a_wrong_mapping_is_refused_and_what_was_chosen_stays_on_the_page(office, caches, address):
    refused = office.post(address, {"columns": "1", "header": ["Title"], "role": ["extra"]})
    assert refused.status_code == 422
    shown = refused.content.decode()
    assert "no column of this table would tell the papers&#x27; titles" in shown
    assert '<option value="extra" selected>' in shown
    caches.refresh_from_db()
    assert caches.columns == {}
