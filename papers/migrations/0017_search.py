"""The words of papers in a table of their own, kept by triggers; the vectors of queries; words that titles have.

What a word is must be the same here and in papers/search/syntax.py (`plain`): a test compares the two.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import pgvector.django.halfvec
from django.db import migrations, models

# Scripts without spaces between words: kana, Han, Hangul.
CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3"

FUNCTIONS = rf"""
CREATE FUNCTION papers_pairs(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN said !~ '[{CJK}]' THEN said ELSE (
        SELECT string_agg(
            CASE WHEN part[1] !~ '^[{CJK}]' OR length(part[1]) = 1 THEN part[1]
           ELSE (SELECT string_agg(substr(part[1], at, 2), ' ' ORDER BY at) FROM generate_series(1, length(part[1]) - 1) at)
            END, ' ' ORDER BY place
        ) FROM regexp_matches(said, '[{CJK}]+|[^{CJK}]+', 'g') WITH ORDINALITY AS parts (part, place)
    ) END
$$;

-- A text as it is cut into words: no accents, no joints in words nor marks of HTML (the text search would leave out
-- a script, to the end of the text if need be), runs of CJK as overlapping pairs.
CREATE FUNCTION papers_plain(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN said ~ '^[\u0001-\u007f]*$' THEN regexp_replace(said, '[-_/<>:~]+', ' ', 'g')
        ELSE papers_pairs(regexp_replace(
            normalize(regexp_replace(normalize(said, NFKD), '[\u0300-\u036f]', '', 'g'), NFC),
            '[-_/<>\u2010-\u2015\u2212\u00b7:~]+', ' ', 'g'
        ))
    END
$$;

-- Write down the words of these papers anew.
CREATE FUNCTION papers_write_words(papers bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO papers_searchtext (paper_id, day, title, names, body)
    SELECT
        paper.id,
        paper.published,
        to_tsvector('english', plain.title) || to_tsvector('english', coalesce(plain.called, '')),
        to_tsvector('simple', plain.names),
        setweight(to_tsvector('english', plain.title), 'A')
            || setweight(to_tsvector('english', papers_plain(left(paper.abstract, 50000))), 'B')
            || setweight(to_tsvector('english', plain.names), 'C')
            || setweight(to_tsvector('english', coalesce(plain.shown, '')), 'D')
    FROM papers_paper paper
    CROSS JOIN LATERAL (
        SELECT
            papers_plain(paper.title) AS title,
            papers_plain(left(array_to_string(paper.authors, ' . '), 20000)) AS names,
            papers_plain(left(string_agg(shown.title || ' . ' || shown.nickname, ' . '), 10000)) AS called,
            papers_plain(left(string_agg(
                shown.title || ' . ' || shown.nickname || ' . ' || shown.tldr || ' . ' || array_to_string(shown.tags, ' . '),
                ' . '
            ), 50000)) AS shown
        FROM papers_entry entry JOIN papers_entrytext shown ON shown.entry_id = entry.id
        WHERE entry.paper_id = paper.id
    ) plain
    WHERE paper.id = ANY(papers)
    ORDER BY paper.id
    ON CONFLICT (paper_id) DO UPDATE
        SET day = excluded.day, title = excluded.title, names = excluded.names, body = excluded.body
$$;

CREATE FUNCTION papers_words_of_papers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM papers_write_words(ARRAY(SELECT id FROM made));
    ELSE
        PERFORM papers_write_words(ARRAY(
            SELECT made.id FROM made JOIN gone USING (id)
            WHERE (made.title, made.abstract, made.authors, made.published)
                IS DISTINCT FROM (gone.title, gone.abstract, gone.authors, gone.published)
        ));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION papers_words_of_texts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM papers_write_words(ARRAY(
            SELECT DISTINCT entry.paper_id FROM made JOIN papers_entry entry ON entry.id = made.entry_id
        ));
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM papers_write_words(ARRAY(
            SELECT DISTINCT entry.paper_id FROM gone JOIN papers_entry entry ON entry.id = gone.entry_id
        ));
    ELSE
        PERFORM papers_write_words(ARRAY(
            SELECT DISTINCT entry.paper_id
            FROM made JOIN gone USING (id) JOIN papers_entry entry ON entry.id IN (made.entry_id, gone.entry_id)
            WHERE (made.entry_id, made.title, made.nickname, made.tldr, made.tags)
                IS DISTINCT FROM (gone.entry_id, gone.title, gone.nickname, gone.tldr, gone.tags)
        ));
    END IF;
    RETURN NULL;
END $$;

-- An entry follows its paper when two papers turn out to be one.
CREATE FUNCTION papers_words_of_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM papers_write_words(ARRAY[OLD.paper_id, NEW.paper_id]);
    RETURN NULL;
END $$;

CREATE TRIGGER papers_paper_words_made AFTER INSERT ON papers_paper REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION papers_words_of_papers();
CREATE TRIGGER papers_paper_words_changed AFTER UPDATE ON papers_paper REFERENCING OLD TABLE AS gone NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION papers_words_of_papers();
CREATE TRIGGER papers_entrytext_words_made AFTER INSERT ON papers_entrytext REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION papers_words_of_texts();
CREATE TRIGGER papers_entrytext_words_gone AFTER DELETE ON papers_entrytext REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION papers_words_of_texts();
CREATE TRIGGER papers_entrytext_words_changed AFTER UPDATE ON papers_entrytext
    REFERENCING OLD TABLE AS gone NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION papers_words_of_texts();
CREATE TRIGGER papers_entry_words AFTER UPDATE ON papers_entry
    FOR EACH ROW WHEN (OLD.paper_id IS DISTINCT FROM NEW.paper_id) EXECUTE FUNCTION papers_words_of_entry();

-- Rows stay short, so that a search can look at many: what is long is kept beside them, and as it is, since ranking
-- reads it and unpacking takes longer than reading.
ALTER TABLE papers_searchtext SET (toast_tuple_target = 256);
ALTER TABLE papers_searchtext ALTER COLUMN body SET STORAGE EXTERNAL;
-- Which words are frequent, ANALYZE tells: so many of them.
ALTER TABLE papers_searchtext ALTER COLUMN body SET STATISTICS 1000;
-- Lost with a crash, and then asked for anew: nothing is to wait for the disk.
ALTER TABLE papers_queryvector SET UNLOGGED;
"""

FORGET = """
DROP TRIGGER papers_paper_words_made ON papers_paper;
DROP TRIGGER papers_paper_words_changed ON papers_paper;
DROP TRIGGER papers_entrytext_words_made ON papers_entrytext;
DROP TRIGGER papers_entrytext_words_gone ON papers_entrytext;
DROP TRIGGER papers_entrytext_words_changed ON papers_entrytext;
DROP TRIGGER papers_entry_words ON papers_entry;
DROP FUNCTION papers_words_of_papers, papers_words_of_texts, papers_words_of_entry, papers_write_words, papers_plain,
    papers_pairs;
"""

FILL = "SELECT papers_write_words(ARRAY(SELECT id FROM papers_paper ORDER BY id))"


def index(field, name):
    return django.contrib.postgres.indexes.GinIndex(fields=[field], name=name, gin_pending_list_limit=256)


class Migration(migrations.Migration):

    dependencies = [
        ('papers', '0016_places'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='paper', name='paper_search'),
        migrations.RemoveField(model_name='paper', name='search'),
        migrations.CreateModel(
            name='QueryVector',
            fields=[
                ('text', models.CharField(max_length=400, primary_key=True, serialize=False)),
                ('encoder', models.CharField(max_length=200)),
                ('vector', pgvector.django.halfvec.HalfVectorField()),
                ('made_at', models.DateTimeField(auto_now=True, db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='SearchWord',
            fields=[
                ('word', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('gaps', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), help_text='The word, and it without each of its letters', size=None)),
                ('papers', models.PositiveIntegerField(help_text='Whose titles have it, as counted when they came')),
                ('last_paper', models.BigIntegerField(db_index=True, help_text='The last one counted')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['gaps'], name='search_word_gaps')],
            },
        ),
        migrations.CreateModel(
            name='SearchText',
            fields=[
                ('paper', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='search', serialize=False, to='papers.paper')),
                ('day', models.DateField(help_text='Of publication', null=True)),
                ('title', django.contrib.postgres.search.SearchVectorField(help_text='Of the title, and of titles and nicknames in lists')),
                ('names', django.contrib.postgres.search.SearchVectorField(help_text='Of the authors, unstemmed')),
                ('body', django.contrib.postgres.search.SearchVectorField(help_text='All words: title A, abstract B, authors C, what lists say in any language D')),
            ],
        ),
        migrations.RunSQL(FUNCTIONS, FORGET),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        # After the rows: that is faster.
        migrations.AddIndex('searchtext', models.Index(models.OrderBy(models.F('day'), descending=True, nulls_last=True), models.OrderBy(models.F('paper'), descending=True), name='search_newest')),
        migrations.AddIndex('searchtext', index('title', 'search_title')),
        migrations.AddIndex('searchtext', index('names', 'search_names')),
        migrations.AddIndex('searchtext', index('body', 'search_body')),
    ]
