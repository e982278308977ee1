"""What the cover sheet says, block by block, before anyone decides how a block looks.

Both covers (`cover_html`, `cover_pdf`) draw this one sheet, so that screen and paper can't say different things.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from amparo.exchange.formats.contents import ItemPart, PackageContents, PersonPart
from amparo.exchange.formats.hashes_csv import state_of
from amparo.exchange.formats.reply_form import OUTCOMES
from amparo.exchange.formats.words import Words

POSTS_SHOWN = 12  # a person's first posts; all of them are in case.jsonld

Cell = str | tuple[str, ...]  # a tuple is several values, one a line


@dataclass(frozen=True)
class Paragraph:
    text: str
    loud: bool = False


@dataclass(frozen=True)
class Pairs:
    """Label and value. The value is foreign text more often than not."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True)
class Table:
    """widths: shares of the line, one a column. machine: columns written in a fixed-width face. loud: columns in bold."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    machine: frozenset[int] = frozenset()
    loud: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Commands:
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Lists:
    """Named lists side by side: facts beside assessments, never mixed. Each is (heading, entries, word for none)."""

    lists: tuple[tuple[str, tuple[str, ...], str], ...]


@dataclass(frozen=True)
class Card:
    """One person. tags: category and age; mark: the minors' track, or empty."""

    reference: str
    tags: tuple[str, ...]
    mark: str
    blocks: tuple[Block, ...]


Block = Paragraph | Pairs | Table | Commands | Lists | Card


@dataclass(frozen=True)
class Section:
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Sheet:
    """The cover sheet. codes: what is shown on every page, as (label, codes): handling, then evaluation."""

    language: str
    title: str
    reference: str
    version: str
    made: str
    sender: tuple[str, ...]
    addressee: tuple[str, ...]
    labels: dict[str, str]
    codes: tuple[tuple[str, tuple[str, ...]], ...]
    danger: bool
    asked: tuple[str, ...]
    brief: tuple[tuple[str, Cell], ...]
    sections: tuple[Section, ...]


def visible(text: str) -> str:
    """The text with every control or invisible formatting character written as its code point.

    The attack: U+202E turns the rest of a line round, and a handle then reads as another one. The joiners U+200C and
    U+200D stay, because Persian and Hindi names need them.
    """
    return "".join(
        f"‹U+{ord(c):04X}›" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") and c not in "\u200c\u200d" else c
        for c in text
    )


def cover_sheet(contents: PackageContents, words: Words) -> Sheet:
    """The sheet in the words' language. Every text in it is visible: nothing hides, nothing turns a line round."""
    labels = {name: words(f"document.{name}") for name in ("from", "to")}
    labels |= {"brief": words("summary.heading"), "asked": words("summary.asked")}
    return Sheet(
        language=words.language,
        title=words("document.title"),
        reference=contents.reference,
        version=words("document.version", version=contents.version),
        made=words("document.made", time=words.time(contents.made_at)),
        sender=_shown(contents.sender.name, words.country(contents.sender.country), contents.sender.contact),
        addressee=_shown(contents.addressee.authority, words.country(contents.addressee.country)),
        labels=labels,
        codes=(
            (words("document.handling"), tuple(each.code for each in contents.handling)),
            ("4x4", (str(contents.evaluation),)),
        ),
        danger=contents.urgency == "danger_now",
        asked=_shown(*contents.asked),
        brief=_brief(contents, words),
        sections=tuple(_sections(contents, words)),
    )  # fmt: skip


def _shown(*texts: str) -> tuple[str, ...]:
    return tuple(visible(text) for text in texts)


def _brief(contents: PackageContents, words: Words) -> tuple[tuple[str, Cell], ...]:
    urgency = words(f"urgency.{contents.urgency}")
    holds = [words.count("person", len(contents.persons)), words.count("item", len(contents.items))]
    if minors := sum(person.minors_track for person in contents.persons):
        holds.insert(1, words("summary.minors", number=words.number(minors)))
    opened = words("summary.opened", date=words.date(contents.case_opened_at))
    return (
        (words("summary.urgency"), _shown(urgency, *filter(None, [contents.urgency_reason]))),
        (words("summary.by"), words.time(contents.answer_by) if contents.answer_by else words("summary.no_date")),
        (words("summary.operation"), _shown(f"{contents.operation_reference}\u2003{contents.operation_name}", opened)),
        (words("summary.holds"), tuple(holds)),
    )


def _sections(contents: PackageContents, words: Words) -> Iterator[Section]:
    yield Section(words("handling.heading"), (_handling(contents, words),))
    yield Section(words("persons.heading"), tuple(_persons(contents, words)))
    yield Section(words("items.heading"), tuple(_items(contents, words)))
    if contents.group:
        yield Section(words("group.heading"), (_group(contents, words),))
    if contents.elsewhere:
        rows = tuple((words.country(each.country), words.number(each.persons)) for each in contents.elsewhere)
        columns = (words("elsewhere.country"), words("elsewhere.persons"))
        yield Section(words("elsewhere.heading"), (Paragraph(words("elsewhere.note")), Table(columns, rows, (3, 1))))
    if contents.preservation:
        yield Section(words("preservation.heading"), tuple(Paragraph(visible(note)) for note in contents.preservation))
    yield Section(words("verify.heading"), tuple(_verify(contents, words)))
    yield Section(words("reply.heading"), tuple(_reply(contents, words)))


def _handling(contents: PackageContents, words: Words) -> Pairs:
    codes = tuple(
        f"{each.code}\u2003{words(f'handling.{each.code}')} {visible(each.text)}".rstrip() for each in contents.handling
    )
    evaluation = contents.evaluation
    grades = (
        f"{evaluation.source}\u2003{words(f'source.{evaluation.source}')}",
        f"{evaluation.information}\u2003{words(f'information.{evaluation.information}')}",
    )
    rows: list[tuple[str, Cell]] = [
        (words("handling.codes"), codes),
        (words("handling.evaluation"), grades),
        (words("handling.legal_basis"), visible(contents.legal_basis)),
    ]
    if contents.limits_of_use:
        rows.append((words("handling.limits"), visible(contents.limits_of_use)))
    return Pairs(tuple(rows))


def _persons(contents: PackageContents, words: Words) -> Iterator[Block]:
    if not contents.persons:
        yield Paragraph(words("persons.none"))
        return
    if any(person.minors_track for person in contents.persons):
        yield Paragraph(words("persons.minors_note"), loud=True)
    columns = tuple(words(f"person.{name}") for name in ("reference", "category", "age", "track", "known_as"))
    rows = tuple(
        (
            visible(person.reference),
            words.code("category", person.category),
            _age(person, words),
            words("person.minors_track") if person.minors_track else "",
            visible(_known_as(person)),
        )
        for person in contents.persons
    )
    yield Table(columns, rows, (14, 16, 20, 18, 32), machine=frozenset({0}), loud=frozenset({3}))
    yield Paragraph(words("persons.reading_note"))
    for person in contents.persons:
        yield _card(person, words)


def _age(person: PersonPart, words: Words) -> str:
    status = words.code("age", person.age_status)
    return status if person.age_stated is None else words("person.age_said", status=status, number=person.age_stated)


def _known_as(person: PersonPart) -> str:
    names = (*person.handles, *person.phones, *(account.identifier for account in person.accounts))
    return names[0] if names else ""


def _card(person: PersonPart, words: Words) -> Card:
    return Card(
        reference=visible(person.reference),
        tags=(words.code("category", person.category), _age(person, words)),
        mark=words("person.minors_track") if person.minors_track else "",
        blocks=tuple(_card_blocks(person, words)),
    )


def _card_blocks(person: PersonPart, words: Words) -> Iterator[Block]:
    known: list[tuple[str, Cell]] = [
        (words("person.handles"), _shown(*person.handles)),
        (words("person.phones"), _shown(*person.phones)),
        (words("person.accounts"), _shown(*(f"{each.service}: {each.identifier}" for each in person.accounts))),
    ]
    if person.born_on:
        known.append((words("person.born_on"), words.date(person.born_on)))
    for key, moment in (("person.joined", person.joined), ("person.left", person.left)):
        if moment:
            known.append((words(key), visible(words.moment(moment))))
    if person.posts:
        known.append((words("person.posts"), _posts_summary(person, words)))
    yield Pairs(tuple((label, value) for label, value in known if value))
    if person.posts:
        yield _posts(person, words)
        if more := len(person.posts) - POSTS_SHOWN if len(person.posts) > POSTS_SHOWN else 0:
            yield Paragraph(words("person.posts_more", number=words.number(more)))
    if person.countries:
        yield _countries(person, words)
    yield Lists(
        (
            (words("person.facts"), _shown(*person.facts), words("person.no_facts")),
            (words("person.assessments"), _shown(*person.assessments), words("person.no_assessments")),
        )
    )


def _posts_summary(person: PersonPart, words: Words) -> str:
    first = sum(post.first for post in person.posts)
    return words("person.posts_summary", posts=words.count("post", len(person.posts)), first=words.number(first))


def _posts(person: PersonPart, words: Words) -> Table:
    columns = (words("person.posts_item"), words("person.posts_time"), words("person.posts_first"))
    rows = tuple(
        (visible(post.item), visible(words.moment(post.time)), words("answer.yes" if post.first else "answer.no"))
        for post in person.posts[:POSTS_SHOWN]
    )
    return Table(columns, rows, (16, 64, 20), machine=frozenset({0}))


def _countries(person: PersonPart, words: Words) -> Table:
    columns = tuple(words(f"person.{name}") for name in ("country", "evidence", "kind", "grade"))
    rows = tuple(
        (words.country(each.country), visible(each.evidence), words.code("kind", each.kind), visible(each.grade))
        for each in person.countries
    )
    return Table(columns, rows, (26, 44, 18, 12))


def _items(contents: PackageContents, words: Words) -> Iterator[Block]:
    states = [state_of(item) for item in contents.items]
    size = words.number(sum(item.size_bytes for item in contents.items))
    counts: list[tuple[str, Cell]] = [
        (words("items.total"), words.number(len(contents.items))),
        (words("items.size"), words("items.bytes", number=size)),
        *((words(f"items.{state}"), words.number(states.count(state))) for state in ("hit", "no_hit", "not_examined")),
    ]
    yield Pairs(tuple(counts))
    if "hit" in states:
        columns = tuple(words(f"items.{name}") for name in ("list", "version", "exact", "near", "nearest"))
        yield Table(columns, tuple(_hits_by_list(contents.items, words)), (32, 16, 16, 16, 20))
    yield Paragraph(words("items.note"))


def _hits_by_list(items: tuple[ItemPart, ...], words: Words) -> Iterator[tuple[str, ...]]:
    hits = [hit for item in items for hit in item.known]
    for name, version in sorted({(hit.list, hit.version) for hit in hits}):
        here = [hit for hit in hits if (hit.list, hit.version) == (name, version)]
        distances = [hit.distance_bits for hit in here if hit.kind == "near" and hit.distance_bits is not None]
        exact, near = (words.number(sum(hit.kind == kind for hit in here)) for kind in ("exact", "near"))
        yield (
            visible(name),
            visible(version),
            exact,
            near,
            words("items.bits", number=min(distances)) if distances else "",
        )


def _group(contents: PackageContents, words: Words) -> Pairs:
    group = contents.group
    assert group is not None
    rows: list[tuple[str, Cell]] = [
        (words("group.name"), visible(group.name)),
        (words("group.platform"), visible(group.platform)),
        (words("group.members"), words.number(group.member_count)),
    ]
    for key, moment in (("group.first", group.first), ("group.last", group.last)):
        if moment:
            rows.append((words(key), visible(words.moment(moment))))
    if group.exporter:
        rows.append((words("group.exporter"), visible(group.exporter)))
    return Pairs(tuple(rows))


CHECKS = (
    "gpg --show-keys --with-fingerprint house.asc",
    "gpg --import house.asc",
    "gpg --verify tagmanifest-sha256.txt.asc tagmanifest-sha256.txt",
    "sha256sum --check tagmanifest-sha256.txt",
    "sha256sum --check manifest-sha256.txt",
)


def spaced(fingerprint: str) -> str:
    """A key's fingerprint in groups of four, as gpg shows it and people read it out."""
    capitals = fingerprint.replace(" ", "").upper()
    return " ".join(capitals[start : start + 4] for start in range(0, len(capitals), 4))


def _verify(contents: PackageContents, words: Words) -> Iterator[Block]:
    yield Pairs(((words("verify.fingerprint"), spaced(contents.sender.signing_fingerprint)),))
    yield Paragraph(words("verify.note"))
    yield Commands(CHECKS)
    yield Paragraph(words("verify.good"))
    if contents.custody.lines:
        key = "verify.custody" if contents.custody.checkpoint else "verify.custody_without"
        yield Paragraph(words(key, acts=words.count("act", len(contents.custody.lines))))


def _reply(contents: PackageContents, words: Words) -> Iterator[Block]:
    yield Paragraph(words("reply.how", address=visible(contents.reply_to)))
    yield Paragraph(words("reply.codes") + ":")
    yield Pairs(tuple((code, words(f"outcome.{code}")) for code in OUTCOMES))
    yield Pairs(((words("document.contact"), visible(contents.sender.contact)),))
