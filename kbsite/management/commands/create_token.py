"""Make a token for the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from kbsite.models import ApiToken


class Command(BaseCommand):
    """Prints the secret to standard output, once; only its hash is kept."""

    help = "Make a token for the API and print its secret, which cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument("--days", type=int, help="how long it is valid; for ever when not given")

    def handle(self, *args: Any, username: str, name: str, days: int | None, **options: Any) -> None:
        User = get_user_model()
        user = User.objects.filter(**{User.USERNAME_FIELD: username}).first()
        if user is None:
            raise CommandError(f"There is no user “{username}”.")
        if days is not None and not 1 <= days <= 36500:
            raise CommandError(f"--days is {days}; give 1 to 36500.")
        if not name or len(name) > 100:
            raise CommandError("--name must have 1 to 100 characters.")
        expires_at = timezone.now() + timedelta(days=days) if days is not None else None
        token, secret = ApiToken.create(user, name, expires_at)
        self.stderr.write(f"Token “{token.name}” of {username}; this is the only time that its secret is shown.")
        self.stdout.write(secret)
