"""The package as linked data: CASE 1.5 on UCO 1.5, JSON-LD, for another unit's tools.

Identifiers are UUIDv5 of the package's reference and what it names, so that version 2 of a package speaks of the same
person under the same identifier. What CASE has no word for stands under our own prefix, on objects that CASE does know.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from amparo.exchange.formats.contents import CustodyLine, ItemPart, KnownPart, PackageContents, PersonPart, PostPart
from amparo.foundation.times import Moment

NAMESPACE = UUID("6f0bb4be-5f3a-5c62-9d0e-6d1f0f3a7c11")
UCO = "https://ontology.unifiedcyberontology.org/uco/"
CONTEXT = {
    "amparo": "urn:amparo:terms:",
    "investigation": "https://ontology.caseontology.org/case/investigation/",
    **{
        name: f"{UCO}{name}/"
        for name in ("action", "analysis", "core", "identity", "location", "marking", "observable", "types", "victim")
    },
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
ROLES = {
    "suspect": "investigation:Subject",
    "convicted": "investigation:Subject",
    "victim": "victim:Victim",
    "possible_victim": "victim:Victim",
}

Node = dict[str, Any]


def case_jsonld(contents: PackageContents) -> bytes:
    """UTF-8 JSON-LD with the graph in a fixed order; `case_validate --built-version case-1.5.0 --allow-info` accepts it."""
    document = {"@context": CONTEXT, "@graph": Graph(contents).nodes()}
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


def _time(moment: datetime) -> Node:
    return {"@type": "xsd:dateTime", "@value": moment.astimezone(UTC).isoformat().replace("+00:00", "Z")}


def _moment(moment: Moment) -> Node:
    """A time of the source with all that is known about it: raw text, UTC, zone, who assumed the zone."""
    told = {"raw": moment.raw, "zone": moment.zone, "assumedBy": moment.assumed_by}
    known = {f"amparo:{name}": value for name, value in told.items() if value}
    return known | ({"amparo:utc": _time(moment.utc)} if moment.utc else {})


def _item_keys(contents: PackageContents) -> dict[str, tuple[str, ...]]:
    """What names each item by its reference: its bytes, since the references of a later version may count otherwise."""
    seen: Counter[str] = Counter()
    keys: dict[str, tuple[str, ...]] = {}
    for item in contents.items:
        keys[item.reference] = ("item", item.sha256, str(seen[item.sha256]))
        seen[item.sha256] += 1
    return keys


class Graph:
    """Builds the nodes of one package. Every object carries the package's markings and has an identifier of its own."""

    def __init__(self, contents: PackageContents) -> None:
        self.contents = contents
        # The package's reference is part of the seed: "S-1" of one country's package is somebody else in another's.
        seed = f"{contents.sender.country}|{contents.sender.name}|{contents.reference}"
        self._namespace = uuid5(NAMESPACE, seed)
        self._items = _item_keys(contents)
        self._marking = self.ref("marking", contents.reference)

    def nodes(self) -> list[Node]:
        """The graph, bundle first; every other object is an object of the bundle."""
        objects = list(self._objects())
        bundle = self._object("core:Bundle", "bundle", self.contents.reference, str(self.contents.version))
        bundle |= {
            "core:name": self.contents.folder,
            "core:createdBy": self.ref("house"),
            "core:objectCreatedTime": _time(self.contents.made_at),
            "core:object": [{"@id": node["@id"]} for node in objects],
        }
        return [bundle, *objects]

    # Identifiers

    def ref(self, *key: str) -> Node:
        return {"@id": f"urn:uuid:{uuid5(self._namespace, '|'.join(key))}"}

    def _object(self, kind: str, *key: str) -> Node:
        return {**self.ref(*key), "@type": kind, "core:objectMarking": [self._marking]}

    def _part(self, kind: str, *key: str) -> Node:
        """A facet or another part of an object: it has no marking of its own."""
        return {**self.ref(*key, kind), "@type": kind}

    # Objects

    def _objects(self) -> Iterator[Node]:
        yield from self._house()
        yield self._handling()
        yield self._investigation()
        for country in sorted(
            {candidate.country for person in self.contents.persons for candidate in person.countries}
        ):
            yield self._location(country)
        for service in sorted(self._services()):
            yield self._object("identity:Organization", "service", service) | {"core:name": service}
        for person in self.contents.persons:
            yield from self._person(person)
        for item in self.contents.items:
            yield from self._item(item)
        if self.contents.group:
            yield self._group()
        yield from self._custody()

    def _house(self) -> Iterator[Node]:
        sender, addressee = self.contents.sender, self.contents.addressee
        yield self._object("identity:Organization", "house") | {
            "core:name": sender.name,
            "amparo:country": sender.country,
        }
        yield self._object("identity:Organization", "addressee", addressee.country, addressee.authority) | {
            "core:name": addressee.authority,
            "amparo:country": addressee.country,
        }

    def _handling(self) -> Node:
        contents = self.contents
        codes = "; ".join(f"{each.code} {each.text}".strip() for each in contents.handling)
        statement = (
            f"Handling: {codes}. Evaluation 4x4: {contents.evaluation}. Limits of use: {contents.limits_of_use}".strip()
        )
        key = ("marking", contents.reference)
        return {
            **self.ref(*key),
            "@type": "marking:MarkingDefinition",
            "marking:definitionType": "statement",
            "marking:definition": [
                self._part("marking:StatementMarking", *key)
                | {"marking:definitionType": "statement", "marking:statement": statement},
                self._part("marking:ReleaseToMarking", *key)
                | {
                    "marking:definitionType": "release-to",
                    "marking:authorizedIdentities": contents.addressee.authority,
                },
            ],
        }

    def _investigation(self) -> Node:
        contents = self.contents
        authorization = self._object("investigation:Authorization", "authorization", contents.legal_basis)
        authorization |= {"investigation:authorizationType": contents.legal_basis}
        held = [self.ref("person", person.reference) for person in contents.persons]
        held += [self.ref(*self._items[item.reference]) for item in contents.items]
        return self._object("investigation:Investigation", "investigation") | {
            "core:name": f"{contents.operation_reference} {contents.operation_name}".strip(),
            "core:startTime": _time(contents.case_opened_at),
            "core:description": list(contents.asked),
            "investigation:investigationForm": "case",
            "investigation:investigationStatus": "open",
            "investigation:relevantAuthorization": authorization,
            # A compilation of nothing is no compilation: the addressee stands in where a package holds no person or item.
            "core:object": held or [self.ref("addressee", contents.addressee.country, contents.addressee.authority)],
            "amparo:urgency": contents.urgency,
        }

    def _location(self, country: str) -> Node:
        address = self._part("location:SimpleAddressFacet", "country", country) | {"location:country": country}
        return self._object("location:Location", "country", country) | {
            "core:name": country,
            "core:hasFacet": [address],
        }

    def _services(self) -> set[str]:
        services = {account.service for person in self.contents.persons for account in person.accounts}
        return services | ({self.contents.group.platform} if self.contents.group else set())

    # Persons

    def _person(self, person: PersonPart) -> Iterator[Node]:
        key = ("person", person.reference)
        node = self._object("identity:Person", *key) | {
            "core:name": person.reference,
            "amparo:category": person.category,
            "amparo:ageStatus": person.age_status,
            "amparo:minorsTrack": person.minors_track,
        }
        if person.age_stated is not None:
            node["amparo:ageStated"] = person.age_stated
        if person.born_on:
            born = {"@type": "xsd:dateTime", "@value": f"{person.born_on.isoformat()}T00:00:00"}
            node["core:hasFacet"] = [self._part("identity:BirthInformationFacet", *key) | {"identity:birthdate": born}]
        for name, moment in (("joined", person.joined), ("left", person.left)):
            if moment:
                node[f"amparo:{name}"] = _moment(moment)
        yield node
        if role := ROLES.get(person.category):
            yield self._object(role, "role", person.reference) | {"core:name": person.category}
            yield self._relationship("Has_Role", key, ("role", person.reference))
        yield from self._accounts(person)
        for candidate in person.countries:
            related = self._relationship("Possibly_Located_At", key, ("country", candidate.country), candidate.evidence)
            yield related | {
                "core:description": candidate.evidence,
                "amparo:kind": candidate.kind,
                **({"amparo:grade": candidate.grade} if candidate.grade else {}),
            }
        for kind, statements in (("fact", person.facts), ("assessment", person.assessments)):
            for statement in statements:
                yield self._object("core:Annotation", kind, person.reference, statement) | {
                    "core:object": [self.ref(*key)],
                    "core:statement": statement,
                    "core:tag": kind,
                }
        for number, post in enumerate(person.posts, start=1):
            yield from self._post(person, post, number)

    def _relationship(self, kind: str, source: tuple[str, ...], target: tuple[str, ...], note: str = "") -> Node:
        return self._object("core:Relationship", kind, *source, *target, note) | {
            "core:source": self.ref(*source),
            "core:target": self.ref(*target),
            "core:kindOfRelationship": kind,
            "core:isDirectional": True,
        }

    def _accounts(self, person: PersonPart) -> Iterator[Node]:
        """The person's phones, accounts and handles; a nameless one where there are none, since somebody has to post."""
        owner = {"observable:owner": self.ref("person", person.reference)}
        yield self._object("observable:DigitalAccount", "member", person.reference) | {
            "core:hasFacet": [
                self._part("observable:AccountFacet", "member", person.reference)
                | owner
                | (
                    {"observable:accountIssuer": self.ref("service", self.contents.group.platform)}
                    if self.contents.group
                    else {}
                ),
                self._part("observable:DigitalAccountFacet", "member", person.reference)
                | ({"observable:displayName": person.handles[0]} if person.handles else {}),
            ],
            **({"amparo:otherHandles": list(person.handles[1:])} if person.handles[1:] else {}),
        }
        for phone in person.phones:
            key = ("phone", person.reference, phone)
            yield self._object("observable:PhoneAccount", *key) | {
                "core:hasFacet": [
                    self._part("observable:PhoneAccountFacet", *key) | {"observable:phoneNumber": phone},
                    self._part("observable:AccountFacet", *key) | owner,
                ]
            }
        for account in person.accounts:
            key = ("account", person.reference, f"{account.service}|{account.identifier}")
            facet = {
                "observable:accountIdentifier": account.identifier,
                "observable:accountIssuer": self.ref("service", account.service),
            }
            yield self._object("observable:ApplicationAccount", *key) | {
                "core:hasFacet": [self._part("observable:AccountFacet", *key) | owner | facet]
            }

    def _post(self, person: PersonPart, post: PostPart, number: int) -> Iterator[Node]:
        key = ("post", person.reference, str(number), post.item)
        facet = self._part("observable:MessageFacet", *key) | {"observable:from": self.ref("member", person.reference)}
        if post.time.utc:
            facet["observable:sentTime"] = _time(post.time.utc)
        yield self._object("observable:Message", *key) | {
            "core:hasFacet": [facet],
            "amparo:time": _moment(post.time),
            "amparo:firstInGroup": post.first,
        }
        yield self._relationship("Contained_Within", self._items[post.item], key)

    # Items, group, custody

    def _item(self, item: ItemPart) -> Iterator[Node]:
        key = self._items[item.reference]
        digests = [
            ("MD5", item.md5),
            ("SHA1", item.sha1),
            ("SHA256", item.sha256),
            *([("PDQ", item.pdq)] if item.pdq else []),
        ]
        hashes = [
            self._part("types:Hash", *key, method)
            | {"types:hashMethod": method, "types:hashValue": {"@type": "xsd:hexBinary", "@value": value}}
            for method, value in digests
        ]
        content = self._part("observable:ContentDataFacet", *key) | {
            "observable:hash": hashes,
            "observable:sizeInBytes": item.size_bytes,
            **({"observable:mimeType": item.media_type} if item.media_type else {}),
        }
        facets = [self._part("observable:FileFacet", *key) | {"observable:sizeInBytes": item.size_bytes}, content]
        if item.known:
            facets.append(
                self._part("analysis:ArtifactClassificationResultFacet", *key)
                | {"analysis:classification": [self._hit(item, number, hit) for number, hit in enumerate(item.known)]}
            )
        yield self._object("observable:File", *key) | {
            "core:name": item.reference,
            "core:hasFacet": facets,
            "amparo:state": "hit" if item.known else "no_hit" if item.examined else "not_examined",
            **({"amparo:firstPostedBy": self.ref("person", item.first_posted_by)} if item.first_posted_by else {}),
        }
        yield self._object("investigation:ProvenanceRecord", "exhibit", *key) | {
            "investigation:exhibitNumber": item.reference,
            "core:object": [self.ref(*key)],
        }

    def _hit(self, item: ItemPart, number: int, hit: KnownPart) -> Node:
        return self._part("analysis:ArtifactClassification", *self._items[item.reference], str(number)) | {
            # The list's own scale and code, opaque to us; "known" where it says no more.
            "analysis:class": f"{hit.scheme}:{hit.category}" if hit.category else "known",
            "amparo:list": hit.list,
            "amparo:listVersion": hit.version,
            "amparo:hit": hit.kind,
            **({"amparo:distanceBits": hit.distance_bits} if hit.distance_bits is not None else {}),
        }

    def _group(self) -> Node:
        group = self.contents.group
        assert group is not None
        facet = self._part("observable:MessageThreadFacet", "group") | {
            "observable:participant": [self.ref("member", person.reference) for person in self.contents.persons]
        }
        window = {
            f"amparo:{name}": _moment(moment)
            for name, moment in (("first", group.first), ("last", group.last))
            if moment
        }
        return self._object("observable:MessageThread", "group") | {
            "core:name": group.name,
            "core:hasFacet": [facet],
            "amparo:platform": group.platform,
            "amparo:memberCount": group.member_count,
            **({"amparo:exporter": group.exporter} if group.exporter else {}),
            **window,
        }

    def _custody(self) -> Iterator[Node]:
        """Each act informed by the one before it in this package: that is the custody chain in CASE's words."""
        before: CustodyLine | None = None
        for line in sorted(self.contents.custody.lines, key=lambda each: each.position):
            yield self._object("investigation:InvestigativeAction", "act", str(line.position)) | {
                "core:name": line.kind,
                "action:startTime": _time(line.at),
                "action:endTime": _time(line.at),
                "action:performer": self.ref("house"),
                "amparo:position": line.position,
                "amparo:digestSha256": line.digest,
                **({"investigation:wasInformedBy": [self.ref("act", str(before.position))]} if before else {}),
            }
            before = line
