from __future__ import annotations

from django.urls import path

from amparo.matching.hma import pages

# Below the lists' own addresses, and in their namespace.
urlpatterns = [
    path("", pages.systems, name="systems"),
    path("keys/", pages.make_key, name="make_key"),
    path("keys/<uuid:client>/revoke/", pages.revoke, name="revoke_key"),
    path("servers/", pages.servers, name="servers"),
    path("servers/add/", pages.add_server, name="add_server"),
    path("servers/<uuid:server>/read/", pages.read_server, name="read_server"),
    path("servers/<uuid:server>/remove/", pages.remove_server, name="remove_server"),
]
