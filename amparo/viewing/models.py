from __future__ import annotations

from django.db import models

from amparo.foundation.clock import now
from amparo.foundation.ids import new_id


class Exposure(models.Model):
    """A person saw an item: which, in which report or case, why, for how long."""

    retention = "record"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    officer = models.UUIDField(db_index=True)
    item = models.UUIDField(db_index=True)
    origin = models.UUIDField(db_index=True)  # the report or case in which it was seen
    reason = models.CharField(max_length=40)
    own_words = models.CharField(max_length=500, blank=True)
    seconds = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.item} seen {self.at:%Y-%m-%d}"
