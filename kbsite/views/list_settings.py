"""What maintainers fix of a list: the order of each section's rows, what its columns tell, and how many decide."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from kbsite import toast
from kbsite.access import Action, named, needs
from papers import acts, cards, columnroles, listsettings
from papers.models import Act, Order, PaperList
from papers.readme import placement
from papers.readme.reading import ImportReport
from papers.readme.roles import Role


@needs(Action.SET_UP, named)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what was found and what is fixed; POST saves either form."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    if "orders" in request.POST:
        orders = {key: order for name, order in request.POST.items() if (key := name.removeprefix("order-")) != name}
        with acts.act(paper_list, request.user, Act.Kind.SETTINGS) as act:  # type: ignore[arg-type]
            listsettings.fix_orders(paper_list, orders, request.user)  # type: ignore[arg-type]
        toast.done(request, _("Saved. New rows go where these orders want them."), act)
        return redirect("list-settings", slug)
    if "opinions" in request.POST:
        with acts.act(paper_list, request.user, Act.Kind.SETTINGS) as act:  # type: ignore[arg-type]
            listsettings.want_second_opinion(paper_list, "second-opinion" in request.POST, request.user)  # type: ignore[arg-type]
        toast.done(request, _told_opinions(paper_list), act)
        return redirect("list-settings", slug)
    if "columns" not in request.POST:
        return _page(request, paper_list)
    chosen = _chosen(request)
    try:
        with acts.act(paper_list, request.user, Act.Kind.SETTINGS) as act:  # type: ignore[arg-type]
            reports = columnroles.fix(paper_list, chosen, request.user)  # type: ignore[arg-type]
    except columnroles.WrongColumns as problem:
        return _page(request, paper_list, chosen, str(problem), HTTPStatus.UNPROCESSABLE_ENTITY)
    toast.done(request, " ".join(map(_told, reports)), act)
    return redirect("list-settings", slug)


def _told_opinions(paper_list: PaperList) -> str:
    if paper_list.second_opinion:
        return _("Saved. From now on two curators look at each paper.")
    return _("Saved. From now on one curator decides a paper.")


def _chosen(request: HttpRequest) -> dict[str, str]:
    """The role chosen for each header; headers are values of the form, since a name might hold anything."""
    pairs = zip(request.POST.getlist("header"), request.POST.getlist("role"), strict=False)
    return {header: role for header, role in pairs if role}


def _told(report: ImportReport) -> str:
    counts = {"path": report.path, "n": report.read_anew, "more": report.added, "less": report.removed}
    if report.added or report.removed:
        words = ngettext(
            "%(path)s: %(n)d row is read otherwise now, %(more)d more and %(less)d fewer are entries.",
            "%(path)s: %(n)d rows are read otherwise now, %(more)d more and %(less)d fewer are entries.",
            report.read_anew,
        )
        return words % counts
    words = ngettext(
        "%(path)s: %(n)d row is read otherwise now.", "%(path)s: %(n)d rows are read otherwise now.", report.read_anew
    )
    return words % counts


def _page(
    request: HttpRequest,
    paper_list: PaperList,
    chosen: dict[str, str] | None = None,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    primary = paper_list.documents.filter(is_primary=True).first()
    detected = placement.detected(primary) if primary else {}
    columns = columnroles.found(paper_list)
    context = {
        "list": paper_list,
        "orders": [
            (category, Order(detected.get(category.pk, Order.NONE)).label) for category in cards.categories(paper_list)
        ],
        "choices": Order.choices,
        "columns": [(each, each.fixed if chosen is None else chosen.get(each.header, "")) for each in columns],
        "roles": [role.value for role in Role],
        "problem": problem,
    }
    return render(request, "kbsite/list/settings.html", context, status=status)
