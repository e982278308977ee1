"""What a unit knows of each service, in versions."""

from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id


class PlatformCard(models.Model):
    """One version of what is known of a service. The newest of a key holds; none is changed or goes.

    key: `cards.rules.key_of` of the name that the first version had. also: other names of the same service. records: what the
    operator keeps and for how long, pairs of texts.
    """

    retention = "system"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    key = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    also = models.JSONField(default=list)
    operator = models.CharField(max_length=200, blank=True)
    law_country = models.CharField(max_length=2, blank=True)
    legal_contact = models.TextField(blank=True)
    urgent_route = models.TextField(blank=True)
    records = models.JSONField(default=list)
    coin_rules = models.TextField(blank=True)
    age_rules = models.TextField(blank=True)
    source = models.TextField()
    checked_on = models.DateField()
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["key", "-version"]
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="cases_platform_card_version")]
