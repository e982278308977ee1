"""Amparo carries a report of child sexual abuse or exploitation from its arrival to the moment every child in it is safe.

One package, one Django app a room, in the order the data flows (docs/map.md). A room imports the rooms before it, never
those after it; `.importlinter` holds the order.
"""

__version__ = "0.1.0"
