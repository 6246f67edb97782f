"""Every read that pages, API and exports share, as a vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

if TYPE_CHECKING:
    from papers.models import Paper, PaperList  # noqa: F401  (named in the base class)


class PaperQuerySet(models.QuerySet["Paper"]):
    """Questions about papers."""

    def with_identifier(self, scheme: str, value: str) -> PaperQuerySet:
        return self.filter(identifiers__scheme=scheme, identifiers__value=value)

    def matching(self, words: str) -> PaperQuerySet:
        """Papers whose title or abstract holds the words ("quoted phrases", -without, or), best first."""
        query = SearchQuery(words, search_type="websearch", config="english")
        return self.filter(search=query).order_by(SearchRank(F("search"), query).desc(), "-id")

    def listed_in(self, paper_list: PaperList) -> PaperQuerySet:
        return self.filter(Exists(_entries().filter(paper=OuterRef("pk"), category__list=paper_list)))

    def not_listed_in(self, paper_list: PaperList) -> PaperQuerySet:
        return self.filter(~Exists(_entries().filter(paper=OuterRef("pk"), category__list=paper_list)))

    def awaiting_review(self, paper_list: PaperList) -> PaperQuerySet:
        """Papers nobody has decided on for this list, and deferred ones whose day has come."""
        from papers.models import Review

        reviews = Review.objects.filter(list=paper_list, paper=OuterRef("pk"))
        closed = reviews.exclude(state="open").exclude(_due())
        return self.not_listed_in(paper_list).filter(~Exists(closed), withdrawn=False)

    def without_embedding(self, encoder: str) -> PaperQuerySet:
        """Papers whose current text has no vector under this encoder."""
        from papers.models import Embedding

        current = Embedding.objects.filter(paper=OuterRef("pk"), encoder=encoder, text_hash=OuterRef("text_hash"))
        return self.filter(~Exists(current))

    def without_suggestion(self, paper_list: PaperList, head: str) -> PaperQuerySet:
        """Papers whose current text this head has not yet spoken on."""
        from papers.models import Suggestion

        current = Suggestion.objects.filter(
            paper=OuterRef("pk"), list=paper_list, head=head, text_hash=OuterRef("text_hash")
        )
        return self.filter(~Exists(current))

    def for_pages(self) -> PaperQuerySet:
        """With what a row of papers shows, in a fixed number of queries."""
        return self.prefetch_related(
            "identifiers", "facts", "entries__category__list", "entries__category__texts__document"
        )


def _entries() -> Any:
    from papers.models import Entry

    return Entry.objects.all()


def _due() -> Q:
    return Q(state="deferred", until__lte=timezone.localdate())
