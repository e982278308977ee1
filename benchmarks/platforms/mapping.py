"""The mapping that goes with the files of the invented platform, in each of its shapes."""

from __future__ import annotations

_ENDINGS = {
    "mixed": {"events": "parquet", "posts": "parquet", "items": "jsonl"},
    "csv": {},
    "jsonl": dict.fromkeys(("accounts", "identifiers", "events", "posts", "items", "payments", "memberships"), "jsonl"),
}


def text(shape: str, hidden: bool) -> str:
    """The mapping as TOML."""
    ending = {name: _ENDINGS[shape].get(name, "csv") for name in _ENDINGS["jsonl"]}
    seen = "" if hidden else ', phone = "phone", zone = "timezone", country = "country"'
    net = "" if hidden else ', address = "ip", port = "port", device = "device", country = "country"'
    paid = "" if hidden else '\naddress = "ip"'
    table = "" if hidden else _ADDRESSES
    return f"""\
platform = "sample"

[numbers]
decimal = ","
[money]
currency = "EUR"
[time]
format = "iso"
zone = "UTC"
{table}
[issuers]
file = "unit/issuers.csv"
name = "invented issuers"
date = 2025-12-01
licence = "CC0-1.0"

[[mailbox]]                       # whose spellings are one mailbox
domains = ["mail.example.org", "mail.example.net"]
dots = false
tag = "+"

[[source]]
files = "accounts.{ending["accounts"]}"
table = "accounts"
columns = {{ account = "user_id", created = "joined", handle = "handle", name = "name", email = "email", locale = "locale"{seen} }}

[[source]]
files = "identifiers.{ending["identifiers"]}"
table = "identifiers"
columns = {{ account = "user_id", kind = "kind", value = "value", first = "seen_from", last = "seen_to" }}
[source.kinds]
OLD_EMAIL = "email"
RECOVERY = "email"
MESSENGER = "external"

[[source]]
files = "events-*.{ending["events"]}"
table = "events"
columns = {{ account = "user_id", at = "at", kind = "kind", item = "item"{net} }}

[[source]]
files = "payments.{ending["payments"]}"
table = "payments"
time = {{ format = "%d/%m/%Y %H:%M:%S", zone = "Europe/Berlin" }}
[source.columns]
account = "customer"
at = "booked"
kind = "method"
token = "token"
issuer = "bin"
issuer_country = "card_country"
amount = "amount"
currency = "currency"
reference = "reference"{paid}
[source.kinds]
CARD = "card"
VOUCHER = "voucher"

[[source]]
files = "items.{ending["items"]}"
table = "items"
columns = {{ item = "id", account = "uploader", at = "uploaded_ms", duration_s = "duration", kind = "type" }}
time = {{ format = "epoch_ms" }}

[[source]]
files = "memberships.{ending["memberships"]}"
table = "memberships"
columns = {{ account = "user_id", group = "group_id", since = "joined", until = "left", role = "role", added_by = "added_by" }}

[[source]]
files = "posts.{ending["posts"]}"
table = "posts"
columns = {{ account = "user_id", group = "group_id", at = "sent", item = "item", forwarded = "forwarded" }}
"""


_ADDRESSES = """
[addresses]
file = "unit/networks.csv"        # beside this mapping: the unit's own table
name = "invented networks"
date = 2025-12-01
licence = "CC0-1.0"
"""
