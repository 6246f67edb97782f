"""Undoing a move after the rows that it pushed along are gone: where they stood holds nobody up.

The function is that of migration 0010 but for the lines that say so.
"""

from django.db import migrations

REVERT = """
-- Take back what an act changed, the last change first. Returns the first change whose row is no longer as the act
-- left it, which is for the caller to roll back; null when all went well. Lines of a README mean nothing in another
-- edition of it: rows of these documents come back without.
CREATE OR REPLACE FUNCTION papers_revert(undone bigint, other_editions bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    change record;
    was jsonb;
    left_as jsonb;
    names text[];
    done bigint;
BEGIN
    FOR change IN SELECT * FROM papers_rowchange WHERE act_id = undone ORDER BY id DESC LOOP
        was := papers_of_now(change.before);
        left_as := papers_of_now(change.after);
        IF change.operation = 'I' THEN
            IF change."table" = 'papers_category' THEN
                -- Decisions name it for good; suggestions are made again, and a proposal only hints at it.
                CONTINUE WHEN EXISTS (SELECT FROM papers_decision WHERE category_id = change."row");
                DELETE FROM papers_suggestion WHERE category_id = change."row";
                UPDATE papers_proposal SET category_id = NULL WHERE category_id = change."row";
            ELSIF change."table" = 'papers_entrytext' THEN
                left_as := left_as - '{position,line,imported}'::text[];  -- which every import counts anew
            END IF;
            SELECT array_agg(key) INTO names FROM jsonb_object_keys(left_as) AS key;
            EXECUTE format('DELETE FROM %I AS r WHERE id = $1 AND papers_part(to_jsonb(r), $2) = $3', change."table")
                USING change."row", names, left_as;
        ELSE
            IF change."table" = 'papers_entrytext' AND EXISTS (
                SELECT WHERE (was ->> 'document_id')::bigint = ANY(other_editions) UNION ALL
                SELECT FROM papers_entrytext WHERE id = change."row" AND document_id = ANY(other_editions)
            ) THEN
                was := was || (SELECT coalesce(jsonb_object_agg(key, null), '{}') FROM jsonb_object_keys(was) AS key
                               WHERE key IN ('line', 'imported'));
            END IF;
            SELECT array_agg(key) INTO names FROM jsonb_object_keys(was) AS key;
            IF change.operation = 'D' THEN
                EXECUTE format(
                    'INSERT INTO %1$I (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::%1$I, $1) ON CONFLICT DO NOTHING',
                    change."table", (SELECT string_agg(quote_ident(name), ', ') FROM unnest(names) AS name)
                ) USING was;
            ELSE
                EXECUTE format(
                    'UPDATE %1$I AS r SET (%2$s) = (SELECT %2$s FROM jsonb_populate_record(NULL::%1$I, $1))'
                    ' WHERE id = $2 AND papers_part(to_jsonb(r), $3) = $4',
                    change."table", (SELECT string_agg(quote_ident(name), ', ') FROM unnest(names) AS name)
                ) USING was, change."row", names, left_as;
            END IF;
        END IF;
        GET DIAGNOSTICS done = ROW_COUNT;
        -- Where a row stood among others means nothing once it is gone, and does not hold up who goes on undoing.
        CONTINUE WHEN done = 0 AND change.operation = 'U' AND change."table" = 'papers_entrytext'
            AND change.columns <@ '{position}'
            AND NOT EXISTS (SELECT FROM papers_entrytext WHERE id = change."row");
        IF done = 0 THEN
            RETURN change.id;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("papers", "0020_browse")]

    operations = [migrations.RunSQL(REVERT, migrations.RunSQL.noop)]
