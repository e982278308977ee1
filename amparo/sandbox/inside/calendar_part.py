"""A calendar part (RFC 5545) as lines a person reads: what, when, where, who. Times stay as written, with their zone's name."""

from __future__ import annotations

import re

EVENTS = 50
LINES = 20_000
VALUE_CHARACTERS = 5_000
ATTENDEES = 50

_SHOWN = {
    "SUMMARY": "Event",
    "DTSTART": "Begins",
    "DTEND": "Ends",
    "DURATION": "Lasts",
    "DUE": "Due",
    "RRULE": "Repeats",
    "LOCATION": "Where",
    "URL": "Address",
    "ORGANIZER": "Organiser",
    "ATTENDEE": "Attendee",
    "DESCRIPTION": "Description",
    "COMMENT": "Comment",
    "STATUS": "Status",
}
_COMPONENTS = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"})
_PROPERTY = re.compile(r"([A-Za-z0-9-]{1,60})((?:;[^:\"]{0,300}(?:\"[^\"]{0,300}\")?){0,20}):(.*)\Z", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\;,nN])")


def text_of_calendar(text: str) -> str:
    """The events and tasks in the text, one paragraph each; "" where there are none."""
    events: list[list[str]] = []
    inside = ""
    for line in _unfolded(text):
        found = _PROPERTY.match(line)
        if not found:
            continue
        name, parameters, value = found[1].upper(), found[2], found[3][:VALUE_CHARACTERS]
        if name == "BEGIN" and value.strip().upper() in _COMPONENTS and not inside:
            if len(events) >= EVENTS:
                break
            inside = value.strip().upper()
            events.append([])
        elif name == "END" and value.strip().upper() == inside:
            inside = ""
        elif inside and name in _SHOWN and len(events[-1]) < ATTENDEES + len(_SHOWN):
            events[-1].append(f"{_SHOWN[name]}: {_value(name, parameters, value)}")
    return "\n\n".join("\n".join(each) for each in events if each)


def _unfolded(text: str) -> list[str]:
    """Its lines; one that begins with a space goes on with the one before (RFC 5545, 3.1)."""
    lines = re.sub(r"\r?\n[ \t]", "", text).splitlines()
    return lines[:LINES]


def _value(name: str, parameters: str, value: str) -> str:
    """The value as a person would write it; a time with the zone it names, a person with the name before the address."""
    plain = _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
    zone = re.search(r";TZID=\"?([^;:\"]{1,100})", parameters, re.IGNORECASE)
    called = re.search(r";CN=(?:\"([^\"]{1,200})\"|([^;:\"]{1,200}))", parameters, re.IGNORECASE)
    if name.startswith("D") and zone:
        return f"{plain} ({zone[1]})"
    if name in ("ORGANIZER", "ATTENDEE"):
        address = re.sub(r"(?i)^mailto:", "", plain)
        return f"{called[1] or called[2]} <{address}>" if called else address
    return plain
