"""Slow work of the referrals: building a package, delivering it, noticing that a person moved."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django_tasks import task

from amparo.access.acts import Actor
from amparo.exchange import courier, queries as exchange, sealing
from amparo.foundation import clock
from amparo.foundation.canonical import canonical_bytes
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.jobs.leases import finishing
from amparo.referrals import actions, filling, queries, rounds, rules
from amparo.referrals.house import reply_domain_address
from amparo.vault.keys import ProcessKeys


@task()
def build_package(act: str, about: dict[str, Any]) -> None:
    """Follows package.build_asked: fills, signs and seals, then records what was made. A refusal makes it a draft again."""
    uuid, worker = UUID(about["package"]), Actor.of_process("worker")
    facts = queries.package(uuid)
    if facts.state != rules.BUILDING:
        return
    try:
        sealed = _sealed(facts)
    except Refused as refusal:
        with finishing():
            actions.record_build_failed(worker, uuid, refusal.sentence)
        return
    with finishing():
        actions.record_built(worker, uuid, sealed)
    _forget_earlier(uuid, sealed.token_sha256)


def _sealed(facts: queries.PackageFacts) -> actions.Sealed:
    now, token = clock.now(), actions.new_token()
    digest = hashlib.sha256(token.encode()).hexdigest()
    filled = filling.filled(facts, token, now, Actor.of_process("worker"), ProcessKeys(Home.from_env(), "worker"))
    partner = exchange.partner(facts.country)
    if partner is None:
        raise Refused(f"The partner for {facts.country} is gone: register it again.")
    folder = Path(str(facts.uuid)) / digest[:16]
    made = sealing.seal(
        filled.contents,
        Home.from_env(),
        partner.recipient,
        queries.packages_folder() / folder,
    )
    # What is kept for reading has no token: whoever reads the database can't answer in the partner's name.
    contents = filling.plain(replace(filled.contents, reply_token="", reply_to=reply_domain_address("reply")))
    recipients = {"openpgp": partner.fingerprint, "age": partner.age}
    return actions.Sealed(
        persons=filled.persons,
        items=filled.items,
        law=filled.law,
        answer_by=filled.answer_by,
        acknowledge_by=filled.acknowledge.after(now),
        changes=filled.changes,
        contents=contents,
        contents_sha256=hashlib.sha256(canonical_bytes(contents)).hexdigest(),
        manifest_sha256=made.manifest_sha256,
        token_sha256=digest,
        files=tuple(
            (each.method, str(folder / each.path.name), each.sha256, each.size_bytes, recipients[each.method])
            for each in made.files
        ),
    )


def _forget_earlier(package: UUID, digest: str) -> None:
    """Takes away what earlier builds of this version left; nobody may send those any more."""
    for folder in (queries.packages_folder() / str(package)).glob("*"):
        if folder.name != digest[:16]:
            shutil.rmtree(folder, ignore_errors=True)


@task(queue_name="long")
def go_through_packages(act: str, about: dict[str, Any]) -> None:
    """Follows packages.asked and packages.resumed: one step with many packages, each an act of its own."""
    rounds.go_through(Actor.of_process("worker"), UUID(about["round"]))


@task(queue_name="courier")
def deliver_package(act: str, about: dict[str, Any]) -> None:
    """Follows package.sent: the sealed files go out, each once. By mail one form is enough; by hand both are laid out."""
    facts = queries.package(UUID(about["package"]))
    partner = exchange.partner(facts.country)
    if partner is None:
        raise Refused(f"The partner for {facts.country} is gone: register it again.")
    files = [each for each in facts.files if partner.channel == "handover" or each.form == "openpgp"] or facts.files
    made = [courier.deliver(Home.from_env(), each.path, partner, f"{facts.uuid}/{each.form}") for each in files]
    with finishing():
        actions.record_delivered(Actor.of_process("courier"), facts.uuid, made[0].channel, len(made))


@task()
def follow_country(act: str, about: dict[str, Any]) -> None:
    """Follows person.country_confirmed: when a moved person's package already went elsewhere, both countries are told."""
    case, moved = UUID(about["case"]), {UUID(each) for each in about["moved"]}
    with finishing():
        persons = [each for each in queries.persons_of_case(case) if each.uuid in moved]
        for move in rules.moves(queries.sent_in(case), persons):
            actions.follow_move(Actor.of_process("worker"), move.person, case, move)
