"""What readers keep for themselves: searches, a reading list, and what they have seen. No one else ever sees it."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from papers.models.papers import Paper

SECRET_BYTES = 32


def new_secret() -> str:
    """Return a secret for an address that nobody can guess."""
    return secrets.token_urlsafe(SECRET_BYTES)


class Reader(models.Model):
    """What somebody chose as a reader; who has no row chose nothing."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="reader"
    )
    remembers_seen = models.BooleanField(default=False, help_text="Opening a paper's page marks it as seen")

    def __str__(self) -> str:
        return f"{self.user}"


class SavedSearch(models.Model):
    """A search of papers under a name: what the address of the papers page says of it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="searches")
    name = models.CharField(max_length=120)
    query = models.TextField(help_text="What the address says after the question mark, its words in alphabetical order")
    # Readable, unlike that of a token: the page shows the address again, and all it opens is one search of papers
    # that everybody may read; which of them its owner has seen it tells only if the search asks for that.
    secret = models.CharField(max_length=64, unique=True, default=new_secret, help_text="Opens its feed")
    made_at = models.DateTimeField(auto_now_add=True)
    looked_at = models.DateTimeField(default=timezone.now, help_text="What came later is new")

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "saved searches"
        constraints = [models.UniqueConstraint(fields=["user", "query"], name="saved_search_unique")]

    def __str__(self) -> str:
        return self.name


class Reading(models.Model):
    """A paper of somebody's reading list."""

    class State(models.TextChoices):
        TO_READ = "to-read", pgettext_lazy("state of a paper", "To read")
        READING = "reading", pgettext_lazy("state of a paper", "Reading")
        READ = "read", pgettext_lazy("state of a paper", "Read")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="readings")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="readings")
    state = models.CharField(max_length=16, choices=State, default=State.TO_READ)
    note = models.TextField(blank=True, help_text="Plain text")
    added_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-added_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "paper"], name="reading_unique"),
            models.CheckConstraint(
                condition=models.Q(state__in=["to-read", "reading", "read"]), name="reading_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.paper_id}: {self.state}"


class Seen(models.Model):
    """A paper that somebody opened, or ticked as seen."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now, help_text="When it was first seen")

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "seen"
        constraints = [models.UniqueConstraint(fields=["user", "paper"], name="seen_unique")]

    def __str__(self) -> str:
        return f"{self.paper_id} by {self.user_id}"
