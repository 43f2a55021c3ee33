"""The addresses of this app."""

from django.urls import path

from zhiqiao.needs.views import steps, workbench

app_name = "needs"

_workbench = [
    path("workbench/", workbench.inbox, name="inbox"),
    path("workbench/needs/", workbench.register, name="register"),
    path("workbench/needs/export/", workbench.export, name="export"),
    path("workbench/needs/bulk/", workbench.bulk, name="bulk"),
    path("workbench/needs/<int:pk>/", workbench.detail, name="detail"),
    path("workbench/needs/<int:pk>/finder/", workbench.finder, name="finder"),
    path("workbench/needs/<int:pk>/do/<slug:step>/", steps.step, name="step"),
    path("workbench/needs/<int:pk>/sheet/", workbench.sheet, name="sheet"),
    path("workbench/needs/<int:pk>/meeting.ics", workbench.meeting_calendar, name="calendar"),
    path("workbench/needs/<int:pk>/files/<int:file_pk>/", workbench.file, name="file"),
]

urlpatterns = [*_workbench]
