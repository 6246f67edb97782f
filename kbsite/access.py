"""Who may do what, and to which list. Views, the API and templates ask here and nowhere else.

`LEAST` is the whole policy. A person has a role in one list, or in all lists at once (a membership without a list);
whoever is signed in has that of a submitter everywhere, whoever is not reads, and a superuser administers.

A *place* says what an action is done to: the slug of a list, ALL lists at once, or SOME list, whichever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import wraps
from ipaddress import ip_address
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.throttling import BaseThrottle

from ingest.models import Run, Topic
from kbsite.models import Membership
from papers.models import Act, Decision, Entry, PaperList, Reading, SavedSearch, Seen

ALL = "*"  # neither is a slug
SOME = "?"


class Role(IntEnum):
    """Each may do what those before it may."""

    READER = 0
    SUBMITTER = 1
    CURATOR = 2
    MAINTAINER = 3
    ADMINISTRATOR = 4


class Action(StrEnum):
    """What people do here; templates ask by these names (`may.decide`)."""

    READ = "read"  # every page of a list, its exports and its patch: a list is published anyway
    ENTER = "enter"  # signing in and out, a new password, an invitation's link: the secret is what opens
    KEEP_ACCOUNT = "keep_account"  # one's own keys to the API
    KEEP_READING = "keep_reading"  # one's own saved searches, reading list, and what one has seen
    PROPOSE = "propose"  # a paper, by the public form; the address is confirmed by mail
    DECIDE = "decide"  # the queue, and taking a decision back
    EDIT = "edit"  # the rows of entries, their categories, their end
    SETTLE = "settle"  # what was changed here and in the README
    TRANSLATE = "translate"  # bringing languages in step, confirming rows, the glossary
    RUN = "run"  # pulling a topic now, a dry run, repeating and cancelling runs, parked papers
    SEE_ERRORS = "see_errors"  # the words of an exception of ours
    MANAGE_TOPICS = "manage_topics"
    SET_UP = "set_up"  # a list's orders and columns, a README in a new language
    TRAIN = "train"  # training a head, rolling back to an older one
    MAKE_LISTS = "make_lists"  # from a few words, or by an import
    MANAGE_PEOPLE = "manage_people"  # invitations and memberships


_THOSE = {
    Role.READER: gettext_lazy("readers"),
    Role.CURATOR: gettext_lazy("curators"),
    Role.MAINTAINER: gettext_lazy("maintainers"),
    Role.ADMINISTRATOR: gettext_lazy("administrators"),
}

LEAST: Mapping[Action, Role] = {
    Action.READ: Role.READER,
    Action.ENTER: Role.READER,
    Action.KEEP_ACCOUNT: Role.SUBMITTER,
    Action.KEEP_READING: Role.SUBMITTER,
    Action.PROPOSE: Role.READER,
    Action.DECIDE: Role.CURATOR,
    Action.EDIT: Role.CURATOR,
    Action.SETTLE: Role.CURATOR,
    Action.TRANSLATE: Role.CURATOR,
    Action.RUN: Role.CURATOR,
    Action.SEE_ERRORS: Role.CURATOR,
    Action.MANAGE_TOPICS: Role.MAINTAINER,
    Action.SET_UP: Role.MAINTAINER,
    Action.TRAIN: Role.MAINTAINER,
    Action.MAKE_LISTS: Role.MAINTAINER,
    Action.MANAGE_PEOPLE: Role.MAINTAINER,
}


# --- who ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rights:
    """A person's roles: the one everywhere, and those in single lists by slug."""

    everywhere: Role
    by_list: Mapping[str, Role] = field(default_factory=dict)

    def role_in(self, place: str) -> Role:
        """Return the role at this place; in SOME list it is the highest of all."""
        if place == SOME:
            return max(self.everywhere, *self.by_list.values(), Role.READER)
        return max(self.everywhere, self.by_list.get(place, Role.READER))


def rights_of(user: Any) -> Rights:
    """Return a person's roles, read in one query and kept with the user, who lives as long as the request."""
    if not user.is_authenticated or not user.is_active:
        return Rights(Role.READER)
    if user.is_superuser:
        return Rights(Role.ADMINISTRATOR)
    if not hasattr(user, "_rights"):
        given = {
            slug or ALL: Role[role.upper()]
            for slug, role in Membership.objects.filter(user=user).values_list("list__slug", "role")
        }
        user._rights = Rights(given.pop(ALL, Role.SUBMITTER), given)
    rights: Rights = user._rights
    return rights


def may(user: Any, action: Action, place: str) -> bool:
    """Say whether this person may do this there."""
    least = LEAST[action]
    return least is Role.READER or rights_of(user).role_in(place) >= least


def is_curator(user: Any) -> bool:
    """Say whether this person curates some list."""
    return may(user, Action.DECIDE, SOME)


def is_administrator(user: Any) -> bool:
    """Say whether this person is an active superuser."""
    return rights_of(user).everywhere is Role.ADMINISTRATOR


def places(user: Any, action: Action) -> set[str]:
    """Return where this person may do this: slugs of lists, or ALL among them."""
    rights = rights_of(user)
    given = {ALL: rights.everywhere, **rights.by_list}
    return {place for place, role in given.items() if role >= LEAST[action]}


def error_of(run: Run, user: Any) -> str:
    """Return what went wrong with a run, in the words that this person may read.

    The words of an exception of ours may tell of our insides; those about a source were written for readers.
    """
    if run.error and run.state == Run.State.FAILED and not may(user, Action.SEE_ERRORS, SOME):
        return _("An error of ours; curators see which.")
    return run.error


# --- where ----------------------------------------------------------------------------------------------------


def place_of(thing: Any) -> str:
    """Return the place of a row: the slug of the list that it belongs to, ALL for one that belongs to none."""
    if thing is None:
        return ALL
    if isinstance(thing, PaperList):
        return thing.slug
    if isinstance(thing, Run):
        if thing.kind in (Run.Kind.TRAIN, Run.Kind.CLASSIFY):
            return thing.subject  # the list's slug
        return place_of(thing.topic)
    if isinstance(thing, Entry):
        return place_of(thing.category)
    if isinstance(thing, SavedSearch | Reading | Seen):
        return ALL  # a person's own
    return place_of(thing.list)  # a decision, a topic, a membership, …


def named(slug: str = ALL, **_: Any) -> str:
    """The list that an address names, all of them where it names none."""
    return slug


def of_decision(pk: int, **_: Any) -> str:
    """The list of the decision that an address names."""
    return place_of(get_object_or_404(Decision.objects.select_related("list"), pk=pk))


def of_act(pk: int, **_: Any) -> str:
    """The list of the act that an address names."""
    return place_of(get_object_or_404(Act.objects.select_related("list"), pk=pk))


def of_topic(slug: str = "", **_: Any) -> str:
    """The list of the topic that an address names; of a new topic, some list: its form says which."""
    return place_of(get_object_or_404(Topic.objects.select_related("list"), slug=slug)) if slug else SOME


def of_run(pk: int, **_: Any) -> str:
    """The list of the run that an address names."""
    return place_of(get_object_or_404(Run.objects.select_related("topic__list"), pk=pk))


# --- the gate -------------------------------------------------------------------------------------------------


def needs(action: Action, place: str | Callable[..., str] = ALL) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Open a view to those who may do this at the place, which a function may find from the address's arguments.

    Who is not signed in is sent to sign-in where reading is not enough; who is refused is told who may (403).
    """

    def guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if LEAST[action] > Role.READER and not request.user.is_authenticated:
                return redirect_to_login(_wanted_page(request))
            found = place if isinstance(place, str) else place(**kwargs)
            demand(request.user, action, found)
            request.place = found  # type: ignore[attr-defined]  # for the templates, see `permissions`
            return view(request, *args, **kwargs)

        guarded.needs = action  # type: ignore[attr-defined]  # a test reads it
        return guarded

    return guard


def _wanted_page(request: HttpRequest) -> str:
    """Return where signing in leads: to the page asked for, or the one whose form was sent, which is not sent again."""
    origin, came_from = f"{request.scheme}://{request.get_host()}", request.headers.get("Referer", "")
    if request.method in ("GET", "HEAD") or not came_from.startswith(f"{origin}/"):
        return request.get_full_path()
    return came_from.removeprefix(origin)  # LoginView looks whether it leads elsewhere


def demand(user: Any, action: Action, place: str) -> None:
    """Raise PermissionDenied, saying who may, when this person may not do this there."""
    if not may(user, action, place):
        raise PermissionDenied(refusal(action, place))


def refusal(action: Action, place: str) -> str:
    """Return who may do this there, in a sentence."""
    if LEAST[action] == Role.SUBMITTER:
        return _("Sign in to do this.")
    where = {ALL: _("all lists"), SOME: _("a list")}.get(place) or _("the list “%(name)s”") % {"name": place}
    return _("Only %(people)s of %(where)s may do this.") % {"people": _THOSE[LEAST[action]], "where": where}


class Allowed:
    """What one person may do at one place, for templates: `{% if may.decide %}`."""

    def __init__(self, user: Any, place: str) -> None:
        self.user, self.place = user, place

    def __getitem__(self, action: str) -> bool:
        try:
            return may(self.user, Action(action), self.place)
        except ValueError:
            raise KeyError(action) from None


def permissions(request: HttpRequest) -> dict[str, Any]:
    """Template context: what the person looking may do to this page's list (`may`), to some list, to all of them."""
    user = getattr(request, "user", None) or AnonymousUser()
    return {
        "may": Allowed(user, getattr(request, "place", ALL)),
        "may_somewhere": Allowed(user, SOME),
        "may_everywhere": Allowed(user, ALL),
        "is_administrator": is_administrator(user),
    }


# --- from where -----------------------------------------------------------------------------------------------


def client_address(request: HttpRequest) -> str | None:
    """Return where a request comes from, by TRUSTED_PROXIES as the API's limits count it; None if it has no address."""
    told = BaseThrottle().get_ident(request)  # type: ignore[arg-type]  # it asks for nothing else than these have
    return next((address for address in (told, request.META.get("REMOTE_ADDR")) if _is_address(address)), None)


def _is_address(text: str | None) -> bool:
    try:
        ip_address(text or "")
    except ValueError:
        return False
    return "%" not in str(text)  # a zone, which the database does not hold
