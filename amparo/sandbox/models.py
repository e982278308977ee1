from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id
from amparo.sandbox.rules import State


class Examination(models.Model):
    """What examining one item found, or why it could not be examined. One row an item; a later examination replaces it.

    facts: what the reader found, without the item's own words (those are sealed, as derived items). missing_layers: which
    of the sandbox's layers did not hold when it was done.
    """

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    item = models.UUIDField(unique=True)
    origin = models.UUIDField(db_index=True)
    state = models.CharField(max_length=12, choices=[(each.value, each.value) for each in State])
    kind = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=30, blank=True)
    sentence = models.CharField(max_length=400, blank=True)
    facts = models.JSONField(default=dict)
    tool = models.CharField(max_length=60)
    missing_layers = models.JSONField(default=list)
    examined_at = models.DateTimeField()

    class Meta:
        verbose_name = "examination"

    def __str__(self) -> str:
        return f"{self.item}: {self.state}"
