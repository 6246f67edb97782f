"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from kbsite.views import (
    account,
    classifier,
    dashboard,
    entries,
    export,
    findings,
    health,
    languages,
    list_settings,
    lists,
    new_list,
    papers,
    queue,
    runs,
)

urlpatterns = [
    path("", dashboard.home, name="home"),
    path("papers/", papers.index, name="papers"),
    path("papers/<int:pk>/", papers.detail, name="paper"),
    path("lists/new/", new_list.show, name="new-list"),  # so no list is called "new"
    path("lists/<slug:slug>/", lists.detail, name="list"),
    path("lists/<slug:slug>/queue/", queue.show, name="queue"),
    path("lists/<slug:slug>/queue/<int:paper_id>/", queue.decide, name="decide"),
    path("lists/<slug:slug>/history/", lists.history, name="history"),
    path("lists/<slug:slug>/entries/<int:pk>/", entries.edit, name="edit-entry"),
    path("lists/<slug:slug>/export/", export.show, name="export"),
    path("lists/<slug:slug>/export/patch/", export.patch, name="patch"),
    path("lists/<slug:slug>/export/list.toml", export.settings, name="list-toml"),
    path("lists/<slug:slug>/export/<str:language>/<str:form>/", export.download, name="download"),
    path("lists/<slug:slug>/findings/", findings.index, name="findings"),
    path("lists/<slug:slug>/findings/<int:pk>/", findings.settle, name="settle-finding"),
    path("lists/<slug:slug>/languages/", languages.show, name="languages"),
    path("lists/<slug:slug>/languages/in-step/", languages.bring_in_step, name="bring-in-step"),
    path("lists/<slug:slug>/languages/confirm/", languages.confirm, name="confirm-translation"),
    path("lists/<slug:slug>/languages/create/", languages.create, name="create-language"),
    path("lists/<slug:slug>/languages/<str:language>/words/", languages.words, name="glossary"),
    path("lists/<slug:slug>/languages/<str:language>/words/say/", languages.say, name="say-words"),
    path("lists/<slug:slug>/settings/", list_settings.edit, name="list-settings"),
    path("lists/<slug:slug>/classifier/", classifier.show, name="classifier"),
    path("decisions/<int:pk>/undo/", queue.undo, name="undo"),
    path("runs/", runs.index, name="runs"),
    path("runs/<int:pk>/", runs.detail, name="run"),
    path("sign-in/", auth.LoginView.as_view(redirect_authenticated_user=True), name="sign-in"),
    path("sign-out/", auth.LogoutView.as_view(), name="sign-out"),
    path("account/", account.show, name="account"),
    path("api/v1/", include("kbsite.api.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
]
