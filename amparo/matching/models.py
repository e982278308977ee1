from __future__ import annotations

from django.db import models
from django.db.models import Q

from amparo.foundation.ids import new_id
from amparo.matching.hma.models import Asked, Client, Server
from amparo.matching.rules import HitKind, ListState, State

__all__ = ["Asked", "Check", "Client", "HashList", "Hit", "Server"]


class HashList(models.Model):
    """One version of a list of known hashes, whose hashes lie in files (versions.py).

    Lists are added and withdrawn, never edited: a hit names what it was found in. base: the version it took the place of; a
    difference also shares that one's files; withdrawals: its file names only what is taken back. counts: hashes by kind;
    categories: [scheme, code, rows]; files: SHA-256 by name. While it is imported: the stage, and how much of it is done.
    """

    retention = "system"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=80)
    source = models.CharField(max_length=120)
    version = models.CharField(max_length=40)
    scheme = models.CharField(max_length=60, blank=True)
    scope = models.CharField(max_length=120, blank=True)
    state = models.CharField(
        max_length=10, default=ListState.IMPORTING, choices=[(each.value, each.value) for each in ListState]
    )
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="followed_by")
    difference = models.BooleanField(default=False)
    withdrawals = models.BooleanField(default=False)

    row_count = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    categories = models.JSONField(default=list)
    added_rows = models.PositiveBigIntegerField(default=0)
    removed_rows = models.PositiveBigIntegerField(default=0)
    missing_rows = models.PositiveBigIntegerField(default=0)
    files = models.JSONField(default=dict)

    file_name = models.CharField(max_length=200, blank=True)
    format = models.CharField(max_length=30, blank=True)
    bare = models.CharField(max_length=6, blank=True)
    leave_out = models.BooleanField(default=False)
    unsupported = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    problem_count = models.PositiveBigIntegerField(default=0)
    failure = models.CharField(max_length=600, blank=True)

    stage = models.CharField(max_length=12, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    stage_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    asked_at = models.DateTimeField(null=True)
    imported_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["name", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "version"], condition=~Q(state=ListState.FAILED), name="one_list_of_a_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Check(models.Model):
    """One item laid beside the lists of the moment. The current one is the item's answer; older ones say what was known then.

    looks: a picture's fingerprints, 32 bytes each; a video's lie sealed beside it. look_count: of either.
    """

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    item = models.UUIDField(db_index=True)
    origin = models.UUIDField(db_index=True)
    state = models.CharField(max_length=12, choices=[(each.value, each.value) for each in State])
    lists = models.JSONField(default=list)
    looks = models.BinaryField(max_length=512, blank=True, default=b"")
    look_count = models.PositiveIntegerField(default=0)
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
    """An item and the listed item it is, or is near to. One a listed row: the strongest evidence for it (rules.Found)."""

    retention = "case"

    check_made = models.ForeignKey("matching.Check", on_delete=models.PROTECT, related_name="hits")
    list = models.ForeignKey("matching.HashList", on_delete=models.PROTECT, related_name="hits")
    row = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=5, choices=[(each.value, each.value) for each in HitKind])
    digest = models.CharField(max_length=6)
    distance_bits = models.PositiveSmallIntegerField()
    framing = models.CharField(max_length=8, blank=True)
    turn = models.CharField(max_length=10, blank=True)
    at_ms = models.PositiveBigIntegerField(null=True)
    frames = models.PositiveIntegerField(default=0)
    scheme = models.CharField(max_length=60, blank=True)
    code = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["distance_bits", "id"]
        constraints = [models.UniqueConstraint(fields=["check_made", "list", "row"], name="one_hit_a_row")]

    def __str__(self) -> str:
        return f"{self.kind} {self.distance_bits} bits"


class Scan(models.Model):
    """A seized tree, or several, laid beside the lists. What each file came to lies in the scan's own file (`scans.py`)."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.UUIDField(null=True, db_index=True)
    compartment = models.UUIDField(null=True)
    devices = models.JSONField(default=list)
    lists = models.JSONField(default=list)
    state = models.CharField(max_length=10)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    sealed = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"S-{self.pk}"
