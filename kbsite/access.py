"""Who may do what. Views and API ask here and nowhere else.

Anonymous readers read. Members of the group "curators" decide. Superusers manage.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from rest_framework.throttling import BaseThrottle

from ingest.models import Run

CURATORS = "curators"


def is_curator(user: Any) -> bool:
    """True for active members of the curators' group and for administrators."""
    if not user.is_authenticated or not user.is_active:
        return False
    if not hasattr(user, "_is_curator"):
        user._is_curator = user.is_superuser or user.groups.filter(name=CURATORS).exists()
    return bool(user._is_curator)


def is_administrator(user: Any) -> bool:
    """True for active superusers."""
    return bool(user.is_authenticated and user.is_active and user.is_superuser)


def curators_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Send the anonymous to sign-in, refuse the signed-in who are not curators (403)."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_curator(request.user):
            raise PermissionDenied("Only curators may do this.")
        return view(request, *args, **kwargs)

    return guarded


def error_of(run: Run, user: Any) -> str:
    """Return what went wrong with a run, in the words that this person may read.

    The words of an exception of ours may tell of our insides; those about a source were written for readers.
    """
    if run.error and run.state == Run.State.FAILED and not is_curator(user):
        return "An error of ours; curators see which."
    return run.error


def roles(request: HttpRequest) -> dict[str, bool]:
    """Template context: what the person looking at the page may do."""
    user = getattr(request, "user", None)
    if user is None:
        return {"is_curator": False, "is_administrator": False}
    return {"is_curator": is_curator(user), "is_administrator": is_administrator(user)}


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
