from __future__ import annotations

from django.urls import include, path

from amparo.matching import scans_pages, views

app_name = "matching"
urlpatterns = [
    path("", views.lists, name="lists"),
    path("import/", views.import_list, name="import"),
    path("scans/", scans_pages.scan_list, name="scans"),
    path("scans/<uuid:uuid>/", scans_pages.scan, name="scan"),
    path("scans/<uuid:uuid>/now/", scans_pages.scan_now, name="scan_now"),
    path("scans/<uuid:uuid>/manifest.<str:form>", scans_pages.take_manifest, name="scan_manifest"),
    path("systems/", include("amparo.matching.hma.urls")),
    path("<uuid:hash_list>/", views.hash_list, name="list"),
    path("<uuid:hash_list>/progress/", views.progress, name="progress"),
    path("<uuid:hash_list>/stop/", views.stop, name="stop"),
    path("<uuid:hash_list>/withdraw/", views.withdraw, name="withdraw"),
]
