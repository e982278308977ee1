from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id


class State(models.TextChoices):
    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"
    QUARANTINED = "quarantined"


class Job(models.Model):
    """One piece of work. `token` grows with every lease, so that a worker that lost its lease can't finish the job."""

    retention = "system"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    task = models.CharField(max_length=140)
    arguments = models.JSONField()
    queue = models.CharField(max_length=20, default="default")
    key = models.CharField(max_length=140, unique=True, null=True)
    priority = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    token = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=60, blank=True)
    enqueued_at = models.DateTimeField()
    run_after = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["state", "queue", "-priority", "id"], name="jobs_next"),
            models.Index(fields=["state", "lease_until"], name="jobs_expired"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.uuid}"


class Cursor(models.Model):
    """How far along the sealed record the followers have been handed their work."""

    retention = "system"

    name = models.CharField(max_length=40, unique=True)
    position = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"
