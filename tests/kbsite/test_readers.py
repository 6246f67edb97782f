"""What readers keep for themselves: saved searches with feeds, a reading list, and what they have seen."""

from __future__ import annotations

import csv
import io
import secrets
from datetime import UTC, datetime, timedelta
from html import unescape
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kbsite import readers
from kbsite.readers import new_in
from papers import catalog, reading, savedsearches, seen
from papers.export import readinglist
from papers.models import Entry, Paper, Reader, Reading, SavedSearch, Seen
from papers.records import Identifier, PaperRecord
from tests.factories import make_entry, make_list, make_paper, make_suggestion, make_user

pytestmark = pytest.mark.django_db
ATOM = {"atom": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def ada():
    return make_user("ada")


@pytest.fixture
def chair(client, ada):
    """A browser in which Ada, a reader, is signed in."""
    client.force_login(ada)
    return client


@pytest.fixture
def other(ada):
    """A browser in which somebody else is signed in, with every right."""
    from django.test import Client

    client = Client()
    client.force_login(make_user("root", is_superuser=True, is_staff=True))
    return client


def shown(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer
    return " ".join(unescape(answer.content.decode()).split())


def save(client, query):
    return client.post(f"{reverse('searches')}?{query}")


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def came(paper, ago):
    """Let a paper have come this long ago."""
    Paper.objects.filter(pk=paper.pk).update(added_at=timezone.now() - ago)


# --- saved searches ---------------------------------------------------------------------------------------------


def test_one_button_saves_what_the_address_asks_for(chair, ada):
    page = shown(chair, "/papers/?q=caches&year=2026&page=3&sort=newest")
    assert 'action="/searches/?q=caches&year=2026&sort=newest"' in page and "Save this search" in page
    answer = save(chair, "q=caches&sort=newest&year=2026&author=&page=3&nonsense=1&since=never")
    search = SavedSearch.objects.get()
    assert (search.user, search.query, search.name) == (ada, "q=caches&year=2026", "“caches”, 2026")
    assert answer.url == reverse("search", args=[search.pk])
    assert save(chair, "year=2026&q=caches").url == answer.url and SavedSearch.objects.count() == 1
    page = shown(chair, answer.url)
    assert 'href="/papers/?q=caches&year=2026"' in page


def test_a_search_of_a_list_names_it(chair):
    make_list("small")
    save(chair, "status=listed")
    assert SavedSearch.objects.get().query == "list=small&status=listed"


def test_what_asks_for_everything_is_not_saved(chair):
    answer = save(chair, "sort=newest")
    assert answer.url == "/papers/?sort=newest" and not SavedSearch.objects.exists()
    assert "Say first what you search for" in shown(chair, answer.url)
    assert "Save this search" not in shown(chair, "/papers/")


def test_nobody_keeps_more_searches_than_can_be_counted_at_once(chair, ada):
    for number in range(savedsearches.MOST):
        savedsearches.save(ada, f"q={number}", str(number))
    answer = chair.post(f"{reverse('searches')}?q=more", follow=True)
    assert "delete one first" in answer.content.decode() and SavedSearch.objects.count() == savedsearches.MOST


def test_a_search_that_says_too_much_is_not_saved(chair):
    words = "&".join(f"tag={secrets.token_hex(100)}" for _ in range(15))
    assert "says too much" in chair.post(f"{reverse('searches')}?{words}", follow=True).content.decode()
    answer = send(chair, "post", "searches/", {"query": "&".join(f"tag={'字' * 190}" for _ in range(3))})
    assert answer.status_code == 201  # the same tag is asked for once
    answer = send(chair, "post", "searches/", {"query": "&".join(f"tag={n}{'字' * 190}" for n in range(3))})
    assert answer.status_code == 400 and "at most 2000 characters" in answer.json()["errors"]["query"][0]
    assert SavedSearch.objects.count() == 1


def test_what_comes_while_one_looks_is_new_afterwards(chair, ada, monkeypatch):
    search, _ = savedsearches.save(ada, "subject=cs.CL", "All")

    def marks_for(user, papers):
        make_paper("Meanwhile")
        return readers.marks_for(user, papers)

    monkeypatch.setattr("kbsite.views.searches.marks_for", marks_for)
    assert "Meanwhile" not in shown(chair, reverse("search", args=[search.pk]))
    assert new_in(SavedSearch.objects.all()) == {search.pk: 1}


def test_what_is_new_is_counted_until_one_looks(chair, ada):
    old, new = make_paper("Old caches"), make_paper("New caches")
    make_paper("Prompts", abstract="Not of them.")
    came(old, timedelta(days=9))
    search, _ = savedsearches.save(ada, "q=caches", "Caches")
    SavedSearch.objects.update(looked_at=timezone.now() - timedelta(days=2))
    assert "1 new" in shown(chair, reverse("searches"))
    page = shown(chair, reverse("search", args=[search.pk]))
    assert "2 papers · <strong>1 new</strong>" in page and page.count("New caches</a>") == 1
    assert page.index(new.title) < page.index(old.title)
    assert page.count('<span class="badge badge-accent">new</span>') == 1
    assert "nothing new" in shown(chair, reverse("searches"))
    assert "<strong>1 new" not in shown(chair, reverse("search", args=[search.pk]))


def test_of_listed_papers_the_day_counts_on_which_they_entered_the_list(ada):
    alpha, beta = make_list().categories.all()
    before, after = make_entry(alpha), make_entry(beta)
    for entry in (before, after):
        came(entry.paper, timedelta(days=90))
    Entry.objects.filter(pk=before.pk).update(added_at=timezone.now() - timedelta(days=9))
    listed, _ = savedsearches.save(ada, "list=small&status=listed", "Listed")
    all_, _ = savedsearches.save(ada, "subject=cs.CL", "All")
    SavedSearch.objects.update(looked_at=timezone.now() - timedelta(days=2))
    assert new_in(SavedSearch.objects.all()) == {listed.pk: 1, all_.pk: 0}


def test_all_searches_are_counted_in_one_query(chair, ada):
    for number in range(3):
        savedsearches.save(ada, f"q=w{number}&subject=cs.CL", str(number))
    before = queries(chair, reverse("searches"))
    for number in range(10):
        savedsearches.save(ada, f"q=more{number}&code=true", str(number))
        make_paper()
    assert queries(chair, reverse("searches")) == before


def test_a_search_is_renamed_and_deleted(chair, ada):
    search, _ = savedsearches.save(ada, "q=caches", "Caches")
    address = reverse("search", args=[search.pk])
    assert chair.post(address, {"rename": "1", "name": "My caches"}).url == address
    assert "My caches" in shown(chair, reverse("searches"))
    assert "needs a name" in chair.post(address, {"rename": "1", "name": " "}, follow=True).content.decode()
    assert chair.post(address, {}).status_code == 400
    chair.post(address, {"delete": "1"})
    assert not SavedSearch.objects.exists() and chair.get(address).status_code == 404


def feed_of(client, search):
    answer = client.get(reverse("search-feed", args=[search.secret]))
    assert answer.status_code == 200 and answer["Content-Type"].startswith("application/atom+xml")
    return answer, ElementTree.fromstring(answer.content)


def test_the_feed_opens_by_its_secret_alone_and_tells_what_came_last(client, ada):
    first, second = make_paper("Old <caches> & co"), make_paper("New caches", authors=["Ada Lovelace"])
    came(first, timedelta(days=3))
    make_paper("Prompts", abstract="Not of them.")
    search, _ = savedsearches.save(ada, "q=caches", "Caches")
    answer, root = feed_of(client, search)
    titles = [each.text for each in root.findall("atom:entry/atom:title", ATOM)]
    assert titles == ["New caches", "Old <caches> & co"]
    entry = root.find("atom:entry", ATOM)
    assert entry.find("atom:link", ATOM).get("href") == f"http://testserver/papers/{second.pk}/"
    assert entry.find("atom:author/atom:name", ATOM).text == "Ada Lovelace"
    assert answer["X-Robots-Tag"] == "noindex" and "private" in answer["Cache-Control"]
    assert (
        client.get(reverse("search-feed", args=[search.secret]), headers={"If-None-Match": answer["ETag"]}).status_code
        == 304
    )
    assert SavedSearch.objects.get().looked_at == search.looked_at  # a program that asks is nobody who looked


@pytest.mark.parametrize("secret", ["none", "%00", "a" * 3000])
def test_no_other_address_opens_a_feed(client, secret):
    assert client.get(f"/searches/feed/{secret}/").status_code == 404


def test_the_feed_says_nothing_that_xml_cannot(chair, client):
    Paper.objects.filter(pk=make_paper().pk).update(title="On\x0bcaches", authors=[])
    save(chair, "q=caches%0b&subject=cs.CL")
    search = SavedSearch.objects.get()
    assert search.name == "“caches”, cs.CL"
    SavedSearch.objects.update(name="A\x0b name")
    _, root = feed_of(client, search)
    assert root.find("atom:entry/atom:title", ATOM).text == "On caches"
    assert root.find("atom:author/atom:name", ATOM).text == "Listkeeper"


def test_the_feed_hides_what_its_owner_has_seen(client, ada):
    make_paper("Unseen caches")
    seen.tick(ada, [make_paper("Seen caches").pk])
    search, _ = savedsearches.save(ada, "q=caches&seen=false", "Caches")
    _, root = feed_of(client, search)
    assert [each.text for each in root.findall("atom:entry/atom:title", ATOM)] == ["Unseen caches"]


def test_a_feed_gets_a_new_address_and_goes_with_its_owner(chair, ada):
    search, _ = savedsearches.save(ada, "q=caches", "Caches")
    old = reverse("search-feed", args=[search.secret])
    assert old in shown(chair, reverse("search", args=[search.pk]))
    chair.post(reverse("search", args=[search.pk]), {"renew": "1"})
    search.refresh_from_db()
    new = reverse("search-feed", args=[search.secret])
    assert chair.get(old).status_code == 404 and chair.get(new).status_code == 200
    ada.is_active = False
    ada.save()
    assert chair.get(new).status_code == 404


def test_the_feed_asks_no_more_queries_for_more_papers(client, ada):
    search, _ = savedsearches.save(ada, "subject=cs.CL", "All")
    make_paper()
    before = queries(client, reverse("search-feed", args=[search.secret]))
    for _ in range(12):
        make_paper()
    assert queries(client, reverse("search-feed", args=[search.secret])) == before


# --- the reading list -------------------------------------------------------------------------------------------


def test_a_paper_goes_on_the_list_from_its_row_and_comes_off_again(chair, ada):
    paper = make_paper("On caches")
    page = shown(chair, "/papers/")
    mark = reverse("mark", args=[paper.pk])
    assert f'action="{mark}"' in page and "Read later" in page
    answer = chair.post(mark, {"state": "to-read"}, headers={"Referer": "http://testserver/papers/?q=x"})
    assert answer.url == f"http://testserver/papers/?q=x#paper-{paper.pk}"
    assert "To read" in shown(chair, "/papers/") and "Take off the list" in shown(chair, f"/papers/{paper.pk}/")
    part = chair.post(mark, {"take-off": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert "Read later" in part and "<html" not in part and not Reading.objects.exists()


def test_one_is_led_to_no_other_site(chair):
    mark = reverse("mark", args=[make_paper().pk])
    answer = chair.post(mark, {"seen": "1"}, headers={"Referer": "https://example.org/"})
    assert answer.url.startswith("/reading/")


@pytest.mark.parametrize("given", [{}, {"state": "eaten"}, {"seen": "2"}])
def test_a_button_that_there_is_not_does_nothing(chair, given):
    assert chair.post(reverse("mark", args=[make_paper().pk]), given).status_code == 400
    assert not Reading.objects.exists() and not Seen.objects.exists()


def test_the_list_is_shown_by_state_with_notes_as_text(chair, ada):
    first, second = make_paper("First"), make_paper("Second")
    mark = reverse("mark", args=[first.pk])
    chair.post(mark, {"state": "reading"})
    chair.post(mark, {"note": "<b>Bold</b>\r\nand more"})
    reading.put(ada, second.pk)
    page = shown(chair, reverse("reading"))
    assert page.index("Second") < page.index("First")
    kept = Reading.objects.get(paper=first)
    assert (kept.state, kept.note) == ("reading", "<b>Bold</b>\nand more")
    assert "&lt;b&gt;Bold" in chair.get(reverse("reading")).content.decode()
    page = shown(chair, reverse("reading") + "?state=reading")
    assert "First" in page and "Second" not in page
    assert "Nothing is in this state" in shown(chair, reverse("reading") + "?state=read")
    assert chair.get("/reading/?state=nonsense&page=x").status_code == 200


def test_a_paper_that_is_none_is_not_noted(chair):
    assert chair.post(reverse("mark", args=[10**9]), {"state": "read"}).status_code == 404
    assert chair.post(reverse("mark", args=[10**9]), {"seen": "1"}).status_code == 302
    assert not Seen.objects.exists()


def test_the_list_is_taken_away_as_bibtex_csv_and_markdown(chair, ada):
    alpha, _ = make_list().categories.all()
    listed = make_entry(alpha, make_paper("Listed | caches"), venue="ICLR 2026").paper
    for paper, state in ((listed, "read"), (make_paper("=SUM(A1) [x](javascript:y)"), "to-read")):
        reading.put(ada, paper.pk, state, "> a note\nof two lines")
    files = {}
    for form in readinglist.FORMS:
        answer = chair.get(reverse("reading-export", args=[form]))
        assert f"reading-list.{readinglist.FORMS[form].ending}" in answer["Content-Disposition"]
        files[form] = answer.content.decode()
    assert files["bibtex"].count("@") == 2 and "booktitle" in files["bibtex"]
    rows = list(csv.DictReader(io.StringIO(files["csv"])))
    assert [row["state"] for row in rows] == ["to-read", "read"] and rows[0]["title"].startswith("'=SUM")
    assert rows[1]["venue"] == "ICLR" and rows[1]["note"] == "> a note\nof two lines"
    assert files["markdown"].startswith("# Reading list\n\n## To read\n\n- [=SUM(A1)")
    assert r"\[x\](javascript:" in files["markdown"] and "  > > a note\n  > of two lines\n" in files["markdown"]
    only = chair.get(reverse("reading-export", args=["csv"]) + "?state=read").content.decode()
    assert len(list(csv.DictReader(io.StringIO(only)))) == 1
    assert chair.get(reverse("reading-export", args=["docx"])).status_code == 404


@pytest.mark.parametrize("address", ["/reading/", "/reading/export/csv/", "/reading/export/bibtex/"])
def test_the_list_asks_no_more_queries_for_more_papers(chair, ada, address):
    alpha, _ = make_list().categories.all()
    reading.put(ada, make_entry(alpha).paper_id)
    before = queries(chair, address)
    for _ in range(9):
        reading.put(ada, make_entry(alpha, make_paper(facts=[("code", "https://example.org/")])).paper_id, note="x")
    assert queries(chair, address) == before


def test_pages_of_papers_ask_no_more_queries_for_more_marks(chair, ada):
    paper_list = make_list()
    search, _ = savedsearches.save(ada, "subject=cs.CL", "All")
    make_suggestion(paper_list)
    addresses = ["/papers/?seen=false", reverse("search", args=[search.pk])]
    before = [queries(chair, address) for address in addresses]
    for number in range(9):
        paper = make_suggestion(paper_list).paper
        reading.put(ada, paper.pk)
        if number % 2:
            seen.tick(ada, [paper.pk])
    assert [queries(chair, address) for address in addresses] == before


# --- what was seen ----------------------------------------------------------------------------------------------


def test_opened_papers_are_remembered_only_for_who_wants_that(chair, ada):
    first, second = make_paper("First"), make_paper("Second")
    chair.get(f"/papers/{first.pk}/")
    assert not Seen.objects.exists()
    chair.post(reverse("seen"), {"remember": "1"})
    chair.head(f"/papers/{first.pk}/")
    assert not Seen.objects.exists()
    for _ in range(2):
        chair.get(f"/papers/{second.pk}/")
    assert [(each.user, each.paper) for each in Seen.objects.all()] == [(ada, second)]
    page = shown(chair, "/papers/?seen=false")
    assert "First" in page and "Second" not in page and "Show what I have seen" in page
    assert "Second" in shown(chair, "/papers/?seen=true")
    chair.post(reverse("seen"), {"remember": "0"})
    chair.get(f"/papers/{first.pk}/")
    assert Seen.objects.count() == 1


def test_remembering_costs_one_query_on_a_papers_page(chair, ada, django_assert_num_queries):
    paper = make_paper()
    with django_assert_num_queries(1):
        seen.opened(ada, paper.pk)
    seen.remember(ada, True)
    with django_assert_num_queries(1):
        seen.opened(ada, paper.pk)
    assert Seen.objects.count() == 1


def test_a_paper_is_ticked_as_seen_and_all_is_forgotten_by_a_button(chair, ada):
    paper, another = make_paper(), make_paper()
    chair.post(reverse("mark", args=[paper.pk]), {"seen": "1"})
    seen.tick(ada, [another.pk, 10**9])
    seen.tick(make_user(), [paper.pk])
    assert "Forget 2 seen papers" in shown(chair, "/account/")
    chair.post(reverse("mark", args=[another.pk]), {"seen": "0"})
    assert Seen.objects.filter(user=ada).get().paper == paper
    assert "Forgotten: 1 paper." in chair.post(reverse("seen"), {"forget": "1"}, follow=True).content.decode()
    assert not Seen.objects.filter(user=ada).exists() and Seen.objects.count() == 1
    assert chair.post(reverse("seen"), {}).status_code == 400


def test_the_filter_means_nothing_to_who_is_not_signed_in(client, ada):
    seen.tick(ada, [make_paper("First").pk])
    page = shown(client, "/papers/?seen=false")
    assert "First" in page and "Read later" not in page and "what I have seen" not in page


# --- whose it is ------------------------------------------------------------------------------------------------


def test_only_the_owner_sees_or_changes_anything(chair, other, client, ada):
    paper = make_paper("On caches")
    search, _ = savedsearches.save(ada, "q=caches", "Ada’s caches")
    kept, _ = reading.put(ada, paper.pk, note="Ada’s note"), seen.tick(ada, [paper.pk])
    ticked = Seen.objects.get()
    for address in (
        "/searches/",
        "/reading/",
        "/reading/export/markdown/",
        f"/papers/{paper.pk}/",
        "/papers/?seen=true",
    ):
        page = unescape(other.get(address).content.decode())
        assert "Ada’s" not in page and "To read" not in page.replace("To read <span", ""), address
    for address in (f"/searches/{search.pk}/",):
        assert other.get(address).status_code == other.post(address, {"delete": "1"}).status_code == 404
    for kind, row in (("searches", search), ("reading", kept), ("seen", ticked)):
        address = f"/api/v1/{kind}/{row.pk}/"
        assert chair.get(address).status_code == 200
        assert other.get(address).status_code == other.delete(address).status_code == 404
        assert other.get(f"/api/v1/{kind}/").json()["results"] == []
    assert other.patch(f"/api/v1/reading/{kept.pk}/", {"note": ""}, content_type="application/json").status_code == 404
    assert other.post(f"/api/v1/searches/{search.pk}/renew-feed/").status_code == 404
    assert other.get(f"/api/v1/searches/{search.pk}/papers/").status_code == 404
    other.post("/api/v1/seen/forget/")
    kept.refresh_from_db()
    search.refresh_from_db()
    assert kept.note == "Ada’s note" and Seen.objects.exists()


def test_all_of_it_goes_with_the_account(ada):
    paper = make_paper()
    savedsearches.save(ada, "q=caches", "Caches")
    reading.put(ada, paper.pk)
    seen.tick(ada, [paper.pk])
    seen.remember(ada, True)
    ada.delete()
    assert not any(model.objects.exists() for model in (SavedSearch, Reading, Seen, Reader))


def test_two_papers_that_are_one_keep_what_was_noted_of_either(ada):
    arxiv, doi = Identifier("arxiv", "2407.00001"), Identifier("doi", "10.1/a")
    kept, gone = make_paper("Small caches", identifiers=[arxiv]), make_paper("Small caches", identifiers=[doi])
    bob, eve = make_user("bob"), make_user("eve")
    reading.put(ada, kept.pk, "read", "One")
    reading.put(ada, gone.pk, "to-read", "Two")
    reading.put(bob, gone.pk, "reading")
    for user in (ada, eve):
        seen.tick(user, [gone.pk])
    seen.tick(ada, [kept.pk])
    catalog.upsert([PaperRecord("arxiv", (arxiv, doi), "Small caches")])
    assert Paper.objects.get().pk == kept.pk
    assert {(each.user, each.state, each.note) for each in Reading.objects.all()} == {
        (ada, "read", "One\n\nTwo"),
        (bob, "reading", ""),
    }
    assert sorted(each.user.username for each in Seen.objects.all()) == ["ada", "eve"]
    assert reading.put(eve, gone.pk).paper_id == kept.pk  # whoever has the old page open


# --- the API ----------------------------------------------------------------------------------------------------


def send(client, method, address, body=None):
    return getattr(client, method)(f"/api/v1/{address}", body, content_type="application/json")


def test_the_api_keeps_searches(chair, ada):
    paper = make_paper("On caches")
    made = send(chair, "post", "searches/", {"query": "?q=caches&code=false"})
    assert made.status_code == 201
    told = made.json()
    assert (told["query"], told["name"], told["new_papers"]) == ("code=false&q=caches", "“caches”, without code", 0)
    assert chair.get(made["Location"]).json() == told
    assert send(chair, "post", "searches/", {"query": "code=false&q=caches"}).status_code == 200
    assert chair.get(told["feed"]).status_code == 200
    SavedSearch.objects.update(looked_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert chair.get("/api/v1/searches/").json()["results"][0]["new_papers"] == 1
    found = chair.get(f"/api/v1/searches/{told['id']}/papers/").json()["results"]
    assert [each["id"] for each in found] == [paper.pk]
    assert send(chair, "post", f"searches/{told['id']}/looked/").status_code == 204
    assert chair.get(made["Location"]).json()["new_papers"] == 0
    assert send(chair, "patch", f"searches/{told['id']}/", {"name": "Mine"}).json()["name"] == "Mine"
    assert send(chair, "post", f"searches/{told['id']}/renew-feed/").json()["feed"] != told["feed"]
    for wrong in ("", "sort=newest", "year=x", "colour=red", "list=none"):
        assert send(chair, "post", "searches/", {"query": wrong}).status_code == 400, wrong
    assert chair.delete(made["Location"]).status_code == 204


def test_the_papers_of_a_search_are_paged(chair, ada):
    papers = [make_paper() for _ in range(5)]
    search, _ = savedsearches.save(ada, "subject=cs.CL", "All")
    found, address = [], f"/api/v1/searches/{search.pk}/papers/?page_size=2"
    while address:
        page = chair.get(address).json()
        found += [each["id"] for each in page["results"]]
        address = page["next"]
    assert found == [paper.pk for paper in reversed(papers)]


def test_the_api_keeps_the_reading_list(chair, ada):
    paper = make_paper("On caches")
    made = send(chair, "post", "reading/", {"paper": paper.pk, "note": "A note"})
    assert made.status_code == 201 and made.json()["state"] == "to-read"
    assert send(chair, "post", "reading/", {"paper": paper.pk, "state": "reading"}).json()["note"] == "A note"
    assert Reading.objects.count() == 1
    assert send(chair, "patch", f"reading/{made.json()['id']}/", {"state": "read"}).json()["state"] == "read"
    assert chair.get(f"/api/v1/reading/?state=read&paper={paper.pk}").json()["results"][0]["paper"]["id"] == paper.pk
    assert chair.get("/api/v1/reading/?state=to-read").json()["results"] == []
    assert set(chair.get("/api/v1/reading/export/").json()) == {"bibtex", "csv", "markdown"}
    written = chair.get("/api/v1/reading/export/?format=markdown")
    assert written["Content-Type"].startswith("text/markdown") and "On caches" in written.content.decode()
    assert send(chair, "post", "reading/", {"paper": 10**9}).status_code == 400
    assert chair.delete(made["Location"]).status_code == 204 and not Reading.objects.exists()


def test_the_api_ticks_and_forgets(chair, ada):
    papers = [make_paper().pk for _ in range(3)]
    assert send(chair, "post", "seen/", {"papers": [*papers[:2], 10**9]}).json() == {"papers": 2}
    assert [each["id"] for each in chair.get("/api/v1/papers/?seen=false").json()["results"]] == [papers[2]]
    first = chair.get("/api/v1/seen/").json()["results"][0]
    assert chair.delete(f"/api/v1/seen/{first['id']}/").status_code == 204
    assert send(chair, "post", "seen/forget/").json() == {"papers": 1}
    assert chair.get("/api/v1/seen/remembering/").json() == {"remembers_seen": False}
    assert send(chair, "patch", "seen/remembering/", {"remembers_seen": True}).json() == {"remembers_seen": True}
    assert seen.remembers(ada)
