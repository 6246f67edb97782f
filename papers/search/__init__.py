"""Searching papers: one box, by words and by meaning. `search.found` is what pages, API and exports ask."""

from papers.search.found import Found, found, matching

__all__ = ["Found", "found", "matching"]
