"""The addresses of NCMEC's reporting API, relative to whatever they are mounted at."""

from __future__ import annotations

from django.urls import path, re_path

from amparo.intake.cybertipline import doors

urlpatterns = [
    path("status", doors.status),
    path("xsd", doors.xsd),
    path("submit", doors.submit),
    path("upload", doors.upload),
    path("fileinfo", doors.fileinfo),
    path("finish", doors.finish),
    path("retract", doors.retract),
    re_path(r"", doors.nothing),
]
