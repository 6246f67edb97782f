"""The tables, in the words of the design: papers, lists, reviews."""

from papers.models.acts import Act, RowChange
from papers.models.findings import Finding
from papers.models.glossary import GlossaryTerm
from papers.models.lists import (
    Category,
    CategoryText,
    Document,
    Entry,
    EntryChange,
    EntryText,
    Order,
    Origin,
    PaperList,
)
from papers.models.papers import EarlierCount, Embedding, Fact, IdentifierRow, Merge, Paper, SourceRecord
from papers.models.proposals import Proposal
from papers.models.reviews import Decision, Hold, Opinion, Review, SavedView, Skip, Suggestion

__all__ = [
    "Act",
    "Category",
    "CategoryText",
    "Decision",
    "Document",
    "EarlierCount",
    "Embedding",
    "Entry",
    "EntryChange",
    "EntryText",
    "Fact",
    "Finding",
    "GlossaryTerm",
    "Hold",
    "IdentifierRow",
    "Merge",
    "Opinion",
    "Order",
    "Origin",
    "Paper",
    "PaperList",
    "Proposal",
    "Review",
    "RowChange",
    "SavedView",
    "Skip",
    "SourceRecord",
    "Suggestion",
]
