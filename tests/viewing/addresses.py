"""The room's own addresses alone: how pages look must not depend on which later rooms stand."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("amparo.viewing.urls"))]
