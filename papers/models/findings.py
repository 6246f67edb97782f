"""Findings: what is doubted about an entry, for a curator to settle."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from papers.models.lists import Document, Entry, PaperList
from papers.models.papers import Paper


class Finding(models.Model):
    """A doubt about one field of one entry: what the rule found, the values that contend, and how it was settled.

    `values` holds every contending value by where it comes from. For a conflict of an import these are `base` (as
    the README was before), `here` (as a curator made it) and `readme` (as the file now says); null where the row is
    absent there.
    """

    class Rule(models.TextChoices):
        CONFLICT = "conflict", _("Changed here and in the README")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        SETTLED = "settled", _("Settled")
        DISMISSED = "dismissed", _("Dismissed")

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="findings")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, null=True, blank=True, related_name="findings")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, null=True, blank=True, related_name="findings")
    entry = models.ForeignKey(Entry, on_delete=models.SET_NULL, null=True, blank=True, related_name="findings")
    rule = models.CharField(max_length=32, choices=Rule)
    field = models.CharField(max_length=200, blank=True, help_text="title, tldr, …, row; extra: and a header")
    message = models.TextField()
    values = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    choice = models.CharField(max_length=16, blank=True, help_text="Which of the values was taken")
    found_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["list", "state", "-id"], name="finding_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["list", "paper", "document", "rule", "field"],
                condition=Q(state="open"),
                name="finding_open_once",
            ),
            models.CheckConstraint(condition=Q(state__in=["open", "settled", "dismissed"]), name="finding_state"),
        ]

    def __str__(self) -> str:
        return self.message
