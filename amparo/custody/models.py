from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.db import models

from amparo.foundation.canonical import canonical_bytes
from amparo.foundation.clock import as_text
from amparo.foundation.ids import new_id

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def subjects_of(about: dict[str, Any]) -> set[tuple[str, UUID]]:
    """The (role, identifier) pairs that an act's fields name: every UUID in them, alone or in a list."""
    return {
        (role, UUID(each))
        for role, value in about.items()
        for each in (value if isinstance(value, list) else [value])
        if isinstance(each, str) and UUID_TEXT.fullmatch(each)
    }


class Act(models.Model):
    """One line of the record. `body` is the canonical text that was hashed; the columns beside it are its index.

    An act has no position until it is sealed: positions are given in batches, so that the head of the chain is no lock
    that every writer waits for. Nothing here is ever updated but `position` and `chain`, once.
    """

    retention = "record"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    kind = models.CharField(max_length=60, db_index=True)
    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=10)
    actor_name = models.CharField(max_length=60)
    actor = models.UUIDField(null=True, db_index=True)
    power = models.CharField(max_length=40)
    purpose = models.CharField(max_length=140, blank=True)
    ended = models.CharField(max_length=10)
    about = models.JSONField()
    body = models.TextField()
    digest = models.BinaryField(max_length=32)
    position = models.PositiveBigIntegerField(null=True, unique=True)
    chain = models.BinaryField(max_length=32, null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"

    def columns(self) -> bytes:
        """The body as the columns tell it; equal to `body` unless somebody changed one of the two."""
        return canonical_bytes(self.as_body())

    def index_is_whole(self) -> bool:
        """Whether the rows of `Subject` are those that the act's fields name."""
        return {(each.role, each.uuid) for each in self.subjects.all()} == subjects_of(self.about)

    def as_body(self) -> dict[str, Any]:
        return {
            "about": self.about,
            "act": str(self.uuid),
            "actor": str(self.actor) if self.actor else None,
            "actor_kind": self.actor_kind,
            "actor_name": self.actor_name,
            "at": as_text(self.at),
            "ended": self.ended,
            "kind": self.kind,
            "power": self.power,
            "purpose": self.purpose,
        }


class Subject(models.Model):
    """What an act is about, one row an identifier, so that a thing's story is found without reading every act."""

    retention = "record"

    act = models.ForeignKey("custody.Act", on_delete=models.PROTECT, related_name="subjects")
    uuid = models.UUIDField(db_index=True)
    role = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["act", "uuid", "role"], name="one_subject_an_act")]

    def __str__(self) -> str:
        return f"{self.role} {self.uuid}"


class Checkpoint(models.Model):
    """A signed statement of how far the record goes. `frontier` lets the next one be made without walking it all."""

    retention = "record"

    number = models.PositiveBigIntegerField(unique=True)
    size = models.PositiveBigIntegerField()
    root = models.BinaryField(max_length=32)
    chain = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    frontier = models.JSONField()
    signature = models.BinaryField(max_length=64)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"checkpoint {self.number} of {self.size} acts"

    def line(self) -> str:
        """number, size, root, chain, time and signature, in hex: how the copy outside the database holds it."""
        binary = [bytes(each).hex() for each in (self.root, self.chain)]
        return " ".join([str(self.number), str(self.size), *binary, as_text(self.at), bytes(self.signature).hex()])
