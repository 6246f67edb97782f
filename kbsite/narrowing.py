"""Which part of a review queue somebody wants, in the words of an address: for the queue's pages and the API alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, QueryDict

from kbsite.api.filters import FlagFilter, IdFilter, ListFilter, ProbabilityFilter, SlugFilter
from kbsite.filters import AboutPapers
from papers import cards
from papers.models import Paper, PaperList, SavedView, Suggestion
from papers.querysets import awaiting
from papers.queue import ORDERS, RELEVANCE, Narrowing, Queue


class QueueFilters(AboutPapers):
    """Questions about the papers of a queue, and how relevant the classifier finds them."""

    relevance_min = ProbabilityFilter(method="together", label="At least this relevant")
    relevance_max = ProbabilityFilter(method="together", label="At most this relevant")

    class Meta:
        model = Suggestion
        fields: tuple[str, ...] = ()

    @cached_property
    def narrowing(self) -> Narrowing:
        """What was asked, as a condition; what makes no sense is not in it."""
        self.form.is_valid()
        value = {name: self.value[name] for name in QueueFilters.base_filters if name in self.value}
        condition = Q()
        if value.keys() & AboutPapers.base_filters.keys():
            condition &= Q(paper__in=self._papers(value).order_by().values("pk"))
        if "relevance_min" in value:
            condition &= Q(relevance__gte=value["relevance_min"])
        if "relevance_max" in value:
            condition &= Q(relevance__lte=value["relevance_max"])
        return Narrowing(condition, {name: str(self.data[name]).strip() for name in value})

    def _papers(self, value: Mapping[str, Any]) -> Any:
        found: Any = Paper.objects.all()
        for name in AboutPapers.base_filters:
            if name in value:
                found = self.filters[name].filter(found, value[name])
        return found.matching(value["q"]) if "q" in value else found


class SuggestionFilters(QueueFilters):
    """Which suggestions the API lists: with `awaiting` a queue, narrowed as its page is."""

    list = ListFilter(label="Slug of a list")
    category = SlugFilter(field_name="category__key", label="Key of the most probable category")
    paper = IdFilter(field_name="paper", label="Id of a paper")
    awaiting = FlagFilter(method="together", label="Whether a review queue holds it")

    class Meta:
        model = Suggestion
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: Any) -> Any:
        found = queryset.filter(self.narrowing.condition)
        for name in ("list", "category", "paper"):
            found = self.filters[name].filter(found, self.form.cleaned_data[name])
        wanted = self.form.cleaned_data["awaiting"]
        if wanted is None:
            return found
        return found.filter(awaiting() if wanted else ~awaiting())


def narrowing_of(words: Mapping[str, Any]) -> Narrowing:
    """Return the narrowing that these words ask for."""
    return QueueFilters(words).narrowing


def queue_of(request: HttpRequest, paper_list: PaperList) -> Queue:
    """Return the queue that a page was asked for; what makes no sense is not heeded.

    A form says it by its address, as a link does: its fields are about something else.
    """
    return asked_queue(paper_list, request.user, request.GET)


def asked_queue(paper_list: PaperList, user: Any, words: QueryDict | Mapping[str, str]) -> Queue:
    """Return a list's queue as these words ask for it."""
    key, order = words.get("category", ""), words.get("order", "")
    category = key if any(key == category.key for category in cards.categories(paper_list)) else ""
    return Queue(paper_list, user, category, order if order in ORDERS else RELEVANCE, narrowing_of(words))


def waiting_in(views: Iterable[SavedView]) -> dict[int, int]:
    """Return how many papers wait in each of these views, by its primary key, in one query for all of them."""
    counts = {f"in_{view.pk}": Count("pk", filter=_condition(view)) for view in views}
    if not counts:
        return {}
    lists = {view.list_id for view in views}
    found = Suggestion.objects.filter(awaiting(), list__in=lists).aggregate(**counts)
    return {int(name.removeprefix("in_")): count for name, count in found.items()}


def _condition(view: SavedView) -> Q:
    key = view.words.get("category")
    of_category = Q(category__key=key) if key else Q()
    return Q(list=view.list_id) & of_category & narrowing_of(view.words).condition


def words_of(queue: Queue) -> dict[str, str]:
    """Return the words of an address that ask for this queue."""
    order = "" if queue.order == RELEVANCE else queue.order
    said = {"category": queue.category, "order": order, **queue.narrowed.words}
    return {name: text for name, text in said.items() if text}
