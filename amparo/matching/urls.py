from __future__ import annotations

from django.urls import path

from amparo.matching import views

app_name = "matching"
urlpatterns = [
    path("", views.lists, name="lists"),
    path("import/", views.import_list, name="import"),
    path("<uuid:hash_list>/", views.hash_list, name="list"),
    path("<uuid:hash_list>/progress/", views.progress, name="progress"),
    path("<uuid:hash_list>/stop/", views.stop, name="stop"),
    path("<uuid:hash_list>/withdraw/", views.withdraw, name="withdraw"),
]
