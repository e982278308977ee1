from __future__ import annotations

from django.urls import path

from amparo.cases import evidence_pages, group_pages, order_pages, people_pages, platform_pages, views

app_name = "cases"
urlpatterns = [
    path("", views.list_cases, name="list"),
    path("open/<uuid:report>/", views.open_case, name="open"),
    path("reading-order/", order_pages.reading_order, name="reading_order"),
    path("reading-order/set/", order_pages.set_reading_order, name="set_reading_order"),
    path("<uuid:case>/", views.overview, name="case"),
    path("<uuid:case>/people/", people_pages.people, name="people"),
    path("<uuid:case>/people.csv", people_pages.people_csv, name="people_csv"),
    path("<uuid:case>/people/decide/", people_pages.decide, name="decide"),
    path("<uuid:case>/people/<uuid:person>/", people_pages.person, name="person"),
    path("<uuid:case>/people/<uuid:person>/identifiers/", people_pages.add_identifier, name="add_identifier"),
    path("<uuid:case>/people/<uuid:person>/reasons/", order_pages.enter_reason, name="enter_reason"),
    path(
        "<uuid:case>/people/<uuid:person>/reasons/<uuid:entry>/withdraw/",
        order_pages.withdraw_reason,
        name="withdraw_reason",
    ),
    path("<uuid:case>/first/", order_pages.first_looks, name="first_looks"),
    path("<uuid:case>/first.csv", order_pages.first_looks_csv, name="first_looks_csv"),
    path("<uuid:case>/countries/<uuid:attribution>/withdraw/", people_pages.withdraw, name="withdraw"),
    path("<uuid:case>/groups/<uuid:group>/", evidence_pages.group, name="group"),
    path("<uuid:case>/groups/<uuid:group>/members.csv", evidence_pages.members_csv, name="members_csv"),
    path("<uuid:case>/groups/<uuid:group>/messages/", evidence_pages.group_messages, name="messages"),
    path("<uuid:case>/groups/<uuid:group>/zone/", evidence_pages.set_zone, name="set_zone"),
    path("<uuid:case>/items/", evidence_pages.items, name="items"),
    path("<uuid:case>/across/", group_pages.across, name="across"),
    path("<uuid:case>/across.csv", group_pages.across_csv, name="across_csv"),
    path("<uuid:case>/overlaps/", group_pages.overlaps, name="overlaps"),
    path("<uuid:case>/overlaps.csv", group_pages.overlaps_csv, name="overlaps_csv"),
    path("<uuid:case>/network/", group_pages.network, name="network"),
    path("<uuid:case>/network.json", group_pages.network_data, name="network_data"),
    path("<uuid:case>/activity/", group_pages.activity, name="activity"),
    path("<uuid:case>/activity.csv", group_pages.activity_csv, name="activity_csv"),
    path("<uuid:case>/timeline/", views.timeline, name="timeline"),
    path("<uuid:case>/notes/", views.write_note, name="note"),
    path("<uuid:case>/evidence/", evidence_pages.evidence, name="evidence"),
    path("<uuid:case>/devices/", evidence_pages.register_device, name="register_device"),
    path("<uuid:case>/officers/", views.grant, name="grant"),
    path("<uuid:case>/state/", views.set_state, name="set_state"),
    path("<uuid:case>/platforms/", platform_pages.platforms, name="platforms"),
    path("<uuid:case>/platforms/register/", platform_pages.register, name="register_platform"),
    path("<uuid:case>/platforms/<uuid:platform>/", platform_pages.overview, name="platform"),
    path("<uuid:case>/platforms/<uuid:platform>/progress/", platform_pages.progress, name="platform_progress"),
    path("<uuid:case>/platforms/<uuid:platform>/accounts/", platform_pages.accounts, name="platform_accounts"),
    path(
        "<uuid:case>/platforms/<uuid:platform>/accounts.csv", platform_pages.accounts_csv, name="platform_accounts_csv"
    ),
    path("<uuid:case>/platforms/<uuid:platform>/account/", platform_pages.account, name="platform_account"),
    path("<uuid:case>/platforms/<uuid:platform>/links/", platform_pages.links, name="platform_links"),
    path("<uuid:case>/platforms/<uuid:platform>/overlaps/", platform_pages.overlaps, name="platform_overlaps"),
    path("<uuid:case>/platforms/<uuid:platform>/take/", platform_pages.take, name="platform_take"),
    path("<uuid:case>/platforms/<uuid:platform>/judge/", platform_pages.judge, name="platform_judge"),
    path("<uuid:case>/platforms/<uuid:platform>/again/", platform_pages.again, name="platform_again"),
]
