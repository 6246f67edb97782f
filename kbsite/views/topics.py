"""Topics: what is asked of the sources, how it goes, and what maintainers do about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ingest import beat, health, runs, topics
from ingest.models import Run, Topic
from ingest.sources import SOURCES
from kbsite import broker
from kbsite.access import Action, needs, of_topic, places
from kbsite.topicform import TopicForm, query_help

PATIENCE = timedelta(minutes=10)  # for so long the page of an asked run looks for it
DOUBT = timedelta(seconds=20)  # after that it says what may be wrong


@needs(Action.READ)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every topic by source; while one is being pulled the page asks for its changing part again."""
    runs.sweep()
    found = health.topics()
    context = {
        "sources": health.sources(found),
        "topic_health": found,
        "now": timezone.now(),
        "is_scheduled": beat.is_led(),
        "is_live": any(each.state == Run.State.RUNNING for each in found),
    }
    is_part = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    response = render(request, "kbsite/topics/table.html" if is_part else "kbsite/topics/index.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@needs(Action.MANAGE_TOPICS, of_topic)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The form of a topic, a new one without a slug; POST saves it."""
    topic = get_object_or_404(Topic, slug=slug) if slug else Topic()
    where = places(request.user, Action.MANAGE_TOPICS)
    if request.method != "POST":
        return _form(request, topic, TopicForm(instance=topic, initial=_chosen(request), places=where))
    form = TopicForm(request.POST, instance=topic, places=where)
    if not form.is_valid():
        return _form(request, topic, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        topics.save(form.instance)
    except IntegrityError:
        form.add_error("slug", _("Another topic was given this name a moment ago."))
        return _form(request, topic, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("Saved the topic “%(topic)s”.") % {"topic": form.instance.slug})
    return redirect("topics")


def _chosen(request: HttpRequest) -> dict[str, str]:
    """What an address may say for a start: the source, the list."""
    source = request.GET.get("source", "")
    return {"source": source} if source in SOURCES else {}


def _form(request: HttpRequest, topic: Topic, form: TopicForm, status: int = HTTPStatus.OK) -> HttpResponse:
    context = {
        "form": form,
        "topic": Topic.objects.filter(pk=topic.pk).first(),  # as it is, whatever was typed
        "helps": [(label, query_help(name)) for name, label in form.fields["source"].choices],  # type: ignore[attr-defined]
        "runs": topic.runs.count() if topic.pk else 0,
    }
    return render(request, "kbsite/topics/edit.html", context, status=status)


@needs(Action.MANAGE_TOPICS, of_topic)
@require_POST
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a topic."""
    topic = get_object_or_404(Topic, slug=slug)
    try:
        topics.remove(topic)
    except topics.BeingPulled:
        words = _("“%(topic)s” is being pulled. Cancel its run first, or wait for its end.")
        messages.error(request, words % {"topic": slug})
        return redirect("edit-topic", slug)
    messages.success(request, _("Deleted the topic “%(topic)s”. Its papers and runs stay.") % {"topic": slug})
    return redirect("topics")


@needs(Action.MANAGE_TOPICS, of_topic)
@require_POST
def switch(request: HttpRequest, slug: str) -> HttpResponse:
    """Switch a topic's schedule on or off."""
    topic = get_object_or_404(Topic, slug=slug)
    topic.enabled = request.POST.get("enabled") == "1"
    topic.save(update_fields=["enabled"])
    words = _("“%(topic)s” is pulled on its schedule.") if topic.enabled else _("“%(topic)s” is switched off.")
    messages.success(request, words % {"topic": slug})
    return redirect("topics")


@needs(Action.RUN, of_topic)
@require_POST
def ask(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Ask a worker to pull a topic now, or to say what it would bring; go to where the run will be."""
    topic = get_object_or_404(Topic, slug=slug)
    asked_at = timezone.now()
    if not broker.send(topics.asked(topic, kind)):
        messages.error(request, _("No worker could be asked: the broker does not answer. Try again in a moment."))
        return redirect("topics")
    query = urlencode({"kind": kind, "at": f"{asked_at.timestamp():.3f}"})
    return redirect(f"{reverse('asked', args=[topic.slug])}?{query}")


@needs(Action.READ)
@require_safe
def asked(request: HttpRequest, slug: str) -> HttpResponse:
    """Where somebody waits for the run that they asked for; leads to it as soon as a worker has begun it."""
    topic = get_object_or_404(Topic, slug=slug)
    kind = request.GET.get("kind", "")
    moment = _moment(request.GET.get("at", ""))
    found = topic.runs.filter(kind=kind if kind in Run.Kind.values else Run.Kind.PULL)
    run = found.filter(started_at__gte=moment).first() or found.filter(state=Run.State.RUNNING).first()
    if run:
        address = reverse("run", args=[run.pk])
        # htmx would follow a redirect and put that page into this one.
        return HttpResponse(headers={"HX-Redirect": address}) if request.htmx else redirect(address)  # type: ignore[attr-defined]
    waited = timezone.now() - moment
    context = {"topic": topic, "kind": kind, "is_doubtful": waited > DOUBT, "is_live": waited < PATIENCE}
    is_part = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    response = render(request, "kbsite/topics/waiting.html" if is_part else "kbsite/topics/asked.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _moment(text: str) -> datetime:
    """Read when somebody asked; of nonsense, long ago."""
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
