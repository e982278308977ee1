from __future__ import annotations

from django.db import models
from django.db.models import Q

from amparo.foundation.ids import new_id
from amparo.matching.rules import HitKind, State


class HashList(models.Model):
    """One version of a list of known hashes. Lists are added and withdrawn, never edited: a hit names what it was found in."""

    retention = "system"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=80)
    source = models.CharField(max_length=120)
    version = models.CharField(max_length=40)
    scheme = models.CharField(max_length=60, blank=True)
    scope = models.CharField(max_length=120, blank=True)
    row_count = models.PositiveIntegerField(default=0)
    imported_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["name", "-id"]
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="one_list_a_version")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class HashEntry(models.Model):
    """One hash of a list. `row` is the row of the list it came with: hashes of one row speak of one known item."""

    retention = "system"

    list = models.ForeignKey("matching.HashList", on_delete=models.PROTECT, related_name="entries")
    row = models.PositiveIntegerField()
    kind = models.CharField(max_length=6)
    value = models.BinaryField(max_length=32)
    category = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "value"], name="matching_known"),
            models.Index(fields=["list", "kind"], name="matching_kinds"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {bytes(self.value).hex()[:16]}"


class Check(models.Model):
    """One item laid beside the lists of the moment. The current one is the item's answer; older ones say what was known then."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    item = models.UUIDField(db_index=True)
    origin = models.UUIDField(db_index=True)
    state = models.CharField(max_length=12, choices=[(each.value, each.value) for each in State])
    lists = models.JSONField(default=list)
    pdq = models.BinaryField(max_length=32, blank=True, default=b"")
    kind = models.CharField(max_length=30, blank=True)
    examination = models.CharField(max_length=20, blank=True)
    at = models.DateTimeField()
    current = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["item"], condition=Q(current=True), name="one_current_check")]

    def __str__(self) -> str:
        return f"{self.item} {self.state}"


class Hit(models.Model):
    """An item and the listed item it is, or is near to. One a listed row: the strongest evidence for it."""

    retention = "case"

    check_made = models.ForeignKey("matching.Check", on_delete=models.PROTECT, related_name="hits")
    entry = models.ForeignKey("matching.HashEntry", on_delete=models.PROTECT, related_name="hits")
    kind = models.CharField(max_length=5, choices=[(each.value, each.value) for each in HitKind])
    distance_bits = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["distance_bits", "id"]
        constraints = [models.UniqueConstraint(fields=["check_made", "entry"], name="one_hit_an_entry")]

    def __str__(self) -> str:
        return f"{self.kind} {self.distance_bits} bits"
