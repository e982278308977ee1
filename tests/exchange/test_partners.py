from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyrage
import pytest
from pysequoia import Profile, Tsk

from amparo.access.acts import Actor
from amparo.custody import queries as custody
from amparo.exchange import actions, openpgp, queries, rules
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.ids import new_id

LIAISON = Actor("officer", "lia", new_id(), frozenset({"partners.edit", "partners.read"}))
ANALYST = Actor("officer", "ana", new_id(), frozenset({"partners.read"}))
DETAILS = rules.PartnerDetails("ES", "Unidad Central de Ejemplo", "es")
TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def certificate() -> str:
    return str(openpgp.new_key("Partner <partner@example.org>").extract_certificate())


@pytest.fixture(scope="module")
def age() -> str:
    return str(pyrage.x25519.Identity.generate().to_public())


db = pytest.mark.django_db(transaction=True)


@db
def test_a_registered_partner_is_found_by_its_country_with_its_keys(certificate, age):
    done = actions.register_partner(LIAISON, DETAILS, actions.PartnerKeys(certificate, f" {age}\n", TODAY))
    facts = queries.partner("ES")
    assert facts and facts.uuid == done.partner and facts.age == age and facts.fingerprint == done.fingerprint
    assert facts.recipient.openpgp.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")
    assert queries.partners() == (facts,) and queries.remarks_on(facts) == ()
    assert queries.partner("FR") is None


@db
def test_the_record_names_the_keys_and_whether_they_were_compared(certificate):
    done = actions.register_partner(LIAISON, DETAILS, actions.PartnerKeys(certificate))
    (line,) = custody.story(done.partner)
    assert (line.kind, line.ended, line.about["checked"]) == ("partner.registered", "done", False)
    assert line.about["fingerprint"] == done.fingerprint and len(done.fingerprint) == 40


@db
def test_replacing_the_keys_replaces_all_of_them_and_remembers_the_one_before(certificate, age):
    partner = actions.register_partner(LIAISON, DETAILS, actions.PartnerKeys(certificate, age)).partner
    fresh = str(openpgp.new_key("Partner <partner@example.org>").extract_certificate())
    done = actions.replace_partner_key(LIAISON, partner, actions.PartnerKeys(fresh))
    facts = queries.partner_named(partner)
    assert facts.fingerprint == done.fingerprint != done.fingerprint_before
    assert facts.age == "" and facts.fingerprint_checked_on is None
    assert [line.kind for line in custody.story(partner)] == ["partner.registered", "partner.key_replaced"]


@db
def test_all_obstacles_are_told_at_once_and_nothing_is_kept(age):
    wrong = rules.PartnerDetails("spain", " ", "de", "pigeon", "not an address", ("H7",))
    with pytest.raises(Refused) as refused:
        actions.register_partner(LIAISON, wrong, actions.PartnerKeys("no key", age, TODAY + timedelta(days=3)))
    assert len(refused.value.obstacles) == 8
    assert queries.partners() == ()


@db
def test_a_secret_key_is_refused_and_not_kept():
    secret = str(openpgp.new_key("Partner"))
    with pytest.raises(Refused, match="secret key"):
        actions.register_partner(LIAISON, DETAILS, actions.PartnerKeys(secret))
    assert queries.partners() == ()


@db
def test_a_country_has_one_partner(age):
    actions.register_partner(LIAISON, DETAILS, actions.PartnerKeys(age=age))
    with pytest.raises(Refused, match="has a partner already"):
        actions.register_partner(LIAISON, DETAILS, actions.PartnerKeys(age=age))


@db
def test_who_may_only_read_partners_registers_none(age):
    with pytest.raises(Refused, match="Liaison officer"):
        actions.register_partner(ANALYST, DETAILS, actions.PartnerKeys(age=age))


@db
def test_an_unknown_partner_is_missing(age):
    with pytest.raises(Missing):
        queries.partner_named(new_id())
    with pytest.raises(Missing):
        actions.replace_partner_key(LIAISON, new_id(), actions.PartnerKeys(age=age))


def test_mail_needs_an_address():
    assert rules.obstacles_to_register(replace(DETAILS, channel="mail"), taken=False) == (
        "Sending by mail needs the authority's mail address.",
    )
    assert rules.obstacles_to_register(replace(DETAILS, channel="mail", mail="unit@example.org"), taken=False) == ()


@pytest.mark.parametrize(
    "address", ["a@b\r\nBcc: x@example.org", "a b@example.org", "<a@example.org>", "a@", "@example.org"]
)
def test_an_address_that_would_write_headers_is_no_address(address):
    assert rules.obstacles_to_register(replace(DETAILS, mail=address), taken=False)


def test_the_remarks_say_what_to_look_at_before_sealing():
    today = date(2026, 3, 1)
    told = rules.remarks_on_key(date(2026, 3, 20), None, opens_with_gnupg=False, today=today)
    assert len(told) == 3 and "2026-03-20" in told[1] and "GnuPG" in told[2]
    assert rules.remarks_on_key(None, date(2025, 1, 1), opens_with_gnupg=True, today=today) != ()
    assert rules.remarks_on_key(None, date(2026, 1, 1), opens_with_gnupg=True, today=today) == ()


@pytest.mark.parametrize("text", ["H2, h1", "H1 H2;H1", ["H2", "H1"]])
def test_handling_codes_are_read_from_how_people_write_them(text):
    assert rules.codes_of(text) == ("H1", "H2")


@db
def test_a_revoked_key_in_the_house_is_remarked_on(certificate):
    actions.register_partner(LIAISON, DETAILS, actions.PartnerKeys(certificate, checked_on=TODAY))
    facts = queries.partner("ES")
    short = Tsk.generate(user_id="x", profile=Profile.RFC9580).extract_certificate()
    assert facts and any("GnuPG" in each for each in queries.remarks_on(replace(facts, openpgp=str(short))))
    assert queries.remarks_on(replace(facts, openpgp="gone")) != ()
