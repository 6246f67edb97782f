"""Which values of each facet papers have, as the database tells it: what papers/facetindex.py is made of."""

from __future__ import annotations

from papers.querysets import LARGEST, LIKELY

_CLOSED = "(review.state <> 'open' AND NOT (review.state = 'deferred' AND coalesce(review.until <= %(today)s, false)))"
# Where the papers stand, as papers.querysets says it (`standing`, `suggested`); a test compares the two.
_WAITING = f"""
    FROM papers_suggestion said JOIN papers_paper paper ON paper.id = said.paper_id
    WHERE {{some}} AND NOT paper.withdrawn
    AND NOT EXISTS (
        SELECT FROM papers_review review
        WHERE review.list_id = said.list_id AND review.paper_id = said.paper_id AND {_CLOSED}
    ) AND NOT EXISTS (
        SELECT FROM papers_entry entry JOIN papers_category category ON category.id = entry.category_id
        WHERE entry.paper_id = said.paper_id AND category.list_id = said.list_id
    )
"""  # noqa: S608 - constants
_TEXTS = "FROM papers_entrytext shown JOIN papers_entry entry ON entry.id = shown.entry_id"
_TEXTS_OF_LISTS = f"{_TEXTS} JOIN papers_document document ON document.id = shown.document_id"
_LISTED = "FROM papers_entry entry JOIN papers_category category ON category.id = entry.category_id"

# Facet, value, list (0 of none) and paper: a row for each. `{some}` is the condition on the papers asked for.
_VALUES = {
    "year": ("extract(year FROM paper.published)::int::text, 0, paper.id", "FROM papers_paper paper", "paper.id"),
    "subject": ("unnest(paper.subjects), 0, paper.id", "FROM papers_paper paper", "paper.id"),
    "source": ("told.source, 0, told.paper_id", "FROM papers_sourcerecord told", "told.paper_id"),
    "code": ("'true', 0, fact.paper_id", "FROM papers_fact fact WHERE fact.kind = 'code' AND {some}", "fact.paper_id"),
    "code of entries": (
        "'true', 0, entry.paper_id",
        f"{_TEXTS} WHERE shown.code <> '[]' AND {{some}}",
        "entry.paper_id",
    ),
    "tag": ("unnest(shown.tags), document.list_id, entry.paper_id", _TEXTS_OF_LISTS, "entry.paper_id"),
    "venue": (
        "shown.venue_name, document.list_id, entry.paper_id",
        f"{_TEXTS_OF_LISTS} WHERE shown.venue_name <> '' AND {{some}}",
        "entry.paper_id",
    ),
    "upvotes": (
        "fact.value::text, 0, fact.paper_id",
        f"FROM papers_fact fact WHERE fact.kind = 'upvotes' AND fact.value BETWEEN '0' AND '{LARGEST}' AND {{some}}",
        "fact.paper_id",
    ),
    "category": ("category.key, category.list_id, entry.paper_id", _LISTED, "entry.paper_id"),
    "category of suggestions": (
        "category.key, said.list_id, said.paper_id",
        f"""FROM papers_suggestion said JOIN papers_category category ON category.id = said.category_id
        WHERE said.relevance >= {LIKELY} AND {{some}} AND NOT EXISTS (
            SELECT {_LISTED} WHERE entry.paper_id = said.paper_id AND category.list_id = said.list_id
        )""",
        "said.paper_id",
    ),
    "status": ("'listed', category.list_id, entry.paper_id", _LISTED, "entry.paper_id"),
    "status awaiting": ("'awaiting', said.list_id, said.paper_id", _WAITING, "said.paper_id"),
    "status likely": (
        "'likely', said.list_id, said.paper_id",
        f"{_WAITING} AND said.relevance >= {LIKELY}",
        "said.paper_id",
    ),
    "status closed": (
        "review.state, review.list_id, review.paper_id",
        f"FROM papers_review review WHERE review.state NOT IN ('open', 'accepted') AND {_CLOSED} AND {{some}}",
        "review.paper_id",
    ),
    "status returned": (
        "'returned', review.list_id, review.paper_id",
        f"""FROM papers_review review JOIN papers_paper paper ON paper.id = review.paper_id
        WHERE review.state = 'open' AND review.returned_at IS NOT NULL AND NOT paper.withdrawn AND {{some}}
        AND NOT EXISTS (
            SELECT {_LISTED} WHERE entry.paper_id = review.paper_id AND category.list_id = review.list_id
        )""",
        "review.paper_id",
    ),
}


def papers(of_some: bool) -> str:
    """Return the query of the papers: their primary keys and their days, as arrays in one order."""
    some = "WHERE id = ANY(%(papers)s)" if of_some else ""
    day = "coalesce(published - date '0001-01-01' + 1, 0)"
    return f"""
        SELECT coalesce(array_agg(id ORDER BY id), '{{}}'), coalesce(array_agg({day} ORDER BY id), '{{}}')
        FROM papers_paper {some}
    """  # noqa: S608 - constants


def values(of_some: bool) -> str:
    """Return the query of all values: facet, value, list and the papers that have it."""
    parts = []
    for name, (columns, source, paper) in _VALUES.items():
        some = f"{paper} = ANY(%(papers)s)" if of_some else "true"
        asked = source.format(some=some) if "{some}" in source else f"{source} WHERE {some}"
        parts.append(f"SELECT '{name.split()[0]}' AS facet, {columns} {asked}")
    rows = " UNION ALL ".join(parts)
    return f"""
        SELECT facet, value, list, array_agg(paper) FROM ({rows}) AS each (facet, value, list, paper)
        WHERE value IS NOT NULL GROUP BY facet, value, list
    """  # noqa: S608 - constants
