"""Nearest papers: exact where it is promised, never too few, never of another encoder."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection

from papers import vectors
from papers.models import Embedding, Paper
from papers.models.papers import DEFAULT_DIMENSIONS
from tests.factories import make_entry, make_list, make_paper

pytestmark = pytest.mark.django_db

ENCODER, OTHER = "made-up/float32/256", "another/float32/256"


def unit(seed: int, count: int = 1, dimensions: int = DEFAULT_DIMENSIONS) -> np.ndarray:
    """Vectors of length 1, of numbers that half precision can hold."""
    rows = np.random.default_rng(seed).normal(size=(count, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)


def many_papers(count: int) -> list[Paper]:
    """Rows without the catalogue's work: what matters here is how many there are."""
    return Paper.objects.bulk_create(
        Paper(title=f"Paper {n}", title_key=f"paper{n}", source="file", text_hash=f"{n:064}") for n in range(count)
    )


@pytest.fixture
def library():
    """1,500 papers with random vectors: (papers, vectors)."""
    papers, rows = many_papers(1500), unit(1, 1500)
    vectors.store(ENCODER, papers, rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE papers_embedding; ANALYZE papers_paper")
    return papers, rows


@pytest.fixture
def by_index():
    """Let PostgreSQL use the HNSW index wherever it can, as it does for a large catalogue."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")


def true_order(query, papers, rows):
    return [papers[index].pk for index in np.argsort(-(rows @ query), kind="stable")]


def test_nearest_is_exact_with_the_cosine_beside_it(library, by_index):
    papers, rows = library
    (query,) = unit(2)
    found = vectors.nearest(query, Paper.objects.all(), 10, ENCODER)
    assert [pk for pk, _ in found] == true_order(query, papers, rows)[:10]
    assert [cosine for _, cosine in found] == pytest.approx(sorted(rows @ query, reverse=True)[:10], abs=1e-4)


def test_nearest_looks_only_among_the_papers_given(library):
    papers, rows = library
    (query,) = unit(3)
    some = papers[::7]
    among = Paper.objects.filter(pk__in=[paper.pk for paper in some]).order_by("-title")
    found = vectors.nearest(query, among, 10, ENCODER, without=[some[0].pk])
    assert [pk for pk, _ in found] == true_order(query, some[1:], rows[::7][1:])[:10]


def test_a_filter_never_makes_the_answer_short(library, by_index):
    papers, _ = library
    random = np.random.default_rng(4)
    for query in unit(5, 25):
        chosen = [papers[index].pk for index in random.choice(len(papers), size=12, replace=False)]
        assert len(vectors.nearest(query, Paper.objects.filter(pk__in=chosen), 10, ENCODER)) == 10


def test_of_all_papers_the_index_finds_nearly_the_true_ones(library, by_index):
    papers, rows = library
    hits = 0
    for query in unit(6, 20):
        found = vectors.nearest_of_all(query, 10, ENCODER)
        assert len({pk for pk, _ in found}) == 10
        hits += len({pk for pk, _ in found} & set(true_order(query, papers, rows)[:10]))
    assert hits / 200 >= 0.9


def test_the_index_is_what_answers_for_all_papers(library, by_index, django_assert_num_queries):
    with django_assert_num_queries(4) as asked:  # savepoint, the settings, the question, release
        vectors.nearest_of_all(unit(7)[0], 10, ENCODER)
    question = next(query["sql"] for query in asked if "<=>" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + question)
        assert "embedding_nearest" in str(cursor.fetchall())


def test_vectors_of_another_encoder_neither_answer_nor_crowd_out(library, by_index):
    papers, rows = library
    few = papers[:5]
    vectors.store(OTHER, few, -rows[:5])
    # The 1,500 of the first encoder are all nearer: an index scan alone would run dry.
    (query,) = rows[:1]
    assert {pk for pk, _ in vectors.nearest_of_all(query, 5, OTHER)} == {paper.pk for paper in few}


def test_where_the_index_gives_up_every_vector_is_read(library, by_index):
    papers, rows = library
    vectors.store(OTHER, papers[:5], -rows[:5])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL hnsw.max_scan_tuples = 1")  # as among millions
    assert len(vectors.nearest_of_all(rows[0], 5, OTHER)) == 5


@pytest.mark.django_db(transaction=True)
def test_the_settings_for_one_question_end_with_it():
    papers = many_papers(3)
    vectors.store(ENCODER, papers, unit(8, 3))
    vectors.nearest_of_all(unit(8)[0], 3, ENCODER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('hnsw.iterative_scan'), current_setting('hnsw.ef_search')")
        assert cursor.fetchone() == ("off", "40")


def test_fewer_papers_than_asked_for_are_all_given():
    papers = many_papers(3)
    vectors.store(ENCODER, papers, unit(9, 3))
    assert len(vectors.nearest_of_all(unit(10)[0], 10, ENCODER)) == 3
    assert vectors.nearest(unit(10)[0], Paper.objects.none(), 10, ENCODER) == []


def test_related_papers_are_the_nearest_others(library):
    papers, rows = library
    found = vectors.related(papers[0], 5)
    assert [pk for pk, _ in found] == true_order(rows[0], papers, rows)[1:6]


def test_related_papers_of_a_list_are_all_listed():
    paper_list = make_list()
    papers = [make_paper() for _ in range(6)]
    vectors.store(ENCODER, papers, unit(11, 6))
    for paper in papers[:3]:
        make_entry(paper_list.categories.get(key="alpha"), paper)
    assert {pk for pk, _ in vectors.related(papers[0], 5, listed_in=paper_list)} == {p.pk for p in papers[1:3]}


def test_related_papers_are_of_the_encoder_that_looked_last_unless_one_is_named():
    first, second, third = many_papers(3)
    vectors.store(ENCODER, [first, second], unit(12, 2))
    vectors.store(OTHER, [first, third], unit(13, 2))
    assert [pk for pk, _ in vectors.related(first, 5)] == [third.pk]
    assert [pk for pk, _ in vectors.related(first, 5, encoder=ENCODER)] == [second.pk]


def test_a_paper_without_a_vector_has_no_related_papers_yet():
    assert vectors.related(make_paper(), 5) == []


def test_a_matrix_holds_the_very_numbers_that_were_stored():
    papers, rows = many_papers(3), unit(14, 3)
    vectors.store(ENCODER, papers[::-1], rows[::-1])
    ids, found = vectors.matrix(vectors.current(Paper.objects.all(), ENCODER))
    assert ids == [paper.pk for paper in papers]
    assert found.dtype == np.float32 and np.array_equal(found, rows)


def test_numbers_of_single_precision_come_back_nearly_as_they_were():
    papers = many_papers(50)
    rows = np.random.default_rng(18).normal(size=(50, DEFAULT_DIMENSIONS)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    vectors.store(ENCODER, papers, rows)
    _, found = vectors.matrix(vectors.current(Paper.objects.all(), ENCODER))
    assert np.abs(found - rows).max() <= np.abs(rows).max() / 2048
    assert np.abs((found * rows).sum(axis=1) - 1).max() < 1e-3


def test_no_rows_make_an_empty_matrix():
    ids, found = vectors.matrix(vectors.current(Paper.objects.all(), ENCODER))
    assert (ids, len(found)) == ([], 0)


def test_a_vector_of_an_earlier_text_is_not_current():
    fresh, changed = many_papers(2)
    vectors.store(ENCODER, [fresh, changed], unit(15, 2))
    Paper.objects.filter(pk=changed.pk).update(text_hash="f" * 64)
    assert [row.paper_id for row in vectors.current(Paper.objects.all(), ENCODER)] == [fresh.pk]


def test_storing_again_replaces_the_vector():
    (paper,) = many_papers(1)
    old, new = unit(16, 2)
    vectors.store(ENCODER, [paper], old[None])
    paper.text_hash = "a" * 64
    vectors.store(ENCODER, [paper], new[None])
    row = Embedding.objects.get()
    assert row.text_hash == "a" * 64
    assert np.array_equal(np.array(row.vector, dtype=np.float32), new)


def test_vectors_are_found_by_the_text_they_are_of():
    papers, rows = many_papers(2), unit(17, 2)
    vectors.store(ENCODER, papers, rows)
    found = vectors.of_texts([papers[1].text_hash, "unknown"], ENCODER)
    assert list(found) == [papers[1].text_hash]
    assert np.array_equal(found[papers[1].text_hash], rows[1])
    assert vectors.of_texts([papers[1].text_hash], OTHER) == {}


def test_an_encoder_with_longer_vectors_can_be_used():
    papers, rows = many_papers(20), unit(18, 20, dimensions=768)
    vectors.store(OTHER, papers, rows)
    found = vectors.nearest_of_all(rows[0], 5, OTHER)
    assert [pk for pk, _ in found] == true_order(rows[0], papers, rows)[:5]
