"""What a list teaches: which papers become examples, of what, with which text and weight."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from ingest.classifier import examples as gathering
from ingest.classifier.examples import examples
from ingest.classifier.heads import Recipe
from ingest.models import Evidence
from papers import catalog, review, vectors
from papers.models import CategoryText, Document, Entry, EntryText
from papers.models.papers import DEFAULT_DIMENSIONS
from papers.readme.row import RowFields
from papers.records import Identifier, PaperRecord
from tests.factories import make_entry, make_list, make_paper, make_user

pytestmark = pytest.mark.django_db

ENCODER = "made-up/float32/256"


@pytest.fixture(autouse=True)
def background(tmp_path, monkeypatch):
    """The path of a background file, empty at first."""
    path = tmp_path / "background.jsonl"
    path.write_text("")
    monkeypatch.setattr(gathering, "BACKGROUND_FILE", path)
    return path


@pytest.fixture
def small():
    return make_list("small", ("alpha", "beta"))


def category(paper_list, key):
    return paper_list.categories.get(key=key)


def of(paper, found):
    """What is taught of a paper: (label, kind, weight, text) of each row."""
    return [(row.label, row.kind, row.weight, row.text) for row in found.rows if row.paper == paper.pk]


def accept(paper_list, key, paper, user):
    rows = {"en": RowFields(title=paper.title, link="https://arxiv.org/abs/2611.00001")}
    return review.accept(category(paper_list, key), paper, rows, user)


def store_vector(paper, *numbers):
    row = np.zeros((1, DEFAULT_DIMENSIONS), dtype=np.float32)
    row[0, : len(numbers)] = numbers
    vectors.store(ENCODER, [paper], row)


def test_an_entry_is_taught_with_its_abstract(small):
    paper = make_entry(category(small, "beta"), make_paper("Small caches", abstract="We shrink.")).paper
    assert of(paper, examples(small, ENCODER)) == [
        ("beta", "entry", 1.0, "Small caches\nWe shrink."),
    ]


def test_without_an_abstract_the_row_speaks_in_the_primary_language(small):
    Document.objects.create(list=small, language="zh", path="README_CN.md", source=b"")
    paper = make_paper("Small caches", abstract="")
    entry = make_entry(category(small, "alpha"), paper, tldr="Shrinks the cache.")
    chinese = EntryText.objects.get(entry=entry, document__language="zh")
    chinese.title, chinese.tldr = "小缓存", "压缩缓存。"
    chinese.save()
    EntryText.objects.filter(entry=entry, document__language="en").update(title="SmallC: Small caches")
    assert of(paper, examples(small, ENCODER)) == [
        ("alpha", "entry", 1.0, "SmallC: Small caches\nShrinks the cache."),
    ]


def test_a_paper_known_by_its_title_only_is_taught_once(small):
    paper = make_entry(category(small, "alpha"), make_paper("Small caches", abstract="")).paper
    assert of(paper, examples(small, ENCODER)) == [("alpha", "entry", 1.0, "Small caches")]


def test_a_paper_in_two_categories_weighs_as_much_as_another(small):
    paper = make_entry(category(small, "alpha"), make_paper("Small caches", abstract="We shrink.")).paper
    make_entry(category(small, "beta"), paper)
    found = of(paper, examples(small, ENCODER))
    assert sorted((label, kind, weight) for label, kind, weight, _ in found) == [
        ("alpha", "entry", 0.5),
        ("beta", "entry", 0.5),
    ]


def test_definitions_and_keywords_are_taught_in_the_primary_language(small):
    chinese = Document.objects.create(list=small, language="zh", path="README_CN.md", source=b"")
    CategoryText.objects.create(
        category=category(small, "alpha"), document=chinese, name="甲", heading_line=1, keywords=["缓存"]
    )
    CategoryText.objects.filter(document__language="en", category__key="alpha").update(keywords=["small", "cache"])
    words = [(row.label, row.kind, row.text) for row in examples(small, ENCODER).rows if not row.key]
    assert words == [
        ("alpha", "definition", "Alpha. What belongs under alpha."),
        ("alpha", "keyword", "small"),
        ("alpha", "keyword", "cache"),
        ("beta", "definition", "Beta. What belongs under beta."),
    ]


def test_a_section_that_the_primary_language_lacks_is_taught_in_another(small):
    chinese = Document.objects.create(list=small, language="zh", path="README_CN.md", source=b"")
    CategoryText.objects.filter(category__key="beta").update(document=chinese, name="乙")
    assert "乙. What belongs under beta." in examples(small, ENCODER).texts


def test_classes_are_the_categories_in_the_order_of_the_list_then_out(small):
    assert examples(small, ENCODER).classes == ("alpha", "beta", "out")
    small.categories.filter(key="alpha").update(position=9)
    assert examples(small, ENCODER).classes == ("beta", "alpha", "out")


def test_a_rejected_paper_is_out(small):
    paper = make_paper("Quantum circuits", abstract="We permute.")
    review.reject(small, paper, make_user(), reason="off-topic")
    assert of(paper, examples(small, ENCODER)) == [
        ("out", "rejection", 1.0, "Quantum circuits\nWe permute."),
    ]


@pytest.mark.parametrize("reason", ["already-covered", "withdrawn"])
def test_a_rejection_that_says_nothing_of_the_subject_is_no_example(small, reason):
    paper = make_paper()
    review.reject(small, paper, make_user(), reason=reason)
    assert of(paper, examples(small, ENCODER)) == []


def test_other_decisions_than_rejections_are_not_out(small):
    user = make_user()
    deferred, doubled, accepted, undone = (make_paper() for _ in range(4))
    review.defer(small, deferred, user, timezone.localdate() + timedelta(days=3))
    review.duplicate(small, doubled, accepted, user)
    accept(small, "alpha", accepted, user)
    review.undo(review.reject(small, undone, user), user)
    found = examples(small, ENCODER)
    assert of(deferred, found) == of(doubled, found) == of(undone, found) == []
    assert {label for label, *_ in of(accepted, found)} == {"alpha"}


def test_a_rejection_for_another_list_says_nothing(small):
    paper = make_paper()
    review.reject(make_list("other"), paper, make_user())
    assert of(paper, examples(small, ENCODER)) == []


def test_the_background_is_out_by_title_unless_somebody_decided_otherwise(small, background):
    listed = make_entry(category(small, "alpha"), make_paper("Listed caches")).paper
    rejected, deferred = make_paper("Rejected caches"), make_paper("Deferred caches")
    review.reject(small, rejected, make_user())
    review.defer(small, deferred, make_user(), timezone.localdate() + timedelta(days=3))
    known = [paper.main_identifier.value for paper in (listed, rejected, deferred)]
    rows = [{"arxiv_id": value, "title": f"Title of {value}"} for value in [*known, "2301.00001"]]
    rows.append({"arxiv_id": "2301.00002", "title": "LISTED caches"})  # the same paper under a wrong id
    background.write_text("".join(json.dumps(row) + "\n" for row in rows))
    taught = [row for row in examples(small, ENCODER).rows if row.kind == "background"]
    assert [(row.key, row.label, row.text) for row in taught] == [("arxiv:2301.00001", "out", "Title of 2301.00001")]
    assert taught[0].weight < 0.5


def test_the_background_that_is_shipped_can_be_read(monkeypatch, small):
    monkeypatch.undo()
    taught = [row for row in examples(small, ENCODER).rows if row.kind == "background"]
    assert len(taught) >= 300
    assert all(row.text and row.key.startswith("arxiv:") for row in taught)


def test_no_background_file_is_no_error(small, background):
    background.unlink()
    assert examples(small, ENCODER).note == "No examples of out."


@pytest.fixture
def stream(small):
    """A listed paper, and 120 unlisted ones that turn away from it: the nearest first."""
    store_vector(make_entry(category(small, "alpha"), make_paper("Listed")).paper, 1.0, 0.0)
    papers = [make_paper(f"Stream {number:03}", abstract=f"About {number}.") for number in range(120)]
    for number, paper in enumerate(papers):
        angle = np.pi / 2 * number / 120
        store_vector(paper, np.cos(angle), np.sin(angle))
    return papers


def sampled(found):
    return {row.paper for row in found.rows if row.kind == "sample"}


def test_unlisted_papers_far_from_the_list_are_out_and_near_ones_are_left_alone(small, stream):
    found = examples(small, ENCODER)
    assert sampled(found) == {paper.pk for paper in stream[60:]}
    label, kind, weight, _ = of(stream[119], found)[0]
    assert (label, kind) == ("out", "sample") and weight < 0.5
    assert of(stream[0], found) == []


def test_papers_somebody_decided_on_or_that_were_withdrawn_are_not_sampled(small, stream):
    user = make_user()
    review.reject(small, stream[119], user)
    review.defer(small, stream[118], user, timezone.localdate() + timedelta(days=3))
    review.duplicate(small, stream[117], stream[0], user)
    stream[116].withdrawn = True
    stream[116].save()
    assert not sampled(examples(small, ENCODER)) & {paper.pk for paper in stream[116:]}


def test_a_small_catalogue_is_not_sampled(small, stream):
    for paper in stream[99:]:
        paper.embeddings.all().delete()
    assert sampled(examples(small, ENCODER)) == set()
    assert sampled(examples(small, "another encoder")) == set()


def test_the_sample_hardly_changes_as_the_catalogue_grows(small, stream, monkeypatch):
    monkeypatch.setattr(gathering, "SAMPLE", 55)
    before = sampled(examples(small, ENCODER))
    assert len(before) == 55
    assert sampled(examples(small, ENCODER)) == before
    for number in range(5):
        store_vector(make_paper(f"New {number}"), 0.0, 1.0)
    assert len(before & sampled(examples(small, ENCODER))) >= 50


def test_of_many_entries_the_newest_are_taught(small, monkeypatch):
    entries = [make_entry(category(small, "alpha")) for _ in range(4)]
    monkeypatch.setattr(gathering, "ENTRIES", 2)
    taught = [row.paper for row in examples(small, ENCODER).rows if row.kind == "entry"]
    assert taught == [entry.paper_id for entry in entries[2:]]


def test_the_hash_is_of_what_is_taught(small):
    make_entry(category(small, "alpha"))
    first = examples(small, ENCODER).hash(ENCODER, "words", Recipe())
    assert examples(small, ENCODER).hash(ENCODER, "words", Recipe()) == first
    assert examples(small, ENCODER).hash("another encoder", "words", Recipe()) != first
    assert examples(small, ENCODER).hash(ENCODER, "words", Recipe(ridge=1.0)) != first
    review.reject(small, make_paper(), make_user())
    assert examples(small, ENCODER).hash(ENCODER, "words", Recipe()) != first


def test_a_paper_is_recognised_by_any_identifier_and_by_its_title(small):
    paper = make_paper("Small caches", identifiers=[("arxiv", "2611.99999"), ("doi", "10.1000/small")])
    make_entry(category(small, "alpha"), paper)
    found = examples(small, ENCODER)
    assert found.key([Identifier("arxiv", "2611.99999")], "x") == "arxiv:2611.99999"
    assert found.key([Identifier("doi", "10.1000/small")], "x") == "arxiv:2611.99999"
    assert found.key([Identifier("arxiv", "2611.11111")], "SMALL Caches!") == "arxiv:2611.99999"
    assert found.key([Identifier("arxiv", "2611.11111")], "Large caches") is None


def test_a_category_without_anything_is_named(small):
    CategoryText.objects.filter(category__key="beta").delete()
    make_entry(category(small, "alpha"))
    assert examples(small, ENCODER).note == "No examples of beta, out."


def test_an_abstract_that_arrives_later_is_taught(small):
    paper = make_entry(category(small, "alpha"), make_paper("Small caches", abstract="", source="readme")).paper
    name = paper.main_identifier
    catalog.upsert([PaperRecord("arxiv", (name,), "Small caches", abstract="We shrink.")])
    assert "Small caches\nWe shrink." in [text for *_, text in of(paper, examples(small, ENCODER))]
    assert Entry.objects.count() == 1


# --- evidence -------------------------------------------------------------------------------------------------


def evidence(paper_list, number, label="alpha", title="A paper of evidence", **fields):
    """One paper of evidence, with features unless told otherwise."""
    fields = {"meaning": np.ones(4, np.float16).tobytes(), "words": np.ones(2, np.float16).tobytes()} | fields
    return Evidence.objects.create(
        list=paper_list, key=f"arxiv:2601.{number:05}", title=f"{title} {number}", label=label, **fields
    )


def test_evidence_is_taught_with_its_own_weight(small):
    row = evidence(small, 1, weight=0.5)
    found = [example for example in examples(small, ENCODER).rows if example.kind == "evidence"]
    assert [(each.label, each.weight, each.key, each.evidence) for each in found] == [("alpha", 0.5, row.key, row)]


def test_evidence_of_a_category_that_is_gone_is_left_alone(small):
    evidence(small, 1, label="gamma")
    assert not [row for row in examples(small, ENCODER).rows if row.kind == "evidence"]


def test_the_list_and_its_curators_are_believed_before_the_evidence(small):
    listed = make_entry(category(small, "beta"), make_paper("Listed", abstract="We list.")).paper
    rejected = make_paper("Rejected", abstract="We reject.")
    review.reject(small, rejected, make_user())
    for paper in (listed, rejected):
        Evidence.objects.create(list=small, key=":".join(paper.main_identifier), title="Another title", label="alpha")
    found = examples(small, ENCODER)
    assert [row[:2] for row in of(listed, found)] == [("beta", "entry")]
    assert [row[:2] for row in of(rejected, found)] == [("out", "rejection")]
    assert not [row for row in found.rows if row.kind == "evidence"]


def test_an_entry_without_an_abstract_is_seen_as_the_evidence_was_read(small):
    paper = make_entry(category(small, "beta"), make_paper("Known by its row", abstract="")).paper
    row = evidence(small, 1, title="The same paper")
    Evidence.objects.filter(pk=row.pk).update(key=":".join(paper.main_identifier))
    (example,) = [each for each in examples(small, ENCODER).rows if each.paper == paper.pk]
    assert (example.label, example.kind, example.evidence) == ("beta", "entry", row)


def test_where_people_found_enough_out_of_scope_no_background_is_needed(small, background, monkeypatch):
    background.write_text('{"arxiv_id": "2301.00001", "title": "Folding laundry"}\n')
    monkeypatch.setattr(gathering, "ENOUGH_OUT", 2)
    evidence(small, 1, label="out")
    assert [row.text for row in examples(small, ENCODER).rows if row.kind == "background"] == ["Folding laundry"]
    evidence(small, 2, label="out")
    assert not [row for row in examples(small, ENCODER).rows if row.kind == "background"]
