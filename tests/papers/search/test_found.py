"""What a search finds: by words in any language, by meaning, misspelt, in fields; and that its words are up to date."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from django.db import connection

from papers import merging, search, vectors
from papers.models import Category, CategoryText, Document, Entry, EntryText, Paper, QueryVector, SearchText
from papers.models.papers import DEFAULT_DIMENSIONS
from papers.records import Identifier, PaperRecord
from papers.search import meaning, spelling, translation, words
from papers.search.fusion import fused
from papers.search.passages import FOUND, FOUND_END, marked, of_papers, passage
from tests.factories import make_entry, make_list, make_paper, make_suggestion

pytestmark = pytest.mark.django_db

ENCODER = "made-up/float32/256"


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """What a process remembers for minutes is of another database here."""
    translation._words.cache_clear()


@pytest.fixture
def library():
    """Five papers about different things."""
    say = [
        ("SnapKV: knows what you look for", "Evicts entries of the cache by votes of the last window.", ("Yuhong Li",)),
        ("Gist tokens compress prompts", "A prompt becomes a few tokens.", ("Jesse Mu", "Xiang Lisa Li")),
        ("A survey of quantization", "Weights and caches in few bits.", ("Renée Müller",)),
        ("Coral reefs seen from above", "Segmentation of reefs.", ("Ann Smith",)),
        ("Latent reasoning", "Thought without words.", ("Bo Fu",)),
    ]
    return [
        make_paper(title, abstract=text, authors=who, published=date(2020 + number, 1, 1), subjects=("cs.CL",))
        for number, (title, text, who) in enumerate(say)
    ]


def titles(text, papers=None):
    return [paper.title.split()[0] for paper in (papers or Paper.objects.all()).found_by(text)]


def literal(text):
    found = Paper.objects.found_by(text).found
    names = {paper.pk: paper.title.split()[0] for paper in Paper.objects.all()}
    return [names[pk] for pk in found.ids if pk in found.literal]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("caches", {"SnapKV:", "A"}),
        ("cache -window", {"A"}),
        ('"few tokens"', {"Gist"}),
        ('"window last"', set()),
        ("window OR reefs", {"SnapKV:", "Coral"}),
        ("quantiz*", {"A"}),
        ("title:survey", {"A"}),
        ("abstract:survey", set()),
        ("abstract:bits", {"A"}),
        ("abstract:seg*", {"Coral"}),
        ("author:muller", {"A"}),
        ('author:"bo fu"', {"Latent"}),
        ("-author:li", {"A", "Coral", "Latent"}),
        ("subject:cs.cl year:2021", {"Gist"}),
        ("year:2022-", {"A", "Coral", "Latent"}),
        ("year:-2020", {"SnapKV:"}),
        ("year:<=2020 cache", {"SnapKV:"}),
        ("year:soon", set()),
        ("code:yes", set()),
        ("code:no reefs", {"Coral"}),
        ("the of", set()),
    ],
)
def test_words_and_fields(library, text, expected):
    assert {paper.title.split()[0] for paper in Paper.objects.matching(text)} == expected
    found = Paper.objects.found_by(text)
    if found.found.ids is None:
        assert {paper.title.split()[0] for paper in found} == expected
    else:
        assert set(literal(text)) == expected


def test_fields_that_lists_tell(library):
    snap, gist, survey, *_ = library
    small = make_list()
    alpha = small.categories.get(key="alpha")
    make_entry(alpha, snap, tags=["KV Eviction"], venue="NeurIPS 2024", code=[["Code", "https://example.org/snap"]])
    make_suggestion(small, gist, 0.9, alpha)
    make_suggestion(small, survey, 0.1, alpha)
    EntryText.objects.update(venue_name="NeurIPS")
    for text in ('tag:"kv eviction"', "tag:kv*", "venue:neurips", "code:yes", "code:example.org"):
        assert titles(text) == ["SnapKV:"], text
    assert titles("tag:kv") == []
    assert set(titles("category:alpha")) == set(titles("category:Alpha")) == {"SnapKV:", "Gist"}
    assert set(titles("-category:alpha year:2020-2022")) == {"A"}


def test_the_more_telling_word_and_the_title_come_first(library):
    make_paper("Another paper", abstract="Only at its end it speaks of gist.")
    assert titles("gist")[0] == "Gist"
    make_paper("A title like no other: Reefs", abstract="None.")
    assert Paper.objects.found_by("a title like no other reefs").first().title == "A title like no other: Reefs"


def test_it_looks_only_among_the_papers_given(library):
    some = Paper.objects.filter(published__year__gte=2022)
    assert titles("cache", some) == ["A"]
    assert search.found(some, "window reefs").ids == ()


def test_of_very_many_it_says_that_there_are_more(monkeypatch):
    monkeypatch.setattr(words, "MOST", 10)
    monkeypatch.setattr(words, "TITLED", 3)
    old = [make_paper(f"Caches in the title {n}", published=date(2019, 1, 1)) for n in range(2)]
    for number in range(15):
        make_paper(f"Another {number}", published=date(2024, 1, 1))
    found = Paper.objects.found_by("caches").found
    assert found.is_cut and found.total == 11 and len(found.ids) == 10
    assert {paper.pk for paper in old} == set(found.ids[:2])  # however old
    assert Paper.objects.matching("caches").count() == 17


# --- Chinese --------------------------------------------------------------------------------------------------


@pytest.fixture
def bilingual(library):
    """A list in English and Chinese, in which SnapKV and Gist tokens stand."""
    small = make_list()
    alpha = small.categories.get(key="alpha")
    entries = [make_entry(alpha, paper, tags=[tag]) for paper, tag in zip(library, ["Eviction", "Soft Prompt"], strict=False)]  # fmt: skip
    chinese = Document.objects.create(list=small, language="zh", path="README_CN.md", source=b"")
    for entry, tag, tldr in zip(
        entries, ["淘汰", "软提示"], ["末尾窗口投票，淘汰缓存条目。", "提示变成几个记号。"], strict=True
    ):
        EntryText.objects.create(
            entry=entry, document=chinese, position=1, title=entry.paper.title, tags=[tag], tldr=tldr
        )
    english = small.documents.get(is_primary=True)
    CategoryText.objects.filter(document=english).update(keywords=["KV cache eviction", "quantization"])
    for category in Category.objects.all():
        CategoryText.objects.create(
            category=category, document=chinese, name="甲", heading_line=1, keywords=["KV 缓存淘汰", "量化"]
        )
    return small


def test_chinese_words_of_a_list_are_searched(bilingual):
    assert literal("投票") == ["SnapKV:"]
    assert literal("末尾窗口") == ["SnapKV:"]
    assert literal('"窗口末尾"') == []
    assert literal("缓存条目 window") == ["SnapKV:"]  # an abstract in one language, a row in the other


def test_chinese_words_find_english_papers_by_what_lists_teach(bilingual):
    known = translation.words()
    assert known["量化"] == "quantization" and known["缓存"] == "cache" and known["软提示"] == "Soft Prompt"
    assert literal("量化") == ["A"]
    assert set(literal("缓存")) == {"SnapKV:", "A"}
    assert Paper.objects.matching("量化").count() == 1


def test_the_words_follow_what_is_changed(bilingual):
    entry = Entry.objects.filter(paper__title__startswith="SnapKV").get()
    text = entry.texts.get(document__language="zh")
    text.tldr = "完全不同。"
    text.save()
    assert literal("投票") == [] and literal("完全不同") == ["SnapKV:"]
    entry.texts.all().delete()
    assert literal("完全不同") == []
    Paper.objects.filter(pk=entry.paper_id).update(title="Renamed", authors=["Nobody Else"])
    assert literal("snapkv") == [] and literal("renamed author:nobody") == ["Renamed"]


def test_papers_that_are_one_have_one_set_of_words(bilingual):
    kept, gone = Paper.objects.order_by("pk")[:2]
    Entry.objects.filter(paper=gone).update(category=bilingual.categories.get(key="beta"))
    record = PaperRecord("arxiv", (Identifier("arxiv", "2401.00001"),), "One")
    merging.merge(kept, gone, record)
    assert SearchText.objects.count() == Paper.objects.count() == 4
    assert titles("记号") == [kept.title.split()[0]]


# --- misspelt -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other", "far"), [("kitten", "kitten", 0), ("abcd", "abdc", 1), ("ab", "abc", 1), ("abc", "xyz", 3)])  # fmt: skip
def test_distance(one, other, far):
    assert spelling.distance(one, other) == spelling.distance(other, one) == far


def test_misspelt_titles_are_found(library):
    assert spelling.is_due() and spelling.learn() == 5 and not spelling.is_due()
    for text in ("snapkw", "snpakv", "quantisation survei", "quantzation", "latnet reasoning"):
        found = Paper.objects.found_by(text).found
        assert found.total == 1 and found.corrected, text
    assert Paper.objects.found_by('"snapkw"').found.corrected == {}
    assert Paper.objects.found_by("segmentation").found.corrected == {}  # in an abstract only: no mistake
    assert Paper.objects.found_by("xyzzyplugh").found.ids == ()


def test_new_titles_are_learned(library):
    spelling.learn()
    make_paper("Scissorhands")
    assert spelling.learn(limit=10) == 1
    assert titles("scisorhands") == ["Scissorhands"]


# --- by meaning -----------------------------------------------------------------------------------------------


def vector(place, *others):
    found = np.zeros(DEFAULT_DIMENSIONS, dtype=np.float32)
    found[place] = 1
    for other, share in others:
        found[other] = share
    return found / np.linalg.norm(found)


@pytest.fixture
def near(library):
    vectors.store(ENCODER, library, np.stack([vector(place) for place in range(len(library))]))
    meaning.keep("underwater pictures", ENCODER, vector(3, (4, 0.3)))
    return library


def test_by_meaning_what_says_it_in_other_words(near):
    found = Paper.objects.found_by("underwater pictures").found
    assert found.by_meaning and found.total == 0 and found.ids[:2] == (near[3].pk, near[4].pk)
    assert titles("underwater pictures -reasoning")[0] == "Coral"
    assert "Latent" not in titles("underwater pictures -reasoning")  # what is strict holds for what is near, too
    assert titles("underwater pictures year:2024") == ["Latent"]
    assert len(titles("underwater   pictures", Paper.objects.filter(published__year__lt=2022))) == 2


def test_without_an_encoder_it_goes_by_words(library):
    found = Paper.objects.found_by("gist").found
    assert found.lacks_encoder and not found.by_meaning and literal("gist") == ["Gist"]
    assert not Paper.objects.found_by("title:gist").found.lacks_encoder  # it was not wanted


def test_filtered_neighbours_are_as_many_as_asked_for(monkeypatch):
    monkeypatch.setattr(vectors, "FEW", 20)
    papers = [make_paper(subjects=("cs.CV" if number % 3 else "cs.CL",)) for number in range(90)]
    rows = np.random.default_rng(1).normal(size=(90, DEFAULT_DIMENSIONS)).astype(np.float32)
    vectors.store(ENCODER, papers, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for subject, there in (("cs.CL", 30), ("cs.CV", 60)):
        among = Paper.objects.filter(subjects__contains=[subject])
        for limit in (5, 25, 100):
            found = vectors.nearest_among(rows[0], among, limit, ENCODER)
            assert len({pk for pk, _ in found}) == min(limit, there)
            assert {pk for pk, _ in found} <= set(among.values_list("pk", flat=True))


def test_old_answers_are_forgotten():
    meaning.keep("a", ENCODER, vector(1))
    meaning.keep("a", ENCODER, vector(2))
    meaning.keep("b", "another", vector(1))
    meaning.forget(ENCODER)
    assert list(QueryVector.objects.values_list("text", flat=True)) == ["a"]
    encoder, found = meaning.vector_of("a")
    assert encoder == ENCODER and found.argmax() == 2


# --- put together, and shown ----------------------------------------------------------------------------------


def test_reciprocal_rank_fusion():
    assert fused([1, 2, 3], []) == [1, 2, 3]
    assert fused([1, 2, 3], [3, 4]) == [3, 1, 2, 4]
    assert fused([1, 2], [2, 1]) == [1, 2]


def test_an_empty_answer_offers_what_to_leave_out(library):
    found = Paper.objects.found_by('cache "no such phrase" year:2020').found
    assert found.ids == ()
    assert [(str(term), str(rest), count) for term, rest, count in found.offers] == [
        ('"no such phrase"', "cache year:2020", 1)
    ]


def test_words_are_marked_by_their_stems():
    text = "Memories of memory; a memo. 缓存压缩 Cached"
    shown = marked(text, ["memori", "cach", "缓存", "存压"]).replace(FOUND, "[").replace(FOUND_END, "]")
    assert shown == "[Memories] of [memory]; a memo. [缓存压]缩 [Cached]"
    assert marked("nothing", ["memori"]) == "nothing"


def test_a_passage_holds_the_words_and_a_row_helps_where_the_abstract_has_none(bilingual):
    long = "Nothing here. " * 60 + "Then the eviction of a cache is told. " + "Nothing more. " * 60
    shown = passage(long, ["evict", "cach"])
    assert len(shown) < 400 and shown.startswith("… Then") and shown.count(FOUND) == 2
    snap = Paper.objects.get(title__startswith="SnapKV")
    assert FOUND + "投票" + FOUND_END in of_papers([snap], ["投票"])[snap.pk]
