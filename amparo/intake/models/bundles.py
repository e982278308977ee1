"""Reports that tell of the same: folded together, each link with its reason."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amparo.foundation.ids import new_id


class Bundle(models.Model):
    """Reports that tell of the same, folded together: one row of the queue, every member kept. head: the row that stands for them.

    members: all that ever joined and did not leave. lifted: how many stand by themselves because they say more of danger.
    """

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    reference = models.CharField(max_length=20, unique=True, null=True)
    made_at = models.DateTimeField()
    members = models.PositiveIntegerField(default=0)
    lifted = models.PositiveIntegerField(default=0)
    head = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="+", null=True)
    unfolded_at = models.DateTimeField(null=True)
    unfolded_by = models.UUIDField(null=True)
    unfolded_text = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.reference or str(self.uuid)


class BundleLink(models.Model):
    """Why a report belongs to a bundle: what it shares, and with which report. Kept when it leaves."""

    retention = "report"

    bundle = models.ForeignKey("intake.Bundle", on_delete=models.PROTECT, related_name="links", db_index=False)
    report = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="bundle_links")
    other = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="+", null=True)
    kind = models.CharField(max_length=10)
    words = models.CharField(max_length=200, blank=True)
    says_more = models.BooleanField(default=False)  # named something that the bundle did not know
    lifted = models.BooleanField(default=False)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    left_by = models.UUIDField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["report"], condition=Q(left_at=None), name="intake_one_bundle_a_report")
        ]
        indexes = [models.Index(fields=["bundle", "id"], name="intake_members")]

    def __str__(self) -> str:
        return f"{self.report_id} in {self.bundle_id}: {self.kind}"


class FoldKey(models.Model):
    """Something by which the next report may be folded: who had it first, which bundle grew from it, when the last came.

    apart: an officer unfolded what it had folded; it folds nothing any more.
    """

    retention = "report"

    digest = models.BinaryField(max_length=16, unique=True)
    kind = models.CharField(max_length=10)
    report = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="+")
    bundle = models.ForeignKey("intake.Bundle", on_delete=models.PROTECT, related_name="keys", null=True)
    last_at = models.DateTimeField()
    apart = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.kind} of {self.report_id}"


class BundleTrace(models.Model):
    """Something that a bundle's reports name, once however many do: what a new member adds is told by this alone."""

    retention = "report"

    bundle = models.ForeignKey("intake.Bundle", on_delete=models.PROTECT, related_name="traces", db_index=False)
    digest = models.BinaryField(max_length=16)
    kind = models.CharField(max_length=8)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bundle", "digest"], name="intake_bundle_trace_once")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.bundle_id}"


class FoldLook(models.Model):
    """A fingerprint that is not near any before it: what comes near it is folded with it (looks.py)."""

    retention = "report"

    item = models.UUIDField(unique=True)
    row = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.item)
