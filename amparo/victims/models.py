"""Series, their items, clues and steps. Of the strictest access: victims.read, and being let into the case."""

from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id
from amparo.victims.rules import CLUES, CONFIDENCE, KNOWN_ELSEWHERE, STATUSES

PROTECT = models.PROTECT


class Series(models.Model):
    """The items of one child, or of children abused together. place: a country, "unknown", or empty while nobody said."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.UUIDField(db_index=True)
    codename = models.CharField(max_length=40, unique=True)
    status = models.CharField(max_length=24, choices=STATUSES, default="new")
    children_count = models.PositiveSmallIntegerField(default=1)
    owner = models.UUIDField(null=True)
    known_elsewhere = models.CharField(max_length=16, choices=KNOWN_ELSEWHERE, default="not_asked")
    known_elsewhere_words = models.TextField(blank=True)
    place = models.CharField(max_length=8, blank=True)
    place_evidence = models.TextField(blank=True)
    review_on = models.DateField(null=True)
    opened_by = models.UUIDField()
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return f"Series {self.codename}"


class SeriesItem(models.Model):
    """An item of a series. sha256: of its bytes, so that copies elsewhere are known as the same."""

    retention = "case"

    series = models.ForeignKey("victims.Series", PROTECT, related_name="+")
    item = models.UUIDField(db_index=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    added_by = models.UUIDField()
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["series", "sha256"], name="victims_series_item")]


class Clue(models.Model):
    """Something that may lead to the child. negative: a trail that was followed and ends, worth knowing too."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    series = models.ForeignKey("victims.Series", PROTECT, related_name="+")
    item = models.UUIDField(null=True)
    kind = models.CharField(max_length=8, choices=CLUES)
    words = models.TextField()
    confidence = models.CharField(max_length=10, choices=CONFIDENCE)
    negative = models.BooleanField(default=False)
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class Step(models.Model):
    """One move of a series along its way, with its basis."""

    retention = "case"

    series = models.ForeignKey("victims.Series", PROTECT, related_name="+")
    before = models.CharField(max_length=24, choices=STATUSES, blank=True)
    status = models.CharField(max_length=24, choices=STATUSES)
    basis = models.TextField()
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
