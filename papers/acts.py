"""Acts: everything that is done to a list is part of one, and an act is undone whole and exactly, or not at all.

A verb that changes a list opens an act, and verbs within it join it, which is what makes a bulk action one unit. What
an act changes is written down by triggers of the database (`RowChange`), whoever wrote it: undoing goes through these
rows backwards, and puts each back only where it still is as the act left it. Decisions and the history of entries
stay; they get a decision, and changes, that say the opposite.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from papers.bulk import copy_in
from papers.models import Act, Decision, EntryChange, PaperList


class CannotUndo(Exception):
    """The act cannot be undone; the message says why."""


class Followed(CannotUndo):
    """What the act changed was changed again; `followers` are the acts that did it, the newest first.

    Undone together with these it can be; there are none where no act tells of the change.
    """

    def __init__(self, act: Act, followers: Sequence[Act]) -> None:
        self.act, self.followers = act, tuple(followers)
        super().__init__(" ".join([_("What this changed was changed again since."), *map(_told, self.followers[:3])]))


def _told(act: Act) -> str:
    said = {"kind": act.get_kind_display(), "who": act.who, "at": f"{act.at:%Y-%m-%d %H:%M}"}
    return _("%(kind)s by %(who)s, %(at)s.") % said if act.who else _("%(kind)s, %(at)s.") % said


_open: ContextVar[Act | None] = ContextVar("open act", default=None)


@contextmanager
def act(paper_list: PaperList, user: AbstractBaseUser | None, kind: Act.Kind, note: str = "") -> Iterator[Act]:
    """Do what follows as one act, in one transaction; within another act of the same list, as part of that one."""
    outer = _open.get()
    with transaction.atomic():
        if outer is not None and outer.list_id == paper_list.pk:
            yield outer
            return
        made = Act.objects.create(list=paper_list, user=user, kind=kind, note=note)  # type: ignore[misc]
        token = _open.set(made)
        try:
            _ask("SELECT set_config('papers.act', %s, true)", str(made.pk))
            yield made
            made.is_empty = bool(_ask(_END, made.pk, str(outer.pk) if outer else "")[0])
        finally:
            _open.reset(token)


def _ask(query: str, *values: int | str | list[int]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, list(values))
        return [first for first, *_ in cursor.fetchall()]


# The triggers write changes down for the act that is set, until the transaction ends or is rolled back. Of an act
# that changed nothing nothing remains.
_END = """
WITH act AS (SELECT %s::bigint AS id), gone AS (
    DELETE FROM papers_act USING act WHERE papers_act.id = act.id AND NOT EXISTS (
        SELECT FROM papers_rowchange WHERE act_id = act.id UNION ALL
        SELECT FROM papers_entrychange WHERE act_id = act.id UNION ALL
        SELECT FROM papers_decision WHERE act_id = act.id
    ) RETURNING papers_act.id
) SELECT (SELECT count(*) FROM gone), set_config('papers.act', %s, true)
"""


# --- undoing --------------------------------------------------------------------------------------------------


def undo(act: Act, user: AbstractBaseUser, *, cascade: bool = False) -> Act:
    """Put everything back that an act changed, as one act, which is returned and can be undone in turn.

    With `cascade` the acts that changed the same things since go with it, if need be. Raise Followed, with nothing
    changed, when there are such and it is not said, or when something changed that no act tells of; CannotUndo when
    it is undone already, or is older than the keeping of what acts change.
    """
    with transaction.atomic():
        # The list comes first, as at an import, which would change the very rows meanwhile. Its key stays free: who
        # changes one of the rows, and is waited for here, refers to the list when their transaction ends.
        paper_list = PaperList.objects.select_for_update(no_key=True).get(pk=act.list_id)
        act = Act.objects.get(pk=act.pk)
        if act.undone_by_id is not None:
            raise CannotUndo(_("This was undone already."))
        if not act.rows.exists():
            raise CannotUndo(_("This was done before it was kept what each act changes."))
        try:
            return _taken_back(paper_list, [act], user)
        except _Misfit:
            found = followers(act)
        try:
            if cascade and found:
                return _taken_back(paper_list, [*found, act], user)
        except _Misfit:
            found = []  # what they did is not all that was done
        raise Followed(act, found)


class _Misfit(Exception):
    """Something is no longer as an act left it."""


def _taken_back(paper_list: PaperList, together: Sequence[Act], user: AbstractBaseUser) -> Act:
    with act(paper_list, user, Act.Kind.UNDO) as undoing:
        for each in together:
            _revert(each)
            _say_the_opposite(each, user)
        undoing.undoes.set(together)
        for each in together:
            _mark(each, undoing)
    return undoing


def _revert(act: Act) -> None:
    try:
        with transaction.atomic():
            editions = _ask(_OTHER_EDITIONS, act.pk, act.list_id)
            (misfit,) = _ask("SELECT papers_revert(%s, %s::bigint[])", act.pk, editions)
            _ask(_LINES_AGAIN, act.pk)
            connection.check_constraints()
    except IntegrityError as error:  # something hangs on it, or took its place
        raise _Misfit from error
    if misfit is not None:
        raise _Misfit


def _say_the_opposite(undone: Act, user: AbstractBaseUser) -> None:
    """Write the decisions and the changes that say the opposite of an act's."""
    Decision.objects.bulk_create(
        Decision(
            list_id=said.list_id,
            paper_id=said.paper_id,
            kind=Decision.Kind.UNDO,
            undoes=said,
            user=user,  # type: ignore[misc]
        )
        for said in _last_words(undone.decisions.order_by("-pk"))
    )
    told = list(undone.changes.filter(paper__isnull=False).order_by("-pk"))  # all, before the connection is busy
    copy_in(
        EntryChange(
            list_id=change.list_id,
            paper_id=change.paper_id,
            verb=_OPPOSITE.get(EntryChange.Verb(change.verb), change.verb),
            before=change.after,
            after=change.before,
            user=user,  # type: ignore[misc]
            act=_open.get(),
        )
        for change in told
    )


_OPPOSITE = {
    EntryChange.Verb.ADMIT: EntryChange.Verb.REMOVE,
    EntryChange.Verb.IMPORT: EntryChange.Verb.REMOVE,
    EntryChange.Verb.REMOVE: EntryChange.Verb.ADMIT,
}


def _last_words(decisions: Iterable[Decision]) -> list[Decision]:
    """Return what was last said about each decision: itself, else what undid it, or did it again, most recently.

    Of decisions that undid each other within an act two cancel each other.
    """
    last = {decision.pk: decision for decision in decisions}
    standing = dict(last)
    while standing:
        following = Decision.objects.filter(undoes__in=[each.pk for each in standing.values()])
        by_undone = {each.undoes_id: each for each in following}
        standing = {pk: by_undone[each.pk] for pk, each in standing.items() if each.pk in by_undone}
        last |= standing
    often = Counter(each.pk for each in last.values())
    return [each for pk, each in {each.pk: each for each in last.values()}.items() if often[pk] % 2]


def last_word(decision: Decision) -> Decision:
    """Return what was last said about a decision: what a new one that undoes it must name."""
    return _last_words([decision])[0]


def _mark(act: Act, undone_by: Act | None) -> None:
    """Keep that an act is undone, or that it is not any more; what it undid itself turns round with it."""
    Act.objects.filter(pk=act.pk).update(undone_by=undone_by)
    for each in act.undoes.all():
        _mark(each, None if undone_by else act)


def followers(act: Act) -> list[Act]:
    """Return the later acts that must be undone before this one can be, the newest first.

    Those in force that changed the same columns of the same rows, took their place, or hang on them; and what
    followed these in turn.
    """
    found: set[int] = set()
    asked = {act.pk}
    while asked:
        asked = set(_ask(_FOLLOWERS, list(asked), act.pk)) - found
        found |= asked
    return list(Act.objects.select_related("user").filter(pk__in=found).order_by("-pk"))


# Documents whose source is another one now than it was when the act ended.
_OTHER_EDITIONS = """
SELECT document.id FROM papers_document AS document, LATERAL (
    SELECT before ->> 'source' AS source FROM papers_rowchange
    WHERE "table" = 'papers_document' AND "row" = document.id AND columns && '{source}'
        AND id > (SELECT max(id) FROM papers_rowchange WHERE act_id = %s)
    ORDER BY id LIMIT 1
) AS as_it_was
WHERE document.list_id = %s AND as_it_was.source <> '\\x' || encode(document.source, 'hex')
"""

# Rows that came back without their line while there was another edition get it once their own edition is back: where
# the act that ends here made the first one after they were deleted.
_LINES_AGAIN = """
UPDATE papers_entrytext AS text SET line = was.line, imported = was.imported
FROM (
    SELECT DISTINCT ON (gone."row") gone."row", (gone.before ->> 'line')::integer AS line,
        gone.before -> 'imported' AS imported
    FROM papers_rowchange AS gone
    JOIN papers_act AS act ON act.id = gone.act_id AND act.undone_by_id IS NOT NULL
    JOIN papers_rowchange AS edition ON edition.act_id = %s AND edition."table" = 'papers_document'
        AND edition.columns && '{source}' AND edition.id > gone.id
        AND edition."row" = (gone.before ->> 'document_id')::bigint
    WHERE gone."table" = 'papers_entrytext' AND gone.operation = 'D' AND jsonb_typeof(gone.before -> 'line') = 'number'
        AND NOT EXISTS (
            SELECT FROM papers_rowchange AS earlier
            WHERE earlier."table" = edition."table" AND earlier."row" = edition."row" AND earlier.columns && '{source}'
                AND earlier.id > gone.id AND earlier.id < edition.id
        )
    ORDER BY gone."row", gone.id DESC
) AS was
WHERE text.id = was."row" AND text.line IS NULL AND NOT EXISTS (
    SELECT FROM papers_entrytext AS other WHERE other.document_id = text.document_id AND other.line = was.line
)
RETURNING text.id
"""

# Which acts in force followed these ones: on the same columns of a row, with a row in the place of one that they
# deleted, with one that refers to one that they made, or by deleting what a row of theirs refers to. An undo whose acts
# came after the first one cancels them.
_FOLLOWERS = """
WITH theirs AS (SELECT * FROM papers_rowchange WHERE act_id = ANY(%s)),
wanted AS (SELECT * FROM papers_act WHERE id = %s),
refers ("table", name) AS (VALUES
    ('papers_document', 'document_id'), ('papers_category', 'category_id'), ('papers_entry', 'entry_id')
),
later AS (
    SELECT change.* FROM papers_rowchange AS change
    JOIN papers_act AS act ON act.id = change.act_id
    JOIN wanted ON act.id > wanted.id AND act.list_id = wanted.list_id
    WHERE act.undone_by_id IS NULL AND NOT EXISTS (
        SELECT FROM papers_act_undoes WHERE from_act_id = act.id AND to_act_id > wanted.id
    )
)
SELECT later.act_id FROM theirs JOIN later USING ("table", "row")
WHERE later.id > theirs.id AND later.act_id <> theirs.act_id
    AND (theirs.columns IS NULL OR later.columns IS NULL OR theirs.columns && later.columns)
    AND NOT (theirs.operation = 'I' AND theirs."table" = 'papers_entrytext'
        AND coalesce(later.columns <@ '{position,line,imported}', false))
UNION
SELECT later.act_id FROM theirs JOIN later ON later."table" = theirs."table" AND later.id > theirs.id
JOIN (VALUES
    ('papers_document', 'list_id', 'language'), ('papers_category', 'list_id', 'key'),
    ('papers_categorytext', 'category_id', 'document_id'), ('papers_entry', 'category_id', 'paper_id'),
    ('papers_entrytext', 'entry_id', 'document_id'), ('papers_review', 'list_id', 'paper_id'),
    ('papers_opinion', 'paper_id', 'user_id'), ('papers_glossaryterm', 'language', 'term')
) AS unique_in ("table", one, other) ON unique_in."table" = theirs."table"
WHERE theirs.operation = 'D' AND later.operation = 'I' AND later.act_id <> theirs.act_id
    AND theirs.before -> one = later.after -> one AND theirs.before -> other = later.after -> other
UNION
SELECT later.act_id FROM theirs JOIN refers USING ("table")
JOIN later ON later.id > theirs.id AND later.act_id <> theirs.act_id
    AND later.after -> name = to_jsonb(theirs."row")
WHERE theirs.operation = 'I'
UNION
SELECT later.act_id FROM theirs CROSS JOIN refers
JOIN later ON later."table" = refers."table" AND later.id > theirs.id AND later.act_id <> theirs.act_id
    AND later."row" = (theirs.before ->> name)::bigint
WHERE later.operation = 'D'
"""
