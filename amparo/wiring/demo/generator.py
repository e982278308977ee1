"""From a seed, the whole demo operation as bytes and as truth. Same seed and same libraries, same bytes. No Django."""

from __future__ import annotations

from dataclasses import dataclass

from amparo.wiring.demo import archives, cast, chat, lists, mails, pictures, plan
from amparo.wiring.demo.cast import Member
from amparo.wiring.demo.chat import Chat
from amparo.wiring.demo.lists import KnownList
from amparo.wiring.demo.mails import Letter
from amparo.wiring.demo.pictures import Kind, Picture
from amparo.wiring.demo.plan import CountryAnswer, Figures

DEFAULT_SEED = 2020


@dataclass(frozen=True, slots=True)
class Operation:
    """Everything that is sent to the house, and the truth that only the demo knows.

    ``series`` maps a series letter to the keys of its pictures, copies included; ``attached`` are the two pictures that
    lie beside the export in the report mail.
    """

    seed: int
    members: tuple[Member, ...]
    album: tuple[Picture, ...]
    chat: Chat
    export: bytes
    report: Letter
    noise: tuple[Letter, ...]
    known: tuple[KnownList, KnownList]
    series: dict[str, tuple[str, ...]]
    attached: tuple[str, ...]
    answers: tuple[CountryAnswer, ...]
    figures: Figures

    def picture(self, key: str) -> Picture:
        """KeyError for a key that is none."""
        return {p.key: p for p in self.album}[key]


def generate(seed: int = DEFAULT_SEED) -> Operation:
    """The operation of this seed."""
    members = cast.members(seed)
    album = pictures.album(seed)
    in_archive = [p for p in album if p.kind is Kind.LOOSE][-2:]
    talk = chat.written(seed, members, album, frozenset(p.key for p in in_archive))
    export = _export(talk, album, in_archive)
    unknown = [p for p in album if p.family in lists.UNKNOWN_FAMILIES]
    original = next(p for p in unknown if p.kind is Kind.ORIGINAL and p.extension == "jpg")
    copy = next(p for p in unknown if p.kind is Kind.NEAR_COPY)
    loose = next(p for p in album if p.kind is Kind.LOOSE)
    attached = [("imagen-1.jpg", original.data), ("imagen-2.jpg", copy.data)]
    return Operation(
        seed=seed,
        members=members,
        album=album,
        chat=talk,
        export=export,
        report=mails.report(seed, members[0].phone or "", export, attached),
        noise=mails.noise(seed, loose.data),
        known=(lists.exact_list(seed, album), lists.near_list(seed, album)),
        series={f: tuple(p.key for p in album if p.family == f) for f in pictures.FAMILIES},
        attached=(original.key, copy.key),
        answers=plan.answers(members),
        figures=plan.figures(members),
    )


def _export(talk: Chat, album: tuple[Picture, ...], in_archive: list[Picture]) -> bytes:
    """The export as the messenger packs it: the text, then every file under the name that the text gives it."""
    by_key = {p.key: p for p in album}
    inner = archives.zipped([(f"{p.key}.{p.extension}", p.data) for p in in_archive])
    media = [(each.file_name, by_key[each.picture].data if each.picture else inner) for each in talk.posted]
    return archives.zipped([("_chat.txt", talk.text.encode("utf-8")), *media])
