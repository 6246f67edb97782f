"""The site's own tables: tokens of the API, who may do what, and who was asked to join."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from papers.models import PaperList

MARK = "lk_"  # so that people and secret scanners recognise one of ours
SECRET_BYTES = 32
PREFIX_LENGTH = len(MARK) + 8
WELL_FORMED = re.compile(rf"{MARK}[A-Za-z0-9_-]{{20,100}}")
USE_NOTED_EVERY = timedelta(minutes=1)
INVITED_FOR = timedelta(days=14)


class ApiToken(models.Model):
    """A person's key to the API. Only the SHA-256 of its secret is kept: nobody can read it back."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, help_text="What it is for")
    prefix = models.CharField(max_length=PREFIX_LENGTH, db_index=True, help_text="How the secret begins")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    def create(cls, user: AbstractBaseUser, name: str, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
        """Make a token and return it with its secret, which is shown this once."""
        secret = MARK + secrets.token_urlsafe(SECRET_BYTES)
        token = cls.objects.create(
            user=user,
            name=name,
            prefix=secret[:PREFIX_LENGTH],
            digest=digest_of(secret),
            expires_at=expires_at,
        )
        return token, secret

    @classmethod
    def of(cls, secret: str) -> ApiToken | None:
        """Return the token of this secret, whatever its state, or None; the time taken tells nothing of it."""
        if not WELL_FORMED.fullmatch(secret):
            return None
        digest = digest_of(secret)
        found = None
        for token in cls.objects.filter(prefix=secret[:PREFIX_LENGTH]).select_related("user"):
            if secrets.compare_digest(token.digest, digest):
                found = token
        return found

    @property
    def is_valid(self) -> bool:
        """Whether it opens the API now: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    def note_use(self) -> None:
        """Remember that it was used just now; written at most once a minute."""
        now = timezone.now()
        if self.last_used_at is None or self.last_used_at < now - USE_NOTED_EVERY:
            unnoted = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
            ApiToken.objects.filter(unnoted, pk=self.pk).update(last_used_at=now)
            self.last_used_at = now

    def revoke(self) -> None:
        """End it for good."""
        if self.revoked_at is None:
            self.revoked_at = timezone.now()
            self.save(update_fields=["revoked_at"])


def digest_of(secret: str) -> str:
    """Return what is kept of a secret. It is random and long, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Membership(models.Model):
    """A person's role in one list or, without a list, in all of them. What a role may do: access.py."""

    class Role(models.TextChoices):
        CURATOR = "curator", _("Curator")
        MAINTAINER = "maintainer", _("Maintainer")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "list"], name="membership_unique", nulls_distinct=False),
            models.CheckConstraint(condition=Q(role__in=["curator", "maintainer"]), name="membership_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} of {self.list or 'all lists'}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Ways to choose invitations."""

    def pending(self) -> InvitationQuerySet:
        """Those that still open the door."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """A link that makes whoever opens it a member, once. Of its secret only the SHA-256 is kept."""

    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Membership.Role)
    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret in the link")
    created_at = models.DateTimeField(auto_now_add=True)
    mailed_at = models.DateTimeField(null=True, blank=True, help_text="When the link was mailed last; never: by hand")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["invited_by", "mailed_at"], name="invitation_mailed")]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=["curator", "maintainer"]), name="invitation_role"),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.role} of {self.list or 'all lists'}"

    def renew(self) -> str:
        """Give it a new secret and a new end, not saved yet, and return the secret: no older link opens it."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        self.digest, self.expires_at = digest_of(secret), timezone.now() + INVITED_FOR
        return secret

    @property
    def is_pending(self) -> bool:
        """Whether its link still opens the door."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > timezone.now()
