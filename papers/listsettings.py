"""What a list.toml says of a list: taken over at every import, fixed by curators, and told again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser

from papers import acts, glossary
from papers.models import Act, Category, Order, PaperList
from papers.readme.listfile import NAME, CategorySetting, ListFile, TopicSetting


def take_over(paper_list: PaperList, listfile: ListFile, user: AbstractBaseUser | None = None) -> None:
    """Keep what the file says columns mean, and its translations of tags; what it does not mention stays."""
    if listfile.columns and paper_list.columns != dict(listfile.columns):
        paper_list.columns = dict(listfile.columns)
        paper_list.save(update_fields=["columns"])
    for language, words in listfile.glossary.items():
        glossary.say(paper_list, language, words, user)


def fix_orders(paper_list: PaperList, orders: Mapping[str, str], user: AbstractBaseUser | None) -> None:
    """Fix how the rows of sections follow each other, by their key; "" leaves it as the rows are."""
    with acts.act(paper_list, user, Act.Kind.SETTINGS):
        for category in paper_list.categories.all():
            order = orders.get(category.key, category.order)
            if order != category.order and order in ("", *Order.values):
                Category.objects.filter(pk=category.pk).update(order=order)


def want_second_opinion(paper_list: PaperList, is_wanted: bool, user: AbstractBaseUser | None) -> None:
    """Say whether a paper wants the same word of two curators."""
    with acts.act(paper_list, user, Act.Kind.SETTINGS):
        paper_list.second_opinion = is_wanted
        paper_list.save(update_fields=["second_opinion"])


def take_proposals(paper_list: PaperList, is_wanted: bool, user: AbstractBaseUser | None) -> None:
    """Open or close the form by which authors propose papers."""
    with acts.act(paper_list, user, Act.Kind.SETTINGS):
        paper_list.takes_proposals = is_wanted
        paper_list.save(update_fields=["takes_proposals"])


def say_criterion(category: Category, words: str, user: AbstractBaseUser | None) -> None:
    """Say in the curators' own words what belongs into a category; "" leaves it to the README."""
    with acts.act(category.list, user, Act.Kind.SETTINGS):
        category.criterion = words.strip()
        category.save(update_fields=["criterion"])


def settings_of(paper_list: PaperList, topics: tuple[TopicSetting, ...] = ()) -> ListFile:
    """Return what the list.toml of a list would say now; the checks before publishing are in no table, so not these.

    The list must have a README.
    """
    documents = list(paper_list.documents.defer("source"))
    categories = tuple(
        CategorySetting(
            category.key,
            tuple(dict.fromkeys([category.name, *(text.name for text in category.texts.all())])),
            category.order,
        )
        for category in paper_list.categories.prefetch_related("texts__document")
    )
    return ListFile(
        Path(NAME),
        paper_list.slug,
        paper_list.name,
        paper_list.homepage,
        {document.language: document.path for document in documents},
        categories,
        topics,
        columns=paper_list.columns,
        glossary={each.language: glossary.own(paper_list, each.language) for each in documents[1:]},
    )
