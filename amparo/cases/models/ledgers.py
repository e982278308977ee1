"""The tables of a case's coins: ledgers, their files, platforms' mappings, and accounts that are held to be a person's."""

from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id

PROTECT = models.PROTECT


class CoinMapping(models.Model):
    """One version of what a platform's columns mean, as TOML. Versions are kept: results name the one that made them."""

    retention = "system"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    platform = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    text = models.TextField()
    note = models.CharField(max_length=300, blank=True)
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["platform", "-version"]
        constraints = [models.UniqueConstraint(fields=["platform", "version"], name="cases_coin_mapping_version")]


class CoinLedger(models.Model):
    """A platform's ledger in a case. run: counts the readings that were asked for, so that a stopped one changes nothing.

    summary: the figures of the whole ledger. tables: table name -> sealed item.
    """

    retention = "case"

    class State(models.TextChoices):
        NEW = "new", "Not read yet"
        WAITING = "waiting", "Waiting to be read"
        READING = "reading", "Being read"
        STOPPED = "stopped", "Stopped"
        READ = "read", "Read"
        FAILED = "failed", "Could not be read"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    platform = models.CharField(max_length=80)
    mapping = models.ForeignKey("cases.CoinMapping", PROTECT, related_name="+", null=True)
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    run = models.PositiveIntegerField(default=0)
    stage = models.CharField(max_length=200, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    sentence = models.TextField(blank=True)
    summary = models.JSONField(default=dict)
    tables = models.JSONField(default=dict)
    added_by = models.UUIDField()
    added_by_name = models.CharField(max_length=120)
    added_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]


class CoinFile(models.Model):
    """One file of a ledger: a sealed item. looked: what columns it has and their first values, for whoever writes the mapping."""

    retention = "case"

    ledger = models.ForeignKey("cases.CoinLedger", PROTECT, related_name="+")
    item = models.UUIDField()
    name = models.CharField(max_length=240)
    size_bytes = models.PositiveBigIntegerField()
    looked = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["ledger", "item"], name="cases_coin_file_once")]


class AccountLink(models.Model):
    """That an account at a service is a person's, with the evidence. Undone ones stay readable, with the reason.

    attributions: the candidate countries that rest on this link; they are withdrawn with it.
    """

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    person = models.ForeignKey("cases.Person", PROTECT, related_name="+")
    service = models.CharField(max_length=80)
    account = models.CharField(max_length=240)
    ledger = models.ForeignKey("cases.CoinLedger", PROTECT, related_name="+", null=True)
    words = models.TextField()
    attributions = models.JSONField(default=list)
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by_name = models.CharField(max_length=120, blank=True)
    undone_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["service", "account"], name="cases_account_link")]
