"""Lists: their documents, categories and entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from papers.models.papers import Paper
from papers.querysets import EntryChangeQuerySet

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from papers.models.findings import Finding


class Origin(models.TextChoices):
    """Where a decision or change was made: here by a curator, or in the README itself, as on GitHub."""

    CURATOR = "curator", _("Curator")
    README = "readme", "README"


class Order(models.TextChoices):
    """How the rows of a table or list follow each other."""

    NEWEST_FIRST = "newest first", _("Newest first")
    OLDEST_FIRST = "oldest first", _("Oldest first")
    ALPHABETICAL = "alphabetical", _("Alphabetical")
    NONE = "none", _("None: new rows go to the end")


def no_columns() -> dict[str, str]:
    """The default of `PaperList.columns`."""
    return {}


class PaperList(models.Model):
    """An awesome list: a README per language, its categories, its topics."""

    slug = models.SlugField(unique=True)
    name = models.TextField()
    homepage = models.URLField(blank=True)
    columns = models.JSONField(
        default=no_columns,
        blank=True,
        help_text="Header of a table's column -> what it tells of a paper, where reading the table gets it wrong",
    )
    takes_proposals = models.BooleanField(default=True, help_text="Authors may propose papers by the public form")
    second_opinion = models.BooleanField(default=False, help_text="A paper wants the same word of two curators")
    created_at = models.DateTimeField(auto_now_add=True)

    if TYPE_CHECKING:
        categories: RelatedManager[Category]
        changes: RelatedManager[EntryChange]
        documents: RelatedManager[Document]

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Document(models.Model):
    """The README of a list in one language, byte for byte as imported: the frame that exports are written into."""

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="documents")
    language = models.CharField(max_length=16)
    path = models.TextField(help_text="File name in the list's repository, as README_CN.md")
    source = models.BinaryField()
    is_primary = models.BooleanField(default=False, help_text="The language entries are written in first")
    imported_at = models.DateTimeField(auto_now=True)
    commit = models.CharField(max_length=64, blank=True, help_text="The commit that `publish` made of it last")

    if TYPE_CHECKING:
        texts: RelatedManager[EntryText]

    class Meta:
        ordering = ["-is_primary", "language"]
        constraints = [
            models.UniqueConstraint(fields=["list", "language"], name="document_unique"),
            models.UniqueConstraint(fields=["list"], condition=models.Q(is_primary=True), name="document_one_primary"),
        ]

    def __str__(self) -> str:
        return f"{self.path} ({self.language})"


class Category(models.Model):
    """A section of a list that holds entries."""

    list = models.ForeignKey(PaperList, on_delete=models.CASCADE, related_name="categories")
    key = models.SlugField(max_length=80, help_text="Short name used by the API and the classifier")
    position = models.PositiveIntegerField()
    order = models.CharField(max_length=16, choices=Order, blank=True, help_text="Of its rows; empty: as they are")
    criterion = models.TextField(
        blank=True, help_text="What belongs here, in the curators' own words; empty: as the README defines it"
    )

    if TYPE_CHECKING:
        texts: RelatedManager[CategoryText]
        entries: RelatedManager[Entry]

    class Meta:
        ordering = ["list", "position"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["list", "key"], name="category_unique"),
            # The classifier's word for papers that belong nowhere.
            models.CheckConstraint(condition=~models.Q(key="out"), name="category_key_not_out"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The section's heading in the primary language, without emoji."""
        texts = sorted(self.texts.all(), key=lambda text: not text.document.is_primary)
        return texts[0].name if texts else self.key


class CategoryText(models.Model):
    """What one document says of a category: its heading, definition and keywords."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="texts")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="category_texts")
    name = models.TextField()
    heading_line = models.PositiveIntegerField(help_text="Line of the section's heading, from 1")
    path = ArrayField(models.TextField(), default=list, blank=True, help_text="The headings above it, outermost first")
    definition = models.TextField(blank=True)
    keywords = ArrayField(models.TextField(), default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "document"], name="category_text_unique")]

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """One paper in one category of one list. What is shown of it is in its texts, one per document."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="entries")
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="entries")
    decision = models.ForeignKey(
        "papers.Decision", on_delete=models.PROTECT, null=True, blank=True, related_name="entries"
    )
    added_at = models.DateTimeField(auto_now_add=True)

    if TYPE_CHECKING:
        findings: RelatedManager[Finding]
        texts: RelatedManager[EntryText]

    class Meta:
        verbose_name_plural = "entries"
        constraints = [models.UniqueConstraint(fields=["category", "paper"], name="entry_unique")]

    def __str__(self) -> str:
        return f"{self.paper_id} in {self.category_id}"


class EntryText(models.Model):
    """An entry as one document shows it.

    `line` is the row it was imported from and `imported` the fields as they were then: an export writes that
    very line while the fields are still the same, and renders in the table's own style once they are not.
    """

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="texts")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="texts")
    position = models.FloatField(help_text="Rank within the category of this document; a gap always has room")
    line = models.PositiveIntegerField(null=True, blank=True)
    imported = models.JSONField(null=True, blank=True)
    title = models.TextField()
    link = models.TextField(blank=True)
    venue = models.TextField(blank=True)
    tags = ArrayField(models.TextField(), default=list, blank=True)
    code = models.JSONField(default=list, blank=True, help_text="[[label, address], …]")
    tldr = models.TextField(blank=True)
    nickname = models.TextField(blank=True, help_text="As written, where it stands apart from the title")
    authors = models.TextField(blank=True, help_text="As written")
    date = models.TextField(blank=True, help_text="As written, where the venue does not say it")
    extra = models.JSONField(default=dict, blank=True, help_text="Further columns by their header")
    untranslated = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    stale = ArrayField(
        models.CharField(max_length=16),
        default=list,
        blank=True,
        help_text="Translated fields whose original was changed since",
    )
    # What the texts above mean, set together with them (papers/entries.py).
    clean_title = models.TextField(blank=True, help_text="Without nickname, emoji and markup")
    known_as = models.TextField(blank=True, help_text="The method's name: the nickname or what the title begins with")
    venue_name = models.TextField(blank=True, help_text="Normalised: NeurIPS, EMNLP Findings, arXiv")
    dated = models.CharField(max_length=10, blank=True, help_text="2024, 2024-06 or 2024-06-12, as exact as written")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "document"], name="entry_text_unique"),
            models.UniqueConstraint(fields=["document", "line"], name="entry_text_line_unique"),
        ]
        indexes = [
            models.Index(fields=["document", "position"], name="entry_text_order"),
            GinIndex(fields=["tags"], name="entry_text_tags"),
        ]

    def __str__(self) -> str:
        return self.title


class EntryChange(models.Model):
    """What was done to a list's entries, append-only: who, when, before and after."""

    class Verb(models.TextChoices):
        ADMIT = "admit", _("Admit")
        EDIT = "edit", _("Edit")
        MOVE = "move", _("Move")
        REMOVE = "remove", _("Remove")
        IMPORT = "import", _("Import")

    list = models.ForeignKey(PaperList, on_delete=models.PROTECT, related_name="changes")
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, null=True, related_name="entry_changes")
    verb = models.CharField(max_length=16, choices=Verb)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.CURATOR)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    act = models.ForeignKey(
        "papers.Act",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="changes",
        help_text="What it was part of; set by the database",
    )

    objects = EntryChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["list", "-id"], name="entry_change_newest"),
            models.Index(fields=["paper", "-id"], name="entry_change_of_paper"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.paper_id} in {self.list_id}"

    @property
    def who(self) -> str:
        """The curator's name, "README" for what was changed there, or nothing."""
        if self.origin == Origin.README:
            return f"{self.get_origin_display()}, {self.user}" if self.user is not None else self.get_origin_display()
        return str(self.user or "")
