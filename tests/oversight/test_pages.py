"""Every page of these rooms answers whoever may see it, and refuses whoever may not; what was asked for is in the record."""

from __future__ import annotations

from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from django.urls import reverse

from amparo.access.acts import Actor
from amparo.access.models import Officer
from amparo.custody import queries as custody
from amparo.outcomes import actions as outcomes
from amparo.referrals import queries as packages
from amparo.wiring.seals import seal_record
from tests.outcomes.test_replies import TODAY, arrive, form
from tests.referrals import world as worlds
from tests.referrals.conftest import home, world
from tests.referrals.world import World

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["home", "world"]


def browser(of: Actor) -> Client:
    """Logged in with both factors passed."""
    officer = Officer.objects.get(uuid=of.uuid)
    Authenticator.objects.create(user=officer, type="totp", data={"secret": "x"})
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(officer.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = officer.get_session_auth_hash()
    session.save()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


def test_pages_answer_with_their_words_and_refuse_without_the_power(world: World) -> None:
    sent = worlds.sent(world)
    token = worlds.token(world, sent["GB"])
    arrive(
        form({"subject": "S-9", "outcome": "arrested"}, {"subject": "package", "outcome": "opened"}, token=token), token
    )
    who = worlds.subject(sent["UY"], world.persons["P-2"])
    row = {"subject": who, "outcome": "arrested", "age": "15", "date": str(TODAY), "devices_phone": "2"}
    outcomes.record_outcome(world.leo, sent["UY"].uuid, [row])
    seal_record(settings.HOME)
    vera, mia, leo = browser(world.vera), browser(world.mia), browser(world.leo)
    case, package = world.case, sent["GB"].uuid
    act = next(line for line in custody.story(package) if line.kind == "package.sent")
    reply = outcomes.queries.replies(case)[0].uuid
    pages: list[tuple[Client, str, str]] = [
        (vera, reverse("referrals:list"), sent["GB"].reference),
        (vera, reverse("referrals:case", args=[case]), "By country"),
        (leo, reverse("referrals:package", args=[package]), "Example Agency"),
        (leo, reverse("outcomes:board_list"), "Replies that need you"),
        (leo, reverse("outcomes:board", args=[case]), "From the report to the child"),
        (leo, reverse("outcomes:figures_csv", args=[case]), "Persons arrested"),
        (leo, reverse("outcomes:figure", args=[case, "arrested"]), "aged 15"),
        (leo, reverse("outcomes:record", args=[package]), "Record answer"),
        (leo, reverse("outcomes:reply", args=[reply]), "What was taken"),
        (mia, reverse("oversight:record"), "Package sent"),
        (mia, reverse("oversight:act", args=[act.uuid]), "Package sent"),
        (mia, reverse("oversight:verify"), "What is checked"),
        (mia, reverse("oversight:system"), "Sandbox"),
        (mia, reverse("oversight:retention"), "3650 days"),
        (vera, reverse("cases:case", args=[case]), "What came back"),
    ]
    for client, address, words in pages:
        answer = client.get(address)
        assert answer.status_code == 200, address
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        assert words in body.decode(), address
    assert leo.get(reverse("oversight:record")).status_code == 403
    assert Client().get(reverse("outcomes:board", args=[case])).status_code == 302
    assert {"package.read", "board.read"} <= {line.kind for line in custody.story(case)}


def test_verify_says_that_the_record_is_whole_and_names_the_act_that_was_changed(world: World) -> None:
    mia = browser(world.mia)
    assert "The record is whole" in mia.post(reverse("oversight:verify")).content.decode()
    act = custody.acts(kind="case.opened").lines[0]
    from amparo.custody.models import Act

    Act.objects.filter(uuid=act.uuid).update(actor_name="nobody")
    answer = mia.post(reverse("oversight:verify")).content.decode()
    assert "The record is broken" in answer
    assert str(act.position) in answer


def test_the_exported_record_has_a_line_for_each_act_and_says_that_it_was_taken(world: World) -> None:
    mia = browser(world.mia)
    total = custody.acts(limit=1).total
    answer = b"".join(mia.get(reverse("oversight:record_csv")).streaming_content).decode()  # type: ignore[attr-defined]
    assert len(answer.splitlines()) >= total
    assert custody.acts(kind="record.exported").total == 1


def test_two_officers_take_a_package_from_draft_to_sent_by_its_pages(world: World) -> None:
    vera, leo = browser(world.vera), browser(world.leo)
    vera.post(reverse("referrals:do_in_case", args=[world.case]), {"verb": "plan"})
    package = packages.packages(world.case)[0]
    vera.post(reverse("referrals:do", args=[package.uuid]), {"verb": "build"})
    worlds.jobs.build_package.func("", {"package": str(package.uuid)})
    vera.post(reverse("referrals:do", args=[package.uuid]), {"verb": "approve"})
    assert packages.package(package.uuid).state == "built"
    for verb in ("approve", "send"):
        leo.post(reverse("referrals:do", args=[package.uuid]), {"verb": verb})
    assert packages.package(package.uuid).state == "sent"
    taken = leo.post(reverse("referrals:file", args=[package.uuid, package.files[0].uuid])) if package.files else None
    assert taken is None or taken.status_code == 200
