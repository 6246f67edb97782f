"""A paper's page, the same as Markdown, its short addresses, how it is cited, and llms.txt."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from markdown_it import MarkdownIt

from papers import catalog, citing, entries, review
from papers.export import apa
from papers.export.citation import OTHERS, Citation
from papers.models import Embedding, Paper
from papers.models.papers import DEFAULT_DIMENSIONS
from papers.records import Identifier, PaperRecord
from papers.texts import fields_of
from tests import factories as make

pytestmark = pytest.mark.django_db
HOSTILE = '</script><script>alert("x")</script> & co'


def embed(paper: Paper, *numbers: float) -> None:
    vector = [*numbers, *[0.0] * (DEFAULT_DIMENSIONS - len(numbers))]
    Embedding.objects.create(paper=paper, encoder="an encoder", text_hash=paper.text_hash, vector=vector)


@pytest.fixture
def paper() -> Paper:
    """A listed paper with three versions, code with stars, and formulas."""
    paper = make.make_paper(
        r"Caches of size $O(\sqrt{n})$",
        abstract=r"We keep $k \ll n$ keys, as B\'ezier did.",
        identifiers=[("arxiv", "2401.12345"), ("doi", "10.1000/x1")],
        published=date(2024, 1, 22),
        updated=date(2024, 5, 3),
        version=3,
        comment="ICML 2024",
        authors=("Ada Lovelace", "Alan M. Turing"),
        facts=[("code", "https://github.com/ada/caches"), ("stars", 1234)],
    )
    make.make_entry(make.make_list().categories.get(key="alpha"), paper, venue="ICML 2024", tags=["eviction"])
    return paper


def page_of(client, paper: Paper) -> str:
    return client.get(f"/papers/{paper.pk}/").content.decode()


# --- the page -------------------------------------------------------------------------------------------------


def test_formulas_are_drawn_and_the_title_of_the_page_is_text(client, paper):
    page = page_of(client, paper)
    assert page.count("<math") == 2
    assert "<msqrt>" in page and "Bézier" in page
    assert r"<title>Caches of size $O(\sqrt{n})$ · Listkeeper</title>" in page


def test_authors_lead_to_their_papers_here(client, paper):
    other = make.make_paper("Another one", authors=("Ada Lovelace",))
    assert "/papers/?author=Ada%20Lovelace" in page_of(client, paper)
    found = client.get("/papers/?author=Ada%20Lovelace").content.decode()
    assert other.title in found and f"/papers/{paper.pk}/" in found


def test_of_many_authors_the_first_are_shown_and_none_is_lost(client):
    names = tuple(f"Author Number{n}" for n in range(60))
    page = page_of(client, make.make_paper(authors=names))
    assert "and 40 more" in page
    assert all(f">{name}</a>" in page for name in names)


def test_versions_lead_to_arxiv_with_the_days_that_are_known(client, paper):
    page = page_of(client, paper)
    assert [f"https://arxiv.org/abs/2401.12345v{n}" in page for n in (1, 2, 3, 4)] == [True, True, True, False]
    versions = client.get(f"/api/v1/papers/{paper.pk}/").json()["versions"]
    assert [(each["number"], each["day"]) for each in versions] == [(3, "2024-05-03"), (2, None), (1, "2024-01-22")]


def test_code_is_shown_once_with_its_stars_and_their_day(client, paper):
    paper.entries.get().texts.update(code=[["", "https://github.com/ada/caches/"], ["", "https://example.org/c"]])
    page = page_of(client, paper)
    assert page.count('href="https://github.com/ada/caches"') == 1
    assert re.search(r"1,234 stars on \d{4}-\d\d-\d\d", page)
    assert 'href="https://example.org/c"' in page


def test_addresses_of_code_that_are_none_are_no_links(client):
    paper = make.make_paper(facts=[("code", "javascript:alert(1)"), ("stars", 3)])
    page = page_of(client, paper)
    assert 'href="javascript:' not in page and "javascript:alert(1)" in page


def test_listed_and_unlisted_relatives_are_apart(client, paper):
    embed(paper, 1.0)
    listed, unlisted = make.make_paper("Listed relative"), make.make_paper("Unlisted relative")
    make.make_entry(paper.entries.get().category, listed)
    embed(listed, 0.6, 0.8)
    embed(unlisted, 0.8, 0.6)
    page = page_of(client, paper)
    in_lists, in_none = page.index('id="related-listed"'), page.index('id="related-others"')
    assert in_lists < page.index("Listed relative") < in_none < page.index("Unlisted relative")
    found = client.get(f"/api/v1/papers/{paper.pk}/related/").json()
    assert [(each["paper"]["title"], round(each["similarity"], 2)) for each in found["listed"]] == [
        ("Listed relative", 0.6)
    ]
    assert [each["paper"]["id"] for each in found["others"]] == [unlisted.pk]


def test_listed_papers_near_by_do_not_crowd_the_others_out(client, paper):
    embed(paper, 1.0)
    category = paper.entries.get().category
    for n in range(30):
        listed = make.make_paper()
        make.make_entry(category, listed)
        embed(listed, 1.0, 0.001 * n)
    far = make.make_paper("Far away")
    embed(far, 0.0, 1.0)
    found = client.get(f"/api/v1/papers/{paper.pk}/related/").json()
    assert len(found["listed"]) == 6 and [each["paper"]["title"] for each in found["others"]] == ["Far away"]


def test_a_kept_row_is_never_of_before_its_paper_was_touched(client, paper, monkeypatch):
    monkeypatch.setattr("papers.keptrows.HOLDS", 60)
    other = make.make_paper("A relative of old", facts=[])
    embed(paper, 1.0)
    embed(other, 1.0, 0.1)
    addresses = (f"/papers/{paper.pk}/", "/papers/?q=relative")
    for address in addresses:
        assert "of old" in client.get(address).content.decode(), address
    Paper.objects.filter(pk=other.pk).update(title="A relative told anew")
    other.refresh_from_db()
    make.make_entry(paper.entries.get().category, other)
    for address in addresses:
        page = client.get(address).content.decode()
        assert "told anew" in page and "of old" not in page, address
        assert "#entry-" in page.partition("told anew")[2], address


def test_a_paper_without_a_vector_says_so(client, paper):
    assert "not known yet" in page_of(client, paper)
    assert client.get(f"/api/v1/papers/{paper.pk}/related/").json() == {"listed": [], "others": []}


def test_the_history_tells_what_happened(client, paper, curator):
    entry = paper.entries.get()
    review.undo(review.reject(entry.category.list, make.make_paper(), curator), curator)
    row = replace(fields_of(entry.texts.get()), tldr="Short.")
    entries.edit_rows(entry, {"en": row}, user=curator)
    entries.remove(entry, user=curator)
    page = page_of(client, paper)
    history = page[page.index('id="history"') :]
    assert history.index("Left the list") < history.index("Its entry was edited") < history.index("arXiv told of it")
    assert "<ins>Short.</ins>" in history and "curator" in history
    told = client.get(f"/api/v1/papers/{paper.pk}/history/").json()
    assert [each["name"] for each in told] == ["entry", "entry", "told"]
    assert told[1]["differences"] == [{"language": "en", "field": "tldr", "before": "", "after": "Short."}]


def test_a_source_that_tells_something_new_is_in_the_history(client, paper):
    paper.source_records.update(first_seen=timezone.now() - timedelta(days=3))
    number = Identifier("arxiv", "2401.12345")
    catalog.upsert([PaperRecord("arxiv", (number,), paper.title, version=4, updated=date(2024, 6, 1))])
    assert "arXiv told something new, of version 4" in page_of(client, paper)
    told = client.get(f"/api/v1/papers/{paper.pk}/history/").json()
    assert [(each["name"], each["record"]["version"]) for each in told[:1]] == [("told anew", 4)]


def test_more_of_everything_asks_no_more_queries(client, paper, curator):
    embed(paper, 1.0)
    paper_list = paper.entries.get().category.list

    def relative(number: int, listed: bool) -> None:
        other = make.make_paper(facts=[("code", "https://example.org/c")])
        embed(other, 1.0, 0.01 * number)
        make.make_suggestion(paper_list, other)
        if listed:
            make.make_entry(paper_list.categories.get(key="alpha"), other)

    def happens() -> None:
        review.undo(review.reject(paper_list, paper, curator), curator)

    addresses = [f"/papers/{paper.pk}/", f"/papers/{paper.pk}.md"]
    addresses += [f"/api/v1/papers/{paper.pk}/{name}/" for name in ("related", "cite", "history")]
    paper.entries.all().delete()
    for number in range(12):  # as many as are shown
        relative(number, listed=number % 2 == 0)
    for number in range(8):
        relative(20 + number, listed=number % 2 == 0)
    happens()

    def counted() -> list[int]:
        counts = []
        client.get(addresses[0])  # who comes first after a change brings the index of papers up to date
        for address in addresses:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts.append(len(captured))
        return counts

    before = counted()
    for number in range(20):
        relative(40 + number, listed=number % 2 == 0)
        happens()
    catalog.upsert([PaperRecord("huggingface", (Identifier("arxiv", "2401.12345"),), paper.title)])
    assert counted() == before


# --- for programs ---------------------------------------------------------------------------------------------


def metas(page: str, attribute: str) -> list[tuple[str, str]]:
    return re.findall(rf'<meta {attribute}="((?:og|citation_|article|twitter)[^"]*)" content="([^"]*)">', page)


def test_previews_and_scholars_tools_are_told(client, paper):
    page = page_of(client, paper)
    address = f"http://testserver/papers/{paper.pk}/"
    named, previews = metas(page, "name"), dict(metas(page, "property"))
    assert previews["og:url"] == address and previews["og:title"].startswith("Caches of size")
    assert [value for name, value in named if name == "citation_author"] == ["Ada Lovelace", "Alan M. Turing"]
    assert {
        ("citation_publication_date", "2024/01/22"),
        ("citation_conference_title", "ICML 2024"),
        ("citation_arxiv_id", "2401.12345"),
        ("citation_doi", "10.1000/x1"),
        ("citation_pdf_url", "https://arxiv.org/pdf/2401.12345"),
        ("twitter:card", "summary"),
    } <= set(named)
    assert f'<link rel="canonical" href="{address}">' in page


def test_json_ld_is_a_scholarly_article_that_no_title_can_end(client):
    paper = make.make_paper(HOSTILE, abstract=HOSTILE, authors=(HOSTILE,))
    page = page_of(client, paper)
    assert "<script>alert" not in page
    (written,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    told = json.loads(written)
    assert (told["@type"], told["headline"], told["author"][0]["name"]) == ("ScholarlyArticle", HOSTILE, HOSTILE)
    assert told["sameAs"] == [paper.link]


def in_markdown(text: str) -> tuple[list[str], list[str]]:
    """Return where links and images of a Markdown text lead, and the HTML in it."""
    parser = MarkdownIt("commonmark")
    parser.validateLink = lambda url: True
    tokens = [child for token in parser.parse(text) for child in [token, *(token.children or [])]]
    leads = [
        str(token.attrGet("href") or token.attrGet("src")) for token in tokens if token.type in ("link_open", "image")
    ]
    return leads, [token.content for token in tokens if token.type.startswith("html")]


# --- citing ---------------------------------------------------------------------------------------------------


def test_every_form_of_citing_is_on_the_page_as_a_file_and_in_the_api(client, paper):
    page = page_of(client, paper)
    whole = client.get(f"/api/v1/papers/{paper.pk}/cite/").json()
    assert list(whole) == list(citing.FORMS) == ["bibtex", "ris", "apa", "markdown"]
    for name, form in citing.FORMS.items():
        file = client.get(f"/papers/{paper.pk}/cite/{name}/")
        assert file.content.decode() == whole[name]
        assert file["Content-Disposition"] == f'attachment; filename="2401.12345.{form.ending}"'
        one = client.get(f"/api/v1/papers/{paper.pk}/cite/?format={name}")
        assert (one.content.decode(), one["Content-Type"]) == (whole[name], f"{form.content_type}; charset=utf-8")
        assert f'id="cite-{name}"' in page and f'data-copies="cite-{name}" hidden' in page
    assert (
        whole["bibtex"].startswith("@inproceedings{lovelace2024caches,")
        and "eprint        = {2401.12345}" in whole["bibtex"]
    )
    assert "TY  - CONF\r\n" in whole["ris"]
    assert whole["apa"] == (
        r"Lovelace, A., & Turing, A. M. (2024). Caches of size $O(\sqrt{n})$. ICML 2024. https://doi.org/10.1000/x1"
        "\n"
    )
    assert whole["markdown"].startswith(
        r"| [Caches of size $O(\sqrt{n})$](https://arxiv.org/abs/2401.12345) | ICML 2024 | `eviction` |"
    )
    assert client.get(f"/papers/{paper.pk}/cite/docx/").status_code == 404
    assert client.get(f"/api/v1/papers/{paper.pk}/cite/?format=docx").status_code == 404


def test_a_row_for_a_readme_holds_whatever_sources_say(client):
    paper = make.make_paper(
        "A | [b](javascript:x) <i>", facts=[("tldr", "one | two\n<script>"), ("code", "javascript:x")]
    )
    row = client.get(f"/papers/{paper.pk}/cite/markdown/").content.decode()
    assert row.count("\n") == 1
    assert len(re.findall(r"(?<!\\)\|", row)) == 6
    assert in_markdown(row) == ([paper.link], [])


CITED = Citation("A title", ("Ada Lovelace",), "", False, "2024", None, "https://x.org/a", "", "", "", (), "")


@pytest.mark.parametrize(
    ("authors", "start"),
    [
        (("Ada Lovelace",), "Lovelace, A. (2024)."),
        (("Laurens van der Maaten", "Geoffrey E. Hinton"), "van der Maaten, L., & Hinton, G. E. (2024)."),
        (("Jean-Paul Sartre",), "Sartre, J.-P. (2024)."),
        (("Martin Luther King Jr.",), "King, M. L., Jr. (2024)."),
        (("王小明", "Plato"), "王小明, & Plato (2024)."),
        (("Ada Lovelace", OTHERS), "Lovelace, A., et al. (2024)."),
        ((), "A title. (2024)."),
        (tuple(f"A B{n}" for n in range(25)), "B0, A., B1, A.,"),
    ],
)
def test_apa_writes_names_as_its_manual_does(authors, start):
    written = apa.reference(replace(CITED, authors=authors))
    assert written.startswith(start) and written.endswith("https://x.org/a")
    if len(authors) > 20:
        assert ", B18, A., . . . B24, A. (2024)." in written


def test_apa_names_the_archive_of_a_preprint():
    written = apa.reference(replace(CITED, arxiv="2401.00001"))
    assert (
        written == "Lovelace, A. (2024). A title (arXiv:2401.00001). arXiv. https://doi.org/10.48550/arXiv.2401.00001"
    )


# --- short addresses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "/arxiv/2401.12345",
        "/arxiv/2401.12345v2",
        "/arxiv/2401.12345/",
        "/arxiv/arXiv:2401.12345",
        "/doi/10.1000/x1",
        "/doi/10.1000/X1",
        "/doi/10.48550/arXiv.2401.12345",
    ],
)
def test_short_addresses_lead_to_the_page(client, paper, address):
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (301, f"/papers/{paper.pk}/")


def test_old_numbers_of_arxiv_have_a_short_address_too(client):
    paper = make.make_paper(identifiers=[("arxiv", "math/0309136")])
    for number in ("math/0309136", "math.GT/0309136v1"):
        assert client.get(f"/arxiv/{number}")["Location"] == f"/papers/{paper.pk}/"


@pytest.mark.parametrize(
    "address", ["/arxiv/2401.99999", "/arxiv/x", "/doi/10.1000/none", "/doi/x", "/doi/10.1000/%00"]
)
def test_short_addresses_of_nothing(client, address):
    assert client.get(address).status_code == 404


def test_what_was_another_paper_leads_on(client):
    first, second = Identifier("arxiv", "2407.00001"), Identifier("doi", "10.1000/a")
    for source, identifiers in (("arxiv", (first,)), ("file", (second,)), ("arxiv", (first, second))):
        catalog.upsert([PaperRecord(source, identifiers, "Small Caches")])
    paper = Paper.objects.get()
    old = paper.merges.get().old_id
    assert client.get("/doi/10.1000/a")["Location"] == f"/papers/{paper.pk}/"
    assert client.get(f"/papers/{old}.md")["Location"] == f"/papers/{paper.pk}.md"
    for name in ("related", "cite", "history"):
        answer = client.get(f"/api/v1/papers/{old}/{name}/")
        assert (answer.status_code, answer["Location"]) == (301, f"http://testserver/api/v1/papers/{paper.pk}/{name}/")


# --- Markdown -------------------------------------------------------------------------------------------------


def test_the_page_as_markdown(client, paper):
    embed(paper, 1.0)
    other = make.make_paper("Near it")
    embed(other, 0.9, 0.1)
    answer = client.get(f"/papers/{paper.pk}.md")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    text = answer.content.decode()
    assert text.startswith("# Caches of size $O(\\sqrt{n})$\n")
    assert "We keep $k \\ll n$ keys, as Bézier did." in text
    assert "[The small list](http://testserver/lists/small/): Alpha. ICML 2024. eviction" in text
    assert re.search(r"- Stars: 1234 \(arXiv, \d{4}-\d\d-\d\d\)", text)
    assert f"[Near it](http://testserver/papers/{other.pk}.md) (0.99)" in text
    assert "@inproceedings{lovelace2024caches," in text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/markdown", "text/markdown"),
        ("text/markdown, text/html;q=0.5", "text/markdown"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("image/png", "text/html"),
    ],
)
def test_the_accept_header_chooses(client, paper, accept, kind):
    answer = client.get(f"/papers/{paper.pk}/", HTTP_ACCEPT=accept)
    assert answer["Content-Type"].startswith(kind)
    assert "Accept" in answer["Vary"]


def test_in_markdown_what_sources_say_is_text(client):
    paper = make.make_paper(
        "# [a](javascript:x) <script>",
        abstract="- one\n\n# two ![i](http://evil) <img> ``` three",
        authors=("[x](y)",),
        facts=[("tldr", "<b>"), ("keywords", ["[k](l)"]), ("code", "javascript:x")],
    )
    text = client.get(f"/papers/{paper.pk}.md").content.decode()
    prose = text[: text.index("## BibTeX")]
    links, markup = in_markdown(prose)
    assert markup == [] and all(link.startswith(("http://testserver/", "https://arxiv.org/")) for link in links), links
    assert len(re.findall("^# ", text, re.MULTILINE)) == 1
    assert "\n\\- one # two" in text


def test_a_list_as_markdown_is_its_readme(client, paper):
    answer = client.get("/lists/small.md", follow=True)
    assert answer.content.startswith(b"# A list")
    assert client.get("/lists/none.md").status_code == 404


def test_llms_txt_tells_what_is_here(client, paper, django_assert_num_queries):
    make.make_list("other")
    text = client.get("/llms.txt").content.decode()
    assert text.startswith("# Listkeeper\n\n> ")
    assert "1 paper is here." in text
    assert "[The small list](http://testserver/lists/small.md): 1 paper; Alpha, Beta" in text
    assert "http://testserver/papers/NUMBER.md" in text and "http://testserver/arxiv/2401.12345" in text
    with CaptureQueriesContext(connection) as captured:
        client.get("/llms.txt")
    before = len(captured)
    make.make_list("third")
    with django_assert_num_queries(before):
        client.get("/llms.txt")
