"""Who may use the API for what: asks access.py, the site's one policy.

A viewset names what its operations need (`needs`); what it does not name must be reading.
"""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from kbsite import access
from kbsite.access import SOME, Action, Role


def needed(view: Any, method: str | None) -> Action:
    """Return what the operation of a view is; KeyError for one that writes and that nobody named."""
    needs = getattr(view, "needs", {})
    operation = getattr(view, "action", None)
    if operation is None or str(method).lower() not in view.http_method_names:
        return Action.READ if method in SAFE_METHODS else Action.KEEP_ACCOUNT  # there is no such method: 405 follows
    if operation in needs:
        named: Action = needs[operation]
        return named
    if method in SAFE_METHODS:
        return Action.READ
    raise KeyError(f"{type(view).__name__}.needs does not say who may {operation}.")


class Allowed(BasePermission):
    """By the policy: first whether the person may do such a thing at all, then whether to this very row."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return self._may(request, view, SOME)

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        action = needed(view, request.method)
        return access.LEAST[action] is Role.READER or self._may(request, view, access.place_of(obj))

    def _may(self, request: Request, view: Any, place: str) -> bool:
        action = needed(view, request.method)
        self.message = access.refusal(action, place)
        return access.may(request.user, action, place)
