"""The words that a list translates in a way of its own."""

from __future__ import annotations

from django.db import models

from papers.models.lists import PaperList


class GlossaryTerm(models.Model):
    """How a curator wants one tag of the primary language translated; comes before what the list's rows teach."""

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="glossary")
    language = models.CharField(max_length=16, help_text="Of the translation")
    term = models.TextField(help_text="The tag in the list's primary language")
    translation = models.TextField()

    class Meta:
        ordering = ["language", "term"]
        constraints = [
            models.UniqueConstraint(fields=["list", "language", "term"], name="glossary_term_unique"),
            models.CheckConstraint(
                condition=~models.Q(term="") & ~models.Q(translation=""), name="glossary_term_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term} = {self.translation} ({self.language})"
