"""Mail from the site: whether any goes out (EMAIL_URL), and one way to send it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)

NOWHERE = {f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy")}


class Undeliverable(Exception):
    """The mail server did not take it."""


def is_configured() -> bool:
    """Say whether a mail reaches anybody; otherwise what it would say must be passed on by hand."""
    return settings.EMAIL_BACKEND not in NOWHERE


def send(template: str, to: str, context: Mapping[str, Any]) -> None:
    """Send a text, whose first line is the subject, to one address; raise Undeliverable."""
    subject, body = [*render_to_string(template, dict(context)).strip().split("\n", 1), ""][:2]
    message = EmailMessage(subject.strip(), body.strip() + "\n", to=[to])
    try:
        message.send()
    except (SMTPException, OSError) as problem:
        log.error("a mail could not be sent: %s", problem)
        raise Undeliverable(_("The mail server did not take the mail.")) from problem
