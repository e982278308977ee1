from __future__ import annotations

from django.db import models

from amparo.exchange.rules import CHANNELS
from amparo.foundation.ids import new_id


class Partner(models.Model):
    """The one authority of a country that opens its packages, and the public keys they are sealed to."""

    retention = "system"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    country = models.CharField(max_length=2, unique=True)
    authority = models.CharField(max_length=160)
    language = models.CharField(max_length=2)
    channel = models.CharField(max_length=10, choices=[(each, each) for each in CHANNELS], default="handover")
    mail = models.CharField(max_length=254, blank=True)
    openpgp = models.TextField(blank=True)
    openpgp_fingerprint = models.CharField(max_length=64, blank=True)
    age = models.CharField(max_length=80, blank=True)
    fingerprint_checked_on = models.DateField(null=True)
    handling = models.JSONField(default=list)
    registered_at = models.DateTimeField()
    keys_since = models.DateTimeField()

    class Meta:
        ordering = ["country"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(openpgp="", age=""),
                name="a_partner_has_a_key",
                violation_error_message="A partner has a key.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.authority} ({self.country})"
