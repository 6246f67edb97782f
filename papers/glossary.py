"""How a list translates its own tags: learnt from the entries that stand in both languages."""

from __future__ import annotations

from collections import Counter, defaultdict

from papers.models import Document, EntryText


def tags(primary: Document, other: Document) -> dict[str, str]:
    """Return primary tag -> the other language's tag, by how the list itself most often pairs them.

    Only entries with as many tags in both languages are read: their tags stand in the same order.
    """
    pairs: defaultdict[str, Counter[str]] = defaultdict(Counter)
    theirs = dict(EntryText.objects.filter(document=other).values_list("entry_id", "tags"))
    untranslated = set(
        EntryText.objects.filter(document=other, untranslated__contains=["tags"]).values_list("entry_id", flat=True)
    )
    for entry_id, own in EntryText.objects.filter(document=primary).values_list("entry_id", "tags"):
        translated = theirs.get(entry_id, [])
        if entry_id not in untranslated and len(own) == len(translated):
            for tag, translation in zip(own, translated, strict=True):
                pairs[tag][translation] += 1
    return {tag: counts.most_common(1)[0][0] for tag, counts in pairs.items()}
