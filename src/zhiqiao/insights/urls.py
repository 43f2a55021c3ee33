"""The addresses of this app."""

from django.urls import path

from zhiqiao.insights import views

app_name = "insights"
urlpatterns = [
    path("dashboard/", views.dashboard, name="dashboard"),
    path("dashboard/figures/<slug:name>/", views.figure, name="figure"),
    path("dashboard/figures/<slug:name>/export/", views.export, name="export"),
]
