"""A platform that has a client for NCMEC's reporting API: it works here by its address, and nothing that it sends is lost."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from amparo.access.acts import Actor
from amparo.foundation import clock
from amparo.foundation.home import Home
from amparo.intake import queries
from amparo.intake.cybertipline import tips
from amparo.intake.models import ApiReport, ApiUpload, CyberTip, CyberTipFile, Report, SealedIdentity, WorkItem
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.keys import ProcessKeys
from tests.intake.intake_house import on_the_queue, work
from tests.intake.platforms import Platform, door_of

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")

REPORT = """\
<?xml version="1.0" encoding="UTF-8"?>
<report xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://example.org/xsd">
  <incidentSummary>
    <incidentType>Online Enticement of Children for Sexual Acts</incidentType>
    <platform>Example Live</platform>
    {urgent}
    <reportAnnotations><sextortion/><minorToMinorInteraction>true</minorToMinorInteraction>
      <spam>false</spam></reportAnnotations>
    <incidentDateTime>2026-11-03T21:00:05+01:00</incidentDateTime>
    <incidentDateTimeDescription>when it was uploaded</incidentDateTimeDescription>
  </incidentSummary>
  <internetDetails><webPageIncident thirdPartyHostedContent="true"><url>https://example.org/rooms/7</url></webPageIncident></internetDetails>
  <internetDetails><chatImIncident><chatClient>Example Chat</chatClient><chatRoomName>room-77</chatRoomName>
    <content>see you at 21:00</content></chatImIncident></internetDetails>
  <reporter>
    <reportingPerson><firstName>Nadia</firstName><lastName>Testperson</lastName><email>nadia@example.org</email></reportingPerson>
    <contactPerson><email>police-desk@example.org</email></contactPerson>
  </reporter>
  <personOrUserReported>
    <personOrUserReportedPerson><email verified="true" type="Home">otter@example.org</email>
      <age>abc</age></personOrUserReportedPerson>
    <espIdentifier>u-1001</espIdentifier>
    <screenName>quiet_otter_41</screenName>
    <ipCaptureEvent><ipAddress>192.0.2.17</ipAddress><eventName>Upload</eventName><dateTime>2026-11-03T20:00:05Z</dateTime>
      <possibleProxy>false</possibleProxy><port>50123</port></ipCaptureEvent>
    <groupIdentifier>group-5</groupIdentifier>
    <accountTemporarilyDisabled disabledDate="2026-11-04T08:00:00Z" userNotified="false">true</accountTemporarilyDisabled>
  </personOrUserReported>
  <victim><victimPerson><age>12</age></victimPerson><screenName>small_heron</screenName></victim>
  <additionalInfo>An account offers items in a public room.</additionalInfo>
  <somethingNew kind="x">kept</somethingNew>
</report>
"""
PLAIN = REPORT.format(urgent="").encode()
URGENT = REPORT.format(urgent="<escalateToHighPriority>a call is on</escalateToHighPriority>").encode()
FILE = """\
<fileDetails><reportId>{report}</reportId><fileId>{file}</fileId><originalFileName>äbc.png</originalFileName>
<uploadedToEspTimestamp>2026-11-03T20:00:01Z</uploadedToEspTimestamp><locationOfFile>https://example.org/f/1</locationOfFile>
<fileViewedByEsp>{viewed}</fileViewedByEsp><exifViewedByEsp>false</exifViewedByEsp><publiclyAvailable>true</publiclyAvailable>
<fileRelevance>Reported</fileRelevance><fileAnnotations><potentialMeme>true</potentialMeme></fileAnnotations>
<industryClassification>B2</industryClassification><originalFileHash hashType="SHA-1">{sha1}</originalFileHash>
<details type="EXIF"><nameValuePair><name>make</name><value>x</value></nameValuePair></details></fileDetails>
"""


class Esp(Platform):
    """A platform whose client speaks NCMEC's form."""

    def ask(self, path: str, body: Any = None, kind: str = "text/xml; charset=utf-8", **headers: str) -> Any:
        basic = base64.b64encode(f"usr123:{self.made.secret}".encode()).decode()
        named = {"Authorization": f"Basic {basic}", **headers}
        if body is None:
            return self.client.get(f"/ispws/{path}", headers=named)
        if isinstance(body, dict):
            return self.client.post(f"/ispws/{path}", body, headers=named)
        return self.client.generic("POST", f"/ispws/{path}", body, content_type=kind, headers=named)

    def told(self, path: str, body: Any = None, **more: Any) -> dict[str, str]:
        """The answer's elements. Every answer is well-formed and begins with its code."""
        answer = self.ask(path, body, **more)
        root = ET.fromstring(answer.content)
        assert root[0].tag == "responseCode" and root.tag in ("reportResponse", "reportDoneResponse")
        assert answer["Content-Type"].startswith("text/xml") and answer["Request-ID"]
        return {each.tag: "".join(each.itertext()) for each in root}

    def submit(self, body: bytes = PLAIN) -> str:
        told = self.told("submit", body)
        assert told["responseCode"] == "0", told
        return told["reportId"]

    def upload(self, report: str, data: bytes, name: str = "a.png") -> dict[str, str]:
        return self.told("upload", form_of([("id", "", report.encode()), ("file", name, data)]), kind=FORM)

    def describe(self, report: str, file: str, viewed: str = "true") -> dict[str, str]:
        return self.told("fileinfo", FILE.format(report=report, file=file, viewed=viewed, sha1="ab" * 20).encode())


FORM = "multipart/form-data; boundary=x0x"


def form_of(fields: list[tuple[str, str, bytes]], end: bytes = b"--x0x--\r\n") -> bytes:
    said = b""
    for name, file, data in fields:
        named = f'; filename="{file}"\r\nContent-Type: image/png' if file else ""
        said += f'--x0x\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + data + b"\r\n"
    return said + end


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with door_of(tmp_path, monkeypatch) as made:
        yield made


def report_of(number: str) -> UUID:
    return tips.report_of(CyberTip.objects.select_related("key").get(number=int(number)))


def opened(item: UUID) -> bytes:
    with vault.open_item(WORKER, item, "test", ProcessKeys(Home.from_env(), "worker")) as found:
        return found.read()


def later(tip: str, by: timedelta) -> None:
    CyberTip.objects.filter(number=int(tip)).update(changed_at=clock.now() - by)


# --- A whole report ------------------------------------------------------------------------------------------------------------


def test_a_report_that_is_finished_stands_on_the_queue_with_everything_it_said_and_its_files(home: Home) -> None:
    esp = Esp()
    number = esp.submit()
    assert int(number) < 2**53 and not Report.objects.exists()  # opened, and no officer's yet
    data = b"\x89PNG synthetic" * 99
    told = esp.upload(number, data)
    assert (told["responseCode"], told["reportId"], told["hash"]) == ("0", number, hashlib.md5(data).hexdigest())
    assert told["fileId"][0] in "abcdef"  # no parser takes it for a number
    assert esp.describe(number, told["fileId"])["responseCode"] == "0"
    done = esp.told("finish", {"id": number})
    assert done == {"responseCode": "0", "reportId": number, "files": told["fileId"]}
    work(home)
    facts = queries.report(report_of(number))
    said = facts.fields["submission"]
    assert on_the_queue(facts) and facts.channel == "api" and facts.fields["danger_now"] == "unknown"
    assert facts.fields["incident"] == "enticement" and said["incident"]["marks"] == ["sextortion", "minor_to_minor"]
    assert facts.fields["viewed"] == "yes" and said["reference"] == number
    assert facts.fields["times"][0] == {"name": "incident", "raw": "2026-11-03T21:00:05+01:00", "zone": ""}
    assert facts.fields["ip_events"] == [
        {"address": "192.0.2.17", "port": 50123, "raw": "2026-11-03T20:00:05Z", "zone": "", "kind": "upload"}
    ]
    leads = {(each["kind"], each["value"], each["role"]) for each in facts.fields["identifiers"]}
    assert {
        ("handle", "u-1001", "reported"),
        ("handle", "small_heron", "victim"),
        ("room", "room-77", "reported"),
    } <= leads
    assert {
        ("email", "otter@example.org", "reported"),
        ("room", "group-5", "reported"),
        ("hash", "ab" * 20, "reported"),
    } <= leads
    assert "see you at 21:00" in facts.text and "An account offers" in facts.text
    (item,) = vault_queries.items_of_origin(facts.uuid)
    assert opened(item.uuid) == data and Report.objects.get().attachments == 1
    (file,) = said["files"]
    assert (file["publicly_available"], file["metadata_viewed"], file["marks"]) == ("yes", "no", ["potential_meme"])
    assert file["sha256"] == hashlib.sha256(data).hexdigest() and ApiUpload.objects.get().report is not None
    assert said["unknown_elements"] == [{"path": "/report/somethingNew", "text": "kept"}]
    assert {each["what"] for each in said["measures"]} == {"account_closed", "user_not_told"}


def test_every_document_is_kept_byte_for_byte_and_whoever_wrote_it_stands_in_no_column(home: Home) -> None:
    esp = Esp()
    number = esp.submit()
    file = esp.upload(number, b"x")["fileId"]
    esp.describe(number, file)
    esp.describe(number, file, viewed="false")  # told again: the newest counts, and each stays
    esp.told("finish", {"id": number})
    tip = CyberTip.objects.get()
    assert tip.document
    documents = {str(each.uuid): each for each in vault_queries.items_of_origin(tip.uuid)}
    described = CyberTipFile.objects.get().documents
    assert len(described) == 2 and set(documents) > {*described, str(tip.document)}
    assert documents[str(tip.document)].sha256 == hashlib.sha256(PLAIN).hexdigest() == tip.digest
    # The XML names the moderator: it lies where reporters' identities are, which no process opens.
    assert (
        vault_queries.items([tip.document])[tip.document].compartment
        == vault_queries.compartment_named("identity").uuid
    )
    row = Report.objects.get()
    assert SealedIdentity.objects.filter(arrival__report_uuid=row.uuid).exists()
    everything = json.dumps([row.fields, row.text, tip.said, CyberTipFile.objects.get().said])
    assert "Testperson" not in everything and "nadia@" not in everything and "police-desk@" in everything
    assert row.fields["viewed"] == "no"


def test_what_the_schema_allows_and_police_can_not_use_is_said_at_once(home: Home) -> None:
    thin = b"""<report><incidentSummary><incidentType>Child Sex Trafficking</incidentType>
    <incidentDateTime>2026-11-03T21:00:05</incidentDateTime></incidentSummary>
    <reporter><reportingPerson/></reporter></report>"""
    esp = Esp()
    described = esp.told("submit", thin)["responseDescription"]
    assert described.startswith("Success") and "locks a police follow-up" in described
    whole = esp.told("submit", PLAIN)["responseDescription"]
    assert len(whole) < len(described)
    number = esp.submit()
    file = esp.upload(number, b"x")["fileId"]
    bare = f"<fileDetails><reportId>{number}</reportId><fileId>{file}</fileId></fileDetails>".encode()
    assert len(esp.told("fileinfo", bare)["responseDescription"]) > len(
        esp.describe(number, file)["responseDescription"]
    )


def test_the_order_of_elements_and_a_namespace_change_nothing_but_a_time_without_zone_is_kept_as_it_stood(
    home: Home,
) -> None:
    root = ET.fromstring(PLAIN)
    root[:] = list(reversed(root))
    for each in root:
        each[:] = list(reversed(each))
    turned = ET.tostring(root).replace(b"<report", b'<report xmlns="urn:example:any"', 1)
    esp = Esp()
    first, second = esp.submit(), esp.submit(turned)
    one, two = (CyberTip.objects.get(number=int(each)).said for each in (first, second))
    (
        one["places"].sort(key=str),
        two["places"].sort(key=str),
        one["measures"].sort(key=str),
        two["measures"].sort(key=str),
    )
    assert {**one, "incident": {**one["incident"], "marks": 0}} == {**two, "incident": {**two["incident"], "marks": 0}}


# --- Codes ---------------------------------------------------------------------------------------------------------------------


def test_each_mistake_has_its_code_and_is_answered_so_that_clients_read_it(home: Home) -> None:
    esp, other, reader = Esp(), Esp("Other Live"), Esp("Reader", scopes=frozenset({"status"}))
    number = esp.submit()
    code = "responseCode"
    assert esp.told("status") == {code: "0", "responseDescription": "Remote User : Example Live, Remote Ip : 127.0.0.1"}
    nobody = Client().get("/ispws/status")
    assert (
        nobody.status_code == 401 and "Basic" in nobody["WWW-Authenticate"] and b"<responseCode>2000<" in nobody.content
    )
    assert reader.ask("submit", PLAIN).status_code == 403 and reader.told("submit", PLAIN)[code] == "3000"
    assert esp.told("submit", b"<report><a></report>")[code] == "4110"
    assert esp.told("submit", b"<fileDetails/>")[code] == esp.told("submit", b"<report/>")[code] == "4100"
    assert esp.told("finish", {"id": "x"})[code] == esp.told("finish", {})[code] == esp.told("submit")[code] == "4000"
    assert esp.told("upload", b"no form", kind="text/plain")[code] == "4200"
    assert esp.told("finish", {"id": "1"})[code] == other.told("finish", {"id": number})[code] == "5001"
    assert other.upload(number, b"x")[code] == other.told("retract", {"id": number})[code] == "5001"
    assert esp.describe(number, "b0")[code] == "5002" and esp.ask("nowhere").status_code == 404
    file = esp.upload(number, b"x")["fileId"]
    assert esp.told("finish", {"id": number})[code] == "0"
    for told in (esp.told("finish", {"id": number}), esp.told("retract", {"id": number}), esp.upload(number, b"y")):
        assert (told[code], told["reportId"]) == ("5102", number)
    assert b"<reportDoneResponse>" in esp.ask("finish", {"id": number}).content  # clients read nothing else there
    assert esp.describe(number, file)[code] == "5102" and esp.ask("finish", {"id": number}).status_code == 200
    second = esp.submit()
    assert esp.told("retract", {"id": second})[code] == "0"
    assert esp.told("finish", {"id": second})[code] == esp.told("retract", {"id": second})[code] == "5101"
    assert Report.objects.count() == 1


def test_forms_of_every_kind_are_read(home: Home) -> None:
    esp = Esp()
    number = esp.submit()
    swapped = form_of([("file", "b.png", b"before its number"), ("id", "", number.encode())])
    assert esp.told("upload", swapped, kind=FORM)["responseCode"] == "0"
    unnamed = form_of([("id", "", number.encode()), ("file", "", b"no name")])
    assert esp.told("upload", unnamed, kind=FORM)["responseCode"] == "0"
    assert esp.upload(number, b"")["responseCode"] == "0"
    twice = [esp.upload(number, b"same")["fileId"], esp.upload(number, b"same")["fileId"]]
    assert len(set(twice)) == 2
    done = esp.told("finish", f"id={number}".encode(), kind="application/x-www-form-urlencoded")
    assert done["responseCode"] == "0" and done["files"].endswith("".join(twice))


@pytest.mark.parametrize(
    "body",
    [
        form_of([("id", "", b"NUMBER"), ("file", "a.png", b"x" * 5000)], end=b""),  # its end never came
        form_of([("id", "", b"NUMBER"), ("file", "a.png", b"x" * 200_000)])[:100_000],
        form_of([("id", "", b"NUMBER")]),
        form_of([("file", "a.png", b"x")]),
        form_of([("id", "", b"NUMBER")] * 30),
        b"--x0x\r\n" + b"A" * 5_000,
        b"",
    ],
    ids=["no last boundary", "cut", "no file", "no number", "many fields", "endless head", "nothing"],
)
def test_a_broken_form_is_refused_and_leaves_no_file(home: Home, body: bytes) -> None:
    esp = Esp()
    number = esp.submit()
    told = esp.told("upload", body.replace(b"NUMBER", number.encode()), kind=FORM)
    assert told["responseCode"] in ("4200", "4000")
    assert not CyberTipFile.objects.exists() and not vault_queries.items_of_origin(report_of(number))


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE report [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">]><report>&b;</report>',
        b"<a>" * 1_000_000,
        PLAIN[:-30],
        PLAIN.replace(b"Nadia", b"\0"),
        PLAIN.replace(b"Nadia", b"\xff\xfe"),
        PLAIN.decode().encode("utf-16")[:-1],
        b"x" * (tips.LARGEST_XML_BYTES + 1),
        b"",
        b'{"reportedInformation": {}}',
    ],
    ids=["bomb", "deep", "cut", "NUL", "encoding", "half utf-16", "large", "nothing", "JSON"],
)
def test_hostile_xml_gets_a_code_and_a_sentence_and_the_next_one_is_taken(home: Home, body: bytes) -> None:
    esp = Esp()
    told = esp.told("submit", body)
    assert told["responseCode"] in ("4110", "4100") and told["responseDescription"].endswith(".")
    assert not CyberTip.objects.exists()
    esp.submit()


def test_a_hundred_megabytes_are_answered_without_being_kept(home: Home) -> None:
    answer = Esp().ask("submit", b"<report>" + b" " * (100 << 20))
    assert answer.status_code == 200 and b"<responseCode>4110<" in answer.content


# --- Not finished ----------------------------------------------------------------------------------------------------------------


def test_what_is_never_finished_stands_on_the_queue_after_its_time_and_grows_when_the_platform_goes_on(
    home: Home,
) -> None:
    esp = Esp()
    number = esp.submit()
    esp.upload(number, b"first")
    assert tips.lapse(home, clock.now()) == 0 and tips.waiting() == 1
    later(number, timedelta(minutes=61))
    assert tips.lapse(home, clock.now()) == 1 and tips.lapse(home, clock.now()) == 0 and tips.waiting() == 0
    work(home)
    report = queries.report(report_of(number))
    assert on_the_queue(report) and report.fields["viewed"] == "unknown"
    assert WorkItem.objects.get(kind="unfinished").report.uuid == report.uuid
    file = CyberTipFile.objects.get().code
    assert esp.describe(number, file)["responseCode"] == "0"
    second = esp.upload(number, b"second")["fileId"]
    assert esp.describe(number, second)["responseCode"] == "0"
    assert esp.told("finish", {"id": number})["responseCode"] == "0"
    work(home)
    report = queries.report(report_of(number))
    assert Report.objects.count() == 1 and Report.objects.get().attachments == 2 and report.fields["viewed"] == "yes"
    assert {opened(each.uuid) for each in vault_queries.items_of_origin(report.uuid)} == {b"first", b"second"}
    assert CyberTip.objects.get().state == "finished"


def test_one_that_asks_for_a_quick_look_waits_ten_minutes(home: Home) -> None:
    esp = Esp()
    number = esp.submit(URGENT)
    later(number, timedelta(minutes=11))
    assert tips.lapse(home, clock.now()) == 1
    work(home)
    assert Report.objects.get().danger == "high" and Report.objects.get().fields["priority"] == "a call is on"


@pytest.mark.parametrize("said", ["No", "false", "N/A", ""])
def test_an_escalation_that_says_no_is_none(home: Home, said: str) -> None:
    Esp().submit(REPORT.format(urgent=f"<escalateToHighPriority>{said}</escalateToHighPriority>").encode())
    assert not CyberTip.objects.get().urgent


def test_one_that_came_whole_meanwhile_stays_off_the_queue_and_is_kept(home: Home) -> None:
    esp = Esp()
    first, second = esp.submit(), esp.submit()
    assert first != second
    esp.told("finish", {"id": second})
    later(first, timedelta(hours=2))
    assert tips.lapse(home, clock.now()) == 1
    assert CyberTip.objects.get(number=int(first)).state == "sent_again" and Report.objects.count() == 1


def test_one_taken_back_after_it_came_on_the_queue_stays_there_and_says_so(home: Home) -> None:
    esp = Esp()
    number = esp.submit()
    later(number, timedelta(hours=2))
    tips.lapse(home, clock.now())
    assert esp.told("retract", {"id": number})["responseCode"] == "0"
    assert {each.kind for each in WorkItem.objects.all()} == {"unfinished", "retracted"} and Report.objects.count() == 1


def test_a_test_key_s_reports_are_checked_like_any_other_and_nothing_of_them_is_kept_or_queued(home: Home) -> None:
    esp = Esp(test=True)
    number = esp.submit()
    told = esp.upload(number, b"x" * 99)
    assert told["hash"] == hashlib.md5(b"x" * 99).hexdigest()
    assert (
        esp.describe(number, told["fileId"])["responseCode"]
        == esp.told("finish", {"id": number})["responseCode"]
        == "0"
    )
    other = esp.submit()
    later(other, timedelta(hours=2))
    tips.lapse(home, clock.now())
    work(home)
    assert not Report.objects.exists() and not vault_queries.items_of_origin(
        CyberTip.objects.get(number=int(number)).uuid
    )
    assert ApiReport.objects.get().report is None
