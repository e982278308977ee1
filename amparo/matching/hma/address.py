"""Whether the address of an HMA may be asked at all. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def obstacles_to_address(address: str) -> tuple[str, ...]:
    """Why nothing is read from this address; empty when it may be.

    Plain http is for an HMA beside this house (its own network, or a name without a dot); everything else must be https, because
    lists and the token would go over the line readable.
    """
    try:
        parts = urlsplit(address)
        port_stands = parts.port is None or parts.port > 0
    except ValueError:
        return ("This is no address: write it as https://hma.example.org.",)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_stands:
        return ("This is no address: write it as https://hma.example.org.",)
    if parts.username or parts.password or parts.query or parts.fragment:
        return ("Give the address alone: the token has a field of its own.",)
    if any(character.isspace() or ord(character) < 33 or ord(character) > 126 for character in address):
        return ("An address has no blanks and no letters beyond the plain ones.",)
    if parts.scheme == "http" and not _beside_us(parts.hostname):
        return ("Use https: over plain http, lists and the token could be read on the way.",)
    return ()


def _beside_us(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host
    return address.is_loopback or address.is_private
