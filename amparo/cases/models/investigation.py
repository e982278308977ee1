"""The investigation itself: who may open it, what it began with, where its items were found, what was seized, what was noted."""

from __future__ import annotations

from django.db import models

from amparo.cases.rules import DEVICES
from amparo.foundation.ids import new_id

PROTECT = models.PROTECT


class Case(models.Model):
    """An investigation; shown as an operation once it spans countries. compartment: of the vault."""

    retention = "case"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    reference = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=160)
    legal_basis = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    opened_by = models.UUIDField()
    compartment = models.UUIDField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["year", "number"], name="cases_number")]


class CaseOfficer(models.Model):
    """That an officer may open a case. A case is closed to everyone without such a row."""

    retention = "case"

    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    officer = models.UUIDField(db_index=True)
    granted_by = models.UUIDField()
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "officer"], name="cases_officer")]


class CaseReport(models.Model):
    retention = "case"

    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    report = models.UUIDField(db_index=True)
    added_by = models.UUIDField()
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "report"], name="cases_report")]


class Sighting(models.Model):
    """Where an item of the case was found: in a report, or in a group at a line."""

    retention = "case"

    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    item = models.UUIDField(db_index=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    report = models.UUIDField(null=True)
    post = models.ForeignKey("cases.Post", PROTECT, related_name="+", null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "item", "report"], name="cases_sighting_report"),
            models.UniqueConstraint(fields=["case", "item", "post"], name="cases_sighting_post"),
        ]


class Event(models.Model):
    """An officer's line on the case's timeline: a note, with the moment it speaks of if that is another."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    person = models.ForeignKey("cases.Person", PROTECT, related_name="+", null=True)
    text = models.TextField()
    raw = models.CharField(max_length=60, blank=True)
    utc = models.DateTimeField(null=True)
    zone = models.CharField(max_length=40, blank=True)
    assumed_by = models.CharField(max_length=120, blank=True)
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class Device(models.Model):
    """A seized device. seal: the number on its bag."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    person = models.ForeignKey("cases.Person", PROTECT, related_name="+", null=True)
    kind = models.CharField(max_length=8, choices=DEVICES)
    label = models.CharField(max_length=120)
    seal = models.CharField(max_length=60)
    seized_on = models.DateField()
    place = models.CharField(max_length=120)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "seal"], name="cases_device_seal")]
