"""A forgotten password: a link by mail, and a new one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth import views as auth
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from kbsite import mail
from kbsite.access import client_address


class Asking(SimpleRateThrottle):
    """So that nobody has this site fill the mailboxes of others."""

    rate = "5/hour"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"password-link-{client_address(request)}"


class Ask(auth.PasswordResetView):
    """Where the link is asked for. The answer is the same whether anybody has the address."""

    template_name = "registration/forgotten.html"
    email_template_name = "mail/password.txt"
    subject_template_name = "mail/password_subject.txt"
    success_url = reverse_lazy("password-asked")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not mail.is_configured():
            raise Http404(_("This site sends no mail. An administrator can set a new password for you."))
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        if Asking().allow_request(self.request, self):  # type: ignore[arg-type]
            return super().form_valid(form)
        form.add_error(None, _("Too many links were asked for from here. Try again in an hour."))
        return self.render_to_response(self.get_context_data(form=form), status=HTTPStatus.TOO_MANY_REQUESTS)


class NewPassword(SetPasswordForm):  # type: ignore[type-arg]
    """A new password, twice; what it must be in a sentence, as the field's help is a paragraph."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = " ".join(map(str, password_validators_help_texts()))


class Choose(auth.PasswordResetConfirmView):
    """Where the link leads."""

    form_class = NewPassword
    template_name = "registration/new_password.html"
    success_url = reverse_lazy("sign-in")
