from __future__ import annotations

from django.urls import path

from amparo.viewing import views

app_name = "viewing"
urlpatterns = [
    path("what-i-have-seen/", views.exposures, name="exposures"),
    path("style/", views.style, name="style"),
]
