"""Which rule is in force, and a house's own files: its rules, its words, its services' addresses.

They lie in AMPARO_HOME/triage: rule-N.toml, words/*.toml, platforms.toml, and never-fold.txt (addresses, accounts and digests
that many reports carry along and that therefore fold nothing: one's own, a partner's, a template's). A list counts as soon as it is
saved; a rule only once it was tried on the past and put in force (replaying.py).
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.db import connection

from amparo.foundation.home import Home
from amparo.intake.triage import Rule, read_rule, shipped_rule
from amparo.intake.triage.platforms import Platforms, platforms_with
from amparo.intake.triage.traces import traces_in
from amparo.intake.triage.vocabulary import Vocabulary, read_words, shipped, vocabulary_with

log = logging.getLogger("amparo.intake")


def folder(home: Home | None = None) -> Path:
    """Where a house's own files lie; not necessarily there."""
    return (home or Home.from_env()).path / "triage"


def current() -> Rule:
    """The rule in force: the one put in force last, else the shipped one."""
    with connection.cursor() as cursor:  # asked several times for every report
        cursor.execute("SELECT text FROM intake_ruleversion ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
    return read_rule(row[0]) if row else shipped_rule()


@dataclass(frozen=True)
class Words:
    """What texts are read by. version: tells one state of the lists from another."""

    vocabulary: Vocabulary
    platforms: Platforms
    version: str


def words() -> Words:
    """The shipped lists with the house's own. A file of the house that can't be read is left out, and the page Rules says why."""
    return _words(tuple(sorted(_stamps(folder()))))


def _stamps(place: Path) -> list[tuple[str, int, int]]:
    files = [*place.glob("words/*.toml"), *place.glob("platforms.toml")]
    return [(str(each), (stat := each.stat()).st_mtime_ns, stat.st_size) for each in files]


@lru_cache(2)
def _words(stamps: tuple[tuple[str, int, int], ...]) -> Words:
    lists, services = [], []
    for name, _, _ in stamps:
        path = Path(name)
        if problem := problem_of(path):
            log.error("%s is left out: %s", path.name, problem)
        elif path.name == "platforms.toml" and path.parent.name != "words":
            services.append(path.read_text(encoding="utf-8"))
        else:
            lists.append(path.read_text(encoding="utf-8"))
    told = hashlib.sha256("\0".join([*lists, *services]).encode()).hexdigest()[:12] if lists or services else "shipped"
    vocabulary = vocabulary_with(tuple(lists)) if lists else shipped()
    return Words(vocabulary, platforms_with(tuple(services)), told)


def own_files() -> tuple[tuple[str, str], ...]:
    """The house's own word lists and services, each with what is wrong with it; "" where nothing is."""
    place = folder()
    files = sorted((*place.glob("words/*.toml"), *place.glob("platforms.toml")))
    return tuple((str(each.relative_to(place)), problem_of(each)) for each in files)


def never_folds() -> frozenset[str]:
    """The normal forms of what a house's own file says must fold nothing."""
    try:
        text = (folder() / "never-fold.txt").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return frozenset()
    lines = [line.partition("#")[0].strip() if line.startswith("#") else line.strip() for line in text.splitlines()]
    return frozenset(each.value.removeprefix("sha256:") for line in lines for each in traces_in(line))


def problem_of(path: Path) -> str:
    """What is wrong with a house's own word list or table of services; "" where nothing is."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.name == "platforms.toml" and path.parent.name != "words":
            platforms_with((text,))
        else:
            read_words(text)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        return str(error) or type(error).__name__
    return ""
