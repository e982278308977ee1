"""Identifiers in one form: what is the same is found as the same, what is none is none, and hostile text costs no time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from amparo.intake.triage import identifiers
from amparo.intake.triage.platforms import Platforms
from amparo.intake.triage.stated import Stated, stated_of
from amparo.intake.triage.traces import KINDS, traces_in, traces_of_fields


def found(text: str, country: str = "") -> set[tuple[str, str]]:
    return {(each.kind, each.value) for each in traces_in(text, country)}


SAME = (
    (
        "phone",
        "+34 600 000 001",
        "0034 600 00 00 01",
        "+34-600-000-001",
        "+34 (600) 000 001",
        "\u202a+34\u00a0600\u00a0000\u00a0001\u202c",
    ),
    (
        "email",
        "a.Person@Example.ORG",
        "a.person@example.org",
        "a.person [at] example [dot] org",
        "<a.person@example.org>",
    ),
    (
        "address",
        "https://www.Example.org:443/a/?b=2&utm_source=x&a=1#top",
        "hxxps://example[.]org/a?a=1&b=2",
        "example.org/a?a=1&b=2",
        "http://example.org./a?b=2&a=1",
    ),
    ("wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "coin 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa."),
    ("wallet", "0x52908400098527886E0F7030069857D2E4169EE7", "0x52908400098527886e0f7030069857d2e4169ee7"),
    ("payment", "GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432"),
    ("device", "IMEI: 490154203237518", "imei 49 015420 323751 8"),
    ("device", "00-00-5E-00-53-01", "00:00:5e:00:53:01"),
    ("hash", "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"),
    ("ip_port", "192.0.2.8:443", "192.0.2.8 port 443", "192.0.2.8, puerto: 443"),
    ("ip_port", "[2001:DB8:0:0::1]:443", "[2001:db8::1]:443"),
    ("handle", "https://www.tiktok.com/@some.one/live", "tiktok: some.one", "on TikTok @Some.One"),
    ("room", "https://t.me/joinchat/AbC12", "t.me/+AbC12"),
)


@pytest.mark.parametrize("written", SAME, ids=lambda written: f"{written[0]} {written[1]}")
def test_one_identifier_however_it_is_written_has_one_form(written: tuple[str, ...]) -> None:
    kind, *ways = written
    values = {way: {value for of, value in found(way) if of == kind} for way in ways}
    assert len({frozenset(each) for each in values.values()}) == 1, values
    assert all(len(each) == 1 for each in values.values()), values


@pytest.mark.parametrize(
    "text",
    [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",  # the last letter is wrong
        "GB82 WEST 1234 5698 7654 33",
        "IMEI: 490154203237519",
        "600 000 001 without a country",
        "version 1.2.3.4.5 of 16.11.2026 at 12:30:45",
        "10:20:30 and 12:30",
        "999.1.2.3",
        "see you at 21:00 @ home",
    ],
)  # fmt: skip
def test_what_is_none_is_no_trace(text: str) -> None:
    assert found(text) == set()


def test_a_number_without_a_country_is_one_only_where_the_house_says_whose() -> None:
    assert found("call 600 000 001", "ES") == {("phone", "+34600000001")}


def test_an_account_needs_its_service_to_be_the_same_account() -> None:
    assert found("on Telegram @a_name") == {("handle", "telegram:a_name"), ("name", "a_name")}
    assert found("it is @a_name") == {("name", "a_name")}
    assert ("handle", "telegram:a_name") not in found("on Snapchat @a_name, much later somebody spoke of telegram")


def test_fields_are_read_into_the_same_forms_as_text() -> None:
    stated = stated_of(
        {
            "identifiers": [
                {"kind": "handle", "value": "@A_Name", "platform": "Telegram", "role": "reported"},
                {"kind": "phone", "value": "+34 600 000 001"},
                {"kind": "wallet", "value": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"},
                {"kind": "device", "value": "490154203237518"},
                {"kind": "handle", "value": "b", "platform": "Some new App!"},
                {"kind": "nothing we know", "value": "x"},
            ],
            "ip_events": [
                {"address": "192.0.2.8", "port": "443", "raw": "2026-11-03T12:00:00Z"},
                {"address": "192.0.2.9", "port": 99999},
            ],
        }
    )
    values = {(each.kind, each.value) for each in traces_of_fields(stated)}
    assert values == {
        ("handle", "telegram:a_name"), ("name", "a_name"), ("phone", "+34600000001"), ("ip_port", "192.0.2.8:443"),
        ("wallet", "btc:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"), ("device", "imei:490154203237518"), ("ip", "192.0.2.9"),
        ("handle", "somenewapp:b"), ("name", "b"),
    }  # fmt: skip
    assert traces_of_fields(stated)[0].role == "reported"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
)
KEYS = st.sampled_from(["danger_now", "live", "identifiers", "ip_events", "times", "port", "value", "kind", "country"])


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(KEYS, JSON | st.lists(st.dictionaries(KEYS, JSON, max_size=4), max_size=3), max_size=6))
def test_fields_of_any_shape_are_read_or_left_out(fields: dict[str, object]) -> None:
    stated = stated_of(fields)
    assert isinstance(stated, Stated)
    assert stated.danger_now in ("yes", "no", "unknown")
    traces_of_fields(stated)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_traces_of_known_kinds_in_their_own_form(text: str) -> None:
    for each in traces_in(text):
        assert each.kind in KINDS
        assert each.value
    assert identifiers.visible(identifiers.visible(text)) == identifiers.visible(text)


@settings(max_examples=80, deadline=None)
@given(st.text("ab./?#%=&:@-[]0é ", max_size=60))
def test_an_address_in_its_form_is_its_own_form(text: str) -> None:
    once = identifiers.address(text)
    assert identifiers.address(once) == once


def test_a_house_names_services_of_its_own() -> None:
    own = Platforms(
        [{"chatter": {"words": ["chatter"], "hosts": ["chat.example"], "paths": ["/u/{name}", "/r/{room}/**"]}}]
    )
    read = {(each.kind, each.value) for each in traces_in("chat.example/u/One and chat.example/r/Two/3", platforms=own)}
    assert {("handle", "chatter:one"), ("room", "chatter:Two")} <= read
