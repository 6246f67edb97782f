"""Bad settings, said at start with a hint."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from kbsite import mail


@register()
def database_is_postgresql(**_: Any) -> list[CheckMessage]:
    engine = settings.DATABASES["default"]["ENGINE"]
    if engine in {"kbsite.embedded", "django.db.backends.postgresql"}:
        return []
    return [
        Error(
            f"DATABASE_URL names {engine}; Listkeeper works with PostgreSQL only.",
            hint="Use postgres://user:password@host/name, or leave it empty for the embedded server.",
            id="listkeeper.E001",
        )
    ]


@register()
def encoder_device_is_known(**_: Any) -> list[CheckMessage]:
    device = settings.ENCODER_DEVICE
    if device in {"auto", "cpu", "mps"} or device.startswith("cuda"):
        return []
    return [Error(f"ENCODER_DEVICE is “{device}”.", hint="Use auto, cpu, cuda, cuda:1 or mps.", id="listkeeper.E002")]


@register()
def encoder_precision_is_known(**_: Any) -> list[CheckMessage]:
    precision = settings.ENCODER_PRECISION
    if precision in {"auto", "float32"}:
        return []
    if precision != "int8":
        hint = "Use auto, float32 or int8."
        return [Error(f"ENCODER_PRECISION is “{precision}”.", hint=hint, id="listkeeper.E004")]
    if settings.ENCODER_DEVICE in {"auto", "cpu"}:
        return []
    return [
        Error(
            f"ENCODER_PRECISION is int8, which is for a processor, and ENCODER_DEVICE {settings.ENCODER_DEVICE}.",
            hint="Leave one of the two at auto.",
            id="listkeeper.E005",
        )
    ]


@register()
def arxiv_delay_is_polite(**_: Any) -> list[CheckMessage]:
    delay = settings.ARXIV_DELAY_SECONDS
    if delay < 0:
        return [Error(f"ARXIV_DELAY_SECONDS is {delay}.", hint="Use 3 or more.", id="listkeeper.E003")]
    if delay < 3 and "arxiv.org" in settings.ARXIV_API_URL:
        return [
            Warning(
                f"ARXIV_DELAY_SECONDS is {delay}: arXiv asks for one request in three seconds.",
                hint="Leave it at 3 unless ARXIV_API_URL is your own server.",
                id="listkeeper.W001",
            )
        ]
    return []


@register(deploy=True)
def mails_can_be_answered(**_: Any) -> list[CheckMessage]:
    if not mail.is_configured() or "@localhost" not in settings.DEFAULT_FROM_EMAIL:
        return []
    return [
        Warning(
            f"DEFAULT_FROM_EMAIL is “{settings.DEFAULT_FROM_EMAIL}”: mail servers will not take mails from there.",
            hint="Give an address of your own, as Listkeeper <listkeeper@example.org>.",
            id="listkeeper.W003",
        )
    ]


@register(deploy=True)
def sources_can_reach_us(**_: Any) -> list[CheckMessage]:
    if settings.CONTACT.strip():
        return []
    return [
        Warning(
            "CONTACT is empty: arXiv and the others cannot tell whom to write to when something goes wrong.",
            hint="Give a mail address or an address on the web; it is sent with every request (User-Agent).",
            id="listkeeper.W002",
        )
    ]
