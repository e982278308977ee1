from __future__ import annotations

from django.db import models
from django.db.models import Q

from amparo.foundation.ids import new_id


class Compartment(models.Model):
    """A key pair that a group of holders shares: the house's content, reporters' identities, one for each case."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=80)
    public_key = models.BinaryField()
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "compartment"

    def __str__(self) -> str:
        return self.name


class MemberKey(models.Model):
    """The key pair of whoever can hold compartments: an officer (locked by their password) or a process (in its folder)."""

    retention = "officer"

    holder = models.CharField(max_length=40, unique=True)  # an officer's uuid or a process's name
    public_key = models.BinaryField()
    locked_private_key = models.BinaryField(default=b"")  # empty for a process
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "member key"


class KeyHolding(models.Model):
    """A compartment's private key, wrapped to one holder. Without one, nobody opens anything of it: not even root."""

    retention = "officer"

    compartment = models.ForeignKey(Compartment, on_delete=models.PROTECT, related_name="+")
    holder = models.CharField(max_length=40, db_index=True)
    wrapped_private_key = models.BinaryField()
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "key holding"
        constraints = [models.UniqueConstraint(fields=["compartment", "holder"], name="one_holding_each")]


class Item(models.Model):
    """A sealed file: what it was when it came, whose it is, and its own key wrapped to its compartment.

    sealed_for: the compartment its chunks are bound to for good; `compartment` is the one that may open it now.
    """

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=127, blank=True)
    size_bytes = models.BigIntegerField()
    md5 = models.CharField(max_length=32, db_index=True)
    sha1 = models.CharField(max_length=40, db_index=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    origin = models.UUIDField(db_index=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    derived = models.BooleanField(default=False)
    compartment = models.ForeignKey(Compartment, on_delete=models.PROTECT, related_name="+")
    sealed_for = models.ForeignKey(Compartment, on_delete=models.PROTECT, related_name="+")
    wrapped_key = models.BinaryField()
    sealed_size_bytes = models.BigIntegerField()
    sealed_sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "item"
        constraints = [  # the same bytes from the same place are the same item; NULLs are never equal, hence two
            models.UniqueConstraint(
                fields=["origin", "sha256", "name"], condition=Q(parent__isnull=True), name="one_item_each"
            ),
            models.UniqueConstraint(
                fields=["origin", "parent", "sha256", "name"], condition=Q(parent__isnull=False), name="one_child_each"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"I-{self.pk}"
