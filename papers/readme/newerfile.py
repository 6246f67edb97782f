"""A README that is to be merged, as it now is: its rows by the places in which they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from papers.models import Category, Paper
from papers.readme.merge import Place, Side
from papers.readme.reading import Shelf
from papers.readme.row import Row


@dataclass(slots=True)
class NewerFile:
    """A README as it now is: its rows by place, in its order."""

    rows: dict[Place, Row] = field(default_factory=dict)
    papers: dict[int, Paper] = field(default_factory=dict)
    categories: dict[int, Category] = field(default_factory=dict)
    said: dict[int, frozenset[str]] = field(default_factory=dict)  # by category

    @property
    def side(self) -> Side:
        """What it says, as a side of the merge."""
        return {place: row.fields for place, row in self.rows.items()}

    def category(self, pk: int) -> Category:
        """Return a category of the list, also one in which it has no rows."""
        if pk not in self.categories:
            self.categories[pk] = Category.objects.get(pk=pk)
        return self.categories[pk]

    def said_in(self, category: int) -> frozenset[str]:
        """The names of the fields that its rows of this category can tell."""
        return self.said.get(category, frozenset())


def newer_file(shelves: Iterable[Shelf], categories: Iterable[Category]) -> NewerFile:
    """Return what the shelves hold, each of which is the category beside it."""
    found = NewerFile()
    for shelf, category in zip(shelves, categories, strict=True):
        found.categories[category.pk], found.said[category.pk] = category, shelf.said
        for row, paper in shelf.rows:
            found.rows[Place(paper.pk, category.pk)], found.papers[paper.pk] = row, paper
    return found
