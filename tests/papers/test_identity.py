"""Every form of a link or id leads to one (scheme, value)."""

import random
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers import identity
from papers.records import Identifier, PaperRecord, Rejected

CASES = [
    ("2407.12345", "arxiv", "2407.12345"),
    ("2407.12345v3", "arxiv", "2407.12345"),
    ("arXiv:2407.12345", "arxiv", "2407.12345"),
    ("oai:arXiv.org:2407.12345v2", "arxiv", "2407.12345"),
    ("0704.0001", "arxiv", "0704.0001"),
    ("cs/9901001", "arxiv", "cs/9901001"),
    ("math.GT/0309136", "arxiv", "math/0309136"),
    ("cond-mat.str-el/0309136v2", "arxiv", "cond-mat/0309136"),
    ("https://example.com/1234567", "url", "https://example.com/1234567"),
    ("quant-ph/0201082v1", "arxiv", "quant-ph/0201082"),
    ("hep-th/0201082", "arxiv", "hep-th/0201082"),
    ("https://arxiv.org/abs/2407.12345", "arxiv", "2407.12345"),
    ("http://www.arxiv.org/pdf/2407.12345v2.pdf", "arxiv", "2407.12345"),
    ("https://arxiv.org/pdf/2407.12345", "arxiv", "2407.12345"),
    ("https://arxiv.org/html/2407.12345v1#S3", "arxiv", "2407.12345"),
    ("https://export.arxiv.org/abs/gr-qc/0103067v1", "arxiv", "gr-qc/0103067"),
    ("https://browse.arxiv.org/pdf/2407.12345.pdf?download=1", "arxiv", "2407.12345"),
    ("https://ar5iv.labs.arxiv.org/html/2407.12345", "arxiv", "2407.12345"),
    ("https://www.alphaxiv.org/abs/2407.12345", "arxiv", "2407.12345"),
    ("arxiv.org/abs/2407.12345", "arxiv", "2407.12345"),
    ("https://huggingface.co/papers/2407.12345", "arxiv", "2407.12345"),
    ("https://hf.co/papers/2407.12345", "arxiv", "2407.12345"),
    ("10.48550/arXiv.2407.12345", "arxiv", "2407.12345"),
    ("https://doi.org/10.48550/ARXIV.2407.12345", "arxiv", "2407.12345"),
    ("https://doi.org/10.1145/3600006.3613165", "doi", "10.1145/3600006.3613165"),
    ("https://dl.acm.org/doi/10.1145/3600006.3613165", "doi", "10.1145/3600006.3613165"),
    ("https://dl.acm.org/doi/pdf/10.1145/3600006.3613165?download=true", "doi", "10.1145/3600006.3613165"),
    ("doi:10.1000/XYZ", "doi", "10.1000/xyz"),
    ("https://doi.org/10.18653/v1/2025.acl-long.1394", "acl", "2025.acl-long.1394"),
    ("https://aclanthology.org/2025.acl-long.1394.pdf", "acl", "2025.acl-long.1394"),
    ("https://aclanthology.org/2025.acl-long.1394/", "acl", "2025.acl-long.1394"),
    ("https://www.aclweb.org/anthology/P19-1001", "acl", "P19-1001"),
    ("https://openreview.net/forum?id=LCTmppB165", "openreview", "LCTmppB165"),
    ("https://openreview.net/pdf?noteId=x&id=LCTmppB165", "openreview", "LCTmppB165"),
    ("https://example.org/paper/?utm_source=x#top", "url", "https://example.org/paper"),
    # The value is the link that people follow: a host may answer on one port, by one name or without TLS only.
    ("https://WWW.Example.org/Paper", "url", "https://www.example.org/Paper"),
    ("http://example.org/a?id=1", "url", "http://example.org/a?id=1"),
    ("HTTPS://host.example.org:8443/x", "url", "https://host.example.org:8443/x"),
    ("https://example.org:443/x", "url", "https://example.org/x"),
    ("http://example.org:80/x", "url", "http://example.org/x"),
    ("http://example.org:443/x", "url", "http://example.org:443/x"),
    ("https://ada:secret@example.org:8443/x", "url", "https://example.org:8443/x"),
    ("http://[2001:db8::1]:8080/x", "url", "http://[2001:db8::1]:8080/x"),
    ("http://[2001:db8::1]/x", "url", "http://[2001:db8::1]/x"),
    ("https://arxiv.org:443/abs/2407.12345", "arxiv", "2407.12345"),
]


@pytest.mark.parametrize(("text", "scheme", "value"), CASES)
def test_it_recognises(text, scheme, value):
    assert identity.identify(text) == Identifier(scheme, value)


@pytest.mark.parametrize(
    "text",
    [
        *("example.com/1234567", "example.de/1234567", "section/1234567"),
        *("", "-", "N/A", "a title", "https://", "javascript:alert(1)", "ftp://x.org/y", "2407"),
        *("https://example.org:99999/x", "https://example.org:port/x", "https://[::1/x"),
    ],
)
def test_it_recognises_nothing_in(text):
    assert identity.identify(text) is None


@pytest.mark.parametrize(("text", "scheme", "value"), CASES)
def test_identifying_is_a_projection(text, scheme, value):
    """The link made from an identifier leads to the same identifier."""
    identifier = Identifier(scheme, value)
    assert identity.identify(identity.link(identifier)) == identifier


@given(st.text())
def test_it_never_fails_on_any_text(text):
    identity.identify(text)
    identity.identify("https://arxiv.org/" + text)
    identity.identify("https://example.org:" + text)
    identity.title_key(text)


def test_title_keys_compare_titles_blind_to_case_accents_and_punctuation():
    assert identity.title_key("LLMLingua: Compressing Prompts") == identity.title_key(
        "Llmlingua — compressing  prompts!"
    )
    assert identity.title_key("É-BERT") == identity.title_key("e bert")
    assert identity.title_key("压缩") == "压缩"


def record(**fields):
    base = {"source": "arxiv", "identifiers": (Identifier("arxiv", "2407.12345"),), "title": "A title"}
    return PaperRecord(**(base | fields))


def test_normalising_joins_white_space_and_keeps_latex():
    clean = identity.normalise(record(title="  A\n  $k$-NN \x00<eos> title ", authors=("  Ada  Vóss ", "")))
    assert clean.title == "A $k$-NN <eos> title"
    assert clean.authors == ("Ada Vóss",)


def test_a_title_may_be_0():
    assert identity.normalise(record(title="0")).title == "0"


@pytest.mark.parametrize(("fields", "reason"), [({"identifiers": ()}, "no identifier"), ({"title": " \n"}, "no title")])
def test_a_record_without_a_name_is_rejected_with_its_reason(fields, reason):
    refused = identity.normalise(record(**fields))
    assert isinstance(refused, Rejected)
    assert reason in refused.reason


URL = "https://example.org/"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": "x" * 1001}, "a title of more than 1,000 characters"),
        ({"abstract": "x" * 100_001}, "an abstract of more than 100,000 characters"),
        ({"identifiers": (Identifier("url", URL.ljust(1001, "x")),)}, "an identifier of more than 1,000 bytes"),
        ({"identifiers": (Identifier("url", URL.ljust(400, "压")),)}, "an identifier of more than 1,000 bytes"),
        (
            {"identifiers": (Identifier("arxiv", "2407.12345"), Identifier("doi", "10.1000/".ljust(1001, "x")))},
            "an identifier of more than 1,000 bytes",
        ),
    ],
)
def test_a_record_longer_than_any_real_one_is_rejected_with_its_reason(fields, reason):
    refused = identity.normalise(record(**fields))
    assert isinstance(refused, Rejected)
    assert refused.reason == reason
    assert len(refused.record) <= 80


def test_a_record_as_long_as_may_be_is_taken():
    longest = record(
        title="x" * 1000,
        abstract="x" * 100_000,
        identifiers=(Identifier("url", URL.ljust(1000, "x")),),
        authors=("x" * 300,),
        subjects=("x" * 300,),
        version=32767,
    )
    assert identity.normalise(longest) == longest


def test_a_detail_that_cannot_be_is_dropped_and_the_paper_kept():
    clean = identity.normalise(record(authors=("Ada", "x" * 301), subjects=("x" * 301, " cs.CL\x00"), version=99_999))
    assert (clean.authors, clean.subjects, clean.version) == (("Ada",), ("cs.CL",), None)
    assert identity.normalise(record(version=0)).version is None


def test_the_hash_changes_with_the_text_but_not_with_facts():
    from papers.records import FactRecord

    assert identity.content_hash(record()) == identity.content_hash(record(facts=(FactRecord("upvotes", 3),)))
    assert identity.content_hash(record()) != identity.content_hash(record(abstract="More."))
    withdrawn = [identity.content_hash(record(withdrawn=said)) for said in (None, False, True)]
    assert len(set(withdrawn)) == 3


@pytest.mark.parametrize(
    ("value", "said"),
    [("2401.00012", (2024, 1, 12)), ("math/0309136", (2003, 9, 136)), ("hep-th/9901001", (1999, 1, 1))],
)
def test_an_arxiv_id_says_its_month(value, said):
    assert identity.arxiv_month(value) == said


# --- every form of an arXiv number ------------------------------------------------------------------------------

ARCHIVES = ["cs", "math", "quant-ph", "hep-th", "gr-qc", "cond-mat", "astro-ph", "cmp-lg", "q-bio", "stat"]
SUBJECTS = {"cs": "CL", "math": "GT", "cond-mat": "str-el", "astro-ph": "CO", "q-bio": "NC", "stat": "ML"}
ARXIV_HOSTS = [
    *("arxiv.org", "www.arxiv.org", "export.arxiv.org", "browse.arxiv.org", "ar5iv.labs.arxiv.org", "ar5iv.org"),
    *("alphaxiv.org", "www.alphaxiv.org", "cn.arxiv.org", "xxx.arxiv.org"),
]
ARXIV_PATHS = ["abs", "pdf", "html", "ps", "src", "format", "e-print", "overview"]
HF_HOSTS = ["huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com"]
QUERIES = ["", "?context=cs.CL", "?download=1&x=y", "?utm_source=mail", "?v=2"]
FRAGMENTS = ["", "#S3", "#", "#page=2"]

new_numbers = st.builds(
    lambda year, month, number: f"{year:02}{month:02}.{number:0{4 if year < 15 else 5}}",
    st.integers(7, 26),
    st.integers(1, 12),
    st.integers(1, 9999),
)
old_numbers = st.builds(
    lambda archive, year, month, number: f"{archive}/{year % 100:02}{month:02}{number:03}",
    st.sampled_from(ARCHIVES),
    st.integers(1992, 2007),
    st.integers(1, 12),
    st.integers(1, 999),
)
numbers = st.one_of(new_numbers, old_numbers)


def forms(number, choose):
    """One form of a number for each kind in the table of identifiers; `choose` picks the rest."""
    archive, _, digits = number.rpartition("/")
    written = number
    if archive:
        subject = choose(["", SUBJECTS.get(archive, "")])
        written = f"{choose([archive, archive.upper()])}{'.' if subject else ''}{subject}/{digits}"
    versioned = written + choose(["", "v1", "v2", "v12", "V3"])
    scheme, slash = choose(["https", "http", "HTTPS"]), choose(["", "/"])
    tail = choose(QUERIES) + choose(FRAGMENTS)
    host = choose(ARXIV_HOSTS)
    yield written
    yield versioned
    yield f" {versioned}\n"
    yield f"<https://arxiv.org/abs/{versioned}>"
    yield choose(["arXiv:", "arxiv:", "ARXIV: ", "oai:arXiv.org:"]) + versioned
    yield f"{scheme}://{choose([host, host.upper()])}/{choose(ARXIV_PATHS)}/{versioned}{slash}{tail}"
    yield f"{scheme}://{host}/pdf/{versioned}.{choose(['pdf', 'PDF'])}{tail}"
    yield f"{scheme}://{host}:{'80' if scheme == 'http' else '443'}/abs/{versioned}"
    yield f"https://arxiv.org/abs/{quote(versioned, safe='')}"
    yield f"arxiv.org/{choose(['abs', 'pdf'])}/{versioned}"
    yield f"{scheme}://{choose(HF_HOSTS)}/papers/{versioned}{choose(['', '/', '.md'])}{tail}"
    yield f"huggingface.co/papers/{versioned}"
    prefix = choose(["10.48550/arXiv.", "10.48550/arxiv.", "10.48550/ARXIV."])
    yield f"{prefix}{written}"
    yield f"{choose(['doi:', 'DOI: '])}{prefix}{written}"
    yield f"{scheme}://{choose(['doi.org', 'dx.doi.org', 'www.doi.org'])}/{prefix}{written}{slash}"


@given(numbers, st.randoms(use_true_random=False))
def test_every_form_of_an_arxiv_number_names_the_same_paper(number, chance):
    for form in forms(number, chance.choice):
        assert identity.identify(form) == Identifier("arxiv", number), form


@given(numbers, numbers, st.randoms(use_true_random=False))
def test_no_form_of_one_number_names_another(first, second, chance):
    found = {identity.identify(form) for number in (first, second) for form in forms(number, chance.choice)}
    assert len(found) == len({first, second})


def test_the_archive_is_part_of_an_old_number_and_its_subject_is_not():
    assert identity.identify("quant-ph/0201082") != identity.identify("hep-th/0201082")
    assert identity.identify("math.GT/0309136") == identity.identify("https://arxiv.org/abs/math/0309136v2")


@pytest.mark.django_db
def test_a_thousand_forms_of_two_hundred_papers_are_two_hundred_rows():
    from papers import catalog
    from papers.models import IdentifierRow, Paper

    chance = random.Random(4)
    papers = [f"{7 + n % 19:02}{n % 12 + 1:02}.{n:0{4 if n % 19 < 8 else 5}}" for n in range(1, 151)]
    papers += [f"{ARCHIVES[n % 10]}/{95 + n % 5}{n % 12 + 1:02}{n:03}" for n in range(1, 49)]
    papers += ["quant-ph/0201082", "hep-th/0201082"]
    told = [(number, form) for number in papers for form in chance.sample([*forms(number, chance.choice)], 5)]
    assert len(told) == 1000
    assert len({form for _, form in told}) > 990
    chance.shuffle(told)
    sources = ["arxiv", "arxiv-feed", "huggingface", "semanticscholar", "file", "peer:owner/list", "readme"]
    for first in range(0, len(told), 100):
        page = [
            PaperRecord(chance.choice(sources), (identity.identify(form),), f"Paper {number}")
            for number, form in told[first : first + 100]
        ]
        assert catalog.upsert(page).rejected == []
    assert Paper.objects.count() == len(set(papers)) == 200
    assert set(IdentifierRow.objects.values_list("value", flat=True)) == set(papers)
    assert {paper.title for paper in Paper.objects.all()} == {f"Paper {number}" for number in papers}
