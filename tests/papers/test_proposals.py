"""What authors propose: nobody's business until confirmed, once per paper and list, and told of as it goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from papers import acts, adding, pasting, proposals, review
from papers.models import Act, Paper, Proposal
from papers.proposals import Gone, NoPaper, Refused, TitleMissing, TooMany
from papers.standings import State
from tests.factories import make_entry, make_list, make_paper, make_user

pytestmark = pytest.mark.django_db

AUTHOR = "ada@example.org"


@pytest.fixture
def small():
    return make_list()


def propose(paper_list, text="2611.00001", email=AUTHOR, **more):
    return proposals.propose(paper_list, proposals.named(text, more.pop("title", "")), email, **more)


def confirmed(paper_list, text="2611.00001", email=AUTHOR, **more):
    return proposals.confirm(propose(paper_list, text, email, **more).key)


def standing(proposal):
    return proposals.with_standing(proposal.list, [proposal])[0].standing


def test_nobody_sees_a_proposal_before_it_is_confirmed(small):
    made = propose(small, category=small.categories.get(key="beta"), why="It fits.")
    assert not Paper.objects.exists() and not proposals.before_curators(small)
    done = proposals.confirm(made.key)
    assert list(proposals.before_curators(small)) == [done]
    paper = Paper.objects.get()
    assert (paper.title, paper.source) == ("arXiv:2611.00001", "author")
    assert proposals.of(small, paper) == [done] and done.by_author
    assert (done.why, done.category.key, done.email) == ("It fits.", "beta", AUTHOR)
    assert paper in Paper.objects.awaiting_review(small)


def test_confirming_twice_is_confirming_once(small):
    made = propose(small)
    first = proposals.confirm(made.key)
    assert proposals.confirm(made.key).confirmed_at == first.confirmed_at
    assert Proposal.objects.count() == 1


def test_what_is_confirmed_too_late_or_was_never_made_is_gone(small):
    made = propose(small)
    Proposal.objects.update(asked_at=timezone.now() - timedelta(days=4))
    for key in (made.key, uuid4()):
        with pytest.raises(Gone):
            proposals.confirm(key)
    assert not Paper.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Name one paper"),
        ("2611.00001 2611.00002", "Name one paper"),
        ("a paper of mine", "It names no paper by a link or an id."),
        ("https://github.com/a/b", "This leads to code, not to a paper"),
        ("2699.00001", "There is no arXiv id"),
        ("javascript:alert(1)", "It names no paper"),
    ],
)
def test_what_names_no_paper_is_refused(small, text, words):
    with pytest.raises(NoPaper, match=words):
        proposals.named(text)


def test_a_title_is_asked_for_where_no_source_gives_it(small):
    with pytest.raises(TitleMissing):
        proposals.named("https://doi.org/10.1000/x")
    done = confirmed(small, "https://doi.org/10.1000/x", title=" A \n title ")
    assert done.paper.title == "A title"
    assert proposals.named("10.1000/x").paper == done.paper


def test_a_stranger_says_nothing_new_of_a_paper_that_is_known(small):
    paper = make_paper("The real title", identifiers=[("arxiv", "2611.00001")])
    done = confirmed(small, title="Another title")
    paper.refresh_from_db()
    assert done.paper == paper and paper.title == "The real title" and paper.source == "arxiv"


def test_a_paper_is_proposed_once_and_it_is_told_why_not_again(small, curator):
    listed = make_paper(identifiers=[("arxiv", "2611.00002")])
    make_entry(small.categories.get(key="beta"), listed)
    rejected = make_paper(identifiers=[("arxiv", "2611.00003")])
    review.reject(small, rejected, curator, "off-topic", "Never again.")
    confirmed(small)
    for text, words in [
        ("2611.00001", "It was proposed already, and awaits a decision."),
        ("2611.00002", "It is in the list already: Beta."),
        ("2611.00003", "The curators have declined it (off topic)."),
    ]:
        with pytest.raises(Refused) as refused:
            propose(small, text, "bob@example.org")
        assert str(refused.value) == words
    propose(make_list("another"), "2611.00002", "bob@example.org")


def test_of_two_proposals_of_one_paper_the_first_to_be_confirmed_holds(small):
    first, second = propose(small), propose(small, email="bob@example.org")
    proposals.confirm(second.key)
    with pytest.raises(Refused, match="proposed already"):
        proposals.confirm(first.key)
    assert list(Proposal.objects.all()) == [second]


def test_a_mail_address_has_a_few_a_day(small):
    for number in range(proposals.MOST_A_DAY):
        propose(small, f"2611.0000{number}", " Ada@Example.org")
    with pytest.raises(TooMany):
        propose(small, "2611.00009")
    propose(small, "2611.00009", "bob@example.org")
    Proposal.objects.update(asked_at=timezone.now() - timedelta(days=2))
    propose(small, "2611.00008")


def test_mails_that_nobody_answers_come_to_an_end(small, monkeypatch):
    monkeypatch.setattr(proposals, "MOST_UNCONFIRMED_A_DAY", 2)
    for number in range(2):
        propose(small, f"2611.0000{number}", f"p{number}@example.org")
    with pytest.raises(TooMany, match="tomorrow"):
        propose(small, "2611.00009")


def test_its_state_is_told_as_it_goes(small, curator):
    done = confirmed(small)
    assert (standing(done).state, standing(done).again) == (State.WAITING, False)
    decision = review.reject(small, done.paper, curator, "weak", "Not for us.")
    assert proposals.publicly(standing(done)) == "The curators have declined it (too weak)."
    review.undo(decision, curator)
    assert (standing(done).state, standing(done).again) == (State.WAITING, True)
    until = timezone.localdate() + timedelta(days=3)
    review.undo(review.defer(small, done.paper, curator, until), curator)
    put_off = review.defer(small, done.paper, curator, None)
    assert proposals.publicly(standing(done)) == "The curators have put it off, until there is a new version."
    review.undo(put_off, curator)
    make_entry(small.categories.get(key="beta"), done.paper)
    assert (standing(done).state, standing(done).categories) == (State.LISTED, ("Beta",))


def test_addresses_are_kept_only_as_long_as_they_serve(small, curator):
    waiting, decided, undone, undone_exactly = (
        confirmed(small, f"2611.0000{n}", f"p{n}@example.org") for n in range(4)
    )
    open_one = propose(small, "2611.00008", "open@example.org")
    review.reject(small, decided.paper, curator)
    review.undo(review.reject(small, undone.paper, curator), curator)
    review.reject(small, undone_exactly.paper, curator)
    acts.undo(Act.objects.latest("pk"), curator)
    now = timezone.now()

    def kept(after: timedelta) -> str:
        proposals.purge(now + after)
        found = Proposal.objects.exclude(email="").order_by("email").values_list("email", flat=True)
        return " ".join(each.removesuffix("@example.org") for each in found)

    assert kept(timedelta(days=6)) == "open p0 p1 p2 p3"
    assert kept(timedelta(days=8)) == "p0 p1 p2 p3"
    assert not Proposal.objects.filter(pk=open_one.pk).exists()
    assert kept(timedelta(days=31)) == "p0 p2 p3"
    assert kept(timedelta(days=181)) == ""
    assert {each.pk for each in Proposal.objects.all()} == {waiting.pk, decided.pk, undone.pk, undone_exactly.pk}


def test_a_page_of_them_costs_the_same_queries_however_many(small):
    def queries(count):
        fresh = type(small).objects.get(pk=small.pk)
        with CaptureQueriesContext(connection) as asked:
            found = list(proposals.before_curators(fresh)[:count])
            proposals.with_standing(fresh, found)
        assert len(found) == count
        return len(asked)

    for number in range(20):
        confirmed(small, f"2611.000{number:02}", f"p{number}@example.org")
    assert queries(2) == queries(20)


@pytest.mark.django_db(transaction=True)
def test_of_two_confirmed_in_the_same_moment_one_holds(small):
    keys = [propose(small, email=f"p{number}@example.org").key for number in range(4)]

    def confirm(key):
        try:
            return proposals.confirm(key).key
        except Refused:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = [key for key in pool.map(confirm, keys) if key]
    assert len(done) == 1 and Proposal.objects.get().key == done[0] and Paper.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_curators_who_paste_the_same_in_the_same_moment_add_it_once(small):
    items = pasting.read("2611.00001\n2611.00002\nA title https://doi.org/10.1000/x")
    people = [make_user(curator=True) for _ in range(3)]

    def add(user):
        try:
            return adding.add(small, items, {place: adding.Choice() for place in range(3)}, user)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        added = list(pool.map(add, people))
    assert [len(each.queued) for each in added] == [3, 3, 3]
    assert Proposal.objects.count() == Paper.objects.count() == 3
    assert len({each.user_id for each in Proposal.objects.all()}) == 1
