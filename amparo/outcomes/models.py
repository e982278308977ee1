from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id
from amparo.outcomes.rules import KINDS


class Reply(models.Model):
    """An answer as it came: a form by mail, or an officer's entry. item: the sealed original of the form, if there is one.

    faults: the rows that could not be taken, each with its line and a sentence. A reply that names no package of ours
    is kept too: somebody sent it for a reason.
    """

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.UUIDField(null=True, db_index=True)
    package = models.UUIDField(null=True, db_index=True)
    reference = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2, blank=True)
    version = models.PositiveSmallIntegerField(null=True)
    source = models.CharField(max_length=8)
    item = models.UUIDField(null=True, unique=True)
    arrival = models.UUIDField(null=True)
    recorded_by = models.UUIDField(null=True)
    received_at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=8)
    rows_taken = models.PositiveIntegerField(default=0)
    faults = models.JSONField(default=list)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.UUIDField(null=True)
    settled_note = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "replies"

    def __str__(self) -> str:
        return f"reply {self.uuid}"


class Outcome(models.Model):
    """One thing that a country told us. person: None for the whole package. superseded_by: a later answer on the same matter."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.UUIDField(db_index=True)
    package = models.UUIDField(db_index=True)
    reference = models.CharField(max_length=80)
    country = models.CharField(max_length=2)
    person = models.UUIDField(null=True, db_index=True)
    subject = models.CharField(max_length=20)
    kind = models.CharField(max_length=24, choices=[(kind, kind) for kind in KINDS])
    at = models.DateField(null=True)
    arrested_in = models.CharField(max_length=2, blank=True)
    ordered_by = models.CharField(max_length=2, blank=True)
    age_at_event = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    counts = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    received_at = models.DateTimeField()
    reply = models.ForeignKey("outcomes.Reply", on_delete=models.PROTECT, related_name="outcomes")
    superseded_by = models.UUIDField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["reference", "person", "kind"], name="outcomes_matter")]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"
