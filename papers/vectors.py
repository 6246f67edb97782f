"""Every question about vectors: which papers are nearest, and the vectors themselves as arrays.

Two ways to the nearest neighbours. Ordering by the bare column reads every candidate and is exact; PostgreSQL
cannot use the HNSW index for it. Ordering by the column cast to the indexed size uses the index, which is fast
and approximate, and which under a filter may run dry before it has enough rows (pgvector's README, "Filtering").

Vectors are stored in half precision and read as single: each number comes back within 1/2048 of itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from django.db import connection, transaction
from django.db.models import BinaryField, F, Func, IntegerField, QuerySet
from django.db.models.functions import Cast
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.django import CosineDistance, HalfVectorField

from papers import merging
from papers.models import Embedding, Paper
from papers.models.papers import DEFAULT_DIMENSIONS

if TYPE_CHECKING:
    from papers.models import PaperList

Array: TypeAlias = NDArray[np.float32]
Neighbours: TypeAlias = list[tuple[int, float]]  # (paper id, cosine similarity), nearest first

FEW = 10_000  # papers whose vectors are all read in some 10 ms; the index would look at many others in vain
SEARCH_BREADTH = 100  # candidates HNSW keeps; 0.99 of the true ten nearest at 100,000 vectors (measured)
_SETTINGS = f"SET LOCAL hnsw.iterative_scan = strict_order; SET LOCAL hnsw.ef_search = {SEARCH_BREADTH:d}"


def nearest(
    vector: Sequence[float] | Array,
    among: QuerySet[Paper],
    limit: int,
    encoder: str,
    without: Collection[int] | QuerySet[Any, Any] = (),
) -> Neighbours:
    """Return the papers of `among` whose vectors under this encoder are nearest, exactly.

    Reads the vector of every paper in `among`: right for a list, a search result, some ten thousand papers.
    """
    rows = _candidates(among, encoder, without)
    return _closest(rows.annotate(distance=CosineDistance("vector", _vector(vector))), limit)


def nearest_of_all(
    vector: Sequence[float] | Array,
    limit: int,
    encoder: str,
    without: Collection[int] | QuerySet[Any, Any] = (),
) -> Neighbours:
    """Return the nearest papers of the whole catalogue by the index; exactly where the index finds too few.

    `without` are keys of papers, or a query for them.
    """
    everything = Paper.objects.all()
    if len(vector) != DEFAULT_DIMENSIONS:
        return nearest(vector, everything, limit, encoder, without)
    found = _by_index(vector, limit, encoder, without)
    return found if len(found) == limit else nearest(vector, everything, limit, encoder, without)


def nearest_among(vector: Sequence[float] | Array, among: QuerySet[Paper], limit: int, encoder: str) -> Neighbours:
    """Return the nearest papers of `among`, however many these are: as many as asked for, where there are so many.

    Exactly where they are few, which is also fast; else by the index, which goes on until it has found enough of them
    (pgvector's README, "Iterative Index Scans"), and exactly again where it gives up before.
    """
    if not among.query.where:
        return nearest_of_all(vector, limit, encoder)
    if len(vector) == DEFAULT_DIMENSIONS and among.order_by()[: FEW + 1].count() > FEW:
        found = _by_index(vector, limit, encoder, among=among)
        if len(found) == limit:
            return found
    return nearest(vector, among, limit, encoder)


def related(paper: Paper, limit: int, listed_in: PaperList | None = None, encoder: str | None = None) -> Neighbours:
    """Return the papers nearest to this one, of the whole catalogue or of one list; none while it has no vector.

    Without an encoder it is the one that looked at this paper last: the site knows no encoder by itself.
    """
    own = Embedding.objects.filter(paper=paper).order_by("-pk")
    row = (own.filter(encoder=encoder) if encoder else own).first()
    if row is None:
        return []
    if listed_in is not None:
        listed = Paper.objects.listed_in(listed_in)
        return nearest(row.vector, listed, limit, row.encoder, without=[paper.pk])
    return nearest_of_all(row.vector, limit, row.encoder, without=[paper.pk])


def like(paper: Paper, limit: int) -> tuple[Neighbours, Neighbours]:
    """Return the papers nearest to this one, those that stand in a list and those that stand in none.

    None while it has no vector; by the encoder that looked at it last. Listed ones are compared exactly, all others by
    the index. The vector itself never leaves the database, where it would be written as text and read twice.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, encoder, vector_dims(vector) FROM papers_embedding"
            " WHERE paper_id = %s ORDER BY id DESC LIMIT 1",
            [paper.pk],
        )
        own = cursor.fetchone()
        if own is None:
            return [], []
        asked = {"own": own[0], "encoder": own[1], "paper": paper.pk, "limit": limit}
        cursor.execute(_SETTINGS)
        listed = _nearest_to(cursor, "vector", "IN", asked)
        if own[2] == DEFAULT_DIMENSIONS:
            others = _nearest_to(cursor, f"vector::halfvec({DEFAULT_DIMENSIONS})", "NOT IN", asked)
            if len(others) == limit:
                return listed, others
        return listed, _nearest_to(cursor, "vector", "NOT IN", asked)


def _nearest_to(cursor: Any, vector: str, listed: str, asked: dict[str, Any]) -> Neighbours:
    """Ask for the papers in lists, or not, that are nearest to `own`; a vector that is cast is found by the index."""
    own = f"(SELECT {vector} FROM papers_embedding WHERE id = %(own)s)"  # noqa: S608  constants
    size = f"vector_dims(vector) = {DEFAULT_DIMENSIONS}" if "::" in vector else "true"
    cursor.execute(
        f"SELECT paper_id, 1 - ({vector} <=> {own}) FROM papers_embedding"  # noqa: S608  constants
        f" WHERE encoder = %(encoder)s AND {size} AND paper_id <> %(paper)s"
        f" AND paper_id {listed} (SELECT paper_id FROM papers_entry)"
        f" ORDER BY {vector} <=> {own} LIMIT %(limit)s",
        asked,
    )
    return list(cursor.fetchall())


def current(papers: QuerySet[Paper], encoder: str) -> QuerySet[Embedding]:
    """Return the embeddings of these papers' present texts, in the order of the papers' keys."""
    rows = Embedding.objects.filter(
        encoder=encoder, text_hash=F("paper__text_hash"), paper__in=papers.order_by().values("pk")
    )
    return rows.order_by("paper_id")


def matrix(rows: QuerySet[Embedding]) -> tuple[list[int], Array]:
    """Return (paper ids, vectors of shape (papers, dimensions)) of the rows, in their order.

    PostgreSQL sends a vector as text unless asked for its wire form, and parsing 384 decimals is most of the work.
    """
    pairs = list(rows.annotate(wire=_wire()).values_list("paper_id", "wire"))
    return [paper for paper, _ in pairs], from_wire([wire for _, wire in pairs])


def of_texts(text_hashes: Collection[str], encoder: str) -> dict[str, Array]:
    """Return the vectors that are stored for these texts, by hash, whosever texts they are."""
    rows = Embedding.objects.filter(encoder=encoder, text_hash__in=set(text_hashes))
    pairs = list(rows.annotate(wire=_wire()).values_list("text_hash", "wire"))
    return dict(zip([key for key, _ in pairs], from_wire([wire for _, wire in pairs]), strict=True))


def store(encoder: str, papers: Sequence[Paper], vectors: Array) -> None:
    """Write one vector per paper for the text it was read with; a vector of an earlier text is replaced.

    A paper that was merged into another one meanwhile is left out: the other has a text of its own.
    """
    with transaction.atomic():
        held = merging.hold([paper.pk for paper in papers])
        Embedding.objects.bulk_create(
            [
                Embedding(paper=paper, encoder=encoder, text_hash=paper.text_hash, vector=vector)
                for paper, vector in zip(papers, vectors, strict=True)
                if held.get(paper.pk) == paper.pk
            ],
            update_conflicts=True,
            unique_fields=["paper", "encoder"],
            update_fields=["text_hash", "vector"],
        )


def _by_index(
    vector: Sequence[float] | Array,
    limit: int,
    encoder: str,
    without: Collection[int] | QuerySet[Any, Any] = (),
    among: QuerySet[Paper] | None = None,
) -> Neighbours:
    """Return what the HNSW index finds; under a filter it may be fewer than there are."""
    indexed = Cast("vector", HalfVectorField(dimensions=DEFAULT_DIMENSIONS))
    rows = Embedding.objects.filter(encoder=encoder).exclude(paper__in=without)
    rows = rows.annotate(size=Func("vector", function="vector_dims", output_field=IntegerField())).filter(
        size=DEFAULT_DIMENSIONS
    )
    if among is not None:
        rows = rows.filter(paper__in=among.order_by().values("pk"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        return _closest(rows.annotate(distance=CosineDistance(indexed, _vector(vector))), limit)


def _candidates(
    among: QuerySet[Paper], encoder: str, without: Collection[int] | QuerySet[Any, Any]
) -> QuerySet[Embedding]:
    rows = Embedding.objects.filter(encoder=encoder, paper__in=among.order_by().values("pk"))
    return rows.exclude(paper__in=without)


def _closest(rows: Any, limit: int) -> Neighbours:
    found = rows.order_by("distance").values_list("paper_id", "distance")[:limit]
    return [(paper, 1.0 - distance) for paper, distance in found]


def _vector(vector: Sequence[float] | Array) -> HalfVector:
    return HalfVector(np.asarray(vector, dtype=np.float16))


def _wire() -> Func:
    return Func("vector", function="halfvec_send", output_field=BinaryField())


def from_wire(wires: Sequence[bytes | memoryview]) -> Array:
    """Return vectors from PostgreSQL's wire form: two 16-bit numbers, then big-endian 16-bit floats."""
    if not wires:
        return np.zeros((0, 0), dtype=np.float32)
    return np.stack([np.frombuffer(wire, dtype=">f2", offset=4) for wire in wires]).astype(np.float32)
