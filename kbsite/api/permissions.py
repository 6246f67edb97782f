"""Who may use the API for what; access.py knows who is who."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from kbsite import access


class ReadOrCurate(BasePermission):
    """Anyone reads, curators write."""

    message = "Only curators may do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or access.is_curator(request.user)
