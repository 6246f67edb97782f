"""What a reader has seen, so that it can be hidden from them. Remembered only for who switched that on, and by hand."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection

from papers.models import Reader, Seen

# One statement whoever looks: it writes nothing for who does not remember, nor for what is remembered already.
_OPENED = """
INSERT INTO papers_seen (user_id, paper_id, at)
SELECT reader.user_id, paper.id, now()
FROM papers_reader AS reader, papers_paper AS paper
WHERE reader.user_id = %s AND reader.remembers_seen AND paper.id = %s
FOR KEY SHARE OF paper
ON CONFLICT (user_id, paper_id) DO NOTHING
"""
_TICKED = """
INSERT INTO papers_seen (user_id, paper_id, at)
SELECT %s, paper.id, now() FROM papers_paper AS paper WHERE paper.id = ANY(%s) ORDER BY paper.id
FOR KEY SHARE OF paper
ON CONFLICT (user_id, paper_id) DO NOTHING
"""


def opened(user: AbstractBaseUser, paper: int) -> None:
    """Remember that a reader opened a paper's page, if that is to be remembered of them; in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_OPENED, [user.pk, paper])


def tick(user: AbstractBaseUser, papers: Iterable[int]) -> int:
    """Mark papers as seen by their primary keys; return how many were not before. Unknown keys mark nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_TICKED, [user.pk, list(papers)])
        ticked: int = cursor.rowcount
    return ticked


def untick(user: AbstractBaseUser, papers: Iterable[int]) -> int:
    """Mark papers as not seen by their primary keys; return how many were before."""
    gone, _ = Seen.objects.filter(user=user.pk, paper__in=list(papers)).delete()
    return gone


def forget(user: AbstractBaseUser) -> int:
    """Forget all that a reader has seen; return how many papers that were."""
    gone, _ = Seen.objects.filter(user=user.pk).delete()
    return gone


def remembers(user: AbstractBaseUser) -> bool:
    """Say whether papers that this reader opens are remembered."""
    return Reader.objects.filter(user=user.pk, remembers_seen=True).exists()


def remember(user: AbstractBaseUser, is_on: bool) -> None:
    """Remember what this reader opens from now on, or no longer; what is remembered already stays until forgotten."""
    Reader.objects.update_or_create(user_id=user.pk, defaults={"remembers_seen": is_on})


def count(user: AbstractBaseUser) -> int:
    """Return how many papers this reader has seen."""
    return Seen.objects.filter(user=user.pk).count()
