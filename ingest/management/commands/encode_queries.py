"""manage.py encode_queries: answer what the site's search asks for by meaning, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from ingest import queryencoder


class Command(BaseCommand):
    help = (
        "Turn what people search for into vectors. One of these leads, however many run; where none does, the site "
        "searches by words alone."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        told: list[int] = []
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda number, _: told.append(number))
        queryencoder.run(lambda: bool(told))
