"""Reading a tree by names, in any order, and saying afterwards what nobody asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from amparo.sandbox.readings import Element

MOST_LISTED = 200
_YES, _NO = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


class Asked:
    """One document being read. What was asked for is known; `left` is the rest."""

    def __init__(self) -> None:
        self._elements: set[int] = set()
        self._attributes: set[tuple[int, str]] = set()

    def every(self, element: Element | None, name: str) -> list[Element]:
        found = [each for each in element.children if each.name == name] if element else []
        self._elements.update(map(id, found))
        return found

    def first(self, element: Element | None, name: str) -> Element | None:
        """The first of that name; further ones stay unasked, and are listed."""
        found = next((each for each in element.children if each.name == name), None) if element else None
        if found:
            self._elements.add(id(found))
        return found

    def text(self, element: Element | None, name: str) -> str:
        found = self.first(element, name)
        return found.text if found else ""

    def texts(self, element: Element | None, name: str) -> list[str]:
        return [each.text for each in self.every(element, name) if each.text]

    def answer(self, element: Element | None, name: str) -> str:
        """yes, no, or unknown for a truth that isn't stated or is no truth."""
        return answer_of(self.text(element, name))

    def attribute(self, element: Element, name: str) -> str:
        self._attributes.add((id(element), name))
        return element.attributes.get(name, "").strip()

    def left(self, root: Element) -> list[dict[str, str]]:
        """What nobody asked for: [{"path", "text"}], in the document's order; a whole branch by its top."""
        return list(self._left(root, f"/{root.name}"))[:MOST_LISTED]

    def _left(self, element: Element, path: str) -> Iterator[dict[str, str]]:
        for name, value in element.attributes.items():
            if (id(element), name) not in self._attributes:
                yield {"path": f"{path}/@{name}"[:300], "text": value[:500]}
        for each in element.children:
            below = f"{path}/{each.name}"
            if id(each) in self._elements:
                yield from self._left(each, below)
            else:
                yield {"path": below[:300], "text": each.text[:500]}


def answer_of(said: object) -> str:
    word = str(said).strip().lower()
    return "yes" if word in _YES else "no" if word in _NO else "unknown"


# Of these, “unknown” is what is there without being said; elsewhere it may be what somebody is called.
_ANSWERS = frozenset(
    {
        "verified",
        "proxy",
        "compromised",
        "all_emails_reported",
        "third_party",
        "third_party_hosted",
        "told",
        "danger_now",
    }
    | {"viewed", "metadata_viewed", "publicly_available", "held"}
)


def without_empty(said: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing: "", None, empty lists and objects, and answers that are unknown."""
    return {
        name: value
        for name, value in said.items()
        if value not in ("", None, [], {}) and not (value == "unknown" and name in _ANSWERS)
    }


def moment(raw: str, kind: str = "", **more: str) -> dict[str, Any] | None:
    """A time as it was written. Its zone stands in it, or nowhere."""
    return without_empty({"raw": raw.strip()[:200], "kind": kind, **more}) if raw.strip() else None


def line(text: str) -> str:
    return text[:2_000]


def word(text: str) -> str:
    return " ".join(text.split())[:100]


def code(label: str) -> str:
    """A label as a code: “Possible Self Production” is possible_self_production."""
    spaced = "".join(
        f" {each}" if each.isupper() and at and label[at - 1].islower() else each for at, each in enumerate(label)
    )
    return "_".join("".join(each if each.isalnum() else " " for each in spaced.lower()).split())[:100]


def port_of(said: str) -> int | None:
    found = said.strip()
    number = int(found) if found.isascii() and found.isdecimal() and len(found) <= 5 else 0
    return number if 0 < number <= 65_535 else None


def age_of(said: str) -> int | None:
    found = said.strip()
    return int(found) if found.isascii() and found.isdecimal() and len(found) <= 3 and int(found) <= 150 else None


# NCMEC's labels by a part that is each one's alone, with and without the endings that clients misspell.
_KINDS = (
    ("possession, manufacture", "csam"),
    ("trafficking", "trafficking"),
    ("tourism", "travel"),
    ("molestation", "contact_abuse"),
    ("misleading domain", "misleading_domain"),
    ("misleading words", "misleading_content"),
    ("enticement", "enticement"),
    ("unsolicited", "unsolicited_material"),
)


def kind_of_incident(label: str) -> str:
    """The neutral code of NCMEC's label; of an unknown one the label as a code."""
    plain = label.casefold()
    return next((kind for part, kind in _KINDS if part in plain), code(label))
