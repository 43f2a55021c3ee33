"""The addresses of this app."""

from django.urls import URLPattern

app_name = "orgs"
urlpatterns: list[URLPattern] = []
