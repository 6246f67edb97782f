"""Letting an older version of a head speak again, as the page and the API ask for it."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from ingest import tasks, versions
from ingest.models import Head
from kbsite import broker


def roll_back(head: Head) -> Head:
    """Let this version speak again, as a new one, and have the queue classified by it; return the new one.

    Raise InUse, or HeadError where it cannot speak any more. Where no worker can be asked, the schedule finds within
    minutes what the new version has not spoken on.
    """
    again = versions.roll_back(head.list, head.version)
    transaction.on_commit(partial(broker.send, tasks.classify.s(head.list.slug)))
    return again
