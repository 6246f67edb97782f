"""manage.py learn: learn from each decision as it is made, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from ingest import learner, tasks
from kbsite import broker


class Command(BaseCommand):
    help = (
        "Learn from each decision within a moment and rank the queue anew. One of these leads, however many run; "
        "where none does, a worker learns, in seconds."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        told: list[int] = []
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda number, _: told.append(number))
        learner.run(lambda slug: broker.send(tasks.train.s(slug)), lambda: bool(told))
