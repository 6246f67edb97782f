"""Brings a language in step with the primary one: rows that are missing, their order, and tags that await it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet

from papers import acts, entries
from papers.following import Languages, Shown, retranslated
from papers.languages import misplaced
from papers.models import Act, Category, Document, Entry, EntryChange, EntryText, PaperList
from papers.readme import placement
from papers.texts import fields_of


@dataclass(slots=True)
class Report:
    """What bringing a language in step did, in rows."""

    filled: int = 0
    filled_in_primary: int = 0
    reordered: int = 0
    homeless: int = 0  # could not be filled in, as the README has no section for them

    @property
    def changed(self) -> int:
        """How many rows are new or stand elsewhere."""
        return self.filled + self.filled_in_primary + self.reordered


def bring_in_step(document: Document, user: AbstractBaseUser | None) -> Report:
    """Give a language and the primary one every entry that they have a section for, and the primary one's order.

    Rows that are filled in are made from another language and flagged as untranslated. No row is taken away. In
    one transaction, with history.
    """
    report = Report()
    with acts.act(document.list, user, Act.Kind.IN_STEP, document.path):
        paper_list = PaperList.objects.select_for_update().get(pk=document.list_id)
        primary = paper_list.documents.get(is_primary=True)
        report.filled_in_primary = len(fill(primary, user))
        if not document.is_primary:
            new = fill(document, user)
            report.filled = len(new)
            report.reordered = _reorder(document, primary, {text.entry_id for text in new}, user)
        lacking = Entry.objects.filter(category__list=paper_list).exclude(texts__document=document)
        report.homeless = lacking.exclude(category__texts__document=document).count()
    return report


def fill(document: Document, user: AbstractBaseUser | None) -> list[EntryText]:
    """Add the rows that a document lacks and has a section for, where its order wants them, and return them."""
    documents = list(document.list.documents.all())
    lacking = Entry.objects.filter(category__list=document.list_id, category__texts__document=document)
    lacking = lacking.exclude(pk__in=document.texts.values("entry")).select_related("category", "paper")
    by_category: defaultdict[Category, list[Entry]] = defaultdict(list)
    for entry in lacking.prefetch_related("paper__identifiers").order_by("category", "pk"):
        by_category[entry.category].append(entry)
    shown = _shown(documents, [entry for missing in by_category.values() for entry in missing])
    added: list[EntryText] = []
    for category, missing in by_category.items():
        languages = Languages(documents, category)
        made = [entries.filled(entry, document, shown[entry.pk], languages, user) for entry in missing]
        texts = EntryText.objects.bulk_create(text for text, _ in made)
        EntryChange.objects.bulk_create(change for _, change in made)
        placement.place_all(document, category, texts)
        added += texts
    return added


def translate_tags(document: Document, user: AbstractBaseUser | None) -> int:
    """Translate the tags that await it as far as the glossary goes by now; return how many rows that changed."""
    with acts.act(document.list, user, Act.Kind.WORDS, document.path):
        PaperList.objects.select_for_update().get(pk=document.list_id)
        return _translate_tags(document, user)


def _translate_tags(document: Document, user: AbstractBaseUser | None) -> int:
    documents = list(document.list.documents.all())
    waiting = document.texts.select_for_update(of=("self",)).filter(untranslated__contains=["tags"])
    waiting = waiting.select_related("entry__category", "entry__paper")
    shown = _shown(documents, [text.entry for text in waiting])
    languages = {category: Languages(documents, category) for category in {text.entry.category for text in waiting}}
    texts, changes = [], []
    for text in waiting:
        source = next((each for each in shown[text.entry_id] if "tags" not in each.untranslated), None)
        if source is None:
            continue
        before, spoken = Shown.of(text), (source.document.language, document.language)
        after = retranslated(before, "tags", fields_of(source), *spoken, languages[text.entry.category])
        if after != before:
            text.tags, text.untranslated = list(after.fields.tags), list(after.untranslated)
            texts.append(text)
            told = [{document.language: each.fields.as_json()} for each in (before, after)]
            changes.append(
                EntryChange(
                    list=document.list,
                    paper=text.entry.paper,
                    verb=EntryChange.Verb.EDIT,
                    before=told[0],
                    after=told[1],
                    user=user,  # type: ignore[misc]
                )
            )
    EntryText.objects.bulk_update(texts, ["tags", "untranslated"])
    EntryChange.objects.bulk_create(changes)
    return len(texts)


def _shown(documents: Sequence[Document], missing: Sequence[Entry]) -> dict[int, list[EntryText]]:
    """What the documents show of these entries, the primary one first."""
    by_pk = {document.pk: document for document in documents}
    found: defaultdict[int, list[EntryText]] = defaultdict(list)
    for text in EntryText.objects.filter(entry__in=missing).order_by("-document__is_primary", "document__language"):
        text.document = by_pk[text.document_id]
        found[text.entry_id].append(text)
    return found


def _reorder(document: Document, primary: Document, new: AbstractSet[int], user: AbstractBaseUser | None) -> int:
    """Order the rows of each category as in the primary language; return how many that are not new had to move."""
    order = {entry: place for place, entry in enumerate(_in_order(primary).values_list("entry_id", flat=True))}
    by_category: defaultdict[int, list[EntryText]] = defaultdict(list)
    for text in _in_order(document).select_related("entry__category", "entry__paper"):
        by_category[text.entry.category_id].append(text)
    changes: list[EntryChange] = []
    for texts in by_category.values():
        stood = [text.entry_id for text in texts if text.entry_id in order and text.entry_id not in new]
        moved = set(misplaced(stood, order))
        if moved or any(text.entry_id in new for text in texts):
            ordered = _ordered(texts, order)
            changes += _told(document, texts, ordered, moved, user)
            for number, text in enumerate(ordered, 1):
                text.position = float(number)
            EntryText.objects.bulk_update(ordered, ["position"])
    EntryChange.objects.bulk_create(changes)
    return len(changes)


def _in_order(document: Document) -> QuerySet[EntryText]:
    return document.texts.order_by("position", "pk")


def _ordered(texts: Sequence[EntryText], order: Mapping[int, int]) -> list[EntryText]:
    """The rows in this order; one that it does not know stays behind the row that it stood behind."""
    ranks: list[tuple[int, int, EntryText]] = []
    rank = -1
    for number, text in enumerate(texts):
        rank = order.get(text.entry_id, rank)
        ranks.append((rank, number, text))
    return [text for _, _, text in sorted(ranks, key=lambda each: each[:2])]


def _told(
    document: Document,
    before: Sequence[EntryText],
    after: Sequence[EntryText],
    moved: AbstractSet[int],
    user: AbstractBaseUser | None,
) -> Iterator[EntryChange]:
    """How the history tells of the rows that moved: what they stood behind, and what they stand behind."""
    stood, stands = _titles_above(before), _titles_above(after)
    for text in after:
        if text.entry_id in moved:
            where = {"category": text.entry.category.key, "language": document.language}
            yield EntryChange(
                list=document.list,
                paper=text.entry.paper,
                verb=EntryChange.Verb.MOVE,
                before=where | {"behind": stood[text.entry_id]},
                after=where | {"behind": stands[text.entry_id]},
                user=user,  # type: ignore[misc]
            )


def _titles_above(texts: Sequence[EntryText]) -> dict[int, str]:
    """The title of the row above each, by entry; empty for the first."""
    titles = ["", *(text.title for text in texts)]
    return {text.entry_id: above for text, above in zip(texts, titles, strict=False)}
