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
from papers.models.places import Layout, Place
from papers.models.proposals import Proposal
from papers.models.readers import Reader, Reading, SavedSearch, Seen
from papers.models.reviews import Decision, Hold, Opinion, Review, SavedView, Skip, Suggestion
from papers.models.search import QueryVector, SearchText, SearchWord
from papers.models.touched import Touched

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
    "Layout",
    "Merge",
    "Opinion",
    "Order",
    "Origin",
    "Paper",
    "PaperList",
    "Place",
    "Proposal",
    "QueryVector",
    "Reader",
    "Reading",
    "Review",
    "RowChange",
    "SavedSearch",
    "SavedView",
    "SearchText",
    "SearchWord",
    "Seen",
    "Skip",
    "SourceRecord",
    "Suggestion",
    "Touched",
]
