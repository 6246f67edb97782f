"""The classifier at work on a small list, with the real encoder and the real database."""

from __future__ import annotations

import gzip
import json
import threading
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ingest import assessment, embedding, learning, versions
from ingest.classifier import encoder as encoders
from ingest.classifier import examples as gathering
from ingest.classifier import labelled
from ingest.classifier import lexicon as lexicons
from ingest.classifier.features import Features
from ingest.classifier.heads import HeadError
from ingest.models import Claim, Head, HeadBase, Run
from papers import catalog, review, vectors
from papers.models import Embedding, Paper, PaperList, Suggestion
from papers.readme.importer import import_readme
from papers.readme.listfile import read_list_file
from papers.records import PaperRecord
from tests.conftest import ROOT
from tests.factories import make_entry, make_list, make_paper, make_user

pytestmark = pytest.mark.django_db

CACHE = [
    ("Evicting tokens from the KV cache", "We evict unimportant key-value pairs while the model generates."),
    ("Two-bit quantization of the KV cache", "We quantize keys and values of the cache to two bits."),
    ("Heavy hitters in the key-value cache", "A small share of tokens carries most of the attention in the cache."),
    ("Layer-wise budgets for KV cache compression", "Lower layers keep more key-value pairs of the cache."),
]
PROMPT = [
    ("Compressing prompts by pruning tokens", "A small model prunes uninformative tokens from the prompt."),
    ("Summarising retrieved documents before prompting", "We shorten the prompt by summaries of the documents."),
    ("Selecting sentences for shorter prompts", "Sentences of low information are removed from the prompt."),
    ("Question-aware prompt compression", "The prompt is compressed with the question in mind."),
]
BACKGROUND = [
    "Quantum circuits for permutation matrices",
    "A corpus of Luxembourgish speech",
    "Predicting crop yield from satellite images",
    "Named entity recognition in clinical notes",
    "Robot arms that fold laundry",
    "Translating court decisions into press releases",
    "Detecting deception in political debates",
    "Graph networks for molecule discovery",
    "Music captioning with metadata",
    "Sentiment of tweets about elections",
    "Monocular depth estimation at night",
    "Teaching arithmetic with chatbots",
]
NEW_CACHE = ("Streaming eviction for a smaller KV cache", "Key-value pairs are evicted from the cache on the fly.")
NEW_CIRCUIT = ("Sound waves in tellurium films", "We measure reflections of light in thin films.")


@pytest.fixture(autouse=True)
def _small_background(tmp_path, monkeypatch):
    path = tmp_path / "background.jsonl"
    rows = ({"arxiv_id": f"2301.{n:05}", "title": title} for n, title in enumerate(BACKGROUND))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr(gathering, "BACKGROUND_FILE", path)


@pytest.fixture
def small() -> PaperList:
    """A list with eight papers in two categories."""
    paper_list = make_list("small", ("cache", "prompt"))
    for key, papers in (("cache", CACHE), ("prompt", PROMPT)):
        for title, abstract in papers:
            make_entry(paper_list.categories.get(key=key), make_paper(title, abstract=abstract))
    return paper_list


@pytest.fixture
def trained(small) -> PaperList:
    embedding.embed()
    assert learning.train(small) is not None
    return small


def newest_run(kind):
    return Run.objects.filter(kind=kind).latest("pk")


def arrives(text=NEW_CACHE) -> Paper:
    return make_paper(text[0], abstract=text[1])


_load = encoders.load
_answers: dict[str, np.ndarray] = {}


class Encoder:
    """The real encoder, with something that happens before it answers; it answers no text twice, for speed."""

    def __init__(self, before=lambda _: None, chunk=64):
        self._real, self._before, self.chunk = _load(), before, chunk
        self.name, self.dimensions = self._real.name, self._real.dimensions
        self.encoded = []

    def encode(self, texts):
        self._before(self)
        self.encoded += texts
        new = [text for text in dict.fromkeys(texts) if text not in _answers]
        _answers.update(zip(new, self._real.encode(new), strict=True))
        return np.stack([_answers[text] for text in texts])


@pytest.fixture(autouse=True)
def _quick_encoder(monkeypatch):
    monkeypatch.setattr(encoders, "load", Encoder)
    monkeypatch.setattr(learning, "_remembered", {})  # no test may go by what another one encoded


def use(monkeypatch, before=lambda _: None, chunk=3) -> Encoder:
    encoder = Encoder(before, chunk)
    monkeypatch.setattr(encoders, "load", lambda: encoder)
    return encoder


# --- embed ----------------------------------------------------------------------------------------------------


def test_every_paper_gets_the_vector_of_its_text():
    papers = [arrives(), arrives(NEW_CIRCUIT)]
    run = embedding.embed()
    ids, found = vectors.matrix(vectors.current(Paper.objects.all(), encoders.load().name))
    assert ids == [paper.pk for paper in papers]
    assert found == pytest.approx(_load().encode([paper.text for paper in papers]), abs=1e-4)
    assert (run.state, run.fetched, run.total, run.new, run.changed) == ("done", 2, 2, 2, 0)


def test_again_it_encodes_nothing(monkeypatch):
    arrives()
    embedding.embed()
    encoder = use(monkeypatch)
    assert embedding.embed().fetched == 0
    assert encoder.encoded == []


def test_a_changed_text_is_encoded_again():
    paper = arrives()
    embedding.embed()
    before = Embedding.objects.get().vector
    catalog.upsert([PaperRecord("arxiv", (paper.main_identifier,), paper.title, abstract="Something else now.")])
    run = embedding.embed()
    assert (run.new, run.changed) == (0, 1)
    assert Embedding.objects.get().vector != before


def test_a_limit_is_kept_and_the_next_call_goes_on(monkeypatch):
    for _ in range(5):
        arrives()
    use(monkeypatch)
    assert [embedding.embed(limit=4).fetched, embedding.embed(limit=4).fetched] == [4, 1]
    assert Embedding.objects.count() == 5


def test_what_was_encoded_before_a_failure_is_kept_and_the_rest_made_up(monkeypatch):
    for _ in range(8):
        arrives()

    def fail_in_the_third_chunk(encoder):
        if len(encoder.encoded) == 6:
            raise MemoryError("no memory left")

    use(monkeypatch, fail_in_the_third_chunk)
    with pytest.raises(MemoryError):
        embedding.embed()
    run = newest_run("embed")
    assert (run.state, run.fetched, run.error) == ("failed", 6, "MemoryError: no memory left")
    encoder = use(monkeypatch)
    embedding.embed()
    assert len(encoder.encoded) == 2
    assert Embedding.objects.count() == 8


def test_another_process_at_the_same_papers_doubles_nothing(monkeypatch):
    papers = [arrives() for _ in range(4)]

    def another_process_is_first(encoder):
        vectors.store(encoder.name, papers, np.tile(np.eye(1, 384, dtype=np.float32), (4, 1)))

    use(monkeypatch, another_process_is_first, chunk=4)
    embedding.embed()
    assert Embedding.objects.count() == 4


def test_a_text_that_changes_while_it_is_encoded_is_missing_still(monkeypatch):
    paper = arrives()
    encoder = use(monkeypatch, lambda _: Paper.objects.filter(pk=paper.pk).update(text_hash="f" * 64))
    assert embedding.embed().fetched == 1  # and it ended: the same paper was not met again
    assert list(Paper.objects.without_embedding(encoder.name)) == [paper]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_share_the_papers(monkeypatch):
    for _ in range(12):
        arrives()
    both_have_a_chunk = threading.Barrier(2, timeout=10)
    counts = []

    def wait_for_the_other(encoder):
        if not encoder.encoded:
            both_have_a_chunk.wait()

    def work():
        try:
            counts.append(embedding.embed().fetched)
        finally:
            connection.close()

    use(monkeypatch, wait_for_the_other, chunk=6)
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [6, 6]
    assert Embedding.objects.count() == 12
    assert not Claim.objects.exists()


def test_an_encoder_that_cannot_be_used_fails_the_run_with_the_reason(settings):
    settings.ENCODER_DEVICE = "abacus"
    with pytest.raises(encoders.EncoderError):
        embedding.embed()
    assert newest_run("embed").state == "failed"
    assert "ENCODER_DEVICE=abacus" in newest_run("embed").error


def test_embedding_that_a_person_stops_keeps_its_chunks_and_the_command_says_so(monkeypatch):
    for _ in range(9):
        arrives()
    use(monkeypatch, lambda _: Run.objects.update(cancel_asked=True))
    with pytest.raises(CommandError, match="A person stopped it after 3"):
        call_command("embed")
    assert Embedding.objects.count() == 3
    assert not Claim.objects.exists()


# --- train ----------------------------------------------------------------------------------------------------


def test_a_head_is_kept_with_its_version_recipe_and_figures(trained):
    head = Head.objects.get()
    assert (head.list, head.version, head.encoder) == (trained, 1, encoders.load().name)
    assert head.meta["classes"] == ["cache", "prompt", "out"]
    assert head.metrics["papers"] == 8 + len(BACKGROUND)
    assert head.metrics["macro_f1"] > 0.5
    run = newest_run("train")
    assert run.state == "done" and run.note.startswith("v1 learned from ")


def test_the_same_examples_are_no_news(trained):
    assert learning.train(trained) is None
    assert Head.objects.count() == 1
    assert newest_run("train").note == "Nothing to learn since v1: the examples are the same."


def test_a_decision_makes_a_new_version(trained):
    review.reject(trained, arrives(NEW_CIRCUIT), make_user())
    assert learning.train(trained).version == 2


def test_a_head_of_an_older_version_is_trained_anew(trained):
    assert not learning.has_news(trained)
    head = Head.objects.get()
    Head.objects.update(meta=head.meta | {"format": 1})
    assert learning.has_news(trained)
    Head.objects.update(meta=head.meta | {"lexicon": "another"}, examples_hash="of other words")
    assert learning.has_news(trained)
    assert learning.train(trained).version == 2
    assert not learning.has_news(trained)


def test_evidence_that_was_taken_in_since_is_news(trained):
    trained.evidence.create(key="arxiv:2601.00001", title="Evicting keys from caches", label="cache")
    assert learning.has_news(trained)
    assert learning.train(trained).version == 2
    assert not learning.has_news(trained)


def test_old_heads_keep_their_figures_and_not_their_arrays(trained, monkeypatch):
    monkeypatch.setattr(versions, "WHOLE_HEADS", 2)
    for _ in range(2):
        review.reject(trained, arrives(NEW_CIRCUIT), make_user())
        learning.train(trained)
    assert [(head.version, bool(head.arrays), head.metrics != {}) for head in Head.objects.all()] == [
        (3, True, True),
        (2, True, True),
        (1, False, True),
    ]


def test_what_heads_compare_with_is_stored_once_and_goes_with_the_last_that_needs_it(trained, monkeypatch):
    monkeypatch.setattr(versions, "WHOLE_HEADS", 2)
    first = Head.objects.select_related("base").get()
    again = versions.keep(trained, versions.load(first), "news", {}, base=versions.load(first).base)
    assert again.base_id == first.base_id
    review.reject(trained, arrives(NEW_CIRCUIT), make_user())
    learning.train(trained)
    assert HeadBase.objects.count() == 2
    versions.keep(trained, versions.load(Head.objects.first()), "more news", {})
    assert list(HeadBase.objects.all()) == [Head.objects.first().base]


def test_an_older_head_speaks_again_until_there_is_something_to_learn(trained):
    told, other = arrives(), arrives()
    embedding.embed()
    learning.classify(trained)

    def relevance():
        return Suggestion.objects.get(paper=told).relevance

    before = relevance()
    review.reject(trained, other, make_user())
    learning.train(trained)
    learning.classify(trained)
    assert relevance() < before
    assert versions.roll_back(trained, 1).name == "v3"
    assert not learning.has_news(trained)
    assert learning.is_classifying_due(trained)
    learning.classify(trained)
    assert relevance() == before
    assert learning.train(trained).name == "v4", "a training learns all that was decided"


def test_a_head_that_is_gone_does_not_speak_again(trained, monkeypatch):
    with pytest.raises(versions.NoHead, match="small has no head v7"):
        versions.roll_back(trained, 7)
    Head.objects.update(arrays=b"")
    with pytest.raises(HeadError, match="of v1 only the figures are kept"):
        versions.roll_back(trained, 1)


def test_two_that_learned_the_same_keep_one_head(trained):
    head = Head.objects.get()
    again = versions.load(head)
    assert versions.keep(trained, again, head.examples_hash, {}) is None
    assert versions.keep(trained, again, "news", {}).version == 2


def test_training_before_anything_was_embedded_works(small):
    assert learning.train(small).version == 1


def test_a_list_without_categories_has_nothing_to_learn():
    assert learning.train(make_list("empty", ())) is None
    assert newest_run("train").note == "empty has no categories: import its README first."


def test_a_list_with_categories_and_nothing_else_is_trained():
    assert learning.train(make_list("bare", ("cache",))).metrics["papers"] == len(BACKGROUND)


def test_a_training_that_a_person_stops_makes_no_head(small, monkeypatch):
    use(monkeypatch, lambda _: Run.objects.update(cancel_asked=True))
    assert learning.train(small) is None
    assert newest_run("train").state == "cancelled"
    assert not Head.objects.exists()


# --- classify -------------------------------------------------------------------------------------------------


def test_without_a_head_it_says_what_to_run(small):
    with pytest.raises(learning.NoHead, match=r"small has no head yet: run `manage.py train --list small`"):
        learning.classify(small)


def test_a_suggestion_says_what_and_why(trained):
    paper = arrives()
    embedding.embed()
    run = learning.classify(trained)
    suggestion = Suggestion.objects.get()
    assert (suggestion.paper, suggestion.head, suggestion.text_hash) == (paper, "v1", paper.text_hash)
    assert suggestion.category.key == "cache"
    assert set(suggestion.probabilities) == {"cache", "prompt", "out"}
    assert sum(suggestion.probabilities.values()) == pytest.approx(1.0)
    assert suggestion.relevance == pytest.approx(1.0 - suggestion.probabilities["out"])
    assert suggestion.relevance > 0.5
    assert {"cache", "key value"} & {term for term, _ in suggestion.terms}
    assert all(term in paper.text.lower().replace("-", " ") for term, _ in suggestion.terms)
    assert suggestion.sentence and suggestion.sentence in paper.abstract
    assert (run.state, run.fetched, run.new, run.changed, run.note) == ("done", 1, 1, 0, "Head v1.")


def test_the_nearest_listed_papers_are_named(trained):
    paper = arrives()
    stranger = arrives(NEW_CACHE)  # the very same text, but not listed
    embedding.embed()
    learning.classify(trained)
    own = np.array(Embedding.objects.get(paper=paper).vector)
    listed = Embedding.objects.filter(paper__entries__category__list=trained)
    expected = sorted(((float(np.array(row.vector) @ own), row.paper_id) for row in listed), reverse=True)[:3]
    found = Suggestion.objects.get(paper=paper).nearest
    assert [pk for pk, _ in found] == [pk for _, pk in expected]
    assert [cosine for _, cosine in found] == pytest.approx([cosine for cosine, _ in expected], abs=1e-3)
    assert stranger.pk not in [pk for pk, _ in found]


def test_what_belongs_is_above_what_does_not(trained):
    cache, circuit = arrives(), arrives(NEW_CIRCUIT)
    embedding.embed()
    learning.classify(trained)
    assert [suggestion.paper for suggestion in review.queue(trained)] == [cache, circuit]


def test_listed_papers_need_no_suggestion(trained):
    assert learning.classify(trained).fetched == 0
    assert not Suggestion.objects.exists()


def test_again_it_says_nothing_new(trained):
    arrives()
    embedding.embed()
    learning.classify(trained)
    made = Suggestion.objects.get().made_at
    assert learning.classify(trained).fetched == 0
    assert Suggestion.objects.get().made_at == made


def test_a_new_head_speaks_again_on_the_same_rows(trained):
    arrives()
    circuit = arrives(NEW_CIRCUIT)
    embedding.embed()
    learning.classify(trained)
    before = Suggestion.objects.get(paper=circuit).relevance
    review.reject(trained, circuit, make_user())
    learning.train(trained)
    run = learning.classify(trained)
    assert (run.new, run.changed) == (0, 2)
    assert set(Suggestion.objects.values_list("head", flat=True)) == {"v2"}
    assert Suggestion.objects.get(paper=circuit).relevance < before


def test_a_paper_without_a_vector_waits_and_is_counted(trained):
    paper = arrives()
    run = learning.classify(trained)
    assert (run.fetched, run.note) == (0, "Head v1. 1 papers lack a vector: embed first.")
    embedding.embed()
    learning.classify(trained)
    assert Suggestion.objects.get().paper == paper


def test_a_changed_text_is_judged_anew_once_it_has_its_vector(trained):
    paper = arrives()
    embedding.embed()
    learning.classify(trained)
    catalog.upsert([PaperRecord("arxiv", (paper.main_identifier,), "Quantum circuits", abstract="We permute.")])
    assert learning.classify(trained).fetched == 0
    embedding.embed()
    assert learning.classify(trained).changed == 1
    assert Suggestion.objects.get().relevance < 0.5


def test_classifying_keeps_to_its_limit_and_goes_on(trained, monkeypatch):
    for _ in range(5):
        arrives()
    embedding.embed()
    monkeypatch.setattr(learning, "CLASSIFY_CHUNK", 2)
    assert [learning.classify(trained, limit=3).fetched, learning.classify(trained, limit=3).fetched] == [3, 2]
    assert Suggestion.objects.count() == 5


def test_a_category_that_is_gone_is_not_suggested(trained):
    paper = arrives()
    embedding.embed()
    cache = trained.categories.get(key="cache")
    cache.entries.all().delete()
    cache.delete()
    learning.classify(trained)
    assert Suggestion.objects.get(paper=paper).category is None


# --- evaluate and rank ----------------------------------------------------------------------------------------


def line(paper, label="cache"):
    return {"arxiv_id": paper.main_identifier.value, "title": paper.title, "abstract": paper.abstract, "label": label}


def unseen(number, text=NEW_CACHE, label="cache"):
    return {"arxiv_id": f"2609.{number:05}", "title": text[0], "abstract": text[1], "label": label}


@pytest.fixture
def file(tmp_path):
    """Write lines as a labelled file and return its path."""

    def write(*lines):
        path = tmp_path / "labelled.jsonl.gz"
        path.write_bytes(gzip.compress("".join(json.dumps(each) + "\n" for each in lines).encode()))
        return path

    return write


def counts():
    return [model.objects.count() for model in (Paper, Embedding, Suggestion, Head, Run)]


def answer(command, *arguments):
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("has_head", [True, False])
def test_figures_come_as_json_and_nothing_changes(small, file, has_head):
    if has_head:
        learning.train(small)
    before = counts()
    path = file(unseen(1), unseen(2, NEW_CIRCUIT, "out"), unseen(3, label=None), *map(line, Paper.objects.all()[:2]))
    found = json.loads(answer("evaluate", "--list", "small", path, "--json"))
    assert counts() == before
    assert found["head"] == ("v1" if has_head else "in memory")
    assert (found["papers"], found["unlabelled"], found["unseen"], found["out_of_fold"]) == (4, 1, 2, 2)
    assert sum(map(sum, found["confusion"]["matrix"])) == 4
    assert found["relevance"]["average_precision"] > 0.5


def test_unseen_papers_are_told_right(trained, file):
    prompt = ("Pruning tokens for compressed prompts", "Uninformative tokens are removed from the prompt.")
    path = file(unseen(1), unseen(2, prompt, "prompt"), unseen(3, NEW_CIRCUIT, "out"))
    assert assessment.evaluate(trained, labelled.read(path))["accuracy"] == 1.0


def test_papers_it_has_learned_from_are_told_by_heads_that_have_not(small, file):
    """A paper about the cache stands under "prompt": only a head that has seen it would know."""
    odd = make_entry(small.categories.get(key="prompt"), arrives()).paper
    embedding.embed()
    learning.train(small)
    head = versions.load(Head.objects.get())
    vector = np.array([Embedding.objects.get(paper=odd).vector], dtype=np.float32)
    seen = head.scores(Features(vector, lexicons.load().encode([odd.text])))[0]
    assert head.classes[seen.argmax()] == "prompt"
    by_id = line(odd, "prompt")
    by_title = by_id | {"arxiv_id": "2609.00001"}
    for each in (by_id, by_title):
        found = assessment.evaluate(small, labelled.read(file(each)))
        assert (found["out_of_fold"], found["accuracy"]) == (1, 0.0)


def test_a_paper_of_the_background_is_seen_too(trained, file):
    each = unseen(1, (BACKGROUND[0], ""), "out") | {"arxiv_id": "2301.00000"}
    assert assessment.evaluate(trained, labelled.read(file(each)))["out_of_fold"] == 1


def test_a_paper_that_only_an_older_head_has_seen_is_seen(trained, file):
    paper = Paper.objects.listed_in(trained).first()
    paper.entries.all().delete()
    assert assessment.evaluate(trained, labelled.read(file(line(paper))))["out_of_fold"] == 1


def test_vectors_of_the_catalogue_are_not_computed_again(trained, file, monkeypatch):
    paper = arrives()
    embedding.embed()
    encoder = use(monkeypatch)
    assessment.evaluate(trained, labelled.read(file(line(paper), unseen(1, NEW_CIRCUIT, "out"))))
    assert encoder.encoded == ["\n".join(NEW_CIRCUIT)]


def test_a_category_added_since_the_head_was_trained_can_be_scored(trained, file):
    trained.categories.create(key="survey", position=9)
    found = assessment.evaluate(trained, labelled.read(file(unseen(1), unseen(2, NEW_CIRCUIT, "survey"))))
    assert (found["head"], found["per_class"]["survey"]["support"]) == ("in memory", 1)


def test_abstracts_come_from_a_corpus_and_categories_are_told_from_each_other(trained, file, tmp_path):
    titles = [
        {key: row[key] for key in ("arxiv_id", "title", "label")} for row in (unseen(1), unseen(2, NEW_CIRCUIT, "out"))
    ]
    path = file(*titles)
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(row) + "\n" for row in (unseen(1), unseen(2, NEW_CIRCUIT, None))))
    with_text = json.loads(
        answer("evaluate", "--list", "small", path, "--json", "--corpus", corpus, "--among", "cache")
    )
    whole = json.loads(answer("evaluate", "--list", "small", file(unseen(1), unseen(2, NEW_CIRCUIT, "out")), "--json"))
    assert with_text["log_loss"] == pytest.approx(whole["log_loss"])
    assert with_text["among"] == {"papers": 1, "accuracy": 1.0}
    corpus.write_text(json.dumps(unseen(1)) + "\n")
    with pytest.raises(CommandError, match=r"holds no 2609\.00002 \(line 2 of the labelled file\)"):
        call_command("evaluate", "--list", "small", str(file(*titles)), "--corpus", str(corpus))
    with pytest.raises(CommandError, match="--among: “out” is none of cache, prompt"):
        call_command("evaluate", "--list", "small", str(path), "--among", "out")


def test_people_get_tables(trained, file):
    path = file(unseen(1), unseen(2, NEW_CIRCUIT, "out"))
    shown = answer("evaluate", "--list", "small", path)
    assert "2 papers, head v1: 2 never seen, 0 told by heads trained without them" in shown
    assert "accuracy 1.000" in shown and "label \\ said" in shown
    ranked = answer("rank", "--list", "small", path)
    assert ranked.index("2609.00001") < ranked.index("2609.00002")


@pytest.mark.parametrize("has_head", [True, False])
def test_the_most_relevant_come_first_and_nothing_changes(small, file, has_head):
    if has_head:
        learning.train(small)
    before = counts()
    path = file(unseen(1, NEW_CIRCUIT, None), unseen(2), unseen(3, NEW_CIRCUIT, "any label will do"))
    found = json.loads(answer("rank", "--list", "small", path, "--json"))
    assert counts() == before
    assert found["head"] == ("v1" if has_head else "in memory")
    first, *rest = found["papers"]
    assert (first["rank"], first["arxiv_id"], first["category"]) == (1, "2609.00002", "cache")
    assert {paper["arxiv_id"] for paper in rest} == {"2609.00001", "2609.00003"}
    relevances = [paper["relevance"] for paper in found["papers"]]
    assert relevances == sorted(relevances, reverse=True)
    assert sum(first["probabilities"].values()) == pytest.approx(1.0)
    assert first["relevance"] == pytest.approx(1.0 - first["probabilities"]["out"])


@pytest.mark.parametrize("command", ["evaluate", "rank"])
def test_a_list_without_categories_cannot_be_asked(command, file):
    make_list("empty", ())
    with pytest.raises(CommandError, match="empty has no categories: import its README first"):
        call_command(command, "--list", "empty", str(file(unseen(1, label="out"))))


@pytest.mark.parametrize("command", ["evaluate", "rank", "train", "classify"])
def test_an_unknown_list_is_answered_with_the_known_ones(small, command, file):
    arguments = [str(file(unseen(1)))] if command in {"evaluate", "rank"} else []
    with pytest.raises(CommandError, match=r"There is no list “smal”\. Lists: small\.$"):
        call_command(command, "--list", "smal", *arguments)


def test_a_label_that_is_no_category_is_named(small, file):
    with pytest.raises(
        CommandError, match=r"labelled\.jsonl\.gz:2: 2609\.00002: label “kv” is none of cache, prompt, out"
    ):
        call_command("evaluate", "--list", "small", str(file(unseen(1), unseen(2, label="kv"))))


def test_a_file_without_labels_cannot_be_scored(small, file):
    with pytest.raises(CommandError, match="no line has a label: nothing to score"):
        call_command("evaluate", "--list", "small", str(file(unseen(1, label=None))))


# --- commands -------------------------------------------------------------------------------------------------


def test_the_commands_do_the_same_work_and_say_so(small):
    arrives()
    assert answer("embed", "--limit", 5).startswith("5 papers encoded: 5 new, 0 with a new text. Encoder all-MiniLM")
    assert answer("embed").startswith("4 papers encoded")
    said = answer("train", "--list", "small")
    assert "small: v1 learned from" in said and "macro-F1" in said
    assert answer("train", "--list", "small") == "small: Nothing to learn since v1: the examples are the same.\n"
    assert answer("classify", "--list", "small") == "small: 1 new suggestions, 0 renewed. Head v1.\n"


def test_classify_without_a_head_fails_in_one_line(small):
    with pytest.raises(CommandError, match=r"run `manage.py train --list small`"):
        call_command("classify", "--list", "small")


# --- real papers ----------------------------------------------------------------------------------------------


def test_the_bundled_list_tells_real_papers_of_its_subject_from_others(shared, file, monkeypatch):
    """Every fourth labelled paper of the shared data, each told by a head that has not seen it, among others."""
    monkeypatch.setattr(gathering, "BACKGROUND", 60)
    monkeypatch.setattr(gathering, "BACKGROUND_FILE", ROOT / "ingest" / "classifier" / "background.jsonl")
    folder = ROOT / "lists" / "context-compression"
    settings = read_list_file(folder / "list.toml")
    paper_list = PaperList.objects.create(slug=settings.slug, name=settings.name)
    import_readme(paper_list, "en", (folder / "README.md").read_bytes(), "README.md", settings)
    with gzip.open(shared / "data" / "papers.jsonl.gz", "rt", encoding="utf-8") as lines:
        wanted = [each for number, each in enumerate(lines) if '"label": null' not in each or number % 4000 == 6]
    rows = [json.loads(each) for each in wanted]
    ours = [row for row in rows if row["label"]][::4]
    others = [row | {"label": "out"} for row in rows if not row["label"]]  # read: none is of the subject
    found = assessment.evaluate(paper_list, labelled.read(file(*ours, *others)))
    readme = (folder / "README.md").read_text()
    assert found["out_of_fold"] == sum(row["arxiv_id"] in readme for row in ours) >= 10
    assert found["relevance"]["average_precision"] > 0.9
    assert found["accuracy"] > 0.8


def test_training_after_a_decision_encodes_nothing_but_the_news(trained, monkeypatch):
    new = arrives()
    embedding.embed()
    counting = Encoder()
    monkeypatch.setattr(encoders, "load", lambda: counting)
    review.reject(trained, new, make_user())
    assert learning.train(trained) is not None
    assert set(counting.encoded) <= {new.title, new.text}


def test_nothing_is_missing_after_the_work_is_done_and_a_new_paper_is(trained):
    learning.classify(trained)
    assert not embedding.is_due()
    assert not learning.is_classifying_due(trained)
    arrives()
    assert embedding.is_due()
    assert not learning.is_classifying_due(trained), "without a vector there is nothing to classify by"
    embedding.embed()
    assert not embedding.is_due()
    assert learning.is_classifying_due(trained)
    learning.classify(trained)
    assert not learning.is_classifying_due(trained)
