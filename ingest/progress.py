"""How far a run is, for people who look at it: how fast, how much is left, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from ingest.models import Run

_TOO_EARLY = timedelta(seconds=2)  # before that a speed says nothing


@dataclass(frozen=True, slots=True)
class Progress:
    """A run as it is at a moment."""

    run: Run
    at: datetime

    @property
    def elapsed(self) -> timedelta:
        """How long it took, or takes so far."""
        return (self.run.finished_at or self.at) - self.run.started_at

    @property
    def rate(self) -> float | None:
        """Papers per second on the whole; None as long as none came, or it has hardly begun."""
        seconds = self.elapsed.total_seconds()
        too_early = self.run.finished_at is None and self.elapsed < _TOO_EARLY
        return self.run.fetched / seconds if self.run.fetched and seconds > 0 and not too_early else None

    @property
    def share(self) -> float | None:
        """The part that is done, 0 to 1; None where nobody knows the whole."""
        return min(self.run.fetched / self.run.total, 1.0) if self.run.total else None

    @property
    def remaining(self) -> int | None:
        """How many are left; None where nobody knows the whole."""
        return max(self.run.total - self.run.fetched, 0) if self.run.total else None

    @property
    def left(self) -> timedelta | None:
        """For how long it goes on if it keeps its pace; None where nobody knows."""
        if self.run.finished_at or self.rate is None or self.remaining is None:
            return None
        return timedelta(seconds=self.remaining / self.rate)


def of(run: Run) -> Progress:
    """Return how far a run is now."""
    return Progress(run, timezone.now())
