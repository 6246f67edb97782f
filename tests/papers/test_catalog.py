"""Records become papers: once, whatever source or id form they come by."""

import random
from dataclasses import replace
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from papers import authority, catalog
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


def page(size, **fields):
    return [
        arxiv(f"2407.{n:05}", facts=(FactRecord("code", f"https://github.com/a/{n}"),), **fields)
        for n in range(1, size + 1)
    ]


def statements(records):
    """How many statements, and how many of these write, storing a page takes, COPY among them."""
    with CaptureQueriesContext(connection) as queries:
        result = catalog.upsert(records)
    told = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    return len(told), sum(sql.startswith(("INSERT", "UPDATE", "DELETE", "CREATE", "COPY")) for sql in told), result


@pytest.mark.parametrize("size", [1, 100])
def test_a_page_takes_the_same_few_statements_however_many_papers_it_has(size):
    # The lock, whose the names are, new keys; papers, identifiers, source records, facts.
    assert statements(page(size))[:2] == (7, 4)
    assert statements(page(size))[:2] == (4, 0)  # the lock, the names, the last records, the facts
    changed = page(size, version=2, abstract="Another.")
    # Also the papers as they are; a table for the news, which is filled and copied over; source records; reviews.
    assert statements(changed)[:2] == (10, 4)
    assert Paper.objects.filter(abstract="Another.").count() == size
    more = [replace(each, facts=(FactRecord("code", "https://github.com/b/b"),)) for each in changed]
    number, writes, result = statements(more)
    assert (number, writes, counts(result)) == (6, 1, (0, 0, size, 0))  # facts; reviews


def test_papers_are_read_only_where_somebody_asks_for_them():
    catalog.upsert(page(5))
    result = catalog.upsert(page(5))
    with CaptureQueriesContext(connection) as queries:
        assert {paper.title for paper in result.papers.values()} == {f"Paper 2407.{n:05}" for n in range(1, 6)}
        assert len(result.papers) == 5
    assert len(queries) == 1


def test_a_known_paper_costs_no_read_of_its_text():
    catalog.upsert(page(3))
    with CaptureQueriesContext(connection) as queries:
        catalog.upsert(page(3))
    assert not any("abstract" in query["sql"] for query in queries)


# --- whatever the order -----------------------------------------------------------------------------------------

SOURCES = ["arxiv", "arxiv-feed", "huggingface", "semanticscholar", "file", "peer:a/list", "peer:b/list", "readme"]
NAMES = [Identifier("arxiv", "2407.00001"), Identifier("doi", "10.1/a"), Identifier("acl", "2025.acl-long.1")]
blank = st.just("")


@st.composite
def tellings(draw):
    """What several sources say of one paper, each once: they agree on its title more or less, on the rest not at all."""
    sources = draw(st.lists(st.sampled_from(SOURCES), min_size=2, max_size=6, unique=True))
    return [
        PaperRecord(
            source=source,
            identifiers=tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))),
            title=draw(st.sampled_from(["Small Caches for Long Texts", "SMALL caches for long texts!"])),
            abstract=draw(blank | st.just(f"As {source} has it.")),
            authors=draw(st.just(()) | st.just((source,))),
            subjects=draw(st.just(()) | st.just(("cs.CL", source))),
            published=draw(st.none() | st.dates(date(2024, 1, 1), date(2024, 1, 9))),
            updated=draw(st.none() | st.dates(date(2024, 1, 1), date(2024, 1, 9))),
            version=draw(st.none() | st.integers(1, 4)),
            comment=draw(blank | st.just(f"{source} says so")),
            journal_ref=draw(blank | st.just(f"Journal of {source}")),
            withdrawn=draw(st.sampled_from([None, None, True, False])),
            facts=tuple(FactRecord(kind, source) for kind in draw(st.sets(st.sampled_from(["code", "stars"])))),
        )
        for source in sources
    ]


def stored():
    """All that is stored, but for keys and times."""
    return sorted(
        (
            *(str(getattr(paper, name)) for name in authority.COLUMNS if name != "told_by"),
            sorted(paper.told_by.items()),
            sorted((row.scheme, row.value) for row in paper.identifiers.all()),
            sorted((row.source, row.content_hash, row.version or 0) for row in paper.source_records.all()),
            sorted((fact.kind, fact.source, fact.value) for fact in paper.facts.all()),
        )
        for paper in Paper.objects.all()
    )


def after(*pages):
    """What is stored when these pages came, which are then forgotten."""
    with transaction.atomic():
        results = [catalog.upsert(page) for page in pages]
        found = stored()
        transaction.set_rollback(True)
    return found, results


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tellings(), st.randoms(use_true_random=False))
def test_a_paper_is_the_same_in_whatever_order_its_sources_tell_of_it(db, records, chance):
    joining = PaperRecord("arxiv", tuple(NAMES), "Small Caches for Long Texts")  # so that they are all of one paper
    records = [joining, *(record for record in records if record.source != "arxiv")]
    other = chance.sample(records, len(records))
    # Told twice: of a row that names two papers, one name is left out until another source has joined the two.
    one_by_one, _ = after(*[[record] for record in [*records, *records]])
    in_disorder, _ = after(*[[record] for record in [*other, *other]])
    at_once, _ = after(other, other)
    assert one_by_one == in_disorder == at_once
    assert len(one_by_one) == 1


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tellings())
@example(
    [
        PaperRecord("arxiv", tuple(NAMES[:1]), "Small Caches for Long Texts"),
        PaperRecord("semanticscholar", tuple(NAMES[1:2]), "Small Caches for Long Texts"),
        PaperRecord("peer:a/list", tuple(NAMES[:2]), "Small Caches for Long Texts"),
        PaperRecord("file", tuple(NAMES[:2]), "Small Caches for Long Texts"),
    ]
)
def test_what_came_once_is_known(db, records):
    _, (first,) = after(records)
    # A name that was another paper's comes the next time, when a later record of the page has joined the two.
    times = 2 if first.rejected else 1
    before, _ = after(*[records] * times)
    again, results = after(*[records] * (times + 1))
    assert before == again
    assert (results[-1].new, results[-1].changed, results[-1].merged) == (0, 0, 0)
    assert results[-1].same == len(records)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([1, 2, 3]), st.permutations([1, 2]))
def test_the_newest_version_of_arxiv_is_shown_by_whichever_way_it_came(db, own, feed):
    records = [arxiv(version=n, abstract=f"arXiv's {n}.", comment=f"Comment {n}") for n in own]
    fed = [replace(arxiv(version=n + 2, abstract=f"The feed's {n + 2}."), source="arxiv-feed") for n in feed]
    found, _ = after(*[[each] for each in [*records, *fed]])
    other, _ = after(*[[each] for each in [*fed, *records]])
    assert found == other
    with transaction.atomic():
        for each in [*fed, *records]:
            catalog.upsert([each])
        paper = Paper.objects.get()
        transaction.set_rollback(True)
    assert (paper.version, paper.abstract, paper.comment) == (4, "The feed's 4.", "Comment 3")
    assert (paper.source, paper.told_by) == ("arxiv-feed", {"comment": "arxiv", "withdrawn": "arxiv"})


def test_two_rows_of_one_source_are_one_record():
    rows = [
        PaperRecord("peer:a/list", (ARXIV,), "Small", facts=(FactRecord("code", "https://github.com/a/a"),)),
        PaperRecord("peer:a/list", (ARXIV, DOI), "Small Caches"),
    ]
    assert counts(catalog.upsert(rows)) == (1, 0, 1, 0)
    assert counts(catalog.upsert(rows)) == (0, 0, 2, 0)
    paper = Paper.objects.get()
    assert (paper.title, paper.identifiers.count(), paper.facts.count()) == ("Small Caches", 2, 1)


def test_of_two_versions_on_a_page_the_newer_is_shown():
    pair = [arxiv(version=2, abstract="New."), arxiv(version=1, abstract="Old.")]
    for records in (pair, pair[::-1]):
        found, (result,) = after(records)
        assert counts(result) == (1, 0, 1, 0)
        assert found[0][1] == "New."


def test_the_database_refuses_a_second_owner_of_an_identifier():
    catalog.upsert([arxiv("2407.00001"), arxiv("2407.00002")])
    other = Paper.objects.with_identifier("arxiv", "2407.00002").get()
    with pytest.raises(IntegrityError):
        IdentifierRow.objects.create(paper=other, scheme="arxiv", value="2407.00001")


def test_text_that_postgresql_cannot_store_is_cleaned():
    catalog.upsert([arxiv(title="A \x00title \ud800", abstract="\x00")])
    assert Paper.objects.get().title == "A title ?"
