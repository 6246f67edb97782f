"""Who works on which list: inviting, joining, changing a role, leaving. The verbs of pages and API alike.

Whoever manages the people of a place (access.py) may do all of this there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from kbsite import mail
from kbsite.access import Role
from kbsite.models import Invitation, Membership, digest_of
from papers.models import PaperList

log = logging.getLogger(__name__)

MAILS_AN_HOUR = 20  # by one person
MAIL_AGAIN_AFTER = timedelta(minutes=10)  # to one invitation


class TooMany(Exception):
    """The mail would be one too many for now."""


class AlreadyMember(Exception):
    """Somebody with this address works there."""


class NotPending(Exception):
    """The invitation was used, taken back, or is too old."""


class NoMember(Exception):
    """The membership ended meanwhile."""


class LastMaintainer(Exception):
    """Nobody but administrators would manage this place's people any more."""


class OwnRight(Exception):
    """The person would take their own right away."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An invitation that was made or renewed, and its link."""

    invitation: Invitation
    link: str
    by_hand: bool  # whether somebody must pass the link on
    trouble: str = ""  # why no mail went out, though one should have


def members(paper_list: PaperList | None) -> QuerySet[Membership]:
    """Return the memberships of a list, or those of all lists at once, in the order of names."""
    return Membership.objects.filter(list=paper_list).select_related("user", "list").order_by("user__username")


def administrators() -> QuerySet[Any]:
    """Return the active superusers."""
    return get_user_model().objects.filter(is_superuser=True, is_active=True).order_by("username")


def is_last_administrator(user: Any) -> bool:
    """Say whether nobody else administers."""
    return [*administrators().values_list("pk", flat=True)[:2]] == [user.pk]


def pending(paper_list: PaperList | None) -> QuerySet[Invitation]:
    """Return the invitations to a list, or to all lists at once, that still open the door."""
    return Invitation.objects.pending().filter(list=paper_list).select_related("invited_by", "list")


# --- inviting -------------------------------------------------------------------------------------------------


def invite(email: str, role: str, paper_list: PaperList | None, by: Any, site: str) -> Sent:
    """Invite an address to a list or, without one, to all; raise TooMany or AlreadyMember.

    Whom an invitation awaits already is sent a new link in its place. `site` is where this site is reached.
    """
    member = members(paper_list).filter(user__email__iexact=email).first()
    if member:
        words = _("%(name)s, who has this address, is a %(role)s there already.")
        raise AlreadyMember(words % {"name": member.user, "role": member.get_role_display().lower()})
    invitation = pending(paper_list).filter(email__iexact=email).first() or Invitation(list=paper_list)
    invitation.email, invitation.role = email, role
    return _send(invitation, by, site)


def resend(invitation: Invitation, by: Any, site: str) -> Sent:
    """Send a new link, which ends the older one; raise TooMany or NotPending."""
    if invitation.accepted_at or invitation.revoked_at:
        raise NotPending(_("This invitation was used or taken back."))
    return _send(invitation, by, site)


def _send(invitation: Invitation, by: Any, site: str) -> Sent:
    is_mailed = mail.is_configured()
    with transaction.atomic():
        if is_mailed:
            _keep_pace(invitation, by)
            invitation.mailed_at = timezone.now()
        invitation.invited_by = by
        secret = invitation.renew()
        invitation.save()
    link = site + reverse("join", args=[secret])
    log.info("%s invited %s", by, invitation)
    if not is_mailed:
        return Sent(invitation, link, by_hand=True)
    try:
        mail.send("mail/invitation.txt", invitation.email, {"invitation": invitation, "link": link, "by": by})
    except mail.Undeliverable as problem:
        return Sent(invitation, link, by_hand=True, trouble=str(problem))
    return Sent(invitation, link, by_hand=False)


def _keep_pace(invitation: Invitation, by: Any) -> None:
    now = timezone.now()
    if invitation.mailed_at and invitation.mailed_at > now - MAIL_AGAIN_AFTER:
        raise TooMany(_("A mail went to this address a few minutes ago. Wait ten minutes before sending another."))
    get_user_model().objects.select_for_update().get(pk=by.pk)  # so that two requests at once count each other
    if Invitation.objects.filter(invited_by=by, mailed_at__gt=now - timedelta(hours=1)).count() >= MAILS_AN_HOUR:
        raise TooMany(_("You have sent %(n)d invitations within an hour. Go on later.") % {"n": MAILS_AN_HOUR})


def revoke(invitation: Invitation) -> None:
    """Take an invitation back; raise NotPending."""
    if not Invitation.objects.pending().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
        raise NotPending(_("This invitation was used or taken back."))


# --- joining --------------------------------------------------------------------------------------------------


def invitation_of(secret: str) -> Invitation | None:
    """Return the invitation whose link has this secret, whatever its state, or None."""
    found = Invitation.objects.select_related("list", "invited_by")
    return found.filter(digest=digest_of(secret)).first()


def join(invitation: Invitation, user: Any) -> Membership:
    """Use an invitation up; raise NotPending. A higher role that the person has already stays."""
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if not invitation.is_pending:
            raise NotPending(_("This invitation was used, taken back, or is too old."))
        membership, is_new = Membership.objects.select_for_update().get_or_create(
            user=user, list=invitation.list, defaults={"role": invitation.role}
        )
        if not is_new and _rank(invitation.role) > _rank(membership.role):
            membership.role = invitation.role
            membership.save(update_fields=["role"])
        if not user.email:
            user.email = invitation.email
            user.save(update_fields=["email"])
        invitation.accepted_at, invitation.accepted_by = timezone.now(), user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
    log.info("joined: %s", membership)
    return membership


def join_as_new(invitation: Invitation, name: str, password: str) -> Membership:
    """Make an account with the invitation's address and use the invitation up; raise NotPending."""
    with transaction.atomic():
        user = get_user_model().objects.create_user(name, email=invitation.email, password=password)
        return join(invitation, user)


def _rank(role: str) -> Role:
    return Role[role.upper()]


# --- changing -------------------------------------------------------------------------------------------------


def change(membership: Membership, role: str, by: Any, *, is_sure: bool = False) -> None:
    """Give a member another role; raise NoMember, and OwnRight or LastMaintainer unless the person is sure."""
    with transaction.atomic():
        if role != Membership.Role.MAINTAINER:
            _warn(membership, by, is_sure)
        if not Membership.objects.filter(pk=membership.pk).update(role=role):
            raise NoMember(_("%(name)s is no member any more.") % {"name": membership.user})
        membership.role = role
    log.info("%s changed %s", by, membership)


def remove(membership: Membership, by: Any, *, is_sure: bool = False) -> None:
    """End a membership; raise OwnRight or LastMaintainer unless the person is sure."""
    with transaction.atomic():
        _warn(membership, by, is_sure)
        membership.delete()
    log.info("%s removed %s", by, membership)


def _warn(membership: Membership, by: Any, is_sure: bool) -> None:
    """Raise what the person should think about before a membership ends or is lowered."""
    place = membership.list
    maintainers = Membership.objects.select_for_update().filter(
        list=place, role=Membership.Role.MAINTAINER, user__is_active=True
    )
    if is_sure or membership.pk not in {each.pk for each in maintainers}:
        return
    if len(maintainers) == 1:
        words = (
            _("%(name)s is the last maintainer of “%(list)s”: only those of all lists could manage it then.")
            if place
            else _("%(name)s is the last maintainer of all lists: only an administrator could manage people then.")
        )
        raise LastMaintainer(words % {"name": membership.user, "list": place and place.name})
    if membership.user == by:
        raise OwnRight(_("This is your own right: you could not take it back yourself."))
