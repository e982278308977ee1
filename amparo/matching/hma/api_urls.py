from __future__ import annotations

from django.urls import path

from amparo.matching.hma import api

app_name = "hma"
urlpatterns = [
    path("status", api.alive, name="status"),
    path("status/live", api.alive),
    path("m/raw_lookup", api.raw_lookup, name="raw_lookup"),
    path("m/lookup", api.lookup, name="lookup"),
    path("m/compare", api.compare, name="compare"),
    path("m/index/status", api.index_status, name="index_status"),
    path("h/hash", api.hash_file, name="hash"),
    path("c/banks", api.banks, name="banks"),
    path("c/bank/<str:name>", api.bank, name="bank"),
    path("c/bank/<str:name>/content/<int:number>", api.content, name="content"),
    path("c/bank/<str:name>/<path:rest>", api.not_changed_here),
    path("c/signal_type", api.signal_types, name="signal_types"),
    path("c/signal_type/index", api.signal_index, name="signal_index"),
    path("c/signal_type/<str:name>", api.not_changed_here),
    path("c/content_type", api.content_types, name="content_types"),
    path("c/exchanges", api.exchanges, name="exchanges"),
    path("c/exchanges/apis", api.exchanges),
    path("c/exchange/<str:name>", api.exchange, name="exchange"),
]
