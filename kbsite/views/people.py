"""Who works on a list or on all of them: members, invitations, and joining."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.db import IntegrityError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kbsite import mail, people
from kbsite.access import Action, named, needs
from kbsite.models import Invitation, Membership
from kbsite.numbers import number
from kbsite.peopleforms import InviteForm, JoinForm
from papers.models import PaperList


@needs(Action.MANAGE_PEOPLE, named)
@never_cache  # a link may be shown
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The people of a list, without a slug those of all lists; POST does what its button says."""
    paper_list = get_object_or_404(PaperList, slug=slug) if slug else None
    if request.method != "POST":
        return _page(request, paper_list)
    for button, act in (("invite", _invite), ("resend", _resend), ("revoke", _revoke), ("change", _change)):
        if button in request.POST:
            return act(request, paper_list)
    if "remove" in request.POST:
        return _change(request, paper_list)
    return HttpResponseBadRequest("Which button?")


def _invite(request: HttpRequest, paper_list: PaperList | None) -> HttpResponse:
    form = InviteForm(request.POST)
    if form.is_valid():
        email, role = form.cleaned_data["email"], form.cleaned_data["role"]
        try:
            sent = people.invite(email, role, paper_list, request.user, site_of(request))
        except people.AlreadyMember as problem:
            form.add_error("email", str(problem))
        except people.TooMany as problem:
            return _page(request, paper_list, HTTPStatus.TOO_MANY_REQUESTS, form=form, problem=str(problem))
        else:
            return _sent(request, paper_list, sent)
    return _page(request, paper_list, HTTPStatus.UNPROCESSABLE_ENTITY, form=form)


def _resend(request: HttpRequest, paper_list: PaperList | None) -> HttpResponse:
    try:
        sent = people.resend(_invitation(request, paper_list, "resend"), request.user, site_of(request))
    except people.TooMany as problem:
        return _page(request, paper_list, HTTPStatus.TOO_MANY_REQUESTS, problem=str(problem))
    except people.NotPending as problem:
        return _page(request, paper_list, HTTPStatus.CONFLICT, problem=str(problem))
    return _sent(request, paper_list, sent)


def _sent(request: HttpRequest, paper_list: PaperList | None, sent: people.Sent) -> HttpResponse:
    """Go back to the page when a mail went out; else show the link, this once."""
    if sent.by_hand:
        return _page(request, paper_list, sent=sent)
    messages.success(request, _("An invitation went to %(email)s.") % {"email": sent.invitation.email})
    return _back(paper_list)


def _revoke(request: HttpRequest, paper_list: PaperList | None) -> HttpResponse:
    invitation = _invitation(request, paper_list, "revoke")
    try:
        people.revoke(invitation)
    except people.NotPending as problem:
        messages.info(request, str(problem))
    else:
        messages.success(request, _("The link sent to %(email)s opens nothing now.") % {"email": invitation.email})
    return _back(paper_list)


def _change(request: HttpRequest, paper_list: PaperList | None) -> HttpResponse:
    """Change a member's role or remove one; what deserves a second thought is asked about first."""
    button = "change" if "change" in request.POST else "remove"
    membership = get_object_or_404(people.members(paper_list), pk=number(request.POST[button]))
    role, is_sure = request.POST.get("role", ""), request.POST.get("sure") == "1"
    try:
        if button == "remove":
            people.remove(membership, request.user, is_sure=is_sure)
            told = _("%(name)s is no member any more.")
        elif role in Membership.Role.values:
            people.change(membership, role, request.user, is_sure=is_sure)
            told = _("%(name)s is a %(role)s now.")
        else:
            return HttpResponseBadRequest("“role” is curator or maintainer.")
    except people.NoMember as problem:
        messages.error(request, str(problem))
        return _back(paper_list)
    except (people.OwnRight, people.LastMaintainer) as problem:
        doubt = {"membership": membership, "button": button, "role": role, "words": str(problem)}
        doubt["role_name"] = str(Membership.Role(role).label).lower() if role in Membership.Role.values else ""
        return _page(request, paper_list, HTTPStatus.CONFLICT, doubt=doubt)
    messages.success(request, told % {"name": membership.user, "role": membership.get_role_display().lower()})
    is_own = membership.user == request.user and not request.user.is_superuser
    return redirect("account") if is_own else _back(paper_list)


def _page(request: HttpRequest, paper_list: PaperList | None, status: int = HTTPStatus.OK, **more: Any) -> HttpResponse:
    context: dict[str, Any] = {
        "list": paper_list,
        "members": people.members(paper_list),
        "pending": people.pending(paper_list),
        "everywhere": people.members(None) if paper_list else (),
        "administrators": people.administrators(),
        "lists": () if paper_list else _lists(),
        "form": InviteForm(),
        "roles": Membership.Role.choices,
        "is_mailed": mail.is_configured(),
    }
    return render(request, "kbsite/people/page.html", context | more, status=status)


def _lists() -> Any:
    maintainers = Count("memberships", filter=Q(memberships__role=Membership.Role.MAINTAINER))
    return PaperList.objects.annotate(people=Count("memberships"), maintainers=maintainers).order_by("name")


def _back(paper_list: PaperList | None) -> HttpResponse:
    return redirect("people", paper_list.slug) if paper_list else redirect("all-people")


def _invitation(request: HttpRequest, paper_list: PaperList | None, button: str) -> Invitation:
    return get_object_or_404(Invitation, pk=number(request.POST[button]), list=paper_list)


def site_of(request: HttpRequest) -> str:
    """Return where the request reached this site, as a link begins."""
    return f"{request.scheme}://{request.get_host()}"


@needs(Action.ENTER)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Where an invitation leads: join with the account that is signed in, or make one. Looking uses nothing up."""
    invitation = people.invitation_of(secret)
    if invitation is None or not invitation.is_pending:
        status = HTTPStatus.NOT_FOUND if invitation is None else HTTPStatus.GONE
        return render(request, "kbsite/people/over.html", {"invitation": invitation}, status=status)
    if request.user.is_authenticated:
        if request.method == "POST":
            return _joined(request, invitation)
        return render(request, "kbsite/people/join.html", {"invitation": invitation})
    form = JoinForm(request.POST if request.method == "POST" else None, email=invitation.email)
    if form.is_bound and form.is_valid():
        try:
            name, password = form.cleaned_data["name"], form.cleaned_data["password"]
            membership = people.join_as_new(invitation, name, password)
        except IntegrityError:
            form.refuse_taken()
        except people.NotPending:
            return redirect(request.path)  # which tells so
        else:
            login(request, membership.user, backend="django.contrib.auth.backends.ModelBackend")
            return _welcome(request, membership)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "kbsite/people/join.html", {"invitation": invitation, "form": form}, status=status)


def _joined(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    try:
        return _welcome(request, people.join(invitation, request.user))
    except people.NotPending:
        return redirect(request.path)  # which tells so


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponse:
    where = membership.list.name if membership.list else _("all lists")
    messages.success(
        request, _("You are a %(role)s of %(list)s.") % {"role": membership.get_role_display().lower(), "list": where}
    )
    return redirect("list", membership.list.slug) if membership.list else redirect("home")
