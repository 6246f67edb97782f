"""Proposals: papers that a person puts before a list's curators."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from papers.models.lists import Category, PaperList
from papers.models.papers import Paper


class Proposal(models.Model):
    """A paper that a person puts before a list's curators: one of them by hand (`user`), or its author by mail.

    Until an author has confirmed it, it is nobody's business, and its paper is not in the catalogue.
    """

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="proposals")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, null=True, blank=True, related_name="proposals")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The curator who added it by hand; nobody where its author proposed it",
    )
    scheme = models.CharField(max_length=16, help_text="Of the identifier that was given")
    value = models.TextField()
    title = models.TextField(blank=True, help_text="As given; empty where a source is asked for it")
    category = models.ForeignKey(
        Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="Where it may belong"
    )
    why = models.TextField(blank=True, help_text="Why it belongs in the list, by who proposed it")
    email = models.EmailField(blank=True, help_text="The author's; erased when it is no longer needed")
    key = models.UUIDField(
        unique=True, default=uuid.uuid4, editable=False, help_text="Of the page that tells its state"
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["list", "-id"], name="proposal_newest"),
            models.Index(fields=["email", "asked_at"], name="proposal_by_mail"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(paper__isnull=True, confirmed_at__isnull=True)
                | Q(paper__isnull=False, confirmed_at__isnull=False),
                name="proposal_confirmed_has_paper",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) | Q(confirmed_at__isnull=False, email=""),
                name="proposal_by_hand_is_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.value} for {self.list_id}"

    @property
    def by_author(self) -> bool:
        """Whether its author proposed it, and no curator added it by hand."""
        return self.user_id is None
