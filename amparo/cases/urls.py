from __future__ import annotations

from django.urls import path

from amparo.cases import views

app_name = "cases"
urlpatterns = [
    path("", views.list_cases, name="list"),
    path("open/<uuid:report>/", views.open_case, name="open"),
    path("<uuid:case>/", views.overview, name="case"),
    path("<uuid:case>/people/", views.people, name="people"),
    path("<uuid:case>/people.csv", views.people_csv, name="people_csv"),
    path("<uuid:case>/people/decide/", views.decide, name="decide"),
    path("<uuid:case>/people/<uuid:person>/", views.person, name="person"),
    path("<uuid:case>/people/<uuid:person>/identifiers/", views.add_identifier, name="add_identifier"),
    path("<uuid:case>/countries/<uuid:attribution>/withdraw/", views.withdraw, name="withdraw"),
    path("<uuid:case>/groups/<uuid:group>/", views.group, name="group"),
    path("<uuid:case>/groups/<uuid:group>/messages/", views.group_messages, name="messages"),
    path("<uuid:case>/groups/<uuid:group>/zone/", views.set_zone, name="set_zone"),
    path("<uuid:case>/items/", views.items, name="items"),
    path("<uuid:case>/network/", views.network, name="network"),
    path("<uuid:case>/timeline/", views.timeline, name="timeline"),
    path("<uuid:case>/notes/", views.write_note, name="note"),
    path("<uuid:case>/evidence/", views.evidence, name="evidence"),
    path("<uuid:case>/devices/", views.register_device, name="register_device"),
    path("<uuid:case>/officers/", views.grant, name="grant"),
    path("<uuid:case>/state/", views.set_state, name="set_state"),
]
