"""Decisions and entry changes are history: the database itself refuses to change or delete them."""

from django.db import migrations

FORBID = """
CREATE FUNCTION papers_forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: write a new row instead', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER papers_decision_append_only BEFORE UPDATE OR DELETE ON papers_decision
    FOR EACH ROW EXECUTE FUNCTION papers_forbid_change();
CREATE TRIGGER papers_entrychange_append_only BEFORE UPDATE OR DELETE ON papers_entrychange
    FOR EACH ROW EXECUTE FUNCTION papers_forbid_change();
"""

ALLOW = """
DROP TRIGGER papers_decision_append_only ON papers_decision;
DROP TRIGGER papers_entrychange_append_only ON papers_entrychange;
DROP FUNCTION papers_forbid_change();
"""


class Migration(migrations.Migration):
    dependencies = [("papers", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
