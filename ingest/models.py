"""The work's own tables: topics, runs, heads, and the pace kept towards each host."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from papers.models import Paper, PaperList


class Topic(models.Model):
    """A saved query against one source, with its schedule and watermark."""

    class Schedule(models.TextChoices):
        HOURLY = "hourly", _("Hourly")
        DAILY = "daily", _("Daily")
        WEEKLY = "weekly", _("Weekly")

    slug = models.SlugField(unique=True)
    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, null=True, blank=True, related_name="topics")
    source = models.CharField(max_length=32)
    query = models.TextField(blank=True)
    schedule = models.CharField(max_length=16, choices=Schedule, default=Schedule.DAILY)
    enabled = models.BooleanField(default=True)
    watermark = models.DateField(null=True, blank=True, help_text="Every paper up to this day has been seen")
    validator = models.TextField(blank=True, help_text="The source's mark (ETag) of the answer that was taken in last")

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(condition=Q(schedule__in=["hourly", "daily", "weekly"]), name="topic_schedule")
        ]

    def __str__(self) -> str:
        return self.slug


class Run(models.Model):
    """One execution of a pull, embed, classify, train, audit or digest, as a row that people can read.

    running -> done      everything it promised is stored
            -> late      a source could not be reached or answered nonsense; tried again on schedule
            -> failed    an error of ours, in `error`
            -> cancelled     a person stopped it
            -> interrupted   the process died; the next run of the same work finishes it
            -> parked    the third process in a row died of it without getting anywhere: only a person starts it again
    """

    class Kind(models.TextChoices):
        PULL = "pull", _("Pull")
        INGEST = "ingest", _("Ingest")
        EMBED = "embed", _("Embed")
        CLASSIFY = "classify", _("Classify")
        TRAIN = "train", _("Train")
        ENRICH = "enrich", _("Enrich")
        PLACE = "place", _("Place")
        TRY = "try", _("Dry run")

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        LATE = "late", _("Late")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        INTERRUPTED = "interrupted", _("Interrupted")
        PARKED = "parked", _("Parked")

    kind = models.CharField(max_length=16, choices=Kind)
    subject = models.TextField(blank=True, help_text="What it worked on: a topic, a list, a file")
    topic = models.ForeignKey(Topic, on_delete=models.SET_NULL, null=True, blank=True, related_name="runs")
    state = models.CharField(max_length=16, choices=State, default=State.RUNNING)
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    next_try = models.DateTimeField(null=True, blank=True, help_text="Of one that went wrong: when it is tried again")
    attempt = models.PositiveSmallIntegerField(default=1, help_text="1 + the processes in a row that died of this work")
    cancel_asked = models.BooleanField(default=False, help_text="A person wants it to stop at the next page")
    pages = models.PositiveIntegerField(default=0, help_text="Pages or chunks stored so far")
    total = models.PositiveIntegerField(null=True, blank=True, help_text="How much there is to do, where known")
    fetched = models.PositiveIntegerField(default=0, help_text="Records or papers worked on so far")
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    rejections = models.JSONField(default=list, blank=True, help_text="[[record, reason], …], the first 100")
    details = models.JSONField(default=dict, blank=True, help_text="Of a dry run: what it would bring")
    note = models.TextField(blank=True, help_text="In words: what was done, or why nothing was")
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["kind", "-id"], name="run_newest_of_kind"),
            models.Index(fields=["topic", "-id"], name="run_newest_of_topic"),
            models.Index(fields=["kind", "subject", "-id"], name="run_newest_of_work"),
            models.Index(fields=["id"], condition=Q(state="running"), name="run_running"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["running", "done", "late", "failed", "cancelled", "interrupted", "parked"]),
                name="run_state",
            ),
            models.CheckConstraint(
                condition=Q(state="running", finished_at__isnull=True)
                | (~Q(state="running") & Q(finished_at__isnull=False)),
                name="run_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} ({self.state})"


class Claim(models.Model):
    """A paper that a worker has in hand for one stage, until `until`; with it goes what is known of its failures.

    A row is made when the paper is taken and deleted when its work is stored. One whose time is over belongs to
    nobody, so a dead worker's claims free themselves.
    """

    stage = models.CharField(max_length=16, choices=Run.Kind)
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often it was taken and not finished")
    parked = models.BooleanField(default=False, help_text="Left out until a person says otherwise")
    error = models.TextField(blank=True, help_text="What went wrong the last time, where anybody lived to tell")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stage", "paper"], name="claim_unique")]

    def __str__(self) -> str:
        return f"{self.stage} of {self.paper_id} until {self.until}"


class Enquiry(models.Model):
    """When a source was last asked about a paper: one that it does not know is not to be asked for every day."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    known = models.BooleanField(help_text="It had an answer")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "paper"], name="enquiry_unique")]

    def __str__(self) -> str:
        return f"{self.paper_id} at {self.source}"


class Evidence(models.Model):
    """A paper that somebody has sorted for a list, without it being in the list: what its head learns from besides.

    Its abstract is not kept: the two views of it that a head compares are.
    """

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="evidence")
    key = models.CharField(max_length=300, help_text="Of the paper, as “arxiv:2407.12345”")
    title = models.TextField()
    label = models.CharField(max_length=64, help_text="A category's key, or “out”")
    weight = models.FloatField(default=1.0)
    reason = models.TextField(blank=True, help_text="Why it is labelled so, in a line")
    encoder = models.CharField(max_length=200, blank=True)
    lexicon = models.CharField(max_length=100, blank=True)
    meaning = models.BinaryField(blank=True, default=bytes, help_text="Its vector by the encoder, float16")
    words = models.BinaryField(blank=True, default=bytes, help_text="Its vector by the lexicon, float16")
    taken_in_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "evidence"
        constraints = [models.UniqueConstraint(fields=["list", "key"], name="evidence_unique")]

    def __str__(self) -> str:
        return f"{self.key}: {self.label}"


class HeadBase(models.Model):
    """Examples that versions of a head compare papers with, stored once for all of them."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the arrays")
    arrays = models.BinaryField(help_text="numpy .npz")

    def __str__(self) -> str:
        return self.digest[:12]


class Head(models.Model):
    """A trained head of one list: vectors and terms -> probabilities. Arrays and JSON, never a pickle."""

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="heads")
    version = models.PositiveIntegerField()
    encoder = models.CharField(max_length=200)
    examples_hash = models.CharField(max_length=64, help_text="SHA-256 of what it learned from: equal means no news")
    meta = models.JSONField(help_text="Recipe, classes in order, vocabulary")
    arrays = models.BinaryField(help_text="numpy .npz")
    base = models.ForeignKey(
        HeadBase,
        on_delete=models.PROTECT,
        null=True,
        related_name="heads",
        help_text="What it compares with, where its own arrays only name it",
    )
    learned_until = models.DateTimeField(null=True, help_text="Everything decided before this moment was learned")
    metrics = models.JSONField(default=dict, help_text="Cross-validated on its own examples")
    trained_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["list", "version"], name="head_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """How suggestions name it."""
        return f"v{self.version}"


class HostPace(models.Model):
    """When a host may be asked next, for all processes and machines together."""

    host = models.CharField(max_length=100, unique=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.host} from {self.next_at}"
