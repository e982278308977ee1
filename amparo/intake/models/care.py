"""What a report needs before somebody acts on it: its times, addresses, fields asked for, the reporter's name."""

from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id


class StatedTime(models.Model):
    """A time that a report states: as written, as read, and what is doubtful. Unsettled, it has no UTC and is used in no order.

    name: whose time it is (sent, a field's, an IP event's). assumed_by: "stated", or the officer who settled it, with their reason.
    """

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    report = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="times")
    name = models.CharField(max_length=60)
    raw = models.CharField(max_length=200)
    zone_stated = models.CharField(max_length=60, blank=True)
    utc = models.DateTimeField(null=True)
    zone = models.CharField(max_length=60, blank=True)
    assumed_by = models.CharField(max_length=120, blank=True)
    precision = models.CharField(max_length=6, blank=True)
    doubts = models.JSONField(default=list)
    settled_by = models.UUIDField(null=True)
    settled_at = models.DateTimeField(null=True)
    settled_text = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["report", "name", "raw"], name="intake_time_once")]

    def __str__(self) -> str:
        return f"{self.name}: {self.raw}"


class IpEvent(models.Model):
    """An address that was used at a time. port 0: not stated. Its order is complete only with port, second and a settled time."""

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    report = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="ip_events")
    address = models.CharField(max_length=60)
    port = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=30, blank=True)
    time = models.ForeignKey("intake.StatedTime", on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["report", "address", "port", "time"], name="intake_event_once")]

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


class AddressOrder(models.Model):
    """What would be asked about a line: drafted by one officer from whole events, checked by another beside the sources."""

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    report = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="orders")
    events = models.ManyToManyField("intake.IpEvent", related_name="+")
    evidence = models.TextField(blank=True)
    drafted_by = models.UUIDField()
    drafted_at = models.DateTimeField()
    checked_by = models.UUIDField(null=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"order {self.uuid}"


class FieldsAsked(models.Model):
    """That a report's missing fields were asked for, in one request. sent: through the relay; else it was copied by hand."""

    retention = "report"

    report = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="asked")
    codes = models.JSONField(default=list)
    at = models.DateTimeField()
    by = models.UUIDField()
    sent = models.BooleanField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{', '.join(self.codes)} of {self.report_id}"


class IdentityRequest(models.Model):
    """One officer asks to learn who reported, another agrees, then it may be opened, once."""

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    report = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="identity_requests")
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    reason_code = models.CharField(max_length=30)
    reason_text = models.TextField(blank=True)
    agreed_by = models.UUIDField(null=True)
    agreed_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"request {self.uuid}"
