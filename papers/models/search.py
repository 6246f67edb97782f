"""What searching reads: the words of papers, those of titles for misspelt ones, and the vectors of queries.

All of it follows from other tables, and could be made again of them.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from pgvector.django import HalfVectorField

from papers.models.papers import Paper

PENDING = 256  # kB of an index that a search may have to read through before it is merged: some 0.1 ms


class SearchText(models.Model):
    """The words of one paper, apart from it: a search reads many of these rows, and a paper's are long.

    Triggers write it in the transaction that writes the paper or an entry of it, so nothing here writes it
    (migration 0017, which says what a word is). `body` is kept outside of the row.
    """

    paper = models.OneToOneField(Paper, on_delete=models.CASCADE, primary_key=True, related_name="search")
    day = models.DateField(null=True, help_text="Of publication")
    title = SearchVectorField(help_text="Of the title, and of titles and nicknames in lists")
    names = SearchVectorField(help_text="Of the authors, unstemmed")
    body = SearchVectorField(help_text="All words: title A, abstract B, authors C, what lists say in any language D")

    class Meta:
        indexes = [
            # The newest with words that many have: a search need not see them all.
            models.Index(models.F("day").desc(nulls_last=True), models.F("paper").desc(), name="search_newest"),
            GinIndex(fields=["title"], name="search_title", gin_pending_list_limit=PENDING),
            GinIndex(fields=["names"], name="search_names", gin_pending_list_limit=PENDING),
            GinIndex(fields=["body"], name="search_body", gin_pending_list_limit=PENDING),
        ]

    def __str__(self) -> str:
        return f"words of {self.paper_id}"


class SearchWord(models.Model):
    """A word of some title, by which a misspelt one is put right (papers/search/spelling.py)."""

    word = models.CharField(max_length=32, primary_key=True)
    gaps = ArrayField(models.CharField(max_length=32), help_text="The word, and it without each of its letters")
    papers = models.PositiveIntegerField(help_text="Whose titles have it, as counted when they came")
    last_paper = models.BigIntegerField(help_text="The last one counted", db_index=True)

    class Meta:
        indexes = [GinIndex(fields=["gaps"], name="search_word_gaps")]

    def __str__(self) -> str:
        return self.word


class QueryVector(models.Model):
    """The vector of what somebody searched for, as the query encoder answered it (papers/search/meaning.py)."""

    text = models.CharField(max_length=400, primary_key=True)
    encoder = models.CharField(max_length=200)
    vector = HalfVectorField()
    made_at = models.DateTimeField(auto_now=True, db_index=True)

    def __str__(self) -> str:
        return self.text
