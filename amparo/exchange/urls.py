from __future__ import annotations

from django.urls import path

from amparo.exchange import views

app_name = "exchange"
urlpatterns = [
    path("", views.partner_list, name="partners"),
    path("new/", views.partner_new, name="partner_new"),
    path("<uuid:uuid>/", views.partner_page, name="partner"),
    path("<uuid:uuid>/keys/", views.partner_keys, name="partner_keys"),
]
