"""Every address of the API, version 1."""

from django.urls import path, re_path
from rest_framework.routers import DefaultRouter

from kbsite.api import (
    acts,
    dashboard,
    docs,
    entries,
    fieldmap,
    findings,
    heads,
    languages,
    lists,
    opinions,
    papers,
    parked,
    people,
    progress,
    proposals,
    reading,
    reviews,
    runs,
    savedviews,
    searches,
    settings,
    topics,
)
from kbsite.api.base import Unknown

app_name = "api"

router = DefaultRouter(use_regex_path=False)
router.include_format_suffixes = False
router.register("lists", lists.PaperListViewSet, "list")
router.register("categories", lists.CategoryViewSet, "category")
router.register("entries", entries.EntryViewSet, "entry")
router.register("findings", findings.FindingViewSet, "finding")
router.register("papers", papers.PaperViewSet, "paper")
router.register("suggestions", reviews.SuggestionViewSet, "suggestion")
router.register("views", savedviews.SavedViewViewSet, "view")
router.register("decisions", reviews.DecisionViewSet, "decision")
router.register("opinions", opinions.OpinionViewSet, "opinion")
router.register("proposals", proposals.ProposalViewSet, "proposal")
router.register("acts", acts.ActViewSet, "act")
router.register("heads", heads.HeadViewSet, "head")
router.register("topics", topics.TopicViewSet, "topic")
router.register("runs", runs.RunViewSet, "run")
router.register("parked", parked.ParkedViewSet, "parked")
router.register("memberships", people.MembershipViewSet, "membership")
router.register("searches", searches.SavedSearchViewSet, "search")
router.register("reading", reading.ReadingViewSet, "reading")
router.register("seen", reading.SeenViewSet, "seen")
router.register("invitations", people.InvitationViewSet, "invitation")

urlpatterns = [
    *router.urls,
    path("lists/<slug:slug>/dashboard/", dashboard.DashboardView.as_view(), name="list-dashboard"),
    path("lists/<slug:slug>/progress/", progress.ProgressView.as_view(), name="list-progress"),
    path("lists/<slug:slug>/map/", fieldmap.FieldMapView.as_view(), name="list-map"),
    path(
        "lists/<slug:slug>/languages/",
        languages.LanguageViewSet.as_view({"get": "show", "post": "create"}),
        name="list-languages",
    ),
    path(
        "lists/<slug:slug>/languages/<slug:language>/in-step/",
        languages.LanguageViewSet.as_view({"post": "bring_in_step"}),
        name="list-in-step",
    ),
    path(
        "lists/<slug:slug>/languages/<slug:language>/words/",
        languages.LanguageViewSet.as_view({"get": "words", "patch": "say"}),
        name="list-words",
    ),
    path(
        "lists/<slug:slug>/settings/",
        settings.SettingsViewSet.as_view({"get": "show", "patch": "partial_update"}),
        name="list-settings",
    ),
    path("schema/", docs.SchemaView.as_view(), name="schema"),
    path("docs/", docs.SwaggerView.as_view(), name="docs"),
    path("redoc/", docs.RedocView.as_view(), name="redoc"),
    re_path(r"^", Unknown.as_view(), name="unknown"),
]
