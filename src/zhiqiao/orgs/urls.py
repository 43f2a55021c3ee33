"""The addresses of this app."""

from django.urls import path

from zhiqiao.orgs import views
from zhiqiao.orgs.views import calendar, deputies

app_name = "orgs"
urlpatterns = [
    path("workbench/organisations/", views.organisations, name="list"),
    path("workbench/organisations/<int:pk>/", views.organisation, name="detail"),
    path("workbench/organisations/<int:pk>/add/", views.add, name="add"),
    path("workbench/organisations/<int:pk>/people/", views.grant, name="grant"),
    path("workbench/organisations/<int:pk>/people/new/", views.person_new, name="person_new"),
    path("workbench/organisations/<int:pk>/calendar/", calendar.calendar, name="calendar"),
    path("workbench/grants/<int:pk>/deputies/", deputies.deputies, name="deputies"),
    path("workbench/grants/<int:pk>/revoke/", views.revoke, name="revoke"),
    path("workbench/people/<int:pk>/disable/", views.disable, name="disable"),
    path("workbench/people/<int:pk>/enable/", views.enable, name="enable"),
    path("workbench/people/<int:pk>/link/", views.new_link, name="new_link"),
    path("account/<slug:uid>/<slug:token>/", views.set_password, name="set_password"),
]
