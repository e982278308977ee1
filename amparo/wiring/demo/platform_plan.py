"""What the third story's partners will answer, and the figures that its board has to show: those of the public case it retells.

Nothing here knows who anybody is: each authority answers for the subjects of its own package, in their order.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

import numpy as np
from PIL import Image

from amparo.foundation.errors import Refused
from amparo.wiring.demo.mails import DATED, TO
from amparo.wiring.demo.plan import CountryAnswer, PersonAnswer

IDENTIFIED = 1_393  # suspects identified, those arrested included
ARRESTED = 79
SAFEGUARDED = 39
LEAST_DEVICES = 3_001
PICTURES_OF_A_SERIES = 2
SENDER = "desk@de.example.org"
SUBJECT = "Seized platform, first items"
TEXT = (
    "The platform sample-video was seized on an order of the court. Its tables are on the way. "
    "Attached: the first items, in an archive.\n"
)


@dataclass(frozen=True)
class CountryPlan:
    """What one country says of its subjects, by their order: first those arrested, then those identified, then the rest."""

    country: str
    arrested: int
    identified: int
    without_action: int

    @property
    def devices(self) -> dict[str, int]:
        """Phones, tablets, laptops, desktops, storage: a fixed, made-up rule."""
        found = self.arrested + self.identified
        return {
            "phone": found,
            "tablet": found // 4,
            "laptop": (found + 1) // 2,
            "desktop": found // 4,
            "storage": found // 2 + self.arrested,
        }

    def answer(self, subjects: list[str]) -> CountryAnswer:
        """The plan laid on the subjects of this country's package."""
        lines = []
        for number, subject in enumerate(subjects):
            if number < self.arrested:
                lines.append(PersonAnswer(subject, "arrested", self.country, self.country, None, ""))
            elif number < self.arrested + self.identified:
                lines.append(PersonAnswer(subject, "identified", "", "", None, ""))
            else:
                lines.append(PersonAnswer(subject, "no_action", "", "", None, "not_identifiable"))
        return CountryAnswer(self.country, tuple(lines), self.devices)


def plans(persons: Mapping[str, int]) -> dict[str, CountryPlan]:
    """By country, for packages with so many persons each. Refused where there are too few for the case's own figures."""
    if sum(persons.values()) < IDENTIFIED:
        raise Refused(f"The packages hold {sum(persons.values())} persons; the story needs {IDENTIFIED}.")
    arrested = _shared(persons, ARRESTED)
    rest = {country: count - arrested[country] for country, count in persons.items()}
    identified = _shared(rest, IDENTIFIED - ARRESTED)
    return {
        country: CountryPlan(country, arrested[country], identified[country], rest[country] - identified[country])
        for country in sorted(persons)
    }


def _shared(room: Mapping[str, int], total: int) -> dict[str, int]:
    """So many shared out by size, whole, none above its room: what rounding leaves over goes to the largest rests in turn."""
    whole = sum(room.values())
    found = {country: count * total // whole for country, count in room.items()}
    by_rest = sorted(room, key=lambda country: (-(room[country] * total % whole), country))
    for country in by_rest * 2:
        if sum(found.values()) == total:
            break
        if found[country] < room[country]:
            found[country] += 1
    return found


def pictures(seed: int) -> dict[str, tuple[int, bytes]]:
    """File name to (number of its series, PNG): abstract noise and bars, another for each; nothing else."""
    found = {}
    for series in range(SAFEGUARDED):
        draw = np.random.default_rng([seed, series])
        base = draw.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        for copy in range(PICTURES_OF_A_SERIES):
            grid = np.roll(base, copy * 5, axis=1)
            image = Image.fromarray(np.kron(grid, np.ones((20, 20, 1), dtype=np.uint8)), "RGB")
            data = io.BytesIO()
            image.save(data, "PNG")
            found[f"item-{series + 1:02d}-{copy + 1}.png"] = (series, data.getvalue())
    return found


def letter(seed: int) -> bytes:
    """The mail with which a partner hands over the first items. Same seed, same bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for name, (_, data) in pictures(seed).items():
            packed.writestr(zipfile.ZipInfo(name, (2026, 3, 1, 9, 0, 0)), data)
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = SENDER, TO, SUBJECT
    message["Date"], message["Message-ID"] = DATED, f"<demo-platform-{seed}@example.org>"
    message.set_content(TEXT, cte="quoted-printable")
    message.add_attachment(archive.getvalue(), maintype="application", subtype="zip", filename="items.zip")
    message.set_boundary(f"=_amparo-platform-{random.Random(seed).randrange(10**9)}")  # noqa: S311 - no secret
    return message.as_bytes()
