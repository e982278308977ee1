"""The people of a case. Every row hangs on one case; no row holds a score of anybody."""

from __future__ import annotations

from django.db import models

from amparo.cases.rules import AGES, CATEGORIES, EVIDENCE, IDENTIFIERS, KINDS, SOURCE_GRADES
from amparo.foundation.ids import new_id

PROTECT = models.PROTECT


class Person(models.Model):
    """Somebody in a case. category, age_*: as last decided; `Decision` keeps every earlier one."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    handle = models.CharField(max_length=200)
    category = models.CharField(max_length=16, choices=CATEGORIES)
    age_status = models.CharField(max_length=8, choices=AGES, default="unknown")
    stated_age = models.PositiveSmallIntegerField(null=True)
    born_on = models.DateField(null=True)
    confirmed_country = models.CharField(max_length=2, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="cases_person_number")]
        indexes = [models.Index(fields=["case", "category"], name="cases_person_category")]

    @property
    def reference(self) -> str:
        return f"P-{self.number}"


class Decision(models.Model):
    """What was decided of a person, by whom and why: kept for ever, so that the last word never hides the earlier ones."""

    retention = "case"

    class What(models.TextChoices):
        CATEGORY = "category", "Legal category"
        AGE = "age", "Age"
        COUNTRY = "country", "Competent country"

    person = models.ForeignKey("cases.Person", PROTECT, related_name="+")
    what = models.CharField(max_length=8, choices=What)
    value = models.CharField(max_length=40)
    before = models.CharField(max_length=40, blank=True)
    reason = models.TextField()
    by = models.UUIDField(null=True)
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class Identifier(models.Model):
    """What identifies a person. value: normalised (E.164 for a phone). raw: as written. source: where that stands."""

    retention = "case"

    person = models.ForeignKey("cases.Person", PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=IDENTIFIERS)
    value = models.CharField(max_length=200)
    raw = models.CharField(max_length=240)
    source = models.CharField(max_length=240)
    item = models.UUIDField(null=True)
    added_by = models.UUIDField(null=True)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["person", "kind", "value"], name="cases_identifier_once")]
        indexes = [models.Index(fields=["kind", "value"], name="cases_identifier_value")]


class Attribution(models.Model):
    """A candidate country of a person with its evidence; several may stand side by side. Withdrawn ones stay readable."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    person = models.ForeignKey("cases.Person", PROTECT, related_name="+")
    country = models.CharField(max_length=2)
    evidence = models.CharField(max_length=14, choices=EVIDENCE)
    words = models.TextField()
    kind = models.CharField(max_length=10, choices=KINDS)
    source_grade = models.CharField(max_length=1, choices=[(grade, grade) for grade in SOURCE_GRADES])
    information_grade = models.PositiveSmallIntegerField()
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    by = models.UUIDField(null=True)
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=120, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["person", "country"], name="cases_attribution_country")]


class ReadingOrder(models.Model):
    """In which order a unit reads about the people of its cases: keys of reasons, first to last. The newest holds; none goes."""

    retention = "system"

    version = models.PositiveIntegerField(unique=True)
    reasons = models.JSONField(default=list)
    why = models.TextField()
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]


class PersonReason(models.Model):
    """What an officer says of somebody that bears on whom to look at first, with where it stands. Withdrawn ones stay readable."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    person = models.ForeignKey("cases.Person", PROTECT, related_name="+")
    reason = models.CharField(max_length=24)
    words = models.TextField()
    group = models.ForeignKey("cases.Group", PROTECT, related_name="+", null=True)
    line = models.PositiveIntegerField(null=True)
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=120, blank=True)
    withdrawn_why = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
