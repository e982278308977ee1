from __future__ import annotations

from django.urls import path

from amparo.referrals import views

app_name = "referrals"
urlpatterns = [
    path("", views.list_packages, name="list"),
    path("case/<uuid:case>/", views.case_packages, name="case"),
    path("case/<uuid:case>/do/", views.do_in_case, name="do_in_case"),
    path("case/<uuid:case>/going/", views.going, name="going"),
    path("<uuid:package>/", views.package, name="package"),
    path("<uuid:package>/do/", views.do_with_package, name="do"),
    path("<uuid:package>/terms/", views.set_terms, name="terms"),
    path("<uuid:package>/files/<uuid:file>/", views.take_file, name="file"),
]
