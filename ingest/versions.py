"""The versions of a list's head: each training and each decision makes one; the newest speaks, an older one can again.

A version's figures are kept for good, its arrays while it is among the newest; what it compares papers with, megabytes
for a list with much evidence, stands in a base that many versions share.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from ingest import models
from ingest.classifier.heads import FORMAT, OUT, Base, Head, HeadError
from papers.models import PaperList

WHOLE_HEADS = 20  # the newest, which can still speak


class NoHead(Exception):
    """The list has no trained head yet, or none of this version."""


class InUse(Exception):
    """The version speaks already."""


def current(paper_list: PaperList) -> tuple[models.Head, Head]:
    """Return the newest head of the list, as its row and ready to speak; raise NoHead or HeadError."""
    row = paper_list.heads.select_related("base").first()
    if row is None:
        raise NoHead(f"{paper_list.slug} has no head yet: run `manage.py train --list {paper_list.slug}`.")
    return row, load(row)


def load(row: models.Head) -> Head:
    """Return the head of a row, ready to speak; raise HeadError."""
    if not row.arrays:
        raise HeadError(_("of %(name)s only the figures are kept") % {"name": row.name})
    return Head.load(row.meta, row.arrays, Base.load(row.base.arrays) if row.base is not None else None)


def sure_from(paper_list: PaperList, name: str) -> float | None:
    """Return the probability from which the answers of this version may be trusted; None where it is not known."""
    try:
        return _sure_from(paper_list.pk, name)
    except models.Head.DoesNotExist:
        return None


@lru_cache(maxsize=1000)
def _sure_from(paper_list: int, name: str) -> float | None:
    """Look it up once: what a version says of itself never changes."""
    version = int(name.removeprefix("v")) if name.removeprefix("v").isdecimal() else 0
    found = models.Head.objects.values_list("meta__sure_from", flat=True).get(list=paper_list, version=version)
    return None if found is None else float(found)


@transaction.atomic
def keep(
    paper_list: PaperList,
    head: Head,
    digest: str,
    metrics: dict[str, Any],
    learned_until: datetime | None = None,
    base: Base | None = None,
) -> models.Head | None:
    """Store the head under the next version, upon this base or one of its own.

    Return None, with nothing stored, when the newest one learned from the very same examples; `digest` names them,
    and "" means that nobody has looked yet.
    """
    version = _next_version(paper_list)
    latest = paper_list.heads.defer("arrays").first()
    if latest is not None and digest and latest.examples_hash == digest:
        return None
    base = base or head.base
    found = models.HeadBase.objects.defer("arrays")
    upon, _ = found.get_or_create(digest=base.digest, defaults={"arrays": base.arrays})
    meta, arrays = head.save(base)
    kept = paper_list.heads.create(
        version=version,
        encoder=head.encoder,
        examples_hash=digest,
        meta=meta,
        arrays=arrays,
        base=upon,
        metrics=metrics,
        learned_until=learned_until,
    )
    _forget_old(paper_list, version)
    return kept


def tell_moved(version: models.Head, papers: list[int]) -> None:
    """Keep which papers stand higher in the queue by this version than by the one before."""
    models.Head.objects.filter(pk=version.pk).update(meta=version.meta | {"moved": papers})


def moved(paper_list: PaperList, since: int) -> tuple[int, list[int]] | None:
    """Return (the newest version, the papers that it moved up); None where it is no newer, or did not learn.

    A version that speaks again, or one of a whole training, has compared nothing.
    """
    told = paper_list.heads.filter(version__gt=since).values_list("version", "meta__moved", "meta__again").first()
    if told is None or told[1] is None or told[2] is not None:
        return None
    return told[0], [int(paper) for paper in told[1]]


def able(paper_list: PaperList) -> QuerySet[models.Head]:
    """Return the versions that could speak again: their arrays are kept, and they know what the newest one knows.

    That is the encoder of the stored vectors, the lexicon, and the list's categories of today.
    """
    newest = paper_list.heads.defer("arrays").first()
    if newest is None:
        return paper_list.heads.none()
    classes = [*paper_list.categories.order_by("position").values_list("key", flat=True), OUT]
    return paper_list.heads.exclude(arrays=b"").filter(
        encoder=newest.encoder,
        meta__format=FORMAT,
        meta__lexicon=newest.meta.get("lexicon"),
        meta__classes=classes,
    )


@transaction.atomic
def roll_back(paper_list: PaperList, version: int) -> models.Head:
    """Let an older version speak again, as a new one, until the next decision or training; return it.

    What was decided since stays decided, and is learned by the version after it. Raise NoHead when the list never had
    this version, HeadError when it cannot speak any more, and InUse when it is the one that speaks.
    """
    newest = _next_version(paper_list)
    old = paper_list.heads.select_related("base").filter(version=version).first()
    latest = paper_list.heads.defer("arrays").first()
    if old is None or latest is None:
        raise NoHead(_("%(slug)s has no head v%(version)s.") % {"slug": paper_list.slug, "version": version})
    load(old)
    first = old.meta.get("again", version)  # of one that spoke again itself, the one that it was
    if latest.meta.get("again", latest.version) == first:
        raise InUse(f"v{version} is in use already")
    if not able(paper_list).filter(pk=old.pk).exists():
        raise HeadError(
            _("v%(version)s knows another encoder, other words or other categories than those of today")
            % {"version": version}
        )
    again = paper_list.heads.create(
        version=newest,
        encoder=old.encoder,
        examples_hash=old.examples_hash,
        meta=old.meta | {"again": first},
        arrays=old.arrays,
        base=old.base,
        metrics=old.metrics,
        learned_until=latest.learned_until,  # all that was learned is known of: it is no news
    )
    _forget_old(paper_list, newest)
    return again


def _next_version(paper_list: PaperList) -> int:
    """Return the number of the list's next version, which is the caller's while its transaction lasts."""
    PaperList.objects.select_for_update(no_key=True).get(pk=paper_list.pk)
    return (paper_list.heads.aggregate(last=Max("version"))["last"] or 0) + 1


def _forget_old(paper_list: PaperList, version: int) -> None:
    old = paper_list.heads.filter(version__lte=version - WHOLE_HEADS)
    old.exclude(arrays=b"", base=None).update(arrays=b"", base=None)
    models.HeadBase.objects.filter(heads=None).delete()
