"""Who you are here, and your keys to the API."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kbsite.access import Action, needs
from kbsite.forms import TokenForm
from kbsite.models import ApiToken, Membership
from kbsite.numbers import number
from kbsite.readers import told_of_seen


@needs(Action.KEEP_ACCOUNT)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """The account; POST makes a token, whose secret is shown this once, or revokes one."""
    tokens = ApiToken.objects.filter(user=request.user)  # type: ignore[misc]
    if "revoke" in request.POST:
        token = get_object_or_404(tokens, pk=number(request.POST["revoke"]))
        token.revoke()
        messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": token.name})
        return redirect("account")
    form = TokenForm(request.POST if request.method == "POST" else None)
    secret = ""
    if form.is_bound and form.is_valid():
        name = form.cleaned_data["name"]
        # Otherwise a reload of the answer, which sends the form again, would make another token.
        if any(token.is_valid and token.name == name for token in tokens):
            form.add_error("name", _("You have a token of this name. Revoke it first, or choose another name."))
        else:
            secret = ApiToken.create(request.user, name)[1]  # type: ignore[arg-type]
            form = TokenForm()
    memberships = Membership.objects.filter(user=request.user).select_related("list")  # type: ignore[misc]
    context = {"form": form, "tokens": tokens.all(), "secret": secret, "memberships": memberships}
    context |= told_of_seen(request.user)
    return render(request, "kbsite/account.html", context, status=422 if form.errors else 200)
