"""Acts: what somebody did to a list as one unit, and the rows as it found and left them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from papers.models.lists import EntryChange, Origin, PaperList
from papers.models.reviews import Decision

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class Act(models.Model):
    """One thing that was done to a list, which is undone as one: a decision, an edit, an import, a bulk action.

    Undoing an act is an act of the kind "undo": `undoes` are the acts that it took back, the newest first, and each
    of them is `undone_by` it while it is taken back. Undoing that one does them again.
    """

    class Kind(models.TextChoices):
        ACCEPT = "accept", _("Accepted")
        REJECT = "reject", _("Rejected")
        DEFER = "defer", _("Put off")
        DUPLICATE = "duplicate", _("Marked as a duplicate")
        OPINION = "opinion", _("Opinion given")
        TAKE_BACK = "take-back", _("Decision taken back")
        ADD = "add", _("Added")
        EDIT = "edit", _("Edited")
        MOVE = "move", _("Moved")
        REORDER = "reorder", _("Reordered")
        REMOVE = "remove", _("Removed")
        CONFIRM = "confirm", _("Translation confirmed")
        FINDING = "finding", _("Finding settled")
        IMPORT = "import", _("README imported")
        LANGUAGE = "language", _("Language made")
        IN_STEP = "in-step", _("Language brought in step")
        WORDS = "words", _("Glossary changed")
        SETTINGS = "settings", _("Settings changed")
        BULK = "bulk", _("Decided in bulk")
        UNDO = "undo", _("Undone")

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="acts")
    kind = models.CharField(max_length=16, choices=Kind)
    note = models.TextField(blank=True, help_text="More of it in words: the file that was imported, the decision taken")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    undoes = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="taken_back_by")
    undone_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    is_empty = False  # of one that has just ended: it changed nothing, and nothing remains of it

    if TYPE_CHECKING:
        decisions: RelatedManager[Decision]
        changes: RelatedManager[EntryChange]
        rows: RelatedManager[RowChange]

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["list", "-id"], name="act_newest")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.list_id}"

    @property
    def who(self) -> str:
        """Whose act it was; the README's own where nobody is known."""
        if self.user is not None:
            return str(self.user)
        return str(Origin.README.label) if self.kind == self.Kind.IMPORT else ""


class RowChange(models.Model):
    """A row of a table before and after an act, written by the database's own triggers; `id` is their order.

    Of a row that was made or deleted all columns are kept; of one that was changed, the changed ones.
    """

    class Operation(models.TextChoices):
        INSERT = "I", _("made")
        UPDATE = "U", _("changed")
        DELETE = "D", _("deleted")

    act = models.ForeignKey(Act, on_delete=models.CASCADE, related_name="rows")
    table = models.CharField(max_length=63)
    row = models.BigIntegerField(help_text="Its primary key")
    operation = models.CharField(max_length=1, choices=Operation)
    columns = ArrayField(models.TextField(), null=True, blank=True, help_text="That were changed; null for all")
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["table", "row", "id"], name="row_change_of_row")]

    def __str__(self) -> str:
        return f"{self.operation} {self.table} {self.row}"
