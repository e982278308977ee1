"""Who we are to others: name, country, contact and the address for replies, as the deployment says (docs/operations.md)."""

from __future__ import annotations

import os

from amparo.exchange.formats.contents import COUNTRY, House
from amparo.foundation.errors import Refused


def this_house() -> House:
    """From AMPARO_HOUSE_NAME, _COUNTRY and _CONTACT. Raises Refused where the country is missing: the law depends on it.

    The fingerprint stays empty: whoever signs fills it in.
    """
    country = os.environ.get("AMPARO_HOUSE_COUNTRY", "").strip().upper()
    name = os.environ.get("AMPARO_HOUSE_NAME", "").strip()
    if not COUNTRY.fullmatch(country) or not name:
        raise Refused(
            "Nobody has said whose house this is: set AMPARO_HOUSE_NAME and AMPARO_HOUSE_COUNTRY (two letters)."
        )
    return House(
        name, country, os.environ.get("AMPARO_HOUSE_CONTACT", "").strip() or reply_domain_address("contact"), ""
    )


def reply_domain_address(mailbox: str) -> str:
    """`mailbox` at the first domain that this house takes mail for (AMPARO_MAIL_DOMAINS, as the receiver reads it)."""
    return f"{mailbox}@{os.environ.get('AMPARO_MAIL_DOMAINS', 'report.example.org').split(',')[0].strip().lower()}"


def reply_address(token: str) -> str:
    """Where the reply to one package goes: the token stands in the address, so that even an empty mail finds its package."""
    return reply_domain_address(f"reply+{token}")
