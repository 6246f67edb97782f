"""Two stored papers that turn out to be one: when that is believed, and how one takes over all that hangs on both.

A paper comes by several names, and what joins them may be told later: arXiv learns the DOI, Semantic Scholar knows
the number in the ACL Anthology. Whoever calls `merge` holds the lock of the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any

from django.db import connection
from django.utils import timezone

from papers import authority, entries, identity
from papers.models import (
    Decision,
    Embedding,
    Entry,
    EntryChange,
    Fact,
    Finding,
    IdentifierRow,
    Merge,
    Opinion,
    Paper,
    Proposal,
    Reading,
    Review,
    Seen,
    SourceRecord,
    Suggestion,
)
from papers.records import PaperRecord

# Of 805 rows of fifteen lists, 96 % have a title at least so like the one that arXiv has under the same number; of
# 106,000 papers, 1 % have another one whose title is.
ALIKE = 0.8


def are_alike(title: str, other: str) -> bool:
    """Return whether two titles may well be those of one paper, blind to case, accents and punctuation."""
    first, second = identity.title_key(title), identity.title_key(other)
    return first == second or SequenceMatcher(None, first, second, autojunk=False).ratio() >= ALIKE


def is_believed(record: PaperRecord, paper: Paper, other: Paper) -> bool:
    """Return whether a record that names identifiers of two stored papers shows that they are one.

    Authors give wrong DOIs, and people link the wrong paper: the titles must be alike, or one of the two is known by
    rows of READMEs only, which say no more than the link. arXiv gives a paper one number, so two numbers are two
    papers. A row itself shows nothing.
    """
    if authority.kind_of(record.source) in authority.ROWS:
        return False
    numbers = {row.value for each in (paper, other) for row in each.identifiers.all() if row.scheme == "arxiv"}
    if len(numbers | {value for scheme, value in record.identifiers if scheme == "arxiv"}) > 1:
        return False
    return _is_known_by_rows(paper) or _is_known_by_rows(other) or are_alike(paper.title, other.title)


def _is_known_by_rows(paper: Paper) -> bool:
    return authority.kind_of(paper.source) in authority.ROWS


def merge(paper: Paper, other: Paper, record: PaperRecord) -> tuple[int, Paper]:
    """Make one paper of two, within the transaction that is open; return the key that is gone, and the paper.

    The one that was stored first stays. It takes over what hangs on the other: names, sources, facts, entries,
    decisions and what follows from them. What the two did not agree on is said in the note of the merge.
    """
    kept, gone = sorted((paper, other), key=lambda each: each.pk)
    list(Paper.objects.select_for_update().filter(pk__in=[kept.pk, gone.pk]).order_by("pk").values_list("pk"))
    merge = Merge.objects.create(
        old_id=gone.pk, paper=kept, source=record.source, why=_why(record), was=_as_it_was(gone)
    )
    Merge.objects.filter(paper=gone).update(paper=kept)
    _unite_sources(kept, gone)
    _unite_facts(kept, gone)
    IdentifierRow.objects.filter(paper=gone).update(paper=kept)
    notes = [*_unite_entries(kept, gone), *_unite_reviews(kept, gone)]
    _unite_findings(kept, gone)
    Decision.objects.filter(paper=gone).update(paper=kept)
    Decision.objects.filter(duplicate_of=gone).update(duplicate_of=kept)
    EntryChange.objects.filter(paper=gone).update(paper=kept)
    Proposal.objects.filter(paper=gone).update(paper=kept)
    _unite_opinions(kept, gone)
    _unite_readings(kept, gone)
    _unite_computed(kept, gone)
    merge.note = " ".join(notes)
    merge.save(update_fields=["note"])
    old = gone.pk
    Paper.objects.get(pk=old).delete()
    kept.__dict__.pop("_prefetched_objects_cache", None)
    return old, kept


def _why(record: PaperRecord) -> str:
    return " and ".join(f"{scheme} {value}" for scheme, value in record.identifiers)


def _as_it_was(paper: Paper) -> dict[str, Any]:
    said = {name: getattr(paper, name) for name in (*authority.FIELDS, "source")}
    days = {name: said[name] and said[name].isoformat() for name in ("published", "updated")}
    return said | days | {"identifiers": [[row.scheme, row.value] for row in paper.identifiers.all()]}


def current(pk: int) -> int | None:
    """Return the paper that an old one is now, if it was merged."""
    return Merge.objects.filter(old_id=pk).values_list("paper", flat=True).first()


def hold(papers: Iterable[int]) -> dict[int, int]:
    """Keep papers from being merged while the transaction lasts; return each given key with the paper it is now."""
    wanted = set(papers)
    found = {pk: pk for pk in _locked(wanted)}
    if missing := wanted - found.keys():
        moved = dict(Merge.objects.filter(old_id__in=missing).values_list("old_id", "paper"))
        held = _locked(set(moved.values()))
        found |= {old: pk for old, pk in moved.items() if pk in held}
    return found


def _locked(papers: set[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM papers_paper WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [list(papers)])
        return {pk for (pk,) in cursor.fetchall()}


# --- what hangs on a paper ------------------------------------------------------------------------------------


def _unite_sources(kept: Paper, gone: Paper) -> None:
    """Keep the newer record of each source, and what the better of them say."""
    mine = {row.source: row for row in SourceRecord.objects.filter(paper=kept)}
    theirs = {row.source: row for row in SourceRecord.objects.filter(paper=gone)}
    newer = {
        source
        for source, row in theirs.items()
        if source not in mine
        or (row.version or 0, row.changed_at) > (mine[source].version or 0, mine[source].changed_at)
    }
    SourceRecord.objects.filter(paper=kept, source__in=newer).delete()
    SourceRecord.objects.filter(paper=gone, source__in=newer).update(paper=kept)
    versions = {source: row.version for source, row in (mine | {each: theirs[each] for each in newer}).items()}
    authority.unite(kept, gone, versions, newer)
    kept.save(update_fields=[*authority.COLUMNS, "changed_at"])


def _unite_facts(kept: Paper, gone: Paper) -> None:
    """Keep the newer value of each kind and source."""
    mine = {(fact.kind, fact.source): fact for fact in Fact.objects.filter(paper=kept)}
    for fact in Fact.objects.filter(paper=gone):
        other = mine.get((fact.kind, fact.source))
        if other is not None and other.observed_at >= fact.observed_at:
            continue
        if other is not None:
            other.delete()
        Fact.objects.filter(pk=fact.pk).update(paper=kept)


def _unite_entries(kept: Paper, gone: Paper) -> list[str]:
    """Let entries follow their paper; of two in one category one stays, and the other's words go into the history."""
    notes = []
    mine = {entry.category_id: entry for entry in Entry.objects.filter(paper=kept)}
    for entry in Entry.objects.filter(paper=gone).select_related("category__list", "paper"):
        other = mine.get(entry.category_id)
        if other is None:
            Entry.objects.filter(pk=entry.pk).update(paper=kept)
            continue
        entries.unite(other, entry)
        notes.append(
            f"In “{entry.category.list.name}” it stood twice under “{entry.category.name}”: the first row stays, "
            "the other one is in the history."
        )
    return notes


def _unite_reviews(kept: Paper, gone: Paper) -> list[str]:
    """Keep one standing in each list; a decision in force goes before none, the newer before the older.

    That a paper is listed goes before a rejection: nothing leaves a list unless somebody says so.
    """
    notes = []
    mine = {review.list_id: review for review in Review.objects.filter(paper=kept).select_related("decision", "list")}
    for theirs in Review.objects.filter(paper=gone).select_related("decision", "list"):
        own = mine.pop(theirs.list_id, None)
        if own is None:  # the row itself follows, as acts know it
            notes += _settle(theirs, Review(list=theirs.list, paper=kept), {kept.pk, gone.pk})
            theirs.paper = kept
            theirs.save()
            continue
        notes += _settle(own, theirs, {kept.pk, gone.pk})
        theirs.delete()
        own.save()
    for own in mine.values():
        notes += _settle(own, Review(list=own.list, paper=gone), {kept.pk, gone.pk})
        own.save()
    return notes


def _settle(own: Review, theirs: Review, papers: set[int]) -> list[str]:
    """Make a review stand as both say; return what is to be told of it. Saves nothing."""
    standing = [each for each in (own, theirs) if each.decision and each.decision.duplicate_of_id not in papers]
    standing.sort(key=lambda each: each.decision_id or 0, reverse=True)
    states = [each.get_state_display().lower() for each in standing]
    is_listed = Entry.objects.filter(category__list=own.list, paper__in=papers).exists()
    if is_listed:
        standing = [each for each in standing if each.state == Review.State.ACCEPTED]
    holds = standing[0] if standing else Review()
    returned = next((each for each in (holds, own, theirs) if each.returned_at), Review())
    for name in ("state", "decision", "until", "put_off_with", "rejected_with"):
        setattr(own, name, getattr(holds, name))
    for name in ("returned_for", "returned_with", "returned_at"):
        setattr(own, name, getattr(returned, name))
    now = "listed" if is_listed else own.get_state_display().lower()
    if set(states) <= {now, "accepted" if is_listed else now}:
        return []
    return [f"In “{own.list.name}” it was {' and '.join(states)}, under two records: it is {now} now."]


def _unite_opinions(kept: Paper, gone: Paper) -> None:
    """Let opinions follow; of two that one curator gave and nobody has decided on, the one on the kept paper stays.

    That one of the two is a duplicate of the other is settled by their merge.
    """
    mine = set(Opinion.objects.filter(paper=kept, decision=None).values_list("list", "user"))
    for opinion in Opinion.objects.filter(paper=gone):
        if opinion.decision_id is None and (opinion.list_id, opinion.user_id) in mine:
            opinion.delete()
        else:
            Opinion.objects.filter(pk=opinion.pk).update(paper=kept)
    Opinion.objects.filter(duplicate_of=gone).update(duplicate_of=kept)
    Opinion.objects.filter(paper=kept, duplicate_of=kept, decision=None).delete()  # so it is: nothing to decide


def _unite_readings(kept: Paper, gone: Paper) -> None:
    """Let readers' marks follow; who noted both papers keeps both notes, and the one that they read further counts."""
    order = [*map(str, Reading.State)]
    mine = {reading.user_id: reading for reading in Reading.objects.filter(paper=kept)}
    for theirs in Reading.objects.filter(paper=gone):
        own = mine.get(theirs.user_id)
        if own is None:
            Reading.objects.filter(pk=theirs.pk).update(paper=kept)
            continue
        own.state = max(own.state, theirs.state, key=order.index)
        own.note = "\n\n".join(dict.fromkeys(note for note in (own.note, theirs.note) if note))
        own.save(update_fields=["state", "note", "changed_at"])
    seen_already = Seen.objects.filter(paper=kept).values("user")
    Seen.objects.filter(paper=gone).exclude(user__in=seen_already).update(paper=kept)


def _unite_findings(kept: Paper, gone: Paper) -> None:
    """Let findings follow; of two open ones about the same thing, the paper that stays keeps its own."""
    asked = set(_questions(Finding.objects.filter(paper=kept, state=Finding.State.OPEN)))
    for finding in Finding.objects.filter(paper=gone, state=Finding.State.OPEN):
        if asked.intersection(_questions([finding])):
            finding.state, finding.settled_at = Finding.State.DISMISSED, timezone.now()
            finding.save(update_fields=["state", "settled_at"])
    Finding.objects.filter(paper=gone).update(paper=kept)


def _questions(findings: Iterable[Finding]) -> list[tuple[object, ...]]:
    return [(each.list_id, each.document_id, each.rule, each.field) for each in findings]


def _unite_computed(kept: Paper, gone: Paper) -> None:
    """Of vectors and suggestions keep those of the text as it is now, else what there is: it is computed again."""
    for model, name in ((Embedding, "encoder"), (Suggestion, "list_id")):
        mine = {getattr(row, name): row for row in model._default_manager.filter(paper=kept)}
        for row in model._default_manager.filter(paper=gone):
            other = mine.get(getattr(row, name))
            if other is not None and row.text_hash != kept.text_hash:
                continue
            if other is not None:
                other.delete()
            model._default_manager.filter(pk=row.pk).update(paper=kept)
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST, {"old": gone.pk, "new": kept.pk, "named": f"[[{gone.pk}]]"})


# Suggestions name the listed papers that are most like theirs: [[paper id, cosine similarity], …].
_NEAREST = """
UPDATE papers_suggestion SET nearest = (
    SELECT jsonb_agg(
        CASE pair->0 WHEN to_jsonb(%(old)s::bigint) THEN jsonb_set(pair, '{0}', to_jsonb(%(new)s::bigint)) ELSE pair END
        ORDER BY place
    )
    FROM jsonb_array_elements(nearest) WITH ORDINALITY AS pairs (pair, place)
) WHERE nearest @> %(named)s::jsonb
"""
