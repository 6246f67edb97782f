"""Adding by hand: what each line would do, and that it is done whole, by itself, and once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from papers import adding, catalog, review
from papers.adding import Choice
from papers.models import Decision, Paper, Proposal, SourceRecord
from papers.pasting import read
from papers.records import Identifier, PaperRecord
from tests.factories import make_entry, make_list, make_paper, make_user
from tests.kbsite.bilingual import make_bilingual_list

pytestmark = pytest.mark.django_db

TITLE = "A long title that no other paper has"


@pytest.fixture
def small():
    return make_list()


def lines(paper_list, text):
    return adding.preview(paper_list, read(text, adding.headers(paper_list)))


def add(paper_list, text, user, **choices):
    """Add all lines, each with the choice of its place if one is given as `at_0`."""
    items = read(text, adding.headers(paper_list))
    return adding.add(paper_list, items, {n: choices.get(f"at_{n}", Choice()) for n in range(len(items))}, user)


def test_each_line_is_told_what_it_would_do(small, curator):
    make_entry(small.categories.get(key="beta"), make_paper(identifiers=[("arxiv", "2611.00001")]))
    review.reject(small, make_paper(identifiers=[("arxiv", "2611.00002")]), curator, "off-topic")
    make_paper("Known and waiting", identifiers=[("arxiv", "2611.00003")])
    make_paper(identifiers=[("arxiv", "2611.00004")], withdrawn=True)
    make_paper(TITLE, identifiers=[("arxiv", "2611.00005")])
    found = lines(
        small,
        "2611.00001\n2611.00002\n2611.00003\n2611.00004\n2611.00006\nhttps://arxiv.org/pdf/2611.00006v2\n"
        f"{TITLE} https://doi.org/10.1000/x\nhttps://example.org/p.pdf\nnothing\n@misc{{a, title={{{TITLE}}}}}",
    )
    today = timezone.now().date()
    assert [line.problem for line in found] == [
        "it is listed already, in Beta",
        f"it is rejected already by curator on {today} (off topic)",
        "",
        "it is withdrawn by its authors",
        "",
        "it names the same paper as line 5",
        "",
        "",
        "it names no paper by a link or an id",
        "",
    ]
    assert [line.told for line in found if line.can_add] == [
        "It is known here, and awaits a decision.",
        "It is new here. Its title is missing until arXiv is asked for it.",
        "It is new here. A paper of this title is known as https://arxiv.org/abs/2611.00005.",
        "It is new here. Its title is missing: type it.",
        # an entry without any link, known by its title
        "It is known here, and awaits a decision. Line 7 has the same title.",
    ]
    assert [line.is_doubtful for line in found].count(True) == 2
    assert Proposal.objects.count() == 0 and not SourceRecord.objects.filter(source="hand").exists()


def test_one_title_under_two_names_is_told_of(small):
    first, second = lines(small, f"{TITLE} 2611.00001\n{TITLE} https://doi.org/10.1000/x")
    assert (first.is_doubtful, second.is_doubtful) == (False, True)
    assert second.told == "It is new here. Line 1 has the same title."


def test_what_is_added_waits_in_the_queue_with_who_added_it(small, curator):
    known = make_paper("Known and waiting", identifiers=[("arxiv", "2611.00003")])
    added = add(
        small, "2611.00003\n2611.00006\nhttps://example.org/p.pdf\nnothing", curator, at_2=Choice(title=" My\ntitle ")
    )
    assert [outcome.told for outcome in added.outcomes] == ["", "", "", "it names no paper by a link or an id"]
    assert [outcome.paper.title for outcome in added.queued] == ["Known and waiting", "arXiv:2611.00006", "My title"]
    assert [outcome.line.item.first for outcome in added.left] == [4]
    assert set(Paper.objects.awaiting_review(small)) == {outcome.paper for outcome in added.queued}
    assert {(each.user, each.by_author) for each in Proposal.objects.all()} == {(curator, False)}
    known.refresh_from_db()
    assert (known.title, known.source) == ("Known and waiting", "arxiv")
    assert Paper.objects.from_source("hand").count() == 3


def test_adding_it_again_changes_nothing(small, curator):
    add(small, "2611.00006", curator)
    before = Proposal.objects.get()
    again = add(small, "2611.00006", make_user(curator=True))
    assert again.queued[0].line.told.startswith("It is known here, and was put before the curators by curator")
    assert Proposal.objects.get() == before and Paper.objects.count() == 1


def test_arxiv_gives_the_title_that_was_missing(small, curator):
    add(small, "2611.00006", curator)
    record = PaperRecord("arxiv", (Identifier("arxiv", "2611.00006"),), "The title", "What it is about.")
    catalog.upsert([record])
    paper = Paper.objects.get()
    assert (paper.title, paper.abstract, paper.source) == ("The title", "What it is about.", "arxiv")
    assert not adding.is_untitled(paper)


def test_a_missing_title_is_asked_for(small, curator):
    added = add(small, "https://doi.org/10.1000/x", curator)
    assert added.left[0].told == "its title is missing, and nobody can be asked for it"
    assert Paper.objects.count() == Proposal.objects.count() == 0


def test_what_the_catalogue_refuses_is_told_of_its_line(small, curator):
    long = "https://example.org/" + "x" * 1100
    added = add(small, f"A title {long}\n2611.00007", curator)
    assert [outcome.told for outcome in added.outcomes] == ["it has an identifier of more than 1,000 bytes", ""]


def test_straight_into_a_category_with_the_row_as_it_was_pasted(curator):
    caches = make_bilingual_list()
    category = caches.categories.get(key="eviction")
    row = "| [Fewer Keys](https://arxiv.org/abs/2611.00009) | ACL 2026 | `Sparse` | [GitHub](https://github.com/x/y) | Half of them. |"
    added = add(caches, row, curator, at_0=Choice(category=category))
    decision = added.accepted[0].decision
    assert (decision.kind, decision.category, decision.user) == (Decision.Kind.ACCEPT, category, curator)
    english, chinese = (decision.entries.get().texts.get(document__language=each) for each in ("en", "zh"))
    assert (english.title, english.venue, english.tags) == ("Fewer Keys", "ACL 2026", ["Sparse"])
    assert (english.code, english.tldr) == ([["GitHub", "https://github.com/x/y"]], "Half of them.")
    assert chinese.tags == ["稀疏"]
    assert Proposal.objects.get().category == category


def test_a_paper_without_a_title_goes_into_no_category(small, curator):
    added = add(small, "2611.00006", curator, at_0=Choice(category=small.categories.get(key="alpha")))
    assert added.queued[0].told == "Its title is not known yet, so it waits in the queue."
    assert not Decision.objects.exists() and added.queued[0].paper in Paper.objects.awaiting_review(small)


def test_who_was_faster_is_told_and_the_other_lines_are_done(small, curator, monkeypatch):
    paper = make_paper(identifiers=[("arxiv", "2611.00003")])
    other = make_user("other", curator=True)
    put_before = adding._put_before

    def slower(paper_list, put, *others):
        put_before(paper_list, put, *others)
        if put == paper:
            review.reject(small, paper, other)

    monkeypatch.setattr(adding, "_put_before", slower)
    alpha = Choice(category=small.categories.get(key="alpha"))
    added = add(small, "2611.00003\nA new title https://doi.org/10.1000/y", curator, at_0=alpha, at_1=alpha)
    assert "other already decided: Reject" in added.left[0].told
    assert [outcome.paper.title for outcome in added.accepted] == ["A new title"]
    assert review.Review.objects.get(paper=paper).state == "rejected"


def test_a_failure_half_way_leaves_nothing(small, curator, monkeypatch):
    calls = []

    def fails(*args):
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("the machine is gone")

    monkeypatch.setattr(adding, "_put_before", fails)
    with pytest.raises(RuntimeError):
        add(small, "2611.00006\n2611.00007", curator)
    assert not Paper.objects.exists() and not Proposal.objects.exists()


def test_a_preview_costs_the_same_queries_however_long_it_is(small):
    for number in range(40):
        make_paper(identifiers=[("arxiv", f"2611.{number:05}")])

    def queries(count):
        fresh = type(small).objects.get(pk=small.pk)
        with CaptureQueriesContext(connection) as asked:
            adding.preview(fresh, read("\n".join(f"2611.{number:05}" for number in range(count))))
        return len(asked)

    assert queries(2) == queries(40)


def test_a_known_paper_merged_into_another_takes_its_proposal_along(small, curator):
    first = make_paper("One paper", identifiers=[("arxiv", "2611.00003")])
    add(small, "One paper https://doi.org/10.1000/x", curator)
    catalog.upsert(
        [PaperRecord("arxiv", (Identifier("arxiv", "2611.00003"), Identifier("doi", "10.1000/x")), "One paper", "A.")]
    )
    assert Paper.objects.get() == first
    assert Proposal.objects.get().paper == first
