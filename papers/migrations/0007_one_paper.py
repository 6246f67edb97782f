"""A merge may give history its paper; what is stored gets what the new columns ask for."""

from django.db import migrations

# History stays as it was written, but for one thing: when two papers turn out to be one, it follows its paper, and
# papers_merge must say so.
FOLLOW = """
CREATE FUNCTION papers_follows(old bigint, new bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT old IS NOT DISTINCT FROM new OR EXISTS (SELECT FROM papers_merge WHERE old_id = old AND paper_id = new)
$$;
CREATE OR REPLACE FUNCTION papers_forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        after := to_jsonb(NEW);
        IF before - '{paper_id,duplicate_of_id}'::text[] = after - '{paper_id,duplicate_of_id}'::text[]
            AND papers_follows((before->>'paper_id')::bigint, (after->>'paper_id')::bigint)
            AND papers_follows((before->>'duplicate_of_id')::bigint, (after->>'duplicate_of_id')::bigint)
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: write a new row instead', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""

STAND = """
CREATE OR REPLACE FUNCTION papers_forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: write a new row instead', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DROP FUNCTION papers_follows(bigint, bigint);
"""

# The version that a paper shows is its own source's. What was known at a rejection is not stored; what is known now
# is the most it can have been, so that only what comes from now on is news.
FILL = """
UPDATE papers_sourcerecord AS told SET version = paper.version
    FROM papers_paper AS paper WHERE paper.id = told.paper_id AND paper.source = told.source;
UPDATE papers_review AS review SET rejected_with = array_remove(ARRAY[
    CASE WHEN paper.journal_ref <> '' OR paper.comment ~* '\\m(accept|appear|publish|present)'
        OR EXISTS (SELECT FROM papers_fact WHERE paper_id = paper.id AND kind = 'venue') THEN 'venue' END,
    CASE WHEN EXISTS (SELECT FROM papers_fact WHERE paper_id = paper.id AND kind = 'code') THEN 'code' END
]::varchar[], NULL)
    FROM papers_paper AS paper WHERE paper.id = review.paper_id AND review.state = 'rejected';
"""


class Migration(migrations.Migration):
    dependencies = [("papers", "0006_returns_and_merges")]
    operations = [migrations.RunSQL(FOLLOW, STAND), migrations.RunSQL(FILL, migrations.RunSQL.noop)]
