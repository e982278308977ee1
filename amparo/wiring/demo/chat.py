"""The group's life as events, and as the `_chat.txt` that an iPhone set to Spanish would export of it.

Stamps are ``[d/m/yy, H:MM:SS]``; notices carry the author first and U+200E before the wording, as real exports do.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from amparo.wiring.demo import words
from amparo.wiring.demo.cast import LEFT_AFTER_SECONDS, Entry, Exit, Member
from amparo.wiring.demo.phones import as_shown_on_an_iphone
from amparo.wiring.demo.pictures import Kind, Picture

BEGAN = datetime(2026, 3, 2, 20, 58, 12)  # noqa: DTZ001 - a wall clock: the export names no zone
MARK = "\u200e"
ENCRYPTION = "Los mensajes y las llamadas están cifrados de extremo a extremo."
DELETED = "Se eliminó este mensaje."
OMITTED = "imagen omitida"
TEXTS = 90
REPOSTS = 9
# Two lines that no pattern fits: one before the first stamp, one with a stamp that no calendar has.
BEFORE_ALL = "exportación del grupo"
IMPOSSIBLE = "[31/2/26, 25:61:00] hola"


@dataclass(frozen=True, slots=True)
class Posted:
    """One file in the group: who posted it, when, under which name; picture None for the archive."""

    member: str
    at: datetime
    file_name: str
    picture: str | None


@dataclass(frozen=True, slots=True)
class Chat:
    """The export's text and what truly happened in it."""

    text: str
    posted: tuple[Posted, ...]
    messages: int
    notices: int

    def first_posters(self) -> dict[str, str]:
        """Picture key to the key of the member who posted its bytes first."""
        found: dict[str, str] = {}
        for each in self.posted:
            if each.picture is not None:
                found.setdefault(each.picture, each.member)
        return found


class _Transcript:
    """Lines written so far and the clock of the group."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.at = BEGAN
        self.lines: list[str] = [BEFORE_ALL]
        self.posted: list[Posted] = []
        self.messages = 0
        self.notices = 0

    def later(self, seconds: int | None = None) -> None:
        """The clock goes on: by so much, or by minutes to most of a day."""
        self.at += timedelta(seconds=seconds if seconds is not None else self.draw.randint(400, 70_000))

    def _line(self, author: str, body: str) -> None:
        at = self.at
        stamp = f"[{at.day}/{at.month}/{at:%y}, {at.hour}:{at:%M:%S}]"
        self.lines.append(f"{stamp} {author}: {body}")

    def notice(self, author: str, wording: str) -> None:
        """A line of the messenger's own."""
        self.notices += 1
        self._line(author, f"{MARK}{wording}")

    def says(self, member: Member, text: str) -> None:
        """A member's message."""
        self.messages += 1
        self._line(member.shown_as, text)

    def posts(self, member: Member, picture: Picture | None, kind: str, extension: str) -> None:
        """A member's file, under the name that the messenger gives it."""
        self.messages += 1
        number = self.messages + self.notices
        name = f"{number:08d}-{kind}-{self.at:%Y-%m-%d-%H-%M-%S}.{extension}"
        self.posted.append(Posted(member.key, self.at, name, picture.key if picture else None))
        self._line(member.shown_as, f"{MARK}<adjunto: {name}>")


def written(seed: int, cast: tuple[Member, ...], album: tuple[Picture, ...], in_archive: frozenset[str]) -> Chat:
    """The whole chat. ``in_archive`` are the pictures that go round only inside the nested zip."""
    draw = random.Random(f"{seed}:chat")  # noqa: S311 - invented data, no secret
    transcript = _Transcript(draw)
    founder, *others = cast
    _opening(transcript, founder, others)
    steps = _steps(transcript, cast, album, in_archive)
    for number, step in enumerate(steps):
        transcript.later()
        step()
        if number == len(steps) // 3:
            transcript.lines.append(IMPOSSIBLE)
    _endings(transcript, founder, others)
    return Chat(
        "\r\n".join(transcript.lines) + "\r\n",
        tuple(transcript.posted),
        transcript.messages,
        transcript.notices,
    )


def _opening(transcript: _Transcript, founder: Member, others: list[Member]) -> None:
    """The group is made, the exporter is brought in, and everybody else comes, one way or the other."""
    transcript.notice(words.GROUP_NAME, ENCRYPTION)
    transcript.notice(founder.shown_as, f"{founder.shown_as} creó este grupo")
    transcript.later(40)
    transcript.notice(founder.shown_as, f"{founder.shown_as} te añadió")
    second = others[0]
    for number, member in enumerate(others):
        transcript.later(transcript.draw.randint(20, 900))
        name = as_shown_on_an_iphone(member.earlier_phone) if member.earlier_phone else member.shown_as
        if member.entry is Entry.LINK:
            transcript.notice(name, f"{name} se unió usando el enlace de invitación de este grupo")
        else:
            adder = founder if number < 20 else second
            transcript.notice(adder.shown_as, f"{adder.shown_as} añadió a {name}")
        if member.exit is Exit.LEFT_AT_ONCE:
            transcript.later(LEFT_AFTER_SECONDS)
            transcript.notice(name, f"{name} salió del grupo")


def _endings(transcript: _Transcript, founder: Member, others: list[Member]) -> None:
    transcript.later()
    transcript.notice(
        founder.shown_as,
        f'{founder.shown_as} cambió el nombre del grupo de "{words.GROUP_NAME}" a "{words.GROUP_NAME_LATER}"',
    )
    for member in others:
        transcript.later()
        if member.earlier_phone:
            before = as_shown_on_an_iphone(member.earlier_phone)
            transcript.notice(before, f"{before} cambió a {member.shown_as}")
        if member.exit is Exit.LEFT:
            transcript.notice(member.shown_as, f"{member.shown_as} salió del grupo")
        if member.exit is Exit.REMOVED:
            transcript.notice(founder.shown_as, f"{founder.shown_as} eliminó a {member.shown_as}")


def _steps(
    transcript: _Transcript, cast: tuple[Member, ...], album: tuple[Picture, ...], in_archive: frozenset[str]
) -> list[Callable[[], None]]:
    """Everything that is said and posted, in order: copies after what they copy, talk in between."""
    draw = transcript.draw
    posters = [member for member in cast if member.posts]
    first = [p for p in album if p.kind not in (Kind.NEAR_COPY, Kind.STICKER) and p.key not in in_archive]
    draw.shuffle(first)
    again = draw.sample([p for p in first if p.kind is Kind.ORIGINAL], k=REPOSTS)
    copies = [p for p in album if p.kind is Kind.NEAR_COPY]
    stickers = [p for p in album if p.kind is Kind.STICKER] * 2
    # Everybody who posts at all has at least one of the first pictures; who has more is drawn.
    turns = draw.sample(posters, k=len(posters))
    steps: list[Callable[[], None]] = []
    for number, picture in enumerate(first):
        member = turns[number] if number < len(turns) else draw.choice(posters)
        steps.append(_posting(transcript, member, picture))
    steps += [_posting(transcript, draw.choice(posters), picture) for picture in (*again, *copies, *stickers)]
    steps.append(lambda: transcript.posts(posters[3], None, "lote", "zip"))
    for number in range(TEXTS):
        steps.insert(draw.randrange(len(steps) + 1), _talk(transcript, draw, posters, number))
    return steps


def _posting(transcript: _Transcript, member: Member, picture: Picture) -> Callable[[], None]:
    kind = "STICKER" if picture.kind is Kind.STICKER else "imagen" if picture.extension == "png" else "PHOTO"
    return lambda: transcript.posts(member, picture, kind, picture.extension)


def _talk(transcript: _Transcript, draw: random.Random, posters: list[Member], number: int) -> Callable[[], None]:
    member = draw.choice(posters)
    if number in (10, 50):
        return lambda: transcript.says(member, f"{MARK}{DELETED}")
    if number in (20, 60):
        return lambda: transcript.says(member, f"{MARK}{OMITTED}")
    if number % 9 == 4:
        return lambda: transcript.says(member, words.HANDLE_MESSAGE.format(handle=member.handle))
    text = words.MULTI_LINE_MESSAGES[number // 30] if number % 30 == 0 else draw.choice(words.MESSAGES)
    return lambda: transcript.says(member, text)
