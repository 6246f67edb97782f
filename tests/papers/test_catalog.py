"""Records become papers: once, whatever source or id form they come by."""

import random
from datetime import date

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from papers import catalog
from papers.models import Fact, IdentifierRow, Paper
from papers.records import FactRecord, Identifier, PaperRecord

pytestmark = pytest.mark.django_db


def arxiv(number="2407.12345", **fields):
    base = {
        "source": "arxiv",
        "identifiers": (Identifier("arxiv", number),),
        "title": f"Paper {number}",
        "abstract": "We compress things.",
        "authors": ("Ada Lovelace",),
        "subjects": ("cs.CL",),
        "published": date(2024, 7, 17),
        "version": 1,
    }
    return PaperRecord(**(base | fields))


def hugging_face(number="2407.12345", **fields):
    base = {
        "source": "huggingface",
        "identifiers": (Identifier("arxiv", number),),
        "title": f"Paper {number}",
        "abstract": "We compress things.",
        "facts": (FactRecord("upvotes", 12),),
    }
    return PaperRecord(**(base | fields))


def counts(result):
    return result.new, result.changed, result.same, len(result.rejected)


def test_a_new_paper_is_stored_with_its_identifier():
    assert counts(catalog.upsert([arxiv()])) == (1, 0, 0, 0)
    paper = Paper.objects.with_identifier("arxiv", "2407.12345").get()
    assert (paper.title, paper.subjects, paper.published) == (
        "Paper 2407.12345",
        ["cs.CL"],
        date(2024, 7, 17),
    )
    assert paper.link == "https://arxiv.org/abs/2407.12345"


def test_an_equal_record_writes_nothing():
    catalog.upsert([arxiv()])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert counts(catalog.upsert([arxiv()])) == (0, 0, 1, 0)
    writes = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert writes == []


def test_a_changed_record_updates_its_paper_and_its_text_hash():
    catalog.upsert([arxiv()])
    before = Paper.objects.get().text_hash
    assert counts(catalog.upsert([arxiv(version=2, abstract="We compress more.")])) == (0, 1, 0, 0)
    paper = Paper.objects.get()
    assert (paper.abstract, paper.version) == ("We compress more.", 2)
    assert paper.text_hash != before


def test_an_older_version_that_comes_late_changes_nothing():
    catalog.upsert([arxiv(version=2, abstract="New.")])
    assert counts(catalog.upsert([arxiv(version=1, abstract="Old.")])) == (0, 0, 1, 0)
    assert Paper.objects.get().abstract == "New."


def test_a_lesser_source_fills_blanks_only():
    catalog.upsert([arxiv(comment="ICML 2024")])
    catalog.upsert([hugging_face(title="Paper by another name", abstract="Shorter.")])
    paper = Paper.objects.get()
    assert (paper.title, paper.abstract, paper.comment) == (
        "Paper 2407.12345",
        "We compress things.",
        "ICML 2024",
    )


def test_a_better_source_takes_over():
    catalog.upsert([hugging_face(title="Paper by another name")])
    catalog.upsert([arxiv()])
    paper = Paper.objects.get()
    assert (paper.title, paper.source, paper.subjects) == ("Paper 2407.12345", "arxiv", ["cs.CL"])


@pytest.mark.parametrize("order", [(arxiv, hugging_face), (hugging_face, arxiv)])
def test_the_order_of_sources_does_not_matter(order):
    for make in order:
        catalog.upsert([make()])
    for make in order:
        assert counts(catalog.upsert([make()])) == (0, 0, 1, 0)
    assert Paper.objects.get().source == "arxiv"


def test_the_same_paper_twice_on_one_page_is_one_paper():
    assert counts(catalog.upsert([arxiv(), arxiv()])) == (1, 0, 1, 0)
    assert Paper.objects.count() == 1


def test_an_identifier_learnt_later_joins_the_paper():
    catalog.upsert([arxiv()])
    doi = Identifier("doi", "10.1000/xyz")
    catalog.upsert([arxiv(identifiers=(Identifier("arxiv", "2407.12345"), doi))])
    assert catalog.upsert([PaperRecord("file", (doi,), "Paper 2407.12345")]).new == 0
    assert Paper.objects.count() == 1
    assert IdentifierRow.objects.count() == 2


ARXIV, DOI = Identifier("arxiv", "2407.00001"), Identifier("doi", "10.1/a")


def owner(identifier):
    return Paper.objects.with_identifier(*identifier).get().title


def test_a_record_of_two_papers_updates_the_first_and_names_both():
    catalog.upsert([arxiv(ARXIV.value, title="First"), PaperRecord("file", (DOI,), "Other")])
    new = Identifier("acl", "2025.acl-long.1")
    both = arxiv(identifiers=(ARXIV, DOI, new), title="First, revised", version=2)
    # Pulled again it is the same, and the clash is told again.
    for expected, title in [((0, 1, 0, 1), "First"), ((0, 0, 1, 1), "First, revised")]:
        result = catalog.upsert([both])
        assert counts(result) == expected
        assert result.rejected[0].record == ARXIV.value
        assert result.rejected[0].reason == (
            f"its identifiers belong to several papers: taken as “{title}”, while doi 10.1/a stays with “Other”"
        )
        assert [result.papers[each].title for each in both.identifiers] == ["First, revised", "Other", "First, revised"]
    assert [owner(each) for each in both.identifiers] == ["First, revised", "Other", "First, revised"]


def test_a_record_of_two_papers_and_a_new_name_belongs_to_the_first_that_is_known():
    catalog.upsert([PaperRecord("file", (DOI,), "By its DOI"), PaperRecord("file", (ARXIV,), "A number's")])
    new = Identifier("acl", "2025.acl-long.1")
    assert counts(catalog.upsert([PaperRecord("file", (new, DOI, ARXIV), "Told")])) == (0, 1, 0, 1)
    assert [owner(each) for each in (new, DOI, ARXIV)] == ["Told", "Told", "A number's"]


def test_an_identifier_is_taken_up_once_its_other_paper_is_gone():
    catalog.upsert([arxiv(ARXIV.value), PaperRecord("file", (DOI,), "Other")])
    both = arxiv(ARXIV.value, identifiers=(ARXIV, DOI))
    catalog.upsert([both])
    Paper.objects.get(title="Other").delete()
    assert counts(catalog.upsert([both])) == (0, 1, 0, 0)
    assert counts(catalog.upsert([both])) == (0, 0, 1, 0)
    assert owner(DOI) == owner(ARXIV)


def file(number="2407.12345", **fields):
    return PaperRecord("file", (Identifier("arxiv", number),), f"Paper {number}", **fields)


@pytest.mark.parametrize(
    ("records", "withdrawn"),
    [
        ([file(withdrawn=True), hugging_face()], True),
        ([hugging_face(), file(withdrawn=True)], True),
        ([hugging_face(), file(withdrawn=True), file(withdrawn=False)], False),
        ([file(withdrawn=True), file()], True),
        ([file(withdrawn=True), arxiv(withdrawn=False)], False),
        ([arxiv(withdrawn=False), file(withdrawn=True)], False),
        ([arxiv(withdrawn=True), file(withdrawn=False), hugging_face()], True),
        ([arxiv(withdrawn=True), arxiv(withdrawn=False, version=2)], False),
        ([hugging_face()], False),
    ],
)
def test_only_a_source_that_says_so_withdraws_a_paper_or_takes_that_back(records, withdrawn):
    for record in records:
        catalog.upsert([record])
    assert Paper.objects.get().withdrawn is withdrawn


def noise(length):
    """Text that does not compress, three bytes a character, as PostgreSQL would compress an x 9,000 times."""
    return "".join(random.Random(1).choices([chr(code) for code in range(0x4E00, 0x9FA0)], k=length))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": noise(9000)}, (2, 0, 0, 1)),
        ({"title": noise(1000)}, (3, 0, 0, 0)),
        ({"title": "\ufdfa" * 1000}, (3, 0, 0, 0)),  # one character that decomposes into 18
        ({"abstract": " ".join(str(n) for n in range(300_000))}, (2, 0, 0, 1)),
        ({"abstract": " ".join(str(n) for n in range(16_000))}, (3, 0, 0, 0)),
        ({"identifiers": (Identifier("url", f"https://example.org/{noise(9000)}"),)}, (2, 0, 0, 1)),
        ({"authors": (noise(9000),)}, (3, 0, 0, 0)),
        ({"authors": (noise(300),)}, (3, 0, 0, 0)),
        ({"subjects": (noise(9000), noise(300), "\x00")}, (3, 0, 0, 0)),
        ({"version": 99_999}, (3, 0, 0, 0)),
        ({"version": 32_767}, (3, 0, 0, 0)),
    ],
)
def test_an_odd_record_costs_no_other_of_its_page(fields, expected):
    assert counts(catalog.upsert([arxiv("2407.00001"), arxiv("2407.00002", **fields), arxiv("2407.00003")])) == expected


def test_a_bad_record_costs_itself_and_not_its_page():
    result = catalog.upsert([arxiv("2407.00001"), arxiv("2407.00002", title=" "), arxiv("2407.00003")])
    assert counts(result) == (2, 0, 0, 1)


def test_facts_are_kept_by_source_and_do_not_count_as_a_change():
    catalog.upsert([hugging_face()])
    assert counts(catalog.upsert([hugging_face(facts=(FactRecord("upvotes", 40),))])) == (0, 0, 1, 0)
    fact = Fact.objects.get()
    assert (fact.kind, fact.source, fact.value) == ("upvotes", "huggingface", 40)


def test_the_queries_of_a_page_do_not_grow_with_known_papers():
    page = [arxiv(f"2407.{n:05}") for n in range(40)]
    catalog.upsert(page)
    with CaptureQueriesContext(connection) as few:
        catalog.upsert(page[:5])
    with CaptureQueriesContext(connection) as many:
        catalog.upsert(page)
    assert len(many) == len(few)


def test_the_database_refuses_a_second_owner_of_an_identifier():
    catalog.upsert([arxiv("2407.00001"), arxiv("2407.00002")])
    other = Paper.objects.with_identifier("arxiv", "2407.00002").get()
    with pytest.raises(IntegrityError):
        IdentifierRow.objects.create(paper=other, scheme="arxiv", value="2407.00001")


def test_text_that_postgresql_cannot_store_is_cleaned():
    catalog.upsert([arxiv(title="A \x00title \ud800", abstract="\x00")])
    assert Paper.objects.get().title == "A title ?"
