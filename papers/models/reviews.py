"""Reviews: what the classifier suggests, what curators decided, and where each paper stands."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from papers.models.lists import Category, Origin, PaperList
from papers.models.papers import Paper
from papers.querysets import DecisionQuerySet


def no_items() -> list[Any]:
    """The default of list fields: inside a model with a field called `list`, that word means the field."""
    return []


class Suggestion(models.Model):
    """What the classifier says of a paper for a list. Changes no list; only a decision does."""

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="suggestions")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="suggestions")
    head = models.CharField(max_length=64, help_text="Version of the head that said it")
    text_hash = models.CharField(max_length=64, help_text="The paper's text it was said of")
    relevance = models.FloatField(help_text="Probability of belonging in the list at all, 0 to 1")
    category = models.ForeignKey(
        Category,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="The most probable category",
    )
    probabilities = models.JSONField(help_text="By category key, and 'out'; they sum to 1")
    nearest = models.JSONField(default=no_items, help_text="[[paper id, cosine similarity], …] of listed papers")
    terms = models.JSONField(default=no_items, help_text="[[term, weight], …] that spoke loudest")
    sentence = models.TextField(blank=True, default="", help_text="The one of the abstract that spoke loudest")
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["list", "paper"], name="suggestion_unique"),
            models.CheckConstraint(condition=Q(relevance__gte=0, relevance__lte=1), name="suggestion_relevance"),
        ]
        indexes = [models.Index(fields=["list", "-relevance", "paper"], name="suggestion_order")]

    def __str__(self) -> str:
        return f"{self.relevance:.2f} for {self.paper_id} in {self.list_id}"


class Decision(models.Model):
    """What a curator said. Append-only (a database trigger refuses changes); undoing one is a decision too."""

    class Kind(models.TextChoices):
        ACCEPT = "accept", _("Accept")
        REJECT = "reject", _("Reject")
        DEFER = "defer", _("Defer")
        DUPLICATE = "duplicate", _("Duplicate")
        UNDO = "undo", _("Undo")

    class Reason(models.TextChoices):
        OFF_TOPIC = "off-topic", _("Off topic")
        WEAK = "weak", _("Too weak")
        OTHER_FIELD = "other-field", _("Other field")
        ALREADY_COVERED = "already-covered", _("Already covered")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        OTHER = "other", _("Other")

    list = models.ForeignKey(PaperList, on_delete=models.PROTECT, related_name="decisions")
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=16, choices=Kind)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions")
    reason = models.CharField(max_length=32, choices=Reason, blank=True)
    note = models.TextField(blank=True)
    until = models.DateField(
        null=True, blank=True, help_text="Of a deferral: when it comes back; none: as a new version"
    )
    duplicate_of = models.ForeignKey(Paper, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by")
    key = models.UUIDField(
        null=True, blank=True, unique=True, help_text="Made by who sends it: sent twice, it is decided once"
    )
    suggestion = models.JSONField(null=True, blank=True, help_text="The suggestion seen when deciding")
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.CURATOR)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decisions",
        help_text="Who said it; nobody known where it was read from a README",
    )
    at = models.DateTimeField(auto_now_add=True)
    act = models.ForeignKey(
        "papers.Act",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decisions",
        help_text="What it was part of; set by the database",
    )

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["list", "-id"], name="decision_newest"),
            models.Index(fields=["paper", "-id"], name="decision_of_paper"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="accept", category__isnull=False) | (~Q(kind="accept") & Q(category__isnull=True)),
                name="decision_accept_has_category",
            ),
            models.CheckConstraint(
                condition=Q(kind="undo", undoes__isnull=False) | (~Q(kind="undo") & Q(undoes__isnull=True)),
                name="decision_undo_names_decision",
            ),
            models.CheckConstraint(
                condition=Q(kind="duplicate", duplicate_of__isnull=False)
                | (~Q(kind="duplicate") & Q(duplicate_of__isnull=True)),
                name="decision_duplicate_names_paper",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["accept", "reject", "defer", "duplicate", "undo"]), name="decision_kind"
            ),
            models.CheckConstraint(
                condition=Q(origin="readme") | Q(user__isnull=False), name="decision_curator_has_user"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.paper_id} in {self.list_id}"

    @property
    def who(self) -> str:
        """The curator's name, or "README" for what was decided there."""
        return self.get_origin_display() if self.origin == Origin.README else str(self.user)


class Review(models.Model):
    """Where a paper stands in a list's review. No row means: open, nobody has looked at it.

    A rejected paper returns once: when a source tells of a venue or of code that it had not when it was rejected, it
    is open again, and `returned_for`, `returned_with` and `returned_at` say why and stay. Rejected again, it is for
    good. One that was put off without a day returns when there is a newer version of it.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        DEFERRED = "deferred", _("Deferred")
        DUPLICATE = "duplicate", _("Duplicate")

    class News(models.TextChoices):
        VENUE = "venue", _("Published")
        CODE = "code", _("Code")
        VERSION = "version", _("New version")

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="reviews")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="reviews")
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    until = models.DateField(null=True, blank=True)
    put_off_with = models.CharField(
        max_length=80,
        blank=True,
        default="",
        db_default="",
        help_text="Put off without a day: the paper's version and text that were seen",
    )
    decision = models.ForeignKey(
        Decision,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The one in force",
    )
    rejected_with = ArrayField(
        models.CharField(max_length=16, choices=News),
        null=True,
        blank=True,
        help_text="What was known of it when it was rejected: a venue, code",
    )
    returned_for = models.CharField(max_length=16, choices=News, blank=True)
    returned_with = models.TextField(blank=True, help_text="The venue, the address of the code, or the version")
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["list", "paper"], name="review_unique"),
            models.CheckConstraint(
                condition=Q(state="open", decision__isnull=True) | (~Q(state="open") & Q(decision__isnull=False)),
                name="review_state_has_decision",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "accepted", "rejected", "deferred", "duplicate"]),
                name="review_state",
            ),
            models.CheckConstraint(
                condition=Q(returned_for="", returned_at__isnull=True)
                | Q(returned_for__in=["venue", "code", "version"], returned_at__isnull=False),
                name="review_returned",
            ),
        ]
        indexes = [models.Index(fields=["list", "state"], name="review_by_state")]

    def __str__(self) -> str:
        return f"{self.paper_id} {self.state} in {self.list_id}"


class Opinion(models.Model):
    """What one of two curators says of a paper, in a list that wants two opinions: it becomes a decision with another.

    While there is no decision it counts for nothing, and only who gave it sees it; of two that differ, all curators
    see both, and one of these settles it.
    """

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="opinions")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="opinions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="opinions")
    kind = models.CharField(max_length=16, choices=[each for each in Decision.Kind.choices if each[0] != "undo"])
    category = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=32, choices=Decision.Reason, blank=True)
    note = models.TextField(blank=True)
    until = models.DateField(
        null=True, blank=True, help_text="Of a deferral: when it comes back; none: as a new version"
    )
    duplicate_of = models.ForeignKey(Paper, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    rows = models.JSONField(default=dict, blank=True, help_text="Of an acceptance: the row by language")
    key = models.UUIDField(null=True, blank=True, unique=True, help_text="As of a decision")
    decision = models.ForeignKey(
        Decision,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="opinions",
        help_text="What it came to; nothing yet where it stands alone, or against another",
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["list", "paper", "user"], condition=Q(decision=None), name="opinion_unique"
            ),
            models.CheckConstraint(
                condition=Q(kind="accept", category__isnull=False) | (~Q(kind="accept") & Q(category__isnull=True)),
                name="opinion_accept_has_category",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["accept", "reject", "defer", "duplicate"]), name="opinion_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.paper_id} in {self.list_id} by {self.user_id}"


class Hold(models.Model):
    """Who reads a paper of the queue at the moment: until then nobody else is given it."""

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="holds")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="holds")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="holds")
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["list", "paper"], name="hold_unique")]

    def __str__(self) -> str:
        return f"{self.paper_id} by {self.user_id} until {self.until}"


class SavedView(models.Model):
    """A queue as somebody narrowed and ordered it, under a name: their own, or shared with the list's curators."""

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="views")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    words = models.JSONField(default=dict, help_text="What the address of the queue says: its category, order, filters")
    is_shared = models.BooleanField(default=False, help_text="Every curator of the list sees it")

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["list", "user", "name"], name="saved_view_unique")]

    def __str__(self) -> str:
        return self.name


class Skip(models.Model):
    """A paper that somebody passed over: it comes to them again when nothing else is left, or the next day."""

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="skips")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="skips")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="skips")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["list", "paper", "user"], name="skip_unique")]

    def __str__(self) -> str:
        return f"{self.paper_id} by {self.user_id}"
