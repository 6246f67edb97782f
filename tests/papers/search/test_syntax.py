"""What the search box understands, and that it understands everything somehow."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from papers.models import Paper
from papers.search.syntax import FIELDS, MOST_TERMS, parse, plain, whole

ODD = st.text(alphabet="ab -:\"“”*ORor|()'\\!&<>%_\x00\ud800缓存压é\u0301（：tileyar0123", max_size=60)
ANY = st.one_of(st.text(max_size=80), ODD, st.lists(st.sampled_from([*(f"{name}:" for name in FIELDS), "x", "2023-", '"', "-", "OR", "*", "''", "\\"])).map("".join))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("kv cache", "kv cache"),
        ('"gist tokens"', '"gist tokens"'),
        ("-survey", "-survey"),
        ('-"soft prompt"', '-"soft prompt"'),
        ("pruning OR eviction", "pruning OR eviction"),
        ("pruning or eviction kv", "pruning OR eviction kv"),
        ("OR a", "OR a"),
        ("a OR", "a or"),
        ("quantiz*", "quantiz*"),
        ("*", ""),
        ("- -- * \" '", ""),
        ("long-context", "long context"),
        ("-long-context", '-"long context"'),
        ("title:h2o", "title:h2o"),
        ("TI:h2o", "title:h2o"),
        ('author:"yao fu"', 'author:"yao fu"'),
        ('-author:"yao fu"', '-author:"yao fu"'),
        ("tag:Evict*", "tag:Evict*"),
        ("year:2023-2025", "year:2023-2025"),
        ("author:a OR author:b", "author:a OR author:b"),
        ("title:", "title"),
        ("LLMLingua:compressing", "LLMLingua compressing"),
        ("Schrödinger", "Schrodinger"),
        ("“curly quotes”", '"curly quotes"'),
        ('an "open phrase', 'an "open phrase"'),
        ("缓存压缩", "缓存压缩"),
        ("KV缓存", "KV 缓存"),
        ("a a a", "a"),
    ],
)
def test_what_is_understood(text, understood):
    assert str(parse(text)) == understood


def test_bare_words_are_loose_and_all_else_is_strict():
    query = parse('kv 缓存 "a phrase" -not title:x pre* one OR two')
    assert [str(term) for group in query.loose for term in group] == ["kv", "缓存", "one", "two"]
    assert str(query.strict) == '"a phrase" -not title:x pre*'
    assert whole(query.meaning) == "kv 缓存 a phrase x one two"


def test_the_query_that_is_shown_means_the_same():
    for text in ('kv "a b" -c d* title:e', "缓存压缩 OR x", "year:2023-2025 tag:KV"):
        assert parse(str(parse(text))) == parse(text)


@given(ANY)
@example("\x00")
@example("\ud800")
@example("a OR -b OR")
def test_any_text_is_a_query(text):
    query = parse(text)
    assert len(query.groups) <= MOST_TERMS
    assert "\x00" not in str(query)
    str(query).encode()


@given(ANY)
@settings(deadline=None)
def test_pairs_are_put_together_again(text):
    assert plain(whole(plain(text))) == plain(text)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY)
@example("the")
@example("-the")
@example("'' \\ ! & | <-> :*")
@example("year:0000 year:99999 year:-")
@example("author:\\ title:' tag:% code:%")
@example("http://a\x00b")
def test_whatever_is_asked_the_database_understands(text):
    list(Paper.objects.matching(text)[:1])
    list(Paper.objects.found_by(text)[:1])


@pytest.mark.django_db
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=40))
@example("Long-context Schrödinger KV缓存压缩论文 x_y a–b ｆｕｌｌ 한국어")
def test_texts_are_cut_as_queries_are(text):
    """`plain` and the database's own function of the same purpose, seen by the words that come of both."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_tsvector('simple', papers_plain(%s))::text, to_tsvector('simple', %s)::text", [text, plain(text)])  # fmt: skip
        assert len(set(cursor.fetchone())) == 1
