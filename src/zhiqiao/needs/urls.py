"""The addresses of this app."""

from django.urls import path

from zhiqiao.needs.views import asking, links, mine, portal, steps, workbench

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

_portal = [
    path("find/", portal.find, name="find"),
    path("needs/", portal.published_needs, name="published"),
    path("needs/<int:pk>/", portal.published_need, name="published_detail"),
    path("ask/", asking.ask, name="ask"),
    path("ask/<int:pk>/", asking.draft, name="draft"),
    path("my/needs/", mine.mine, name="mine"),
    path("my/needs/<int:pk>/", mine.mine_detail, name="mine_detail"),
    path("l/i/<str:token>/", links.answer, name="answer"),
    path("l/i/<str:token>/meeting.ics", links.answer_calendar, name="link_calendar"),
    path("l/n/<str:token>/", links.follow, name="follow"),
    path("l/n/<str:token>/meeting.ics", links.follow_calendar, name="follow_calendar"),
]

urlpatterns = [*_portal, *_workbench]
