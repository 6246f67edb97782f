"""Who may do what: every operation of the site, by a page or by the API, by every kind of person, with no gap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, URLPattern, get_resolver, resolve, reverse

from kbsite.access import ALL, LEAST, SOME, Action, Role, may, place_of
from kbsite.models import Invitation, Membership
from papers import proposals, reading, savedsearches
from papers.models import Act, Finding, SavedView, Seen
from tests import factories as make
from tests.kbsite.api.conftest import _no_throttles, client_of, world  # noqa: F401
from tests.kbsite.permissions import ANYONE, API, PAGES, PEOPLE, Line

ROOT = Path(__file__).resolve().parents[2]
TABLE: dict[tuple[str, str], Line] = PAGES | API
UNKNOWN = "api/v1/^"  # whatever else is below the API: nothing
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


# --- the world ------------------------------------------------------------------------------------------------


@pytest.fixture
def site(world):  # noqa: F811
    """The list “small” with one of everything, another list, and people of every kind."""
    world.other = make.make_list("other")
    text = world.entry.texts.select_related("document").first()
    world.finding = Finding.objects.create(
        list=world.list,
        paper=world.entry.paper,
        entry=world.entry,
        document=text.document,
        rule="conflict",
        field="venue",
        message="Changed twice",
        values={"base": "a", "here": "b", "readme": "c"},
    )
    world.view = SavedView.objects.create(list=world.list, user=make.make_user("a-saver"), name="It", is_shared=True)
    world.act = Act.objects.get(kind=Act.Kind.REJECT)
    asked = proposals.propose(world.list, proposals.named("2612.00009"), "bob@example.org")
    world.proposal = proposals.confirm(asked.key)
    for curator, kind in ((make.make_user("first"), "reject"), (make.make_user("second"), "defer")):
        world.opinion = world.list.opinions.create(paper=world.waiting[1], user=curator, kind=kind, until="2999-01-01")
    world.member = Membership.objects.create(user=make.make_user("a-member"), list=world.list, role="curator")
    world.invitation = Invitation(email="lin@example.org", role="curator", list=world.list)
    world.secret = world.invitation.renew()
    world.invitation.save()
    world.people = {
        "anonymous": None,
        "submitter": make.make_user("submitter"),
        "curator": make.make_user("its-curator", role="curator", of=world.list),
        "curator elsewhere": make.make_user("other-curator", role="curator", of=world.other),
        "maintainer": make.make_user("its-maintainer", role="maintainer", of=world.list),
        "maintainer elsewhere": make.make_user("other-maintainer", role="maintainer", of=world.other),
        "curator of all": make.make_user("curator-of-all", role="curator"),
        "maintainer of all": make.make_user("maintainer-of-all", role="maintainer"),
        "administrator": make.make_user("root", is_superuser=True, is_staff=True),
    }
    assert tuple(world.people) == PEOPLE
    root = world.people["administrator"]
    world.search, _ = savedsearches.save(root, "q=caches", "Caches")
    world.reading = reading.put(root, world.entry.paper_id, "reading", "A note")
    world.seen = Seen.objects.create(user=root, paper=world.entry.paper)
    return world


def address(route: str, site: Any) -> str:
    """The route with the world's things in place of its arguments."""
    numbers = {
        "papers": site.waiting[0],
        "queue": site.waiting[0],
        "entries": site.entry,
        "findings": site.finding,
        "decisions": site.rejected,
        "acts": site.act,
        "opinions": site.opinion,
        "runs": site.run,
        "categories": site.kv,
        "suggestions": site.suggestion,
        "heads": site.head,
        "classifier": SimpleNamespace(pk=site.head.version),
        "memberships": site.member,
        "invitations": site.invitation,
        "views": site.view,
        "searches": site.search,
        "reading": site.reading,
        "seen": site.seen,
    }
    if route.startswith(("proposals/<uuid", "api/v1/proposals/<uuid")):
        return "/" + route.replace("<uuid:key>", str(site.proposal.key))
    words = {
        "key": site.kv.key,
        "language": "zh",
        "name": "categories",
        "form": "markdown",
        "secret": site.secret,
        "uidb64": "MQ",
        "token": "x-y",
    }
    words["number"] = "2611.00001" if route.startswith("arxiv/") else "10.1000/x1"
    words["slug"] = site.topic.slug if "topics/" in route else site.list.slug

    route = route.replace("export.<str:form>", "export.csv").replace("papers.<str:ending>", "papers.csv")
    route = route.replace("facets/<slug:name>", "facets/year")

    def filled(match: re.Match[str]) -> str:
        before, kind, name = match.groups()
        return f"{before}/{numbers[before].pk if kind == 'int:' else words[name]}"

    return "/" + re.sub(r"([\w-]+)/<(\w+:)?(\w+)>", filled, route).replace("<slug:form>", words["form"]).replace(
        "<str:form>", words["form"]
    ).replace("<token>", words["token"])


# --- every operation by everybody -----------------------------------------------------------------------------


@pytest.mark.parametrize("operation", TABLE, ids=" ".join)
def test_those_who_may_do_it_and_others_are_refused(site, operation):
    method, route = operation
    who, status, *sent = TABLE[operation]
    body = sent[0](site) if sent and callable(sent[0]) else dict(sent[0]) if sent else {}
    where = address(route, site)
    expected, got = {}, {}
    for mark, (name, person) in zip(who, site.people.items(), strict=True):
        cache.clear()
        client = Client()
        with transaction.atomic():  # each finds the world as it was
            if person:
                client.force_login(person)
            kind = "application/json" if route.startswith("api/") else None
            extra = {"content_type": kind} if kind and method != "GET" else {}
            response = getattr(client, method.lower())(where, body, **extra)
            transaction.set_rollback(True)
        got[name] = "sign-in" if response.get("Location", "").startswith("/sign-in/?next=") else response.status_code
        if mark == "+":
            allowed = status if isinstance(status, tuple) else (status,)
            expected[name] = got[name] if got[name] in allowed else status
        elif name == "anonymous":
            expected[name] = 401 if route.startswith("api/") else "sign-in"
        else:
            expected[name] = 403
            assert "may do this." in response.content.decode() or "Sign in" in response.content.decode()
    assert got == expected


# --- no gap ---------------------------------------------------------------------------------------------------


def routes(within: Any = None, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every route of the site with its view."""
    for each in (within or get_resolver()).url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield route, each.callback
        else:
            yield from routes(each, route)


OURS = [(route, view) for route, view in routes() if not route.startswith("admin/") and route != UNKNOWN]


def test_every_route_has_its_lines_in_the_table():
    assert {route for route, _ in OURS} == {route for _, route in TABLE}
    for _, view in OURS:
        assert hasattr(view, "needs") or hasattr(view, "cls"), f"{view}: decorate it with kbsite.access.needs"


def test_every_operation_of_the_api_has_its_line():
    for route, view in OURS:
        if hasattr(view, "actions"):
            names = set(view.cls.http_method_names) - {"head"}
            assert {name.upper() for name in view.actions if name in names} == {
                method for method, of in API if of == route
            }, route


def test_what_has_no_line_is_no_operation(site):
    """A page takes GET and POST only where the table says who may; every other method nowhere."""
    client = Client()
    client.force_login(site.people["administrator"])
    for route, view in OURS:
        if hasattr(view, "view_class"):
            continue  # Django's own, to sign in: they take PUT for POST, and send the signed-in home whatever they ask
        for method in METHODS - {method for method, of in TABLE if of == route}:
            with transaction.atomic():
                status = getattr(client, method.lower())(address(route, site)).status_code
                transaction.set_rollback(True)
            assert status == 405, (method, route)


def test_what_leads_nowhere_below_the_api_leads_nobody_anywhere(site):
    for person in site.people.values():
        client = Client()
        if person:
            client.force_login(person)
        assert client.get("/api/v1/nothing/").status_code == 404


def test_the_administration_is_for_administrators(site):
    addresses = [
        "/" + re.sub(r"<[^>]+>", "1", route)
        for route, _ in routes()
        if route.startswith("admin/") and "(?P" not in route and not re.search(r"log(in|out)/|jsi18n", route)
    ]
    assert len(addresses) > 5
    for name, person in site.people.items():
        client = Client()
        if person:
            client.force_login(person)
        for each in addresses:
            is_sent_away = client.get(each).get("Location", "").startswith("/admin/login/")
            assert is_sent_away == (name != "administrator"), (name, each)


# --- what pages show ------------------------------------------------------------------------------------------


class Controls(HTMLParser):
    """The links and forms of a page, as (method, address)."""

    def __init__(self, here: str, page: str) -> None:
        super().__init__()
        self.here, self.found = here, set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.found.add(("GET", str(given["href"])))
        if tag == "form" and given.get("method") != "dialog":
            self.found.add((str(given.get("method") or "get").upper(), given.get("action") or self.here))


def mirrored(who: str) -> str:
    """The marks for the other list: who works here works elsewhere there."""
    return who[:2] + who[3] + who[2] + who[5] + who[4] + who[6:]


@pytest.mark.parametrize("route", [route for method, route in PAGES if method == "GET"])
def test_no_page_offers_what_would_be_refused(site, route):
    who = TABLE["GET", route][0]
    for column, (name, person) in enumerate(site.people.items()):
        if who[column] == "-":
            continue
        client = Client()
        if person:
            client.force_login(person)
        response = client.get(address(route, site))
        if response.status_code != 200 or "html" not in response["Content-Type"]:
            continue
        for method, where in Controls(response.wsgi_request.path, response.content.decode()).found:
            path = urlsplit(where).path
            if urlsplit(where).netloc or not path.startswith("/"):
                continue
            try:
                asked = resolve(path).route
            except Resolver404:
                continue  # a static file
            if asked.startswith("admin/"):
                assert name == "administrator"
                continue
            marks = TABLE[method, asked][0]
            marks = mirrored(marks) if path.startswith("/lists/other/") else marks
            assert marks[column] == "+", f"{name} is offered {method} {path} on {route}"


def test_those_who_may_are_offered_it(site):
    """The other way round, for what each role lives by."""
    wanted = {
        "curator": ["queue", "edit-entry"],
        "maintainer": ["queue", "list-settings", "people"],
    }
    for name, views in wanted.items():
        client = Client()
        client.force_login(site.people[name])
        page = client.get(reverse("list", args=["small"])).content.decode()
        for view in views:
            args = ["small", site.entry.pk] if view == "edit-entry" else ["small"]
            assert f'href="{reverse(view, args=args)}' in page, (name, view)
        topics = client.get("/topics/").content.decode()
        assert reverse("pull-topic", args=["kv-cache"]) in topics
        assert (reverse("edit-topic", args=["kv-cache"]) in topics) == (name == "maintainer")


def test_templates_ask_for_actions_that_there_are():
    """A template that asks for an unknown action hides its button from all, and says nothing."""
    text = "".join(template.read_text() for template in (ROOT / "kbsite/templates").rglob("*.html"))
    asked = set(re.findall(r"\bmay(?:_somewhere|_everywhere)?\.(\w+)", text))
    assert asked and asked <= {action.value for action in Action}
    assert "is_curator" not in text, "of which list? ask may.decide"


# --- the policy itself ----------------------------------------------------------------------------------------


def test_the_policy_names_every_action():
    assert set(LEAST) == set(Action)


def test_a_role_is_of_a_place(site):
    curator = site.people["curator"]
    assert may(curator, Action.DECIDE, "small") and may(curator, Action.DECIDE, SOME)
    assert not may(curator, Action.DECIDE, "other") and not may(curator, Action.DECIDE, ALL)
    assert may(site.people["curator of all"], Action.DECIDE, "other")


def test_the_higher_of_two_roles_counts(site):
    """Who curates all lists and maintains one does both."""
    person = make.make_user("both", role="curator")
    Membership.objects.create(user=person, list=site.other, role="maintainer")
    assert may(person, Action.SET_UP, "other") and may(person, Action.DECIDE, "small")
    assert not may(person, Action.SET_UP, "small")


def test_whose_account_is_off_may_only_read(site):
    person = site.people["maintainer of all"]
    person.is_active = False
    assert may(person, Action.READ, "small") and not may(person, Action.DECIDE, "small")
    person.is_superuser = True
    assert not may(person, Action.DECIDE, "small")


def test_rights_cost_one_query(site, django_assert_num_queries):
    person = site.people["curator"]
    with django_assert_num_queries(1):
        assert [may(person, Action.DECIDE, place) for place in ("small", "other", ALL, SOME)] == [
            True,
            False,
            False,
            True,
        ]


def test_where_things_belong(site):
    assert place_of(site.rejected) == place_of(site.topic) == place_of(site.run) == place_of(site.finding) == "small"
    assert place_of(make.make_topic()) == place_of(make.make_run()) == ALL, "of no list"
    assert place_of(make.make_run(kind="train", subject="other")) == "other"
    assert place_of(make.make_run(kind="embed", subject="other")) == ALL


def test_what_belongs_to_no_list_is_for_those_of_all(site):
    loose = make.make_topic("loose")
    for name, allowed in (("curator", False), ("maintainer", False), ("curator of all", True)):
        client = Client()
        client.force_login(site.people[name])
        assert (client.post(reverse("pull-topic", args=[loose.slug])).status_code != 403) == allowed, name
        run = make.make_run(topic=loose)
        assert (client.post(reverse("repeat-run", args=[run.pk])).status_code != 403) == allowed, name


def test_a_topic_does_not_leave_for_a_list_of_others(site):
    person = site.people["maintainer"]
    by_api, page = client_of(person), Client()
    page.force_login(person)
    for wanted in ("other", None):
        assert by_api.patch("/api/v1/topics/kv-cache/", {"list": wanted}).status_code == 403
        made = {"slug": "new", "source": "hf_daily"} | ({"list": wanted} if wanted else {})
        assert by_api.post("/api/v1/topics/", made).status_code == 403
    form = {"source": "arxiv", "query": "all:cache", "schedule": "daily", "slug": "kv-cache", "list": site.other.pk}
    assert page.post(reverse("edit-topic", args=["kv-cache"]), form).status_code == 422
    assert page.post(reverse("edit-topic", args=["kv-cache"]), form | {"list": ""}).status_code == 422
    assert page.post(reverse("edit-topic", args=["kv-cache"]), form | {"list": site.list.pk}).status_code == 302
    site.topic.refresh_from_db()
    assert site.topic.list == site.list


def test_the_refusal_says_who_may(site):
    client = Client()
    client.force_login(site.people["curator elsewhere"])
    page = client.get(reverse("queue", args=["small"])).content.decode()
    assert "Only curators of the list “small” may do this." in page and "You are signed in as other-curator" in page
    answer = client_of(site.people["curator elsewhere"]).post(f"/api/v1/decisions/{site.rejected.pk}/undo/")
    assert answer.json()["detail"] == "Only curators of the list “small” may do this."


def test_roles_are_in_their_order():
    assert [*Role] == sorted(Role) and "+" * len(PEOPLE) == ANYONE
