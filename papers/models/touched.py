"""Which papers changed, for those who keep something made of many of them."""

from __future__ import annotations

from django.db import models


class Touched(models.Model):
    """A paper of which something changed that people filter by; or all of them, where `paper` is 0.

    Triggers write it in the transaction that changes it (migration 0020), so that what is made of papers can be brought
    up to date by them alone (papers/facetindex.py). No foreign key: papers that are gone are told, too.
    """

    paper = models.BigIntegerField()
    transaction = models.BigIntegerField(db_index=True, help_text="The number of the transaction that changed it")

    class Meta:
        db_table = "papers_touched"
        verbose_name_plural = "touched"

    def __str__(self) -> str:
        return f"{self.paper} in {self.transaction}"
