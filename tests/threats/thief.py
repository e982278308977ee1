"""Tries what a thief would try with everything of a house but its `keys/`: with keys of their own making, and with guesses.

AMPARO_HOME=... python -m tests.threats.thief     a JSON object: how each attempt ended
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

WRONG_PASSWORDS = ("", "password", "correct horse battery staple")


def ended(attempt: Callable[[], Any]) -> str:
    """The name of the error, or what was won."""
    from amparo.foundation.errors import AmparoError

    try:
        won = attempt()
    except AmparoError as error:
        return type(error).__name__
    return f"WON {won!r:.80}"


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amparo.wiring.settings")
    from amparo.foundation.home import Home
    from amparo.vault.keys import ProcessKeys, make_keys

    home = Home.from_env()
    make_keys(home)  # the thief has the software too
    django.setup()

    from allauth.mfa.models import Authenticator

    from amparo.intake import spool
    from amparo.intake.models import SealedIdentity
    from amparo.vault import envelope, files, queries
    from amparo.vault.envelope import Binding, SealedReader
    from amparo.vault.models import Item, KeyHolding, MemberKey
    from amparo.wiring.login import SecondFactor

    thief = [ProcessKeys(home, name) for name in ("worker", "recovery")]

    def opened(item: Item, keys: ProcessKeys) -> bytes:
        private = queries.private_key(item.compartment.uuid, keys)
        data_key = envelope.unwrap_key(
            bytes(item.wrapped_key), private, envelope.item_key_info(Binding(item.uuid, item.compartment.uuid))
        )
        return SealedReader(
            files.path_of(home, item.uuid).open("rb"), data_key, Binding(item.uuid, item.sealed_for.uuid)
        ).readall()

    found: dict[str, Counter[str]] = {
        name: Counter() for name in ("items", "identities", "holdings", "members", "factors")
    }
    for item in Item.objects.select_related("compartment", "sealed_for"):
        found["items"].update(ended(lambda keys=keys, item=item: opened(item, keys)) for keys in thief)  # type: ignore[misc]
    for row in SealedIdentity.objects.select_related("arrival"):
        within = envelope.letter_binding(bytes(row.letter)).compartment
        found["identities"].update(
            ended(
                lambda keys=keys, row=row, within=within: spool.open_identity(
                    bytes(row.letter), queries.private_key(within, keys), row.arrival.uuid
                )
            )  # type: ignore[misc]
            for keys in thief
        )
    for holding in KeyHolding.objects.select_related("compartment"):
        found["holdings"].update(
            ended(lambda keys=keys, row=holding: keys.private_key(row.compartment.uuid, bytes(row.wrapped_private_key)))  # type: ignore[misc]
            for keys in thief
        )
    for member in MemberKey.objects.exclude(locked_private_key=b""):
        context = b"member" + UUID(member.holder).bytes
        found["members"].update(
            ended(
                lambda row=member, password=password, context=context: envelope.unlock(
                    bytes(row.locked_private_key), password, context
                )
            )  # type: ignore[misc]
            for password in WRONG_PASSWORDS
        )
    for factor in Authenticator.objects.all():
        for sealed in [value for value in factor.data.values() if isinstance(value, str)]:
            found["factors"].update([ended(lambda sealed=sealed: SecondFactor().decrypt(sealed))])  # type: ignore[misc]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
