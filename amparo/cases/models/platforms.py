"""A case's seized platforms: their steps, what officers judged of links, and who was taken from them."""

from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id

PROTECT = models.PROTECT


class Platform(models.Model):
    """A seized platform in a case. Its tables are sealed items of the case's compartment; here stand counts and digests only.

    mapping: the TOML by which its files are read. files: each original by name, SHA-256, bytes and the table it fed. state: as its
    steps stand.
    """

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    folder = models.CharField(max_length=400)
    mapping = models.TextField()
    files = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    asked_by = models.UUIDField(null=True)
    asked_by_name = models.CharField(max_length=120)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "name"], name="cases_platform_name")]


class PlatformStep(models.Model):
    """One step of a platform's import or analysis: done once, and again only when an officer asks.

    tables: name -> sealed item. counts_in, counts_out: by name, in rows, accounts or persons as the name says. figures: what the
    first page shows without opening a table. done, total: of its progress, in rows.
    """

    retention = "case"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        SKIPPED = "skipped", "Nothing to do"
        FAILED = "failed", "Failed"

    platform = models.ForeignKey("cases.Platform", PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=24)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    run = models.PositiveIntegerField(default=1)
    tables = models.JSONField(default=dict)
    counts_in = models.JSONField(default=dict)
    counts_out = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    saying = models.CharField(max_length=120, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    problem = models.TextField(blank=True)
    began_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["platform", "number"]
        constraints = [models.UniqueConstraint(fields=["platform", "name"], name="cases_platform_step")]


class LinkJudgement(models.Model):
    """What an officer decided of two accounts of a platform. Kept for ever: a later one stands over an earlier, no run over any."""

    retention = "case"

    class Verdict(models.TextChoices):
        SAME = "same", "Same person"
        DIFFERENT = "different", "Different persons"
        UNSURE = "unsure", "Not decided"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    platform = models.ForeignKey("cases.Platform", PROTECT, related_name="+")
    account_a = models.CharField(max_length=200)
    account_b = models.CharField(max_length=200)
    verdict = models.CharField(max_length=9, choices=Verdict)
    reason = models.TextField()
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["platform", "account_a", "account_b"], name="cases_link_judgement")]


class PlatformPerson(models.Model):
    """That a person of the case was taken from a platform: the linked person's number in that run, its accounts, and the rule.

    said: what the platform's tables show of them, a sentence each, with the rows behind it.
    """

    retention = "case"

    platform = models.ForeignKey("cases.Platform", PROTECT, related_name="+")
    person = models.OneToOneField("cases.Person", PROTECT, related_name="+")
    run = models.PositiveIntegerField()
    linked = models.CharField(max_length=200)
    accounts = models.JSONField(default=list)
    said = models.JSONField(default=list)
    rule = models.TextField()
    taken_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["platform", "linked"], name="cases_platform_person")]
