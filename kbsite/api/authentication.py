"""`Authorization: Bearer lk_…` (or `Token lk_…`) -> the person whose token it is."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from kbsite.models import ApiToken

SCHEMES = {b"bearer", b"token"}
REFUSED = "This token is not valid."  # wrong, revoked, expired or its owner disabled: strangers learn no more


class TokenAuthentication(BaseAuthentication):
    """Tokens of the API. First in the settings, so that a request without any credentials is answered with 401."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() not in SCHEMES:
            return None
        if len(words) != 2:
            raise AuthenticationFailed("The Authorization header must read “Bearer”, a space, and the token.")
        token = ApiToken.of(words[1].decode("utf-8", "replace"))
        if token is None or not token.is_valid or not token.user.is_active:
            raise AuthenticationFailed(REFUSED)
        token.note_use()
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Listkeeper API"'
