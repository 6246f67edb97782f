"""Who may do what, a line for every operation of the site: `test_permissions.py` holds the site to it.

A new route needs a line here, or the test fails. A line reads

    ("POST", "the route as urls.py writes it"): (WHO, status for those who may, what to send)

WHO has a mark for each of PEOPLE, who look at the objects of the list “small”: `+` may, `-` may not. Who may not is sent
to sign-in (pages) or told 401 (API) when anonymous, else told 403. Numbers in addresses are filled in from the world
of the test (`test_permissions.world`), by the word before them: `runs/<int:pk>/` is the world's run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PEOPLE = (
    "anonymous",
    "submitter",  # signed in, no more
    "curator",  # of this list
    "curator elsewhere",  # of another list
    "maintainer",
    "maintainer elsewhere",
    "curator of all",
    "maintainer of all",
    "administrator",
)

ANYONE = "+++++++++"
SIGNED_IN = "-++++++++"
CURATORS = "--+-+-+++"  # of this list or of all
MAINTAINERS = "----+--++"
CURATORS_OF_ALL = "------+++"
MAINTAINERS_OF_ALL = "-------++"
SOME_CURATORS = "--+++++++"  # of any list
SOME_MAINTAINERS = "----++-++"  # of any list
ADMINISTRATORS = "--------+"

ITS_OWNER = (200, 404)  # the administrator's own, in the world of the test; test_readers.py tells owners from others
OR_HOME = (200, 302)  # whoever is signed in goes on to the first page

L = "lists/<slug:slug>/"
A = "api/v1/"
DEFER = {"list": "small", "kind": "defer", "until": "2999-01-01"}
BULK = {"kind": "reject"}
PLACE = {"list": "small", "category": "surveys"}
NEW_LIST = {"name": "Fresh", "languages": [{"code": "en"}], "categories": [{"words": {"en": {"name": "Caches"}}}]}
INVITE = {"email": "new@example.org", "role": "curator"}

Status = int | tuple[int, ...]
Sent = dict[str, Any] | Callable[[Any], dict[str, Any]]  # what to send, or a function of the world
Line = tuple[str, Status] | tuple[str, Status, Sent]

PAGES: dict[tuple[str, str], Line] = {
    ("POST", "language/"): (ANYONE, 302, {"language": "zh-hans"}),
    ("GET", ""): (ANYONE, 200),
    ("GET", "healthz"): (ANYONE, 200),
    ("GET", "papers/"): (ANYONE, 200),
    ("GET", "papers/<int:pk>/"): (ANYONE, 200),
    ("GET", "papers/<int:pk>.md"): (ANYONE, 200),
    ("GET", "papers/<int:pk>/cite/<str:form>/"): (ANYONE, 200),
    ("GET", "arxiv/<path:number>"): (ANYONE, 301),
    ("GET", "doi/<path:number>"): (ANYONE, 301),
    ("GET", "llms.txt"): (ANYONE, 200),
    ("GET", "papers.<str:ending>"): (ANYONE, 200),
    ("GET", "papers/facets/<slug:name>/"): (ANYONE, 200),
    ("GET", "papers/complete/"): (ANYONE, 200),
    ("GET", "lists/new/"): (MAINTAINERS_OF_ALL, 200),
    ("POST", "lists/new/"): (MAINTAINERS_OF_ALL, 422, {}),
    ("GET", L): (ANYONE, 200),
    ("GET", "lists/<slug:slug>.md"): (ANYONE, 302),  # to its README
    ("GET", L + "figures/<slug:name>.csv"): (ANYONE, 200),
    ("GET", L + "queue/"): (CURATORS, 200),
    ("GET", L + "queue/<int:paper_id>/"): (CURATORS, 302),
    ("POST", L + "queue/<int:paper_id>/"): (CURATORS, 302, {"reject": "off-topic"}),
    ("GET", L + "queue/moved/"): (CURATORS, 204),
    ("GET", L + "queue/disagreements/"): (CURATORS, 200),
    ("POST", L + "queue/<int:paper_id>/settle/"): (CURATORS, 302, {"opinion": "1"}),
    ("POST", L + "queue/<int:paper_id>/take-back/"): (CURATORS, 302, {}),  # one's own
    ("GET", L + "queue/progress/"): (ANYONE, 200),
    ("GET", L + "queue/bulk/"): (CURATORS, 200),
    ("POST", L + "queue/bulk/"): (CURATORS, 302, lambda world: {"papers": str(world.waiting[0].pk), "do": "reject"}),
    ("GET", L + "queue/views/"): (CURATORS, 200),
    ("POST", L + "queue/views/"): (CURATORS, 302, {"name": "Mine"}),
    ("POST", L + "queue/views/<int:pk>/"): (CURATORS, 302, {"delete": "1"}),  # it is shared
    ("GET", L + "criteria/<slug:key>/"): (CURATORS, 302),
    ("POST", L + "criteria/<slug:key>/"): (CURATORS, 302, {"criterion": "Caches."}),
    ("GET", L + "add/"): (CURATORS, 200),
    ("POST", L + "add/"): (CURATORS, 200, {"text": "2612.00001"}),
    ("POST", L + "add/switch/"): (CURATORS, 302, {"open": "1"}),
    ("GET", L + "propose/"): (ANYONE, 200),
    ("POST", L + "propose/"): (ANYONE, 422, {}),
    ("GET", "proposals/confirm/<str:token>/"): (ANYONE, 410),
    ("POST", "proposals/confirm/<str:token>/"): (ANYONE, 410, {}),
    ("GET", "proposals/<uuid:key>/"): (ANYONE, 200),
    ("GET", L + "map/"): (ANYONE, 200),
    ("GET", L + "map/points/"): (ANYONE, 404),  # no paper has a place
    ("GET", L + "map/titles/"): (ANYONE, 404),
    ("GET", L + "map/found/"): (ANYONE, 200),
    ("GET", L + "history/"): (ANYONE, 200),
    ("GET", L + "history/export.<str:form>"): (ANYONE, 200),
    ("GET", "acts/<int:pk>/undo/"): (CURATORS, 200),
    ("POST", "acts/<int:pk>/undo/"): (CURATORS, 302, {}),
    ("POST", L + "arrange/"): (CURATORS, 302, lambda world: {"down": world.entry.pk}),
    ("GET", L + "entries/<int:pk>/"): (CURATORS, 200),
    ("POST", L + "entries/<int:pk>/"): (CURATORS, 302, {"remove": "1"}),
    ("GET", L + "export/"): (ANYONE, 200),
    ("GET", L + "export/patch/"): (ANYONE, 404),  # nothing to publish
    ("GET", L + "export/list.toml"): (ANYONE, 200),
    ("GET", L + "export/<str:language>/<str:form>/"): (ANYONE, 200),
    ("GET", L + "findings/"): (ANYONE, 200),
    ("POST", L + "findings/<int:pk>/"): (CURATORS, 302, {"choice": "here"}),
    ("GET", L + "languages/"): (ANYONE, 200),
    ("POST", L + "languages/in-step/"): (CURATORS, 302, {"language": "zh"}),
    ("POST", L + "languages/confirm/"): (CURATORS, 302, lambda world: {"text": world.entry.texts.first().pk}),
    ("POST", L + "languages/create/"): (MAINTAINERS, 302, {"language": "fr", "path": "README_FR.md"}),
    ("GET", L + "languages/<str:language>/words/"): (ANYONE, 200),
    ("POST", L + "languages/<str:language>/words/say/"): (CURATORS, 302, {"term": "a", "own": "b"}),
    ("GET", L + "settings/"): (MAINTAINERS, 200),
    ("POST", L + "settings/"): (MAINTAINERS, 302, {"orders": "1"}),
    ("GET", L + "classifier/"): (ANYONE, 200),
    ("POST", L + "classifier/<int:version>/roll-back/"): (MAINTAINERS, 302, {}),
    ("GET", L + "people/"): (MAINTAINERS, 200),
    ("POST", L + "people/"): (MAINTAINERS, 302, INVITE | {"invite": "1"}),
    ("POST", "decisions/<int:pk>/undo/"): (CURATORS, 302, {}),
    ("GET", "decisions/<int:pk>/undo/"): (CURATORS, 302),
    ("GET", "runs/"): (ANYONE, 200),
    ("GET", "runs/<int:pk>/"): (ANYONE, 200),
    ("POST", "runs/<int:pk>/cancel/"): (CURATORS, 302, {}),
    ("POST", "runs/<int:pk>/again/"): (CURATORS, 302, {}),
    ("GET", "runs/parked/"): (ANYONE, 200),
    ("POST", "runs/parked/replay/"): (CURATORS_OF_ALL, 302, {"all": "1"}),
    ("GET", "topics/"): (ANYONE, 200),
    ("GET", "topics/new/"): (SOME_MAINTAINERS, 200),
    ("POST", "topics/new/"): (SOME_MAINTAINERS, 422, {}),
    ("GET", "topics/<slug:slug>/edit/"): (MAINTAINERS, 200),
    ("POST", "topics/<slug:slug>/edit/"): (MAINTAINERS, 422, {}),
    ("POST", "topics/<slug:slug>/remove/"): (MAINTAINERS, 302, {}),
    ("POST", "topics/<slug:slug>/switch/"): (MAINTAINERS, 302, {"enabled": "0"}),
    ("POST", "topics/<slug:slug>/pull/"): (CURATORS, 302, {}),
    ("POST", "topics/<slug:slug>/try/"): (CURATORS, 302, {}),
    ("GET", "topics/<slug:slug>/asked/"): (ANYONE, 302),  # to its run
    ("GET", "account/"): (SIGNED_IN, 200),
    ("POST", "account/"): (SIGNED_IN, 200, {"name": "laptop"}),
    ("POST", "account/seen/"): (SIGNED_IN, 302, {"remember": "1"}),
    ("POST", "papers/<int:pk>/mark/"): (SIGNED_IN, 302, {"state": "to-read"}),
    ("GET", "reading/"): (SIGNED_IN, 200),
    ("GET", "reading/export/<str:form>/"): (SIGNED_IN, 200),
    ("GET", "searches/"): (SIGNED_IN, 200),
    ("POST", "searches/"): (SIGNED_IN, 302, {}),
    ("GET", "searches/<int:pk>/"): (SIGNED_IN, ITS_OWNER),
    ("POST", "searches/<int:pk>/"): (SIGNED_IN, (302, 404), {"renew": "1"}),
    ("GET", "searches/feed/<str:secret>/"): (ANYONE, 404),  # by who knows the secret
    ("GET", "people/"): (MAINTAINERS_OF_ALL, 200),
    ("POST", "people/"): (MAINTAINERS_OF_ALL, 302, INVITE | {"invite": "1"}),
    ("GET", "join/<str:secret>/"): (ANYONE, 200),
    ("POST", "join/<str:secret>/"): (ANYONE, 302, {"name": "lin", "password": "correct horse battery"}),
    ("GET", "sign-in/"): (ANYONE, OR_HOME),
    ("POST", "sign-in/"): (ANYONE, OR_HOME, {}),
    ("POST", "sign-out/"): (ANYONE, 302, {}),
    ("GET", "password/"): (ANYONE, 200),
    ("POST", "password/"): (ANYONE, 302, {"email": "lin@example.org"}),
    ("GET", "password/asked/"): (ANYONE, 200),
    ("GET", "password/<uidb64>/<token>/"): (ANYONE, 200),
    ("POST", "password/<uidb64>/<token>/"): (ANYONE, 200, {}),
}

API: dict[tuple[str, str], Line] = {
    ("GET", A): (ANYONE, 200),
    ("GET", A + "schema/"): (ANYONE, 200),
    ("GET", A + "docs/"): (ANYONE, 200),
    ("GET", A + "redoc/"): (ANYONE, 200),
    ("GET", A + "lists/"): (ANYONE, 200),
    ("POST", A + "lists/"): (MAINTAINERS_OF_ALL, 201, NEW_LIST),
    ("GET", A + "lists/<slug:slug>/"): (ANYONE, 200),
    ("GET", A + "lists/<slug:slug>/diff/<slug:language>/"): (ANYONE, 200),
    ("GET", A + "lists/<slug:slug>/export/<slug:language>/<slug:form>/"): (ANYONE, 200),
    ("GET", A + "lists/<slug:slug>/dashboard/"): (ANYONE, 200),
    ("GET", A + "lists/<slug:slug>/progress/"): (ANYONE, 200),
    ("GET", A + "lists/<slug:slug>/map/"): (ANYONE, 200),
    ("POST", A + "lists/<slug:slug>/add/"): (CURATORS, 200, {"text": "2612.00001", "dry_run": True}),
    ("POST", A + "lists/<slug:slug>/takes-proposals/"): (CURATORS, 200, {"takes_proposals": False}),
    ("GET", A + "proposals/"): (SOME_CURATORS, 200),
    ("GET", A + "proposals/<uuid:key>/"): (ANYONE, 200),  # by who knows the key
    ("POST", A + "proposals/"): (ANYONE, 202, {"list": "small", "paper": "2612.00001", "email": "ada@example.org"}),
    ("POST", A + "proposals/confirm/"): (ANYONE, 404, {"token": "none"}),  # by who has the mail
    ("GET", A + "categories/"): (ANYONE, 200),
    ("GET", A + "categories/<int:pk>/"): (ANYONE, 200),
    ("PATCH", A + "categories/<int:pk>/"): (CURATORS, 200, {"criterion": "Caches."}),
    ("GET", A + "entries/"): (ANYONE, 200),
    ("GET", A + "entries/<int:pk>/"): (ANYONE, 200),
    ("POST", A + "entries/"): (CURATORS, 201, lambda world: PLACE | {"paper": world.entry.paper_id}),
    ("PATCH", A + "entries/<int:pk>/"): (CURATORS, 200, {"category": "surveys"}),
    ("DELETE", A + "entries/<int:pk>/"): (CURATORS, 204),
    ("POST", A + "entries/<int:pk>/reorder/"): (CURATORS, 200, {"after": None}),
    ("POST", A + "entries/move/"): (CURATORS, 200, lambda world: PLACE | {"entries": [world.entry.pk]}),
    ("POST", A + "entries/<int:pk>/confirm/"): (CURATORS, 200, {"language": "zh"}),
    ("GET", A + "findings/"): (ANYONE, 200),
    ("GET", A + "findings/<int:pk>/"): (ANYONE, 200),
    ("POST", A + "findings/<int:pk>/settle/"): (CURATORS, 200, {"choice": "here"}),
    ("GET", A + "lists/<slug:slug>/languages/"): (ANYONE, 200),
    ("POST", A + "lists/<slug:slug>/languages/"): (MAINTAINERS, 201, {"language": "fr", "path": "README_FR.md"}),
    ("POST", A + "lists/<slug:slug>/languages/<slug:language>/in-step/"): (CURATORS, 200),
    ("GET", A + "lists/<slug:slug>/languages/<slug:language>/words/"): (ANYONE, 200),
    ("PATCH", A + "lists/<slug:slug>/languages/<slug:language>/words/"): (CURATORS, 200, {"words": {"a": "b"}}),
    ("GET", A + "lists/<slug:slug>/settings/"): (MAINTAINERS, 200),
    ("PATCH", A + "lists/<slug:slug>/settings/"): (MAINTAINERS, 200, {"orders": {"surveys": "alphabetical"}}),
    ("GET", A + "papers/"): (ANYONE, 200),
    ("GET", A + "papers/<int:pk>/"): (ANYONE, 200),
    ("GET", A + "papers/<int:pk>/related/"): (ANYONE, 200),
    ("GET", A + "papers/<int:pk>/cite/"): (ANYONE, 200),
    ("GET", A + "papers/<int:pk>/history/"): (ANYONE, 200),
    ("GET", A + "papers/facets/"): (ANYONE, 200),
    ("GET", A + "papers/complete/"): (ANYONE, 200, {"q": "cache"}),
    ("GET", A + "papers/by-identifier/"): (ANYONE, 200, {"value": "2306.14048"}),
    ("GET", A + "suggestions/"): (ANYONE, 200),
    ("GET", A + "suggestions/<int:pk>/"): (ANYONE, 200),
    ("POST", A + "suggestions/next/"): (CURATORS, 200, {"list": "small"}),
    ("POST", A + "suggestions/<int:pk>/skip/"): (CURATORS, 204),
    ("GET", A + "views/"): (SOME_CURATORS, 200),
    ("POST", A + "views/"): (CURATORS, 201, {"list": "small", "name": "Mine", "words": {}}),
    ("GET", A + "views/<int:pk>/"): (CURATORS, 200),  # it is shared
    ("PATCH", A + "views/<int:pk>/"): (CURATORS, 200, {"name": "Other"}),
    ("DELETE", A + "views/<int:pk>/"): (CURATORS, 204),
    ("GET", A + "decisions/"): (ANYONE, 200),
    ("POST", A + "decisions/"): (CURATORS, 201, lambda world: DEFER | {"paper": world.waiting[0].pk}),
    ("GET", A + "decisions/<int:pk>/"): (ANYONE, 200),
    ("POST", A + "decisions/<int:pk>/undo/"): (CURATORS, 201),
    ("GET", A + "opinions/"): (SOME_CURATORS, 200),
    ("GET", A + "opinions/<int:pk>/"): (CURATORS, 200),
    ("DELETE", A + "opinions/<int:pk>/"): (CURATORS, 404),  # it is another one's
    ("POST", A + "opinions/<int:pk>/settle/"): (CURATORS, 200),
    ("POST", A + "lists/<slug:slug>/second-opinion/"): (MAINTAINERS, 200, {"second_opinion": True}),
    ("GET", A + "acts/"): (ANYONE, 200),
    ("GET", A + "acts/<int:pk>/"): (ANYONE, 200),
    ("POST", A + "acts/<int:pk>/undo/"): (CURATORS, 201),
    ("POST", A + "lists/<slug:slug>/bulk/"): (CURATORS, 200, lambda world: BULK | {"papers": [world.waiting[0].pk]}),
    ("GET", A + "heads/"): (ANYONE, 200),
    ("GET", A + "heads/<int:pk>/"): (ANYONE, 200),
    ("POST", A + "heads/<int:pk>/roll_back/"): (MAINTAINERS, 409),  # it is in use
    ("GET", A + "topics/"): (ANYONE, 200),
    ("POST", A + "topics/"): (MAINTAINERS, 201, {"slug": "new", "source": "hf_daily", "list": "small"}),
    ("GET", A + "topics/<slug:slug>/"): (ANYONE, 200),
    ("PATCH", A + "topics/<slug:slug>/"): (MAINTAINERS, 200, {"enabled": False}),
    ("DELETE", A + "topics/<slug:slug>/"): (MAINTAINERS, 204),
    ("POST", A + "topics/<slug:slug>/pull/"): (CURATORS, 202),
    ("POST", A + "topics/<slug:slug>/try/"): (CURATORS, 202),
    ("GET", A + "runs/"): (ANYONE, 200),
    ("GET", A + "runs/<int:pk>/"): (ANYONE, 200),
    ("POST", A + "runs/<int:pk>/cancel/"): (CURATORS, 409),  # it is over
    ("POST", A + "runs/<int:pk>/again/"): (CURATORS, 202),
    ("GET", A + "parked/"): (ANYONE, 200),
    ("POST", A + "parked/replay/"): (CURATORS_OF_ALL, 200),
    ("GET", A + "searches/"): (SIGNED_IN, 200),
    ("POST", A + "searches/"): (SIGNED_IN, 201, {"query": "q=other"}),
    ("GET", A + "searches/<int:pk>/"): (SIGNED_IN, ITS_OWNER),
    ("PATCH", A + "searches/<int:pk>/"): (SIGNED_IN, ITS_OWNER, {"name": "Other"}),
    ("DELETE", A + "searches/<int:pk>/"): (SIGNED_IN, (204, 404)),
    ("GET", A + "searches/<int:pk>/papers/"): (SIGNED_IN, ITS_OWNER),
    ("POST", A + "searches/<int:pk>/looked/"): (SIGNED_IN, (204, 404)),
    ("POST", A + "searches/<int:pk>/renew-feed/"): (SIGNED_IN, ITS_OWNER),
    ("GET", A + "reading/"): (SIGNED_IN, 200),
    ("POST", A + "reading/"): (SIGNED_IN, 201, lambda world: {"paper": world.waiting[0].pk}),
    ("GET", A + "reading/<int:pk>/"): (SIGNED_IN, ITS_OWNER),
    ("PATCH", A + "reading/<int:pk>/"): (SIGNED_IN, ITS_OWNER, {"state": "read"}),
    ("DELETE", A + "reading/<int:pk>/"): (SIGNED_IN, (204, 404)),
    ("GET", A + "reading/export/"): (SIGNED_IN, 200),
    ("GET", A + "seen/"): (SIGNED_IN, 200),
    ("POST", A + "seen/"): (SIGNED_IN, 200, lambda world: {"papers": [world.waiting[0].pk]}),
    ("GET", A + "seen/<int:pk>/"): (SIGNED_IN, ITS_OWNER),
    ("DELETE", A + "seen/<int:pk>/"): (SIGNED_IN, (204, 404)),
    ("POST", A + "seen/forget/"): (SIGNED_IN, 200),
    ("GET", A + "seen/remembering/"): (SIGNED_IN, 200),
    ("PATCH", A + "seen/remembering/"): (SIGNED_IN, 200, {"remembers_seen": True}),
    ("GET", A + "memberships/"): (SOME_MAINTAINERS, 200),
    ("GET", A + "memberships/<int:pk>/"): (MAINTAINERS, 200),
    ("PATCH", A + "memberships/<int:pk>/"): (MAINTAINERS, 200, {"role": "maintainer"}),
    ("DELETE", A + "memberships/<int:pk>/"): (MAINTAINERS, 204),
    ("GET", A + "invitations/"): (SOME_MAINTAINERS, 200),
    ("POST", A + "invitations/"): (MAINTAINERS, 201, INVITE | {"list": "small"}),
    ("GET", A + "invitations/<int:pk>/"): (MAINTAINERS, 200),
    ("DELETE", A + "invitations/<int:pk>/"): (MAINTAINERS, 204),
    ("POST", A + "invitations/<int:pk>/resend/"): (MAINTAINERS, 200),
    ("POST", A + "invitations/accept/"): (SIGNED_IN, 201, lambda world: {"secret": world.secret}),
}
