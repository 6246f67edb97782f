"""Every form of a link or id leads to one (scheme, value)."""

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
