from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id


class Client(models.Model):
    """A system that may ask the lists. Of its key only a digest is kept; a revoked one stays, with how much was asked by it."""

    retention = "system"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=80)
    key_sha256 = models.BinaryField(max_length=32)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        db_table = "matching_hma_client"

    def __str__(self) -> str:
        return self.name


class Asked(models.Model):
    """How much a client asked in one hour: counts, never what. `recorded`: the act that says so is made, when the hour is over."""

    retention = "system"

    client = models.ForeignKey("matching.Client", on_delete=models.PROTECT, related_name="hours")
    hour = models.DateTimeField()
    questions = models.PositiveBigIntegerField(default=0)
    files = models.PositiveBigIntegerField(default=0)
    hits = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()
    recorded = models.BooleanField(default=False, db_index=True)

    class Meta:
        ordering = ["client", "hour"]
        db_table = "matching_hma_asked"
        constraints = [models.UniqueConstraint(fields=["client", "hour"], name="one_row_an_hour")]

    def __str__(self) -> str:
        return f"{self.client_id} {self.hour:%Y-%m-%d %H}"


class Server(models.Model):
    """An HMA that banks are read from. While it is read: the next content to ask for, how many were found, how many misses since.

    said: how many hashes of each signal it says that it holds; counted: how many came.
    """

    retention = "system"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=80, unique=True)
    address = models.CharField(max_length=300)
    added_at = models.DateTimeField()
    reading = models.BooleanField(default=False)
    next_content = models.PositiveBigIntegerField(default=1)
    found = models.PositiveBigIntegerField(default=0)
    misses = models.PositiveBigIntegerField(default=0)
    size_bytes = models.PositiveBigIntegerField(default=0)
    said = models.JSONField(default=dict)
    counted = models.JSONField(default=dict)
    asked_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["name"]
        db_table = "matching_hma_server"

    def __str__(self) -> str:
        return self.name
