from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from amparo.intake.triage import AXES, Facts, Media, place, rule
from amparo.intake.triage.leads import Leads, leads_in
from amparo.intake.triage.rule import read_rule
from amparo.intake.triage.signals import CODES, Signals, languages, signals_in

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
RULE = rule()

counts = st.integers(0, 3)
signals = st.builds(
    lambda found, with_now: Signals({code: (code,) for code in found}, frozenset(with_now) & frozenset(found), True),
    st.sets(st.sampled_from(CODES)),
    st.sets(st.sampled_from([code for code in CODES if code != "now"])),
)
leads = st.builds(Leads, counts, counts, counts, counts, counts, counts)
media = st.builds(Media, counts, counts, counts, counts, counts)
facts = st.builds(
    Facts,
    received_at=st.integers(0, 100).map(lambda hours: NOON - timedelta(hours=hours)),
    has_text=st.just(True),
    signals=signals,
    leads=leads,
    chat_exports=counts,
    media=media,
    first_read_at=st.none() | st.just(NOON),
)


def axis_of(changed: str) -> str:
    return {
        "leads": "actionable",
        "chat_exports": "actionable",
        "media": "new",
        "received_at": "clock",
        "first_read_at": "clock",
    }[changed]


@settings(max_examples=150, deadline=None)
@given(facts, facts, st.sampled_from(["leads", "chat_exports", "media", "received_at", "first_read_at"]))
def test_changing_one_fact_changes_only_its_axis(before: Facts, other: Facts, changed: str) -> None:
    after = replace(before, **{changed: getattr(other, changed)})
    was, is_now = place(before, NOON, RULE).axes, place(after, NOON, RULE).axes
    assert {name for name in AXES if was[name] != is_now[name]} <= {axis_of(changed)}


@settings(max_examples=100, deadline=None)
@given(facts, st.sampled_from([code for code in CODES if code not in ("perishing", "now")]))
def test_a_danger_word_changes_only_the_danger_axis(before: Facts, code: str) -> None:
    said = Signals({**before.signals.found, code: ("word",)}, before.signals.with_now | {code}, True)
    was, is_now = place(before, NOON, RULE).axes, place(replace(before, signals=said), NOON, RULE).axes
    assert {name for name in AXES if was[name] != is_now[name]} <= {"danger"}


FLOORED = (
    Signals({"in_danger": ("in danger",)}, frozenset(), True),
    Signals({"danger": ("danger",), "now": ("now",)}, frozenset({"danger"}), True),
    Signals({"crisis": ("suicide",)}, frozenset(), True),
    Signals({"live": ("live",), "now": ("now",)}, frozenset({"live"}), True),
)


@settings(max_examples=150, deadline=None)
@given(
    facts, facts, st.sampled_from(FLOORED), st.permutations(AXES), st.permutations(["high", "some", "unknown", "none"])
)
def test_nothing_lowers_a_floor(one: Facts, other: Facts, said: Signals, order: list[str], levels: list[str]) -> None:
    weird = replace(RULE, order=tuple(order), levels=tuple(levels))
    floored, plain = place(replace(one, signals=said), NOON, weird), place(other, NOON, weird)
    assert floored.floor
    assert plain.floor or floored.position < plain.position


@settings(max_examples=100, deadline=None)
@given(facts)
def test_every_axis_gives_a_reason_in_words(given_facts: Facts) -> None:
    placed = place(given_facts, NOON, RULE)
    assert set(placed.axes) == set(AXES)
    assert all(
        axis.reasons and all(reason.words and reason.code for reason in axis.reasons) for axis in placed.axes.values()
    )


def test_there_is_no_score_anywhere_only_steps_of_a_stated_order() -> None:
    placed = place(Facts(NOON, True, signals_in("peligro ahora")), NOON, RULE)
    steps = placed.position.split(".")
    assert len(steps) == 1 + len(AXES)
    assert all(len(step) == 1 for step in steps)


ORDER = 'order=["danger","clock","actionable","new"]'
LEVELS = 'levels=["high","some","unknown","none"]'
FLOORS = 'floors=["child_in_danger_now","child_in_crisis","broadcast_under_way"]'


def test_a_rule_that_drops_a_floor_is_refused() -> None:
    text = (
        'version="x"\nfloors=["child_in_crisis"]\n'
        'order=["danger","clock","actionable","new"]\nlevels=["high","some","unknown","none"]'
    )
    with pytest.raises(ValueError, match="child_in_danger_now"):
        read_rule(text)


SAID = {
    "en": ("A girl is in danger. They broadcast live right now.", "I live in a small town."),
    "es": ("Una niña está en peligro. Emiten en directo ahora mismo.", "Les escribo por un asunto del colegio."),
    "fr": ("Un enfant est en danger. C'est en direct en ce moment.", "Je vous écris au sujet d'un message."),
    "pt": ("Uma criança está em perigo. É ao vivo, agora mesmo.", "Escrevo sobre uma mensagem."),
    "de": ("Ein Kind ist in Gefahr. Der Livestream läuft gerade.", "Guten Morgen, ich schreibe wegen einer Nachricht."),
    "it": ("Una bambina è in pericolo. Sono in diretta adesso.", "Scrivo per un messaggio."),
    "ca": ("Una nena està en perill. Ho fan en directe ara mateix.", "Us escric per un missatge."),
    "ar": ("الطفلة في خطر. وهناك بثٌّ مباشر الآن.", "أكتب إليكم بخصوص رسالة."),
}


@pytest.mark.parametrize("language", sorted(SAID))
def test_danger_now_is_heard_in_every_language_and_not_in_quiet_texts(language: str) -> None:
    loud, quiet = SAID[language]
    codes = {reason.code for reason in place(Facts(NOON, True, signals_in(loud)), NOON, RULE).axes["danger"].reasons}
    assert {"child_in_danger_now", "broadcast_under_way"} <= codes
    assert place(Facts(NOON, True, signals_in(quiet)), NOON, RULE).axes["danger"].level == "none"


def test_there_are_words_for_eight_languages() -> None:
    assert languages() == ("ar", "ca", "de", "en", "es", "fr", "it", "pt")


@pytest.mark.parametrize("text", ["EN PELIGRO AHORA", "en  peligro\u200b ahora", "en peli\u0301gro ahora", "عَاجِلٌ الآنَ"])
def test_case_accents_and_invisible_letters_hide_no_word(text: str) -> None:
    assert signals_in(text).of("danger", "in_danger")


def test_words_far_apart_do_not_make_a_broadcast_under_way() -> None:
    said = signals_in("Había un directo el año pasado. Ahora escribo por otra cosa.")
    assert "live" not in said.with_now


def test_a_text_in_a_script_without_words_is_not_known_rather_than_harmless() -> None:
    assert place(Facts(NOON, True, signals_in("危険です")), NOON, RULE).axes["danger"].level == "unknown"


def test_leads_are_counted_by_kind_and_an_address_without_port_is_incomplete() -> None:
    found = leads_in(
        "Es @cuenta.prueba y +34 600 000 001, +34 600 000 001, ver https://example.org/a o 192.0.2.7 y 192.0.2.8:443, a@example.org"
    )
    assert found == Leads(phones=1, mails=1, links=1, handles=1, addresses=1, bare_addresses=1)


def test_no_picture_on_a_list_and_no_picture_compared_are_different_answers() -> None:
    unseen = place(Facts(NOON, True, media=Media(unknown=2)), NOON, RULE).axes["new"]
    unexamined = place(Facts(NOON, True, media=Media(not_examined=2)), NOON, RULE).axes["new"]
    assert (unseen.level, unexamined.level) == ("high", "unknown")
    assert place(Facts(NOON, True, media=Media(known=2)), NOON, RULE).axes["new"].level == "none"


def test_an_unread_report_rises_with_time_and_says_when() -> None:
    early, late = Facts(NOON - timedelta(hours=13), True), Facts(NOON - timedelta(hours=25), True)
    assert place(early, NOON, RULE).axes["clock"].level == "some"
    assert place(early, NOON, RULE).changes_at == early.received_at + timedelta(hours=24)
    assert place(late, NOON, RULE).axes["clock"].reasons[0].words == "Unread for 25 hours: late"
    assert place(replace(late, first_read_at=NOON), NOON, RULE).axes["clock"].level == "none"


def test_a_flood_of_text_is_read_in_time() -> None:
    text = "ahora " * 200_000
    assert signals_in(text).of("now") == ("ahora",)
    leads_in("600 000 001 a@b.c @" * 20_000)


def test_every_order_of_axes_is_a_rule_but_no_axis_can_be_left_out() -> None:
    base = (
        'version="x"\n'
        'floors=["child_in_danger_now","child_in_crisis","broadcast_under_way"]\nlevels=["high","some","unknown","none"]\n'
    )
    tail = "[clock]\nread_within_hours=24\nremind_after_hours=12\n[actionable]\nkinds_for_high=2\n"
    for order in itertools.permutations(AXES):
        assert read_rule(f"{base}order={list(order)}\n{tail}").order == order
    with pytest.raises(ValueError, match="all four"):
        read_rule(f'{base}order=["danger","clock","new"]\n{tail}')
