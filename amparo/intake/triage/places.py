"""Which countries a report points to: candidates, each with its evidence. Never a single silent answer. No Django."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers

from amparo.intake.triage.networks import Networks, said_of
from amparo.intake.triage.traces import Trace

# How much a piece of evidence says by itself. Of the weak ones any number is still weak: they follow from each other.
STATED, SOME, WEAK = "stated", "some", "weak"
# A few endings of addresses that are sold all over the world, or are no country's.
EVERYWHERE = frozenset(
    (
        "tv",
        "io",
        "me",
        "co",
        "cc",
        "gg",
        "ai",
        "fm",
        "to",
        "ly",
        "la",
        "ws",
        "vc",
        "sh",
        "st",
        "nu",
        "eu",
        "su",
        "tk",
        "ml",
    )
)
LANGUAGES = {
    "ca": ("ES", "AD"),
    "it": ("IT", "CH"),
    "de": ("DE", "AT", "CH"),
}  # spoken in few countries; others say nothing
UK = {"uk": "GB"}


@dataclass(frozen=True)
class Evidence:
    """strength: stated (the sender says so), some, or weak."""

    kind: str
    words: str
    strength: str


@dataclass(frozen=True)
class Candidate:
    country: str
    evidence: tuple[Evidence, ...]

    @property
    def kinds(self) -> int:
        """How many different kinds of evidence that isn't weak."""
        return len({each.kind for each in self.evidence if each.strength != WEAK})


@dataclass(frozen=True)
class Places:
    """candidates: those with most kinds of evidence first. words: what may be said of all of them."""

    candidates: tuple[Candidate, ...]
    words: str


def places_of(traces: Iterable[Trace], stated: str, language: str, networks: Networks) -> Places:
    """The countries to which these identifiers, the stated country and the language point."""
    found: dict[str, list[Evidence]] = {}

    def add(country: str, kind: str, words: str, strength: str) -> None:
        each = Evidence(kind, words, strength)
        if each not in found.setdefault(country.upper(), []):
            found[country.upper()].append(each)

    if len(stated) == 2 and stated.isalpha() and stated.isascii():
        add(stated, "stated", "the sender states it", STATED)
    for trace in traces:
        for country, kind, words, strength in _of_trace(trace, networks):
            add(country, kind, words, strength)
    for country in LANGUAGES.get(language, ()):
        if country in found:
            add(country, "language", f"the report is written in a language of it ({language})", WEAK)
    candidates = sorted((Candidate(country, tuple(each)) for country, each in found.items()), key=_order)
    return Places(tuple(candidates), _said(candidates))


def _order(candidate: Candidate) -> tuple[int, int, str]:
    return (-candidate.kinds, -len(candidate.evidence), candidate.country)


def _said(candidates: list[Candidate]) -> str:
    if not candidates:
        return "Undetermined: nothing in it points to a country."
    first = candidates[0]
    if not first.kinds:
        return "Undetermined: only weak evidence, which points to a service more than to a person."
    if len(candidates) > 1 and candidates[1].kinds >= first.kinds:
        return f"Undetermined: as much points to {first.country} as to {candidates[1].country}."
    if first.kinds < 2:
        return f"Undetermined: one kind of evidence alone points to {first.country}. An assessment, not a fact."
    return f"Likely {first.country}: {first.kinds} kinds of evidence. An assessment, to be confirmed by a person."


def _of_trace(trace: Trace, networks: Networks) -> Iterable[tuple[str, str, str, str]]:
    match trace.kind:
        case "phone":
            region = _region(trace.value)
            if region:
                yield (
                    region,
                    "phone",
                    f"the number {trace.value} is of its numbering plan; whoever uses it may be elsewhere",
                    SOME,
                )
        case "ip" | "ip_port":
            address = trace.value.rpartition(":")[0].strip("[]") if trace.kind == "ip_port" else trace.value
            said = said_of(address, networks)
            strength = WEAK if said.hides else SOME
            yield from ((country, "ip", f"{address} is in {words}", strength) for country, words in said.countries)
        case "payment":
            if trace.value.startswith("iban:"):
                yield trace.value[5:7], "bank", "the account number is of a bank there", SOME
        case "email" | "address":
            host = (trace.value.rpartition("@")[2] if trace.kind == "email" else trace.value).partition("/")[0]
            ending = host.partition(":")[0].rpartition(".")[2]
            country = UK.get(ending, ending.upper())
            if len(ending) == 2 and ending.isalpha() and ending not in EVERYWHERE:
                yield country, "ending", f"{host} ends in .{ending}", WEAK


def _region(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(parsed)
    if region and region != "001":
        return str(region)
    regions = phonenumbers.region_codes_for_country_code(parsed.country_code or 0)
    return str(regions[0]) if len(regions) == 1 and regions[0] != "001" else ""
