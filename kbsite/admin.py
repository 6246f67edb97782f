"""Accounts in Django's administration, which never lets the last administrator go."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from kbsite import people


class AccountForm(UserChangeForm):  # type: ignore[type-arg]
    """An account; that of the last administrator keeps its right."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        stays = cleaned.get("is_superuser") and cleaned.get("is_active")
        if not stays and people.is_last_administrator(self.instance):
            raise ValidationError(_("This is the last administrator: make another one first."))
        return cleaned


class Accounts(UserAdmin):  # type: ignore[type-arg]
    """Accounts, deleted one by one only: many at once would not be asked about."""

    form = AccountForm

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and not (obj is not None and people.is_last_administrator(obj))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        return {name: action for name, action in actions.items() if name != "delete_selected"}


admin.site.unregister(User)
admin.site.register(User, Accounts)
