"""What a house is set to: `house.env` in its home, lines of AMPARO_NAME=value. The environment itself wins."""

from __future__ import annotations

import os

from amparo.foundation.errors import Refused
from amparo.foundation.home import Home

TEMPLATE = """\
# What this house is set to; docs/operations.md explains each. Variables of the environment win over these lines.
# Partners read this name; the country decides which law's clocks apply. Packages need both.
#AMPARO_HOUSE_NAME=Central unit
#AMPARO_HOUSE_COUNTRY=ES
#AMPARO_HOUSE_CONTACT=unit@example.org
# The address and name by which reporters know the line, and the mail server that answers to them go out by.
#AMPARO_LINE_ADDRESS=report@report.example.org
#AMPARO_LINE_NAME=Report line
#AMPARO_SMARTHOST=mail.example.org:587
"""
DEMO = """\
# A demonstration: every person, number and file in this home is invented. A real house needs a home of its own.
AMPARO_DEMO=1
AMPARO_HOUSE_NAME=Unidad Central (demostración)
AMPARO_HOUSE_COUNTRY=ES
AMPARO_HOUSE_CONTACT=unidad@example.org
"""


def load(home: Home) -> None:
    """The lines of the home's file stand in the environment. Refused for a line that is no setting."""
    file = home.path / "house.env"
    if not file.exists():
        return
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().startswith("AMPARO_"):
            raise Refused(f"Line {number} of {file} is no setting: write AMPARO_NAME=value, or # before a remark.")
        os.environ.setdefault(name.strip(), value.strip())


def begin(home: Home, *, demo: bool) -> None:
    """The home has its file, and its lines hold. Refused where a demonstration is asked for in a real house."""
    file = home.path / "house.env"
    if not file.exists():
        if demo and home.keys.exists() and any(home.keys.iterdir()):
            raise Refused(
                f"{home.path} is a real house. Play the demonstration in a home of its own: AMPARO_HOME=./demo-house."
            )
        home.make()
        file.write_text(DEMO if demo else TEMPLATE)
        file.chmod(0o600)
    load(home)
    if demo and os.environ.get("AMPARO_DEMO") != "1":
        raise Refused(
            f"{home.path} is a real house. Play the demonstration in a home of its own: AMPARO_HOME=./demo-house."
        )
