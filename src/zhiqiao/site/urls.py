"""The addresses of the site."""

from django.urls import include, path

from zhiqiao.kit.web.styleguide import styleguide
from zhiqiao.site import import_views, views
from zhiqiao.site.audit_page import audit_page
from zhiqiao.site.search import search, suggest

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.sign_in, name="login"),
    path("logout/", views.sign_out, name="logout"),
    path("preferences/", views.preferences, name="preferences"),
    path("healthz", views.health, name="health"),
    path("styleguide/", styleguide, name="styleguide"),
    path("me/", views.me, name="me"),
    path("me/password/", views.password, name="password"),
    path("me/notices/", views.notices, name="notices"),
    path("me/notices/<int:pk>/", views.notice, name="notice"),
    path("me/drafts/<slug:form>/", views.draft, name="draft"),
    path("workbench/search/", search, name="search"),
    path("workbench/search/suggest/", suggest, name="suggest"),
    path("workbench/audit/", audit_page, name="audit"),
    path("workbench/import/", import_views.index, name="imports"),
    path("workbench/import/<slug:ledger>/", import_views.upload, name="import"),
    path("workbench/import/<slug:ledger>/template.xlsx", import_views.blank, name="import_template"),
    path("workbench/import/<slug:ledger>/errors.xlsx", import_views.errors, name="import_errors"),
    path("", include("zhiqiao.needs.urls")),
    path("", include("zhiqiao.directory.urls")),
    path("", include("zhiqiao.orgs.urls")),
    path("", include("zhiqiao.insights.urls")),
]
