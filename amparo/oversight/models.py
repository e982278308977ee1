from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id


class Schedule(models.Model):
    """A deployment's own limit for one retention class. The newest row of a class counts; earlier ones stay readable."""

    retention = "record"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=10)
    days = models.PositiveIntegerField(null=True)
    basis = models.TextField()
    set_by = models.UUIDField(null=True)
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name}: {self.days} days"
