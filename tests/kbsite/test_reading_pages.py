"""The pages that everybody reads: they answer, say what is there, ask no more queries for more rows, and escape."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingest import health, runs, scorecard
from ingest.models import Head
from kbsite.filters import PaperFilters
from papers import overview, review
from papers.models import Embedding, Paper, PaperList
from papers.models.papers import DEFAULT_DIMENSIONS
from tests import factories as make

HOSTILE = '<script>alert("x")</script> & co'
METRICS = {
    "papers": 30,
    "accuracy": 0.8,
    "macro_f1": 0.75,
    "per_class": {
        "alpha": {"precision": 0.9, "recall": 0.75, "f1": 0.82, "support": 12},
        "beta": {"precision": 0.5, "recall": 1.0, "f1": 0.67, "support": 2},
        "out": {"precision": 0.8, "recall": 0.81, "f1": 0.8, "support": 16},
    },
    "confusion": {"classes": ["alpha", "beta", "out"], "matrix": [[9, 0, 3], [0, 2, 0], [1, 2, 13]]},
    "log_loss": 0.4,
    "expected_calibration_error": 0.052,
    "relevance": {
        "average_precision": 0.93,
        "recall_at_1_percent": 0.07,
        "recall_at_10_percent": 0.21,
        "wss_at_95": 0.4,
    },
}


def make_head(paper_list: PaperList, version: int = 1, metrics: dict | None = None) -> Head:
    return Head.objects.create(
        list=paper_list,
        version=version,
        encoder="an encoder",
        examples_hash="0" * 64,
        meta={"classes": ["alpha", "beta", "out"], "terms": ["cache", "prompt"]},
        arrays=b"",
        metrics=METRICS if metrics is None else metrics,
    )


def embed(paper: Paper, *numbers: float) -> None:
    vector = [*numbers, *[0.0] * (DEFAULT_DIMENSIONS - len(numbers))]
    Embedding.objects.create(paper=paper, encoder="an encoder", text_hash=paper.text_hash, vector=vector)


@pytest.fixture
def world(db) -> SimpleNamespace:
    """A list with entries in two categories, suggestions, decisions, a topic, runs and two heads."""
    paper_list = make.make_list()
    alpha, beta = paper_list.categories.order_by("position")
    curator = make.make_user("lin", curator=True)
    listed = make.make_paper("Listed under alpha", published=date(2025, 3, 9))
    entry = make.make_entry(alpha, listed, tldr="Keeps what matters.", tags=["eviction"], venue="ICLR 2026")
    likely = make.make_paper("Likely under beta", facts=[("code", "https://example.org/code")], subjects=("cs.LG",))
    suggestion = make.make_suggestion(
        paper_list, likely, 0.9, beta, nearest=[[listed.pk, 0.83]], terms=[["cache", 1.2]]
    )
    unlikely = make.make_paper("Unlikely")
    make.make_suggestion(paper_list, unlikely, 0.04)
    rejected = make.make_paper("Rejected")
    make.make_suggestion(paper_list, rejected, 0.3)
    review.reject(paper_list, rejected, curator, "off-topic", "Not ours.")
    deferred = make.make_paper("Deferred")
    review.defer(paper_list, deferred, curator, timezone.localdate() + timedelta(days=7))
    topic = make.make_topic("kv-cache", paper_list)
    run = make.make_run(topic=topic, subject="kv-cache", new=3, rejected=1, rejections=[["no id", "no identifier"]])
    make_head(paper_list, 1)
    make_head(paper_list, 2)
    return SimpleNamespace(**locals())


ADDRESSES = [
    "/",
    "/papers/",
    "/papers/?q=cache",
    "/papers/{likely}/",
    "/papers/{listed}/",
    "/papers/{rejected}/",
    "/runs/",
    "/runs/{run}/",
    "/lists/small/classifier/",
    "/sign-in/",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("person", ["anonymous", "curator"])
def test_every_page_answers_everybody(world, client, address, person):
    if person == "curator":
        client.force_login(world.curator)
    numbers = {name: getattr(world, name).pk for name in ("likely", "listed", "rejected", "run")}
    answer = client.get(address.format(**numbers), follow=True)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert text.count("<h1") == 1
    assert "· Listkeeper</title>" in text
    assert 'name="description"' in text
    assert " style=" not in text  # the content security policy refuses it
    assert "<script>" not in text
    # A paper's page names itself, with its host, for who links to it.
    assert "http://" not in text.replace("http://www.w3.org/", "").replace("http://testserver/", "")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/", "import_list"),
        ("/papers/", "No papers yet"),
        ("/runs/", "Nothing has run yet"),
    ],
)
def test_an_empty_database_says_how_to_go_on(db, client, address, words):
    assert words in client.get(address).content.decode()


def test_a_list_without_a_head_says_how_to_train_one(db, client):
    make.make_list()
    assert "train --list small" in client.get("/lists/small/classifier/").content.decode()
    assert "train --list small" in client.get("/").content.decode()


def test_a_head_without_figures_is_shown_all_the_same(db, client):
    make_head(make.make_list(), metrics={})
    assert "no figures" in client.get("/lists/small/classifier/").content.decode()


# --- the same number of queries for more rows -----------------------------------------------------------------


def queries(client, address: str) -> int:
    cache.clear()  # as who comes first
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/papers/",
        "/papers/?q=cache",
        "/papers/?sort=relevance&status=likely",
        "/papers/?layout=table&sort=title&author=Ada+Lovelace",
    ],
)
def test_more_papers_ask_no_more_queries(world, client, address, monkeypatch):
    monkeypatch.setattr("papers.paperorders.RELEVANCE_HOLDS", 10**9)  # no second look at it, however slow this is
    client.force_login(world.curator)
    client.get(address)  # who comes first after a change reads what changed, in a few queries more
    before = queries(client, address)
    for number in range(10):
        paper = make.make_paper(facts=[("code", "https://example.org/")])
        make.make_suggestion(world.paper_list, paper, 0.9)
        make.make_entry(world.alpha if number % 2 else world.beta)
        review.reject(world.paper_list, make.make_paper(), world.curator)
    client.get(address)
    assert queries(client, address) == before


@pytest.mark.parametrize("address", ["/runs/", "/"])
def test_more_runs_and_topics_ask_no_more_queries(world, client, address):
    before = queries(client, address)
    for _ in range(10):
        make.make_run(topic=make.make_topic(paper_list=world.paper_list))
    assert queries(client, address) == before


def test_more_decisions_and_neighbours_ask_no_more_queries(world, client):
    embed(world.likely, 1.0, 0.0)
    embed(world.listed, 0.9, 0.1)
    address = f"/papers/{world.likely.pk}/"
    before = queries(client, address)
    for number in range(6):
        other = make.make_paper(authors=("A", "B"))
        make.make_suggestion(world.paper_list, other)
        embed(other, 0.8, 0.01 * number)
        decision = review.reject(world.paper_list, world.likely, world.curator)
        review.undo(decision, world.curator)
    # Undone decisions name their category, which the first answer had no reason to ask for.
    assert queries(client, address) <= before + 3


# --- escaping -------------------------------------------------------------------------------------------------


def test_what_sources_say_is_text_on_every_page(world, client):
    paper = make.make_paper(
        HOSTILE,
        abstract=f"{HOSTILE} caches $\\times$",
        authors=(HOSTILE,),
        comment=HOSTILE,
        facts=[("code", "javascript:alert(1)"), ("tldr", HOSTILE), ("keywords", [HOSTILE])],
    )
    make.make_suggestion(world.paper_list, paper, 0.95, terms=[[HOSTILE, 1.0]])
    run = make.make_run("failed", subject=HOSTILE, error=HOSTILE, note=HOSTILE, rejections=[[HOSTILE, HOSTILE]])
    for address in ("/", "/papers/", "/papers/?q=caches", f"/papers/{paper.pk}/", "/runs/", f"/runs/{run.pk}/"):
        text = client.get(address).content.decode()
        assert "<script>alert" not in text, address
        assert "&lt;script&gt;" in text, address
        assert 'href="javascript:' not in text, address
    assert 'alttext="\\times"' in client.get(f"/papers/{paper.pk}/").content.decode()


def test_words_of_the_address_are_text(world, client):
    answer = client.get("/papers/", {"q": HOSTILE, "author": HOSTILE, "subject": HOSTILE, "category": HOSTILE})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_found_words_are_marked(world, client):
    make.make_paper("A title", abstract="Here is a peculiar & small cache, where x < y.")
    text = client.get("/papers/?q=peculiar").content.decode()
    assert "<mark>peculiar</mark> &amp; small cache" in text


# --- papers: search and filters -------------------------------------------------------------------------------


def titles(client, **asked: str) -> list[str]:
    return [paper.title for paper in client.get("/papers/", asked).context["page"]]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"status": "listed"}, ["Listed under alpha"]),
        ({"status": "likely"}, ["Likely under beta"]),
        ({"status": "awaiting"}, ["Likely under beta", "Unlikely"]),
        ({"status": "rejected"}, ["Rejected"]),
        ({"status": "deferred"}, ["Deferred"]),
        ({"status": "duplicate"}, []),
        ({"category": "alpha"}, ["Listed under alpha"]),
        ({"category": "beta"}, ["Likely under beta"]),
        ({"category": "beta", "status": "listed"}, []),
        ({"subject": "cs.LG"}, ["Likely under beta"]),
        ({"year": "2025"}, ["Listed under alpha"]),
        ({"since": "2025-03-09", "until": "2025-03-31"}, ["Listed under alpha"]),
        ({"code": "true"}, ["Likely under beta"]),
        ({"source": "huggingface"}, []),
        ({"q": "likely"}, ["Likely under beta"]),
        ({"q": "-likely beta"}, []),
        ({"list": "small", "status": "listed"}, ["Listed under alpha"]),
    ],
)
def test_filters(world, client, asked, expected):
    assert sorted(titles(client, **asked)) == sorted(expected)


def test_a_link_or_an_id_leads_to_its_paper(world, client):
    value, where = world.likely.main_identifier.value, f"/papers/{world.likely.pk}/"
    for text in (value, f"https://arxiv.org/pdf/{value}v2", f"arXiv:{value}"):
        assert client.get("/papers/", {"q": text}).url == where
        by_htmx = client.get("/papers/", {"q": text}, headers={"HX-Request": "true"})
        assert by_htmx.headers["HX-Redirect"] == where
    assert titles(client, q=value, status="likely") == ["Likely under beta"]
    assert titles(client, q=value, status="listed") == []
    assert "No paper here has this id" in client.get("/papers/?q=2612.99999").content.decode()


def test_an_author_leads_to_all_their_papers(world, client):
    make.make_paper("By Grace", authors=("Grace Hopper", "Ada Lovelace"))
    assert titles(client, author="Grace Hopper") == ["By Grace"]
    assert "By Grace" in titles(client, author="Ada Lovelace")


def test_code_that_a_list_names_counts(world, client):
    make.make_entry(world.alpha, make.make_paper("Listed with code"), code=[["Code", "https://example.org/"]])
    assert sorted(titles(client, code="true")) == ["Likely under beta", "Listed with code"]
    assert "Listed with code" not in titles(client, code="false")


def test_orders(world, client):
    assert titles(client)[-1] == "Listed under alpha"  # the oldest
    assert titles(client, sort="relevance")[:3] == ["Likely under beta", "Rejected", "Unlikely"]
    make.make_paper("Cache cache cache", abstract="Cache.", published=date(2020, 1, 1))
    assert titles(client, q="cache")[0] == "Cache cache cache"
    assert titles(client, q="cache", sort="newest")[-1] == "Cache cache cache"
    assert titles(client, sort="match") == titles(client)  # of nothing there is no match


def test_a_deferral_whose_day_has_come_awaits_again(world, client, settings):
    make.make_suggestion(world.paper_list, world.deferred, 0.7)
    world.deferred.reviews.update(until=timezone.localdate())
    assert "Deferred" in titles(client, status="likely")
    assert titles(client, status="deferred") == []


def test_of_several_lists_each_is_asked_by_name(world, client):
    other = make.make_list("other", ("gamma",))
    make.make_entry(other.categories.get(), world.likely)
    assert titles(client, list="other", status="listed") == ["Likely under beta"]
    assert sorted(titles(client, status="listed")) == ["Likely under beta", "Listed under alpha"]
    assert titles(client, list="small", status="likely") == ["Likely under beta"]
    text = client.get("/").content.decode()
    assert "The small list" in text and "The other list" in text


def facet_counts(answer) -> dict:
    return {facet.name: {each.value: each.count for each in facet.values} for facet in answer.context["facets"]}


def test_filters_say_how_many_papers_they_leave(world, client):
    found = facet_counts(client.get("/papers/", {"status": "likely"}))
    assert found["status"] == {"listed": 1, "likely": 1, "awaiting": 2, "rejected": 1, "deferred": 1}
    assert found["category"] == {"alpha": 0, "beta": 1}
    assert (found["year"], found["subject"], found["code"]) == ({"2026": 1}, {"cs.LG": 1}, {"true": 1})
    assert "tag" not in found and "venue" not in found  # no value, no heading


@pytest.mark.parametrize(
    "name", ["category", "status", "tag", "venue", "year", "subject", "author", "code", "source", "listed"]
)
def test_a_count_is_what_its_link_shows(world, client, name):
    make.make_entry(world.beta, make.make_paper("Listed in both", subjects=("cs.LG", "cs.CL")), venue_name="ACL")
    make.make_entry(world.alpha, Paper.objects.get(title="Listed in both"))
    make.make_paper("Told by another", source="file")
    make.make_list("other", ("gamma",))
    found = client.get("/papers/?list=small").context["facets"]
    (facet,) = [each for each in found if each.name == name]
    for value in facet.values:
        answer = client.get(f"/papers/{value.address}")
        assert answer.context["page"].paginator.count == value.count, value


def test_too_many_papers_to_count_are_filtered_all_the_same(world, client, monkeypatch):
    monkeypatch.setattr("kbsite.views.papers.MOST_COUNTED", 2)
    answer = client.get("/papers/?q=caches")
    assert 'href="?q=caches&amp;category=beta"' in answer.content.decode()
    assert titles(client, q="caches", category="beta") == ["Likely under beta"]


BAD = ["", "x", "-1", "0", "1e9", "99999999999999999999", "'", "²", "2026-02-30", "%", "a" * 500, "null", "٣"]


@pytest.mark.parametrize("name", [*PaperFilters.base_filters, "page"])
def test_bad_parameters_of_papers_are_ignored(world, client, name):
    for value in BAD:
        assert client.get("/papers/", {name: value}).status_code == 200, value
        assert client.get("/papers/", {name: [value, "x"]}).status_code == 200, value


def test_what_was_ignored_is_told(world, client):
    assert "“year” was ignored" in client.get("/papers/?year=x").content.decode()


@pytest.mark.parametrize("name", ["kind", "state", "topic", "page"])
def test_bad_parameters_of_runs_are_ignored(world, client, name):
    for value in BAD:
        assert client.get("/runs/", {name: value}).status_code == 200, value


def test_pages_of_papers(world, client):
    for _ in range(30):
        make.make_paper()
    first, second = client.get("/papers/?q=cache"), client.get("/papers/?q=cache&page=2")
    assert len(first.context["page"]) == 25
    assert first.context["page"].paginator.count == 25 + len(second.context["page"])
    assert "page=2" in first.content.decode() and "q=cache" in first.content.decode()
    assert client.get("/papers/?page=99").context["page"].number == 2  # the last one


def test_htmx_gets_the_changing_part_only(world, client):
    answer = client.get("/papers/?q=cache", headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "<html" not in text and 'id="results"' in text and "<title>cache" in text
    assert "HX-Request" in answer["Vary"]
    # Going back, htmx asks for the whole page.
    whole = client.get("/papers/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in whole.content.decode()


# --- a paper --------------------------------------------------------------------------------------------------


def test_a_paper_says_why_it_was_suggested(world, client):
    text = client.get(f"/papers/{world.likely.pk}/").content.decode()
    assert "90 %" in text and "cache" in text
    assert f'href="/papers/{world.listed.pk}/"' in text and "0.83" in text
    assert 'href="https://example.org/code"' in text
    assert f"https://arxiv.org/abs/{world.likely.main_identifier.value}" in text
    assert "/queue/" not in text  # deciding is for curators
    client.force_login(world.curator)
    assert f"/lists/small/queue/?paper={world.likely.pk}" in client.get(f"/papers/{world.likely.pk}/").content.decode()


def test_a_paper_shows_its_row_and_its_decisions(world, client):
    text = client.get(f"/papers/{world.listed.pk}/").content.decode()
    assert "Keeps what matters." in text and "ICLR 2026" in text and "eviction" in text
    text = client.get(f"/papers/{world.rejected.pk}/").content.decode()
    assert "off topic" in text and "Not ours." in text and "lin" in text


def test_a_paper_shows_what_is_like_it(world, client):
    embed(world.likely, 1.0, 0.0)
    embed(world.listed, 0.6, 0.8)
    embed(world.unlikely, 0.8, 0.6)
    found = client.get(f"/papers/{world.likely.pk}/").context["relatives"]
    assert [(paper.title, round(likeness, 2)) for paper, likeness in found.listed] == [("Listed under alpha", 0.6)]
    assert [(paper.title, round(likeness, 2)) for paper, likeness in found.others] == [("Unlikely", 0.8)]


def test_a_paper_that_is_not_here(world, client):
    answer = client.get("/papers/999999/")
    assert answer.status_code == 404
    assert "To the first page" in answer.content.decode()
    assert client.get("/papers/99999999999999999999/").status_code == 404


# --- the dashboard --------------------------------------------------------------------------------------------


def test_the_dashboard_counts_and_links(world, client):
    found = overview.overview(world.paper_list)
    assert (found.listed, found.likely, found.has_suggestions) == (1, 1, True)
    assert [(line.category.key, line.listed, line.likely) for line in found.lines] == [("alpha", 1, 0), ("beta", 0, 1)]
    text = client.get("/").content.decode()
    address = "/papers/?list=small&amp;category=alpha&amp;status=listed&amp;since=2025-03-01&amp;until=2025-03-31"
    assert f'href="{address}"' in text
    assert titles(client, list="small", category="alpha", status="listed", since="2025-03-01", until="2025-03-31") == [
        "Listed under alpha"
    ]


def test_counts_for_the_navigation(world):
    assert overview.awaiting() == {world.paper_list.pk: review.queue(world.paper_list).count()}
    assert [each.likely for each in overview.lists()] == [0]  # nobody asked
    assert [each.likely for each in overview.lists(with_likely=True)] == [1]


def test_only_curators_see_the_queue(world, client):
    assert "/lists/small/queue/" not in client.get("/runs/").content.decode()
    client.force_login(world.curator)
    assert "/lists/small/queue/" in client.get("/runs/").content.decode()


def test_the_health_of_sources(world):
    off = make.make_topic("off", enabled=False)
    make.make_topic("never")
    make.make_run("late", topic=world.topic)
    running = make.make_topic("running")
    make.make_run("running", topic=running)
    found = {each.topic.slug: each for each in health.topics()}
    assert {slug: each.state for slug, each in found.items()} == {
        "kv-cache": "late", "off": "off", "never": "never", "running": "running",
    }  # fmt: skip
    last = found["kv-cache"].last
    assert last is not None and found["kv-cache"].next_at == last.started_at + timedelta(days=1)
    assert found[off.slug].next_at is found["never"].next_at is found["running"].next_at is None


def test_a_suggestion_without_a_category(world, client):
    world.suggestion.category = None
    world.suggestion.save()
    queue = f"/lists/small/queue/?paper={world.likely.pk}"
    client.force_login(world.curator)
    for address in ("/", "/papers/", f"/papers/{world.likely.pk}/", "/lists/small/queue/", queue):
        assert client.get(address).status_code == 200, address


# --- runs -----------------------------------------------------------------------------------------------------


def test_a_run_says_what_happened(world, client):
    text = client.get(f"/runs/{world.run.pk}/").content.decode()
    assert "no identifier" in text and "done" in text
    assert "hx-trigger" not in text


def test_only_curators_see_the_words_of_an_exception(world, client):
    failed, late = make.make_run("failed", error="ValueError: no"), make.make_run("late", error="arXiv answers 503")
    for address in ("/runs/", f"/runs/{failed.pk}/"):
        page = client.get(address).content.decode()
        assert "ValueError: no" not in page and "An error of ours" in page
    for address in ("/runs/", f"/runs/{late.pk}/"):
        assert "arXiv answers 503" in client.get(address).content.decode()
    client.force_login(world.curator)
    for address in ("/runs/", f"/runs/{failed.pk}/"):
        assert "ValueError: no" in client.get(address).content.decode()


def test_running_work_is_asked_again(world, client):
    with runs.open("pull", "a topic", total=200, fetched=50) as run:
        for address in ("/runs/", f"/runs/{run.pk}/"):
            text = client.get(address).content.decode()
            assert 'hx-trigger="every' in text
            assert 'max="200" value="50"' in text
            part = client.get(address, headers={"HX-Request": "true"}).content.decode()
            assert "<html" not in part and 'hx-trigger="every' in part
    assert "hx-trigger" not in client.get("/runs/", headers={"HX-Request": "true"}).content.decode()


def test_work_whose_process_died_is_not_waited_for(world, client):
    make.make_run("running")  # nobody holds its lock
    for address in ("/runs/", "/topics/"):
        assert "hx-trigger" not in client.get(address).content.decode()


def test_runs_by_kind_state_and_topic(world, client):
    make.make_run("failed", kind="train", subject="small")
    found = lambda **asked: [run.subject for run in client.get("/runs/", asked).context["page"]]  # noqa: E731
    assert found(kind="train") == ["small"]
    assert found(state="failed") == ["small"]
    assert found(topic="kv-cache") == ["kv-cache"]
    assert found(kind="embed") == []


# --- the classifier -------------------------------------------------------------------------------------------


def test_figures_of_a_head(world, client):
    answer = client.get("/lists/small/classifier/")
    text = answer.content.decode()
    assert answer.context["head"].version == 2 and [step.version for step in answer.context["steps"]] == [2, 1]
    assert "80 %" in text and "0.75" in text
    assert 'class="shade-7 is-right">9<' in text
    card = answer.context["card"]
    assert card.papers == 30 and card.guessing == 16 / 30
    assert [row.category.key if row.category else None for row in card.rows] == ["alpha", "beta", None]


def test_the_range_of_a_share():
    share = scorecard.Share(0.5, 10)  # Wilson's interval, worked by hand
    assert (round(share.low, 3), round(share.high, 3)) == (0.237, 0.763)
    assert (scorecard.Share(0.0, 0).low, scorecard.Share(0.0, 0).high) == (0.0, 1.0)
    assert scorecard.Share(1.0, 5).high == 1.0


def test_agreement_counts_what_curators_saw(world):
    paper_list, curator = world.paper_list, world.curator
    for category in (world.alpha, world.beta):
        paper = make.make_paper()
        make.make_suggestion(paper_list, paper, 0.9, world.alpha)
        rows = {"en": make_row(paper)}
        review.accept(category, paper, rows, curator)
    undone = make.make_paper()
    make.make_suggestion(paper_list, undone, 0.9)
    review.undo(review.reject(paper_list, undone, curator), curator)
    assert scorecard.agreement(paper_list) == scorecard.Agreement(accepted=2, as_suggested=1, rejected=1, as_unlikely=1)


def make_row(paper: Paper):
    from papers.readme.row import RowFields

    return RowFields(title=paper.title, link=paper.link, venue="", tags=(), code=(), tldr="", extra={})


# --- signing in, and what goes wrong --------------------------------------------------------------------------


def test_signing_in_goes_on_where_one_was(world, client):
    form = {"username": "lin", "password": "a long password", "next": "/runs/"}
    assert client.post("/sign-in/", form).headers["Location"] == "/runs/"


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_never_leads_elsewhere(world, client, address):
    form = {"username": "lin", "password": "a long password", "next": address}
    assert client.post("/sign-in/", form).headers["Location"] == "/"


def test_a_wrong_password_is_said_and_then_locks(world, client):
    form = {"username": "lin", "password": "wrong"}
    answer = client.post("/sign-in/", form)
    assert answer.status_code == 200 and 'role="alert"' in answer.content.decode()
    for _ in range(5):
        answer = client.post("/sign-in/", form)
    assert answer.status_code == 429
    assert "locked for 15 minutes" in answer.content.decode()


def test_those_who_are_no_curators_are_told(world, client):
    client.force_login(make.make_user("reader"))
    answer = client.get("/lists/small/queue/")
    assert answer.status_code == 403
    assert "reader" in answer.content.decode()


@pytest.mark.parametrize("name", ["400.html", "500.html", "403_csrf.html"])
def test_pages_for_errors_need_nothing(name, django_assert_num_queries):
    text = render_to_string(name)  # neither a request nor a database: both may be what is broken
    assert text.count("<h1") == 1 and 'href="/"' in text


@pytest.mark.parametrize("name", ["400.html", "500.html", "403_csrf.html"])
def test_pages_for_errors_need_no_collected_files(name, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    assert 'href="/static/kbsite/site.css"' in render_to_string(name)


def test_an_address_that_is_not_known(db, client):
    answer = client.get("/no/such/page")
    assert answer.status_code == 404 and "nothing at this address" in answer.content.decode()


def test_every_page_keeps_to_its_own_host(world, client):
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
