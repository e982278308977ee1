from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from amparo.intake.triage import AXES, Facts, Media, Said, Shared, place, read_rule, shipped_rule
from amparo.intake.triage.facts import as_json, of_json
from amparo.intake.triage.leads import Leads, leads_in
from amparo.intake.triage.rule import FLOORS
from amparo.intake.triage.rulebook import BadRule
from amparo.intake.triage.signals import CODES, Signals, signals_in
from amparo.intake.triage.vocabulary import languages

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
RULE = shipped_rule()

counts = st.integers(0, 3)
SPOKEN = [code for code in CODES if code not in ("now", "soon")]
codes = st.sets(st.sampled_from(SPOKEN))
signals = st.builds(
    lambda found, now, soon, denied, quoted: Signals(
        {code: (code,) for code in found},
        frozenset(now & found),
        True,
        frozenset(soon & found),
        {code: (code,) for code in denied - found},
        frozenset(quoted & found),
    ),
    codes,
    codes,
    codes,
    codes,
    codes,
)
leads = st.builds(Leads, *[counts] * 12)
yes_or_no = st.sampled_from(["yes", "no", "unknown"])
said = st.builds(
    Said, yes_or_no, yes_or_no, st.sampled_from(["now", "planned", "over", "unknown"]), st.booleans(), st.booleans()
)
shared = st.builds(Shared, counts, counts, st.just(("phone",)))
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
    said=said,
    shared=shared,
    near_danger=st.sampled_from([(), ("phone",)]),
    decided_at=st.none() | st.just(NOON),
)


# A fact that changes a floor changes the band, and with it how long the report may wait.
AXES_OF = {
    "leads": {"actionable", "danger"},  # a link to a live page speaks of danger too
    "chat_exports": {"actionable"},
    "shared": {"actionable"},
    "media": {"new"},
    "received_at": {"clock"},
    "first_read_at": {"clock"},
    "decided_at": {"clock"},
    "near_danger": {"danger"},
    "said": {"danger"},
}


@settings(max_examples=50, deadline=None)
@given(facts, facts, st.sampled_from(sorted(AXES_OF)))
def test_changing_one_fact_changes_only_its_axis_and_the_time_it_has(before: Facts, other: Facts, changed: str) -> None:
    after = replace(before, **{changed: getattr(other, changed)})
    was, is_now = place(before, NOON, RULE), place(after, NOON, RULE)
    clock = {"clock"} if was.band != is_now.band else set()
    assert {name for name in AXES if was.axes[name] != is_now.axes[name]} <= AXES_OF[changed] | clock


@settings(max_examples=50, deadline=None)
@given(facts, st.sampled_from([code for code in SPOKEN if code != "perishing"]))
def test_a_danger_word_changes_only_the_danger_axis_and_the_time_it_has(before: Facts, code: str) -> None:
    said = replace(before.signals, found={**before.signals.found, code: ("word",)})
    was, is_now = place(before, NOON, RULE), place(replace(before, signals=said), NOON, RULE)
    clock = {"clock"} if was.band != is_now.band else set()
    assert {name for name in AXES if was.axes[name] != is_now.axes[name]} <= {"danger"} | clock


FLOORED = (
    Signals({"in_danger": ("in danger",)}, frozenset(), True),
    Signals({"danger": ("danger",), "now": ("now",)}, frozenset({"danger"}), True),
    Signals({"crisis": ("suicide",)}, frozenset(), True),
    Signals({"live": ("live",), "now": ("now",)}, frozenset({"live"}), True),
)


@settings(max_examples=50, deadline=None)
@given(
    facts, facts, st.sampled_from(FLOORED), st.permutations(AXES), st.permutations(["high", "some", "unknown", "none"])
)
def test_nothing_lowers_a_floor(one: Facts, other: Facts, said: Signals, order: list[str], levels: list[str]) -> None:
    weird = replace(RULE, order=tuple(order), levels=tuple(levels))
    floored, plain = place(replace(one, signals=said), NOON, weird), place(other, NOON, weird)
    assert floored.floor
    assert plain.floor or floored.position < plain.position


@settings(max_examples=50, deadline=None)
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
    assert len(steps) == 2 + len(AXES)
    assert all(len(step) == 1 for step in steps)


def changed(old: str, new: str) -> str:
    """The shipped rule with one thing said otherwise."""
    assert RULE.text.count(old) >= 1
    return RULE.text.replace(old, new, 1)


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(BadRule) as said:
        read_rule(text)
    return said.value.problems


@pytest.mark.parametrize("floor", FLOORS)
def test_a_rule_that_drops_a_floor_is_refused(floor: str) -> None:
    kept = ", ".join(f'"{each}"' for each in FLOORS if each != floor)
    (problem,) = problems(
        changed('floors = ["child_in_danger_now", "child_in_crisis", "broadcast_under_way"]', f"floors = [{kept}]")
    )
    assert floor in problem


@pytest.mark.parametrize(
    ("old", "new", "line_of", "better"),
    [
        ('version = "rule-1"', 'version = "mine"', 'version = "', 'version = "rule-2"'),
        ('"danger", "clock", "actionable", "new"', '"danger", "clock", "new"', "order", "all four axes"),
        ('"high", "some", "unknown", "none"', '"high", "some", "none", "none"', "levels", "all four levels"),
        ("kinds_for_high = 2", "kinds_for_hihg = 2", "kinds_for_high", "kinds_for_high"),
        ("kinds_for_high = 2", "kinds_for_high = true", "kinds_for_high", "a whole number from 1 to 10"),
        ('look_within = "3 days"', 'look_within = "soon"', 'look_within = "3 days"', '"30 minutes" or "3 days"'),
        (
            'decide_within = "30 days"',
            'decide_within = "1 day"',
            'decide_within = "30 days"',
            "shorter than look_within",
        ),
        ('when = ["always"]', 'when = ["new high"]', 'when = ["always"]', 'when = ["always"]'),
        ('"danger high", "perishing"', '"danger hihg"', '"danger high", "perishing"', '"danger high"'),
        ('name = "soon"', 'name = "now"', 'name = "soon"', "another name"),
        ("near_bits = 31", "near_bits = 64", "near_bits", "from 0 to 31"),
        ("in_an_hour = 30", "in_an_hour = 0", "in_an_hour", "from 1"),
    ],
)
def test_a_mistake_is_named_by_its_line_with_what_to_write_instead(
    old: str, new: str, line_of: str, better: str
) -> None:
    line = next(
        number for number, text in enumerate(RULE.text.splitlines(), 1) if line_of in text and not text.startswith("#")
    )
    said = problems(changed(old, new))
    assert any(problem.startswith(f"line {line}:") and better in problem for problem in said), said


def test_all_mistakes_are_told_at_once() -> None:
    text = changed("near_bits = 31", "near_bits = 99").replace("kinds_for_high = 2", 'kinds_for_high = "two"')
    assert len(problems(text)) == 2


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.integers(0, 5000), st.integers(0, 200))
def test_no_text_is_more_than_a_bad_rule(put_in: str, at: int, taken: int) -> None:
    text = RULE.text[:at] + put_in + RULE.text[at + taken :]
    try:
        read_rule(text)
    except BadRule as bad:
        assert all(problem.startswith("line ") for problem in bad.problems)  # noqa: PT017


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
    assert signals_in(text).of("danger", "in_danger", "urgent")


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


QUIET = Facts(NOON, True, Signals(scripts_known=True))


def waited(hours: float, **known: object) -> Facts:
    return replace(QUIET, received_at=NOON - timedelta(hours=hours), **known)  # type: ignore[arg-type]


def test_an_unread_report_rises_with_time_and_says_when() -> None:
    early, late = waited(100), waited(24 * 7)
    assert place(early, NOON, RULE).axes["clock"].level == "some"
    assert place(early, NOON, RULE).changes_at == early.received_at + timedelta(days=7)
    assert place(late, NOON, RULE).axes["clock"].reasons[0].words == "Unread for 7 days: late"
    assert place(replace(late, first_read_at=NOON), NOON, RULE).axes["clock"].level == "none"


def test_a_report_that_was_read_but_not_decided_is_late_too() -> None:
    read = waited(24 * 30, first_read_at=NOON - timedelta(days=29))
    assert place(read, NOON, RULE).axes["clock"].reasons[0].words == "Undecided for 30 days: late"
    assert place(replace(read, decided_at=NOON), NOON, RULE).axes["clock"].level == "none"
    assert place(replace(read, decided_at=NOON), NOON, RULE).changes_at is None


def test_what_presses_more_has_less_time() -> None:
    loud = waited(0.5, signals=signals_in("A child is in danger now."))
    placed = place(loud, NOON, RULE)
    assert (placed.band, placed.look_by, placed.decide_by) == (
        "now",
        loud.received_at + timedelta(hours=1),
        loud.received_at + timedelta(days=1),
    )
    assert placed.axes["clock"].reasons[0].words == "Unread for 30 minutes"
    assert place(waited(0, signals=signals_in("We meet tonight.")), NOON, RULE).band == "soon"
    assert place(waited(0), NOON, RULE).band == "rest"


@settings(max_examples=50, deadline=None)
@given(facts)
def test_facts_kept_beside_a_ranking_give_the_same_place_again(known: Facts) -> None:
    kept = json.loads(json.dumps(as_json(known)))
    again = of_json(kept, known.received_at, known.first_read_at, known.decided_at)
    assert place(again, NOON, RULE) == place(known, NOON, RULE)


@settings(max_examples=50, deadline=None)
@given(facts, facts)
def test_aside_is_behind_everybody_else_but_never_under_a_report_without_a_floor(one: Facts, other: Facts) -> None:
    aside, beside = place(one, NOON, RULE).aside("flood"), place(other, NOON, RULE)
    if aside.floor and not beside.floor:
        assert aside.position < beside.position
    else:
        assert beside.position < aside.position


def test_a_flood_of_text_is_read_in_time() -> None:
    text = "ahora " * 200_000
    assert signals_in(text).of("now") == ("ahora",)
    leads_in("600 000 001 a@b.c @" * 20_000)


def test_every_order_of_axes_is_a_rule() -> None:
    for order in itertools.permutations(AXES):
        named = ", ".join(f'"{axis}"' for axis in order)
        assert read_rule(changed('"danger", "clock", "actionable", "new"', named)).order == order
