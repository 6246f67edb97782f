"""The tables, in the words of the design: papers, lists, reviews."""

from papers.models.lists import Category, CategoryText, Document, Entry, EntryChange, EntryText, PaperList
from papers.models.papers import Embedding, Fact, IdentifierRow, Paper, SourceRecord
from papers.models.reviews import Decision, Review, Suggestion

__all__ = [
    "Category",
    "CategoryText",
    "Decision",
    "Document",
    "Embedding",
    "Entry",
    "EntryChange",
    "EntryText",
    "Fact",
    "IdentifierRow",
    "Paper",
    "PaperList",
    "Review",
    "SourceRecord",
    "Suggestion",
]
