"""The addresses of this app."""

from django.urls import path

from zhiqiao.directory.views import availability, enterprises, experts, identity, leave, outputs, ranking

app_name = "directory"
urlpatterns = [
    path("workbench/experts/", experts.experts, name="experts"),
    path("workbench/experts/new/", experts.new, name="expert_new"),
    path("workbench/experts/same/", identity.pairs, name="expert_pairs"),
    path("workbench/experts/<int:pk>/", experts.expert, name="expert"),
    path("workbench/experts/<int:pk>/identity/", identity.person, name="expert_identity"),
    path("workbench/experts/<int:pk>/leave/", leave.leave, name="expert_leave"),
    path("workbench/experts/<int:pk>/ties/", leave.ties, name="expert_ties"),
    path("workbench/experts/<int:pk>/edit/", experts.edit, name="expert_edit"),
    path("workbench/enterprises/", enterprises.enterprises, name="enterprises"),
    path("workbench/enterprises/new/", enterprises.new, name="enterprise_new"),
    path("workbench/enterprises/<int:pk>/", enterprises.enterprise, name="enterprise"),
    path("workbench/outputs/", outputs.outputs, name="outputs"),
    path("workbench/outputs/new/", outputs.new, name="output_new"),
    path("workbench/outputs/<int:pk>/", outputs.output, name="output"),
    path("workbench/outputs/<int:pk>/edit/", outputs.edit, name="output_edit"),
    path("workbench/ranking/", ranking.weights, name="ranking"),
    path("my/availability/", availability.availability, name="availability"),
    path("my/leave/", leave.my_leave, name="my_leave"),
    path("my/ties/", leave.my_ties, name="my_ties"),
]
