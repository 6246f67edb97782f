"""The public form by which authors propose papers: whether it is open, its limits, its mail, its links."""

from __future__ import annotations

import hashlib
import logging
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.throttling import SimpleRateThrottle

from kbsite import mail
from kbsite.access import client_address
from kbsite.forms import one_line
from papers import identity, proposals
from papers.models import Category, PaperList, Proposal
from papers.proposals import Named
from papers.records import Identifier

log = logging.getLogger(__name__)

_CONFIRM = "kbsite.proposing.confirm"
_SHOWN = "kbsite.proposing.shown"
LEAST_SECONDS = 3  # that a person needs to fill the form in
MOST_SECONDS = 24 * 3600  # a page that lay open longer is loaded again


class Closed(Exception):
    """The list takes no proposals; the message says why."""


def why_closed(paper_list: PaperList) -> str:
    """Return why a list takes no proposals; empty when it does."""
    if not settings.PROPOSALS:
        return _("Proposals are closed on this site.")
    if not mail.is_configured():
        return _("Proposals are closed: this site sends no mail, and a proposal is confirmed by mail.")
    return "" if paper_list.takes_proposals else _("This list takes no proposals at present.")


def propose(
    request: HttpRequest, paper_list: PaperList, given: Named, email: str, category: Category | None, why: str
) -> Proposal:
    """Keep a proposal and send the mail that confirms it, or neither; raise Closed, Refused or mail.Undeliverable."""
    if reason := why_closed(paper_list):
        raise Closed(reason)
    with transaction.atomic():
        proposal = proposals.propose(paper_list, given, email, category, why)
        _send(request, proposal)
    return proposal


def _send(request: HttpRequest, proposal: Proposal) -> None:
    """Send the mail. It says nothing that a stranger typed: anybody may have given anybody's address."""
    name = Identifier(proposal.scheme, proposal.value)
    context = {
        "list": one_line(proposal.list.name),
        "paper": "" if name.scheme == "url" else identity.link(name),
        "confirm": request.build_absolute_uri(reverse("confirm-proposal", args=[token(proposal)])),
        "state": request.build_absolute_uri(reverse("proposal", args=[proposal.key])),
        "days": proposals.CONFIRMED_WITHIN.days,
        "dropped": proposals.DROPPED_UNCONFIRMED.days,
    }
    mail.send("mail/proposal.txt", proposal.email, context)


# --- links ----------------------------------------------------------------------------------------------------


def token(proposal: Proposal) -> str:
    """Return what the link of the mail holds: signed, and good for some days."""
    return signing.dumps(str(proposal.key), salt=_CONFIRM)


def key_of(given: str) -> UUID:
    """Return the key that a link of a mail holds; raise Gone for one that is too old, or none of ours."""
    try:
        return UUID(signing.loads(given, salt=_CONFIRM, max_age=proposals.CONFIRMED_WITHIN))
    except (signing.BadSignature, ValueError) as error:
        raise proposals.Gone from error


# --- limits ---------------------------------------------------------------------------------------------------


def shown_now() -> str:
    """Return when the form was shown, signed, for it to send back."""
    return signing.dumps("", salt=_SHOWN)


def is_in_time(shown: str) -> bool:
    """Say whether the form was shown by us, long enough ago for a person, and not the day before."""
    try:
        signing.loads(shown, salt=_SHOWN, max_age=MOST_SECONDS)
    except signing.BadSignature:
        return False
    try:
        signing.loads(shown, salt=_SHOWN, max_age=LEAST_SECONDS)
    except signing.SignatureExpired:
        return True
    return False


class ByAddress(SimpleRateThrottle):
    """How often one address may propose, by page and API together; what a mail address may, the tables tell."""

    scope = "proposals"
    rate = "10/hour"

    def get_cache_key(self, request: Any, view: Any = None) -> str | None:
        address = client_address(request)
        return f"proposals-{hashlib.sha256(address.encode()).hexdigest()}" if address else None


def is_too_often(request: HttpRequest) -> bool:
    """Count one more proposal of this address; say whether it is one too many."""
    return not ByAddress().allow_request(request, None)  # type: ignore[arg-type]
