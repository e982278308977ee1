from __future__ import annotations

from django.urls import path

from amparo.victims import views

app_name = "victims"
urlpatterns = [
    path("", views.list_series, name="list"),
    path("case/<uuid:case>/", views.of_case, name="case"),
    path("case/<uuid:case>/open/", views.open_series, name="open"),
    path("<uuid:series>/", views.series, name="series"),
    path("<uuid:series>/items/", views.add_items, name="add_items"),
    path("<uuid:series>/move/", views.move, name="move"),
    path("<uuid:series>/known-elsewhere/", views.answer_known_elsewhere, name="known_elsewhere"),
    path("<uuid:series>/place/", views.state_place, name="place"),
    path("<uuid:series>/clues/", views.add_clue, name="add_clue"),
    path("<uuid:series>/owner/", views.set_owner, name="owner"),
]
