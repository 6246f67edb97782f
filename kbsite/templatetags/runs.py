"""What templates say of runs, of the sources that they ask, and of what is wrong with either."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ingest import health, progress
from ingest.models import Run
from kbsite import topicform
from kbsite.access import error_of, is_curator
from kbsite.templatetags.kbsite import source

register = template.Library()

_STATES = {
    "running": (_("running"), "accent"),
    "done": (_("done"), "good"),
    "late": (_("late"), "warn"),
    "failed": (_("failed"), "bad"),
    "cancelled": (_("cancelled"), "quiet"),
    "interrupted": (_("interrupted"), "warn"),
    "parked": (_("parked"), "bad"),
    "failing": (_("failing"), "bad"),
    "ok": (_("works"), "good"),
    "never": (_("not yet pulled"), "quiet"),
    "off": (_("off"), "quiet"),
}


@register.simple_tag
def state_badge(state: str) -> SafeString:
    """Return the state of a run or a source as a badge."""
    name, kind = _STATES.get(state, (state, "quiet"))
    return format_html('<span class="badge badge-{}">{}</span>', kind, name)


@register.filter
def state(name: str) -> str:
    """Return the state of a run in words."""
    return str(_STATES[name][0]) if name in _STATES else name


@register.simple_tag(takes_context=True)
def run_error(context: dict[str, Any], run: Run) -> str:
    """Return what went wrong with a run, in the words that the person who looks may read."""
    return error_of(run, context["request"].user)


@register.filter
def ended(words: str) -> str:
    """Return words with a full stop at their end."""
    return topicform.ended(words)


@register.filter
def progress_of(run: Run) -> progress.Progress:
    """Return how far a run is."""
    return progress.of(run)


@register.simple_tag
def duration(run: Run) -> str:
    """Return how long a run took, or takes so far."""
    return span(progress.of(run).elapsed)


@register.filter
def span(time: timedelta) -> str:
    """Return how long something takes, in the units that people would say it in."""
    seconds = time.total_seconds()
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


@register.filter
def pace(rate: float) -> str:
    """Return how many papers a second, to two digits that mean something."""
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.2g}"


@register.simple_tag
def parked_papers() -> int:
    """Return how many papers are left out because work on them went wrong again and again."""
    return health.parked()


@register.filter
def asked_source(name: str) -> str:
    """Return the name of a source that topics ask, as the source gives it."""
    return health.label(name)


@register.filter
def topic_names(found: tuple[health.TopicHealth, ...]) -> str:
    """Return the names of topics, of many the first two."""
    names = [each.topic.slug for each in found]
    if len(names) <= 3:
        return ", ".join(names)
    return f"{', '.join(names[:2])} " + _("and %(n)d more") % {"n": len(names) - 2}


@register.simple_tag(takes_context=True)
def failing(context: dict[str, Any]) -> dict[str, Any]:
    """Return the sources and the other work that somebody should look at; nothing for whom no banner is."""
    request = context.get("request")
    user = getattr(request, "user", None)
    match = getattr(request, "resolver_match", None)
    is_home = match is not None and match.view_name == "home"
    if user is None or not (is_home or is_curator(user)):  # on the first page for all, for curators on every one
        return {}
    sources = [each for each in health.sources(context.get("topic_health")) if each.failing]
    work = [each for each in context.get("other_work") or health.other_work() if each.trouble]
    return {"sources": sources, "work": work} if sources or work else {}


@register.filter
def work_name(work: health.WorkHealth) -> str:
    """Return the name of work that no topic asks for: the source that it asks, else what it does to what."""
    run = work.verdict
    return source(run.subject) if work.is_source else f"{run.get_kind_display()} {run.subject}"
