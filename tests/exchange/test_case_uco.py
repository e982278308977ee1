from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from amparo.exchange.formats.case_uco import case_jsonld
from tests.exchange import samples

VALIDATOR = shutil.which("case_validate", path=str(Path(sys.executable).parent)) or shutil.which("case_validate")


def nodes(contents):
    return json.loads(case_jsonld(contents))["@graph"]


@pytest.mark.skipif(not VALIDATOR, reason="case_validate (case-utils) is not installed")
@pytest.mark.parametrize("name", ["full", "without persons, items and group"])
def test_case_validate_accepts_the_graph(name, tmp_path):
    changes = {} if name == "full" else {"persons": (), "items": (), "group": None, "elsewhere": ()}
    (tmp_path / "case.jsonld").write_bytes(case_jsonld(samples.package(**changes)))
    done = subprocess.run(
        [VALIDATOR, "--built-version", "case-1.5.0", "--allow-info", "case.jsonld"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Conforms: True" in done.stdout
    # Misspelt classes and properties are only warned about; what passes must not even be warned about.
    assert "Warning" not in done.stderr and "sh:Warning" not in done.stdout


def test_the_same_package_is_the_same_bytes():
    assert case_jsonld(samples.package()) == case_jsonld(samples.package())


def test_a_person_keeps_the_identifier_in_the_next_version():
    first, second = (
        {n["core:name"]: n["@id"] for n in nodes(samples.package(version=v)) if "Person" in n["@type"]} for v in (1, 2)
    )
    assert first == second and len(first) == 3


def test_the_same_reference_in_another_countrys_package_is_somebody_else():
    one, other = ({n["@id"] for n in nodes(samples.package(reference=name))} for name in ("AMP-1-ES", "AMP-1-IT"))
    assert one & other == set()


def test_an_item_keeps_its_identifier_when_a_later_version_numbers_it_otherwise():
    def identifier(reference):
        item = samples.replace(samples.item(1), reference=reference)
        twin = samples.replace(samples.item(1), reference="I-77")
        graph = nodes(samples.package(items=(item, twin), persons=()))
        return {n["core:name"]: n["@id"] for n in graph if n["@type"] == "observable:File"}

    assert identifier("I-1")["I-1"] == identifier("I-5")["I-5"] != identifier("I-1")["I-77"]


def test_every_reference_in_the_graph_leads_to_a_node_of_the_graph():
    graph = nodes(samples.package())
    made, used = set(), set()

    def walk(value):
        if isinstance(value, dict):
            (used if set(value) == {"@id"} else made).update([value["@id"]] if "@id" in value else [])
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(graph)
    assert used <= made


def test_no_identifier_is_given_twice():
    identifiers = [node["@id"] for node in nodes(samples.package())]
    assert len(identifiers) == len(set(identifiers))


def test_every_object_carries_the_handling_marking():
    graph = nodes(samples.package())
    (marking,) = (node for node in graph if node["@type"] == "marking:MarkingDefinition")
    assert "H1" in marking["marking:definition"][0]["marking:statement"]
    assert all(node["core:objectMarking"] == [{"@id": marking["@id"]}] for node in graph if node is not marking)


def test_facts_and_assessments_are_tagged_apart():
    tags = {
        node["core:statement"]: node["core:tag"]
        for node in nodes(samples.package())
        if node["@type"] == "core:Annotation"
    }
    assert tags == {
        "Member of the group from its first day to its last.": "fact",
        "Probably the administrator: changed the group's subject twice.": "assessment",
    }


def test_a_time_without_zone_is_kept_raw_and_given_no_utc():
    (message,) = (
        node
        for node in nodes(samples.package())
        if node["@type"] == "observable:Message" and node["amparo:time"]["amparo:raw"].startswith("04/05")
    )
    assert "observable:sentTime" not in message["core:hasFacet"][0] and "amparo:utc" not in message["amparo:time"]


def test_the_custody_acts_form_a_chain():
    acts = [node for node in nodes(samples.package()) if node["@type"] == "investigation:InvestigativeAction"]
    assert acts[1]["investigation:wasInformedBy"] == [{"@id": acts[0]["@id"]}]


def test_text_of_the_source_never_becomes_a_key_or_an_identifier():
    hostile = samples.person(1, handles=('","@id":"urn:x', '{"@context":"http://example.org"}'), posts=())
    graph = nodes(samples.package(persons=(hostile,), items=()))
    assert all(node["@id"].startswith("urn:uuid:") for node in graph)
