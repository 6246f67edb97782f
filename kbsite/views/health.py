"""Is the site alive, and does the work go on? For supervisors, load balancers and monitors; tells no secrets."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ingest import beat, health
from ingest.health import SourceHealth
from kbsite import broker
from kbsite.access import Action, needs

log = logging.getLogger(__name__)


@needs(Action.READ)
@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when this process and the database work, 503 when the database does not.

    `status` is "degraded" while pages are served but somebody should look: a source or other work fails, the
    broker does not answer, no schedule runs although topics want one, papers are parked. That is no 503: a
    supervisor would restart, and a balancer would leave, a site that works. A `learner` that is absent degrades
    nothing: a worker trains instead.
    """
    try:
        sources, other_work, parked = health.sources(), health.other_work(), health.parked()
        learner = "ok" if health.learns_at_once() else "absent"
        is_scheduled = beat.is_led() or not any(each.enabled for each in sources)
    except (DatabaseError, InterfaceError) as error:
        log.error("the database does not answer: %s", error)
        return JsonResponse({"status": "unavailable", "database": "unavailable"}, status=503)
    broker_answers = broker.is_reachable()
    failing = [each.trouble for each in other_work if each.trouble]
    is_well = broker_answers and is_scheduled and not (parked or failing or any(each.failing for each in sources))
    return JsonResponse(
        {
            "status": "ok" if is_well else "degraded",
            "database": "ok",
            "broker": "ok" if broker_answers else "unavailable",
            "schedule": "ok" if is_scheduled else "absent",
            "learner": learner,
            "sources": {each.name: _told(each) for each in sources},
            "failing_work": [{"kind": run.kind, "subject": run.subject, "run": run.pk} for run in failing],
            "parked": parked,
        }
    )


def _told(source: SourceHealth) -> dict[str, Any]:
    at: datetime | None = source.succeeded_at
    return {
        "state": source.state,
        "last_success": at.isoformat() if at else None,
        "seconds_since_success": round((timezone.now() - at).total_seconds()) if at else None,
        "failing": [each.topic.slug for each in source.failing],
        "run": source.trouble.pk if source.trouble else None,
    }
