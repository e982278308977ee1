from __future__ import annotations

from django.urls import path

from amparo.oversight import views

app_name = "oversight"
urlpatterns = [
    path("record/", views.record, name="record"),
    path("record.csv", views.record_csv, name="record_csv"),
    path("record/verify/", views.verify, name="verify"),
    path("record/<uuid:act>/", views.act, name="act"),
    path("system/", views.system, name="system"),
    path("system/jobs/<uuid:job>/retry/", views.retry, name="retry"),
    path("line/", views.the_line, name="line"),
    path("retention/", views.retention, name="retention"),
]
