"""Venues and dates as real lists write them."""

from datetime import date

import pytest

from papers import dates, venues


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EMNLP 2025 Main", "EMNLP"),
        ("ICML'23 Workshop", "ICML Workshop"),
        ("Conference ICML'23 Workshop", "ICML Workshop"),
        ("Arxiv 2024", "arXiv"),
        ("arXiv 2025.2.12", "arXiv"),
        ("NIPS23", "NeurIPS"),
        ("NIPS'23", "NeurIPS"),
        ("ICLR 2025 (Oral)", "ICLR"),
        ("Findings of ACL 2024", "ACL Findings"),
        ("EMNLP24 Findings", "EMNLP Findings"),
        ("Conference-SIGMOD_2026", "SIGMOD"),
        ("NeurIPS 2024 Datasets and Benchmarks Track", "NeurIPS Datasets and Benchmarks"),
        ("Nature Machine Intelligence 2025", "Nature Machine Intelligence"),
        ("COLM2025", "COLM"),
        ("**ICLR 2025**", "ICLR"),
        ("CoRR 2025.01", "arXiv"),
        ("ACL 2024 (Finding)", "ACL Findings"),
        ("ACL 2025 Industry Track", "ACL Industry"),
        ("MLSys24_BestPaper", "MLSys"),
        ("ACM SIGCOMM 2024", "SIGCOMM"),
        ("IEEE/CVF CVPR 2024", "CVPR"),
        ("USENIX ATC 2025", "ATC"),
        ("ACM Computing Surveys", "ACM Computing Surveys"),
        ("IEEE Micro", "IEEE Micro"),
        ("Under review", "Under review"),
    ],
)
def test_known_venues_have_one_name(text, name):
    assert venues.is_venue(text)
    assert venues.name(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [("Google Blog 2024", "Google Blog"), ("2024.06", ""), ("-", ""), ("", "")],
)
def test_other_texts_stay_what_they_are_without_their_year(text, name):
    assert not venues.is_venue(text)
    assert venues.name(text) == name


@pytest.mark.parametrize(
    "text",
    ["The model is good", "A paper under review", "Dates and times", "ICLR is the venue of many a paper", "x" * 500],
)
def test_a_sentence_is_no_venue(text):
    assert not venues.is_venue(text)


def test_preprints_are_told_from_publications():
    assert [venues.is_preprint(text) for text in ("arXiv 2024.06", "", "2024", "ICLR 2024")] == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("EMNLP 2025 Main", True),
        ("Neural Computation", True),
        ("arXiv 2024.06", False),
        ("bioRxiv 2024", False),
        ("Technical Report", False),
        ("Blog", False),
        ("ICLR 2026 (under review)", False),
        ("Submitted to ACL", False),
        ("2024.06", False),
    ],
)
def test_what_is_published_is_no_archive_blog_or_submission(text, published):
    assert venues.is_published(text) is published


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024.06", "2024-06"),
        ("2023/08", "2023-08"),
        ("Jul 2018", "2018-07"),
        ("June 2025", "2025-06"),
        ("2025.2.12", "2025-02-12"),
        ("2026.1", "2026-01"),
        ("**2024-05-06**", "2024-05-06"),
        ("May 5, 2024", "2024-05-05"),
        ("12 May 2024", "2024-05-12"),
        ("2025年3月", "2025-03"),
        ("2024", "2024"),
        ("12/09", ""),
        ("2024.13", "2024"),
        ("-", ""),
    ],
)
def test_a_date_is_as_exact_as_it_is_written(text, iso):
    assert dates.read(text) == iso


def test_the_date_wins_over_the_venue_and_the_venue_over_the_identifier():
    link = "https://arxiv.org/abs/2401.00001"
    assert dates.dated("ICML 2025", "2024.06", link) == "2024-06"
    assert dates.dated("ICML 2025", "", link) == "2025"
    assert dates.dated("ICML'23", "", link) == "2023"
    assert dates.dated("ICML", "", link) == "2024-01"
    assert dates.dated("ICML", "", "https://example.org/paper") == ""
    assert dates.dated("JMLR vol 23", "", link) == "2024-01"


@pytest.mark.parametrize(
    ("example", "written"),
    [
        ("arXiv 2024.06", "arXiv 2025.02"),
        ("arXiv 2025.2.12", "arXiv 2025.2.3"),
        ("arXiv 2024.12", "arXiv 2025.02"),
        ("Arxiv 2024", "Arxiv 2025"),
        ("Jul 2018", "Feb 2025"),
        ("June 2018", "February 2025"),
        ("2024-05-06", "2025-02-03"),
        ("2026.1", "2025.2"),
        ("arXiv", "arXiv"),
    ],
)
def test_a_new_date_is_written_as_the_list_writes_its_own(example, written):
    assert dates.written_like(example, date(2025, 2, 3)) == written
