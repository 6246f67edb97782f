"""Triggers that tell which papers changed in what people filter by (papers/facetindex.py)."""

from django.db import migrations, models

# Table -> the papers of its rows `row`, which of its rows matter, and what of them.
TOLD = {
    "papers_paper": ("row.id", "true", "(row.title, row.published, row.subjects, row.withdrawn)"),
    "papers_sourcerecord": ("row.paper_id", "true", "(row.paper_id, row.source)"),
    "papers_fact": ("row.paper_id", "row.kind IN ('code', 'upvotes')", "(row.paper_id, row.kind, row.value)"),
    "papers_suggestion": (
        "row.paper_id", "true", "(row.paper_id, row.list_id, row.category_id, row.relevance >= 0.5)"
    ),
    "papers_review": (
        "row.paper_id", "true", "(row.paper_id, row.list_id, row.state, row.until, row.returned_at IS NULL)"
    ),
    "papers_entry": ("row.paper_id", "true", "(row.paper_id, row.category_id)"),
    "papers_entrytext": (
        "(SELECT paper_id FROM papers_entry WHERE id = row.entry_id)",
        "true",
        "(row.entry_id, row.tags, row.venue_name, row.code)",
    ),
    "papers_category": ("0", "true", "(row.key, row.list_id)"),  # its papers are not looked for: it is rare
}

# A category that comes has no papers yet, and one that goes has none left.
EVENTS = {table: ("made", "gone", "changed") for table in TOLD} | {"papers_category": ("changed",)}

TELL = """
    INSERT INTO papers_touched (paper, transaction)
    SELECT DISTINCT paper, pg_current_xact_id()::text::bigint FROM ({papers}) AS told WHERE paper IS NOT NULL
"""


def of(rows, paper, matters):
    return f"SELECT {paper.replace('row.', 'each.')} AS paper FROM {rows} AS each WHERE {matters.replace('row.', 'each.')}"


def triggers(table):
    """Return the SQL that tells of a table: of rows that come and go, and of what is changed in those that matter."""
    paper, matters, what = TOLD[table]
    made, gone = of("made", paper, matters), of("gone", paper, matters)
    before, after = (what.replace("row.", f"{rows}.") for rows in ("gone", "made"))
    changed = " UNION ALL ".join(
        f"SELECT {paper.replace('row.', f'{rows}.')} AS paper FROM made JOIN gone USING (id) "
        f"WHERE {matters.replace('row.', f'{rows}.')} AND {before} IS DISTINCT FROM {after}"
        for rows in ("made", "gone")
    )
    parts = []
    for name, event, tables, papers in (
        ("made", "INSERT", "NEW TABLE AS made", made),
        ("gone", "DELETE", "OLD TABLE AS gone", gone),
        ("changed", "UPDATE", "OLD TABLE AS gone NEW TABLE AS made", changed),
    ):
        if name in EVENTS[table]:
            parts.append(f"""
CREATE FUNCTION {table}_touched_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {TELL.format(papers=papers)};
    RETURN NULL;
END $$;
CREATE TRIGGER {table}_touched_{name} AFTER {event} ON {table} REFERENCING {tables}
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_touched_{name}();
""")
    return "".join(parts)


def forget(table):
    return "".join(
        f"DROP TRIGGER {table}_touched_{name} ON {table}; DROP FUNCTION {table}_touched_{name};"
        for name in EVENTS[table]
    )


class Migration(migrations.Migration):

    dependencies = [
        ('papers', '0019_dashboard'),
    ]

    operations = [
        migrations.CreateModel(
            name='Touched',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('paper', models.BigIntegerField()),
                ('transaction', models.BigIntegerField(db_index=True, help_text='The number of the transaction that changed it')),
            ],
            options={'db_table': 'papers_touched', 'verbose_name_plural': 'touched'},
        ),
        migrations.RunSQL("".join(map(triggers, TOLD)), "".join(map(forget, TOLD))),
    ]
