"""What sources say of a paper's venue and code, and what of it is worth a second look."""

from __future__ import annotations

import pytest

from papers import news, venues
from tests.factories import make_paper


@pytest.mark.parametrize(
    ("comment", "venue"),
    [
        ("Accepted at NeurIPS 2026", "NeurIPS 2026"),
        ("To appear in Findings of EMNLP 2025", "EMNLP Findings 2025"),
        ("12 pages, ICML 2024 (oral)", "ICML 2024"),
        ("EMNLP 2025 Main, camera-ready", "EMNLP 2025"),
        ("Accepted by ICLR'24 workshop", "ICLR Workshop 2024"),
        ("Published in TMLR (12/2024)", "TMLR 2024"),
        ("Code: https://github.com/a/b. Accepted at ACL 2025 main conference", "ACL 2025"),
        ("Accepted to the Thirty-ninth Conference on Neural Information Processing Systems (NeurIPS 2025)", "NeurIPS 2025"),
        ("Submitted to ICLR 2026", ""),
        ("Under review at ACL 2026", ""),
        ("ICLR 2026, under review", ""),
        ("Rejected from ICML 2024", ""),
        ("This paper is accepted", ""),
        ("To appear soon, date and place are open; science is fast", ""),
        ("10 pages, 5 figures", ""),
        ("arXiv 2024", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_comment_tells_the_venue_that_took_the_paper(comment, venue):
    assert venues.of_comment(comment) == venue


@pytest.mark.parametrize(
    ("reference", "venue"),
    [
        ("Phys.Rev. D65 (2002) 044004", "Phys.Rev. D65 (2002) 044004"),
        ("Proceedings of the 41st International Conference on Machine Learning (ICML), PMLR 235, 2024", "ICML 2024"),
        ("arXiv preprint arXiv:2401.00001", ""),
        ("CoRR abs/2401.00001", ""),
        ("", ""),
    ],
)
def test_a_reference_to_a_journal_is_a_venue_but_for_archives(reference, venue):
    assert venues.of_reference(reference) == venue


@pytest.mark.django_db
def test_facts_and_the_record_tell_venue_and_code():
    silent = make_paper(comment="10 pages")
    told = make_paper(facts=[("venue", "ACL 2025"), ("code", "https://github.com/a/b"), ("stars", 3)])
    both = make_paper(comment="Accepted at ICML 2025", facts=[("venue", "arXiv.org")])
    empty = make_paper(facts=[("code", ""), ("venue", "arXiv.org")])
    assert news.known([silent.pk, told.pk, both.pk, empty.pk]) == {
        silent.pk: {},
        told.pk: {"venue": "ACL 2025", "code": "https://github.com/a/b"},
        both.pk: {"venue": "ICML 2025"},
        empty.pk: {},
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ({"signal": "dblp", "key": "conf/nips/A25", "known_as": "NeurIPS", "year": 2025}, {"venue": "NeurIPS 2025"}),
        ({"signal": "dblp", "key": "conf/x/A25", "venue": "A Small Symposium"}, {"venue": "A Small Symposium"}),
        ({"signal": "acl", "key": "2024.acl-long.1", "venue": "ACL", "year": 2024}, {"venue": "ACL 2024"}),
        ({"signal": "dblp", "key": "conf/x/A25"}, {}),
        ({"signal": "name", "venue": "ICLR"}, {}),
        ({"signal": "list", "venue": "ICLR 2025"}, {}),
        ("ICLR 2025", {}),
        ([], {}),
    ],
)
def test_evidence_of_a_venue_counts_where_it_is_strong(evidence, said):
    paper = make_paper(facts=[("venue_evidence", evidence)])
    assert news.known([paper.pk]) == {paper.pk: said}
