from __future__ import annotations

from django.urls import path

from amparo.cases import coin_mapping_pages, coin_pages, evidence_pages, people_pages, views

app_name = "cases"
urlpatterns = [
    path("", views.list_cases, name="list"),
    path("open/<uuid:report>/", views.open_case, name="open"),
    path("<uuid:case>/", views.overview, name="case"),
    path("<uuid:case>/people/", people_pages.people, name="people"),
    path("<uuid:case>/people.csv", people_pages.people_csv, name="people_csv"),
    path("<uuid:case>/people/decide/", people_pages.decide, name="decide"),
    path("<uuid:case>/people/<uuid:person>/", people_pages.person, name="person"),
    path("<uuid:case>/people/<uuid:person>/identifiers/", people_pages.add_identifier, name="add_identifier"),
    path("<uuid:case>/countries/<uuid:attribution>/withdraw/", people_pages.withdraw, name="withdraw"),
    path("<uuid:case>/groups/<uuid:group>/", evidence_pages.group, name="group"),
    path("<uuid:case>/groups/<uuid:group>/messages/", evidence_pages.group_messages, name="messages"),
    path("<uuid:case>/groups/<uuid:group>/zone/", evidence_pages.set_zone, name="set_zone"),
    path("<uuid:case>/items/", evidence_pages.items, name="items"),
    path("<uuid:case>/network/", evidence_pages.network, name="network"),
    path("<uuid:case>/timeline/", views.timeline, name="timeline"),
    path("<uuid:case>/notes/", views.write_note, name="note"),
    path("<uuid:case>/evidence/", evidence_pages.evidence, name="evidence"),
    path("<uuid:case>/devices/", evidence_pages.register_device, name="register_device"),
    path("<uuid:case>/coins/", coin_pages.coins, name="coins"),
    path("<uuid:case>/coins/add/", coin_mapping_pages.add_ledger, name="add_ledger"),
    path("<uuid:case>/coins/accounts/", coin_pages.take_account, name="take_account"),
    path("<uuid:case>/coins/links/<uuid:link>/undo/", coin_pages.undo_link, name="undo_link"),
    path("<uuid:case>/coins/<uuid:ledger>/", coin_pages.ledger, name="ledger"),
    path("<uuid:case>/coins/<uuid:ledger>/now/", coin_pages.ledger_now, name="ledger_now"),
    path("<uuid:case>/coins/<uuid:ledger>/files/", coin_mapping_pages.add_files, name="ledger_files"),
    path("<uuid:case>/coins/<uuid:ledger>/mapping/", coin_mapping_pages.mapping, name="ledger_mapping"),
    path("<uuid:case>/coins/<uuid:ledger>/mapping.toml", coin_mapping_pages.mapping_text, name="ledger_mapping_text"),
    path("<uuid:case>/coins/<uuid:ledger>/read/", coin_mapping_pages.read, name="ledger_read"),
    path("<uuid:case>/coins/<uuid:ledger>/stop/", coin_mapping_pages.stop, name="ledger_stop"),
    path("<uuid:case>/coins/<uuid:ledger>/broadcast/", coin_pages.broadcast, name="broadcast"),
    path("<uuid:case>/coins/<uuid:ledger>/account/", coin_pages.account, name="account"),
    path("<uuid:case>/coins/<uuid:ledger>/references.txt", coin_pages.references_text, name="references_text"),
    path("<uuid:case>/coins/<uuid:ledger>/<str:part>.csv", coin_pages.listing_csv, name="ledger_csv"),
    path("<uuid:case>/coins/<uuid:ledger>/<str:part>/", coin_pages.listing, name="ledger_list"),
    path("<uuid:case>/officers/", views.grant, name="grant"),
    path("<uuid:case>/state/", views.set_state, name="set_state"),
]
