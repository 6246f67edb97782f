"""What a list.toml says of a list beyond its sections, taken over at every import."""

from __future__ import annotations

from papers import glossary
from papers.models import PaperList
from papers.readme.listfile import ListFile


def take_over(paper_list: PaperList, listfile: ListFile) -> None:
    """Keep what the file says columns mean, and its translations of tags; what it does not mention stays."""
    if listfile.columns and paper_list.columns != dict(listfile.columns):
        paper_list.columns = dict(listfile.columns)
        paper_list.save(update_fields=["columns"])
    for language, words in listfile.glossary.items():
        glossary.say(paper_list, language, words)
