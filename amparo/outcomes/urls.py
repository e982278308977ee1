from __future__ import annotations

from django.urls import path

from amparo.outcomes import views

app_name = "outcomes"
urlpatterns = [
    path("", views.board_list, name="board_list"),
    path("<uuid:case>/", views.board, name="board"),
    path("<uuid:case>/figures.csv", views.figures_csv, name="figures_csv"),
    path("<uuid:case>/figure/<slug:key>/", views.figure, name="figure"),
    path("package/<uuid:package>/record/", views.record, name="record"),
    path("reply/<uuid:reply>/", views.reply, name="reply"),
    path("reply/<uuid:reply>/settle/", views.settle, name="settle"),
]
