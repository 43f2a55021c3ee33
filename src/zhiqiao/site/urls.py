"""The addresses of the site."""

from django.urls import include, path

from zhiqiao.kit.web.styleguide import styleguide
from zhiqiao.site import views

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
    path("", include("zhiqiao.needs.urls")),
    path("", include("zhiqiao.directory.urls")),
    path("", include("zhiqiao.orgs.urls")),
    path("", include("zhiqiao.insights.urls")),
]
