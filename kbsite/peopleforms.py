"""What is typed to invite somebody, and to join."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy as _

from kbsite.models import Membership


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label=_("Mail address"), max_length=254, widget=forms.EmailInput({"autocomplete": "off", "spellcheck": "false"})
    )
    role = forms.ChoiceField(
        label=_("As"),
        choices=[
            (Membership.Role.CURATOR, _("Curator: decides on papers, edits entries")),
            (Membership.Role.MAINTAINER, _("Maintainer: topics, settings and people too")),
        ],
    )


class JoinForm(forms.Form):
    """The name and password of a new account, made for an address."""

    name = forms.CharField(
        label=_("User name"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("Shown beside your decisions. Letters, digits and @ . + - _"),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email
        self.fields["password"].help_text = " ".join(map(str, password_validators_help_texts()))

    def clean_name(self) -> str:
        """Refuse a name that somebody has, whatever the case of its letters."""
        name: str = self.cleaned_data["name"]
        if get_user_model().objects.filter(username__iexact=name).exists():
            self.refuse_taken()
        return name

    def refuse_taken(self) -> None:
        """Say that the name is somebody's."""
        self.add_error("name", _("Somebody has this name. If it is you, sign in instead."))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if password := cleaned.get("password"):
            try:
                validate_password(password, get_user_model()(username=cleaned.get("name", ""), email=self.email))
            except forms.ValidationError as problem:
                self.add_error("password", problem)
        return cleaned
