"""Papers and what sources say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Cast
from django.db.models.lookups import Exact
from pgvector.django import HalfVectorField, HnswIndex

from papers import identity
from papers.querysets import PaperQuerySet
from papers.records import Identifier

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from papers.models.lists import Entry, EntryChange
    from papers.models.reviews import Decision, Review, Suggestion

DEFAULT_DIMENSIONS = 384  # of the bundled encoder; only vectors of this size are indexed


def nobody() -> dict[str, str]:
    """The default of `Paper.told_by`."""
    return {}


class Paper(models.Model):
    """A paper, made of its source records: the most authoritative source wins, field by field (see authority.py)."""

    title = models.TextField()
    title_key = models.TextField(db_index=True, help_text="The title as letters and digits only")
    abstract = models.TextField(blank=True)
    authors = ArrayField(models.TextField(), default=list, blank=True)
    subjects = ArrayField(models.TextField(), default=list, blank=True, help_text="arXiv subjects, primary first")
    published = models.DateField(null=True, blank=True, help_text="Day of the first version")
    updated = models.DateField(null=True, blank=True, help_text="Day of the current version")
    version = models.PositiveSmallIntegerField(null=True, blank=True)
    comment = models.TextField(blank=True)
    journal_ref = models.TextField(blank=True)
    withdrawn = models.BooleanField(default=False)
    source = models.CharField(max_length=200, help_text="The source whose record is shown")
    told_by = models.JSONField(
        default=nobody, blank=True, help_text="Field -> the lesser source that told it, where `source` says nothing"
    )
    text_hash = models.CharField(max_length=64, help_text="SHA-256 of the text that is embedded")
    added_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = PaperQuerySet.as_manager()
    if TYPE_CHECKING:
        decisions: RelatedManager[Decision]
        embeddings: RelatedManager[Embedding]
        entries: RelatedManager[Entry]
        entry_changes: RelatedManager[EntryChange]
        identifiers: RelatedManager[IdentifierRow]
        facts: RelatedManager[Fact]
        merges: RelatedManager[Merge]
        reviews: RelatedManager[Review]
        source_records: RelatedManager[SourceRecord]
        suggestions: RelatedManager[Suggestion]

    class Meta:
        ordering = ["-published", "-id"]
        indexes = [
            models.Index(models.F("published").desc(nulls_last=True), models.F("id").desc(), name="paper_newest"),
            GinIndex(fields=["subjects"], name="paper_subjects"),
            GinIndex(fields=["authors"], name="paper_authors"),
            models.Index(fields=["added_at"], name="paper_added"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(title=""), name="paper_has_title"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def text(self) -> str:
        """The text that is embedded and classified."""
        return f"{self.title}\n{self.abstract}".strip()

    @property
    def main_identifier(self) -> Identifier:
        """The identifier people know the paper by: arXiv first, any other address last."""
        order = {scheme: rank for rank, scheme in enumerate(("arxiv", "doi", "acl", "openreview", "url"))}
        rows = sorted(self.identifiers.all(), key=lambda row: order.get(row.scheme, 9))
        return Identifier(rows[0].scheme, rows[0].value)

    @property
    def link(self) -> str:
        """Where the paper is read."""
        return identity.link(self.main_identifier)


class IdentifierRow(models.Model):
    """One identifier of one paper; no two papers share one."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=16)
    value = models.TextField()

    class Meta:
        db_table = "papers_identifier"
        constraints = [models.UniqueConstraint(fields=["scheme", "value"], name="identifier_unique")]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


class SourceRecord(models.Model):
    """The last thing one source said of one paper, as a hash: an equal hash writes nothing."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="source_records")
    source = models.CharField(max_length=200, help_text="arxiv, huggingface, …, or peer:owner/name of another list")
    content_hash = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of the paper, as this source knows it")
    first_seen = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["paper", "source"], name="source_record_unique")]

    def __str__(self) -> str:
        return f"{self.source} on {self.paper_id}"


class Fact(models.Model):
    """One enriched value of a paper, with its source and when it was observed. Proposals, never list data."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="facts")
    kind = models.CharField(max_length=32)  # code, upvotes, stars, tldr, keywords, …
    source = models.CharField(max_length=200)
    value = models.JSONField()
    observed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["paper", "kind", "source"], name="fact_unique")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.paper_id} by {self.source}"


class EarlierCount(models.Model):
    """What a fact that counts (upvotes, stars, citations) said before a day on which it changed.

    Written only when a count changes (papers/momentum.py), so that of the many that never do nothing is kept.
    """

    fact = models.ForeignKey(Fact, on_delete=models.CASCADE, db_index=False, related_name="earlier")
    day = models.DateField(help_text="On which it was first told otherwise")
    value = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fact", "day"], name="earlier_count_unique")]

    def __str__(self) -> str:
        return f"{self.value} of {self.fact_id} on {self.day}"


class Embedding(models.Model):
    """The unit vector of a paper's text under one encoder; stale when text_hash differs from the paper's.

    Its numbers are kept in sixteen bits, half the space and reading: a cosine changes by some 1e-5, and no order that
    means anything.
    """

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="embeddings")
    encoder = models.CharField(max_length=200, help_text="Model, precision and length: vectors of two never mix")
    text_hash = models.CharField(max_length=64)
    vector = HalfVectorField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["paper", "encoder"], name="embedding_unique")]
        indexes = [
            HnswIndex(
                OpClass(Cast("vector", HalfVectorField(dimensions=DEFAULT_DIMENSIONS)), name="halfvec_cosine_ops"),
                name="embedding_nearest",
                # Vectors of another size cannot be cast, and are compared exactly instead.
                condition=models.Q(
                    Exact(
                        models.Func("vector", function="vector_dims", output_field=models.IntegerField()),
                        DEFAULT_DIMENSIONS,
                    )
                ),
                m=16,
                ef_construction=64,
            )
        ]

    def __str__(self) -> str:
        return f"{self.encoder} of {self.paper_id}"


class Merge(models.Model):
    """Two stored papers that turned out to be one: what was paper `old_id` is `paper` now.

    Everything that hung on the old one hangs on `paper`. Its addresses lead there, and `was` keeps what it said.
    """

    old_id = models.BigIntegerField(unique=True)
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="merges")
    source = models.CharField(max_length=200, help_text="The source that told it")
    why = models.TextField(help_text="The identifiers that belong together, as the source says")
    note = models.TextField(blank=True, help_text="What the two did not agree on, and what stands now")
    was = models.JSONField(help_text="The old paper's fields and identifiers")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.old_id} is {self.paper_id}"
