"""Reports, where they stand on the queue and why, and the work that is left on them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amparo.foundation.ids import new_id


class ReportState(models.TextChoices):
    NEW = "new"
    IN_CASE = "in_case"
    CLOSED = "closed"
    REPLY = "reply"


class Report(models.Model):
    """One allegation by one reporter at one time. `search_text` is what is searched: folded, so that accents don't matter."""

    retention = "report"

    uuid = models.UUIDField(unique=True, editable=False)
    reference = models.CharField(max_length=20, unique=True, null=True)
    arrival = models.OneToOneField("intake.Arrival", on_delete=models.PROTECT, related_name="report")
    received_at = models.DateTimeField(db_index=True)
    channel = models.CharField(max_length=20)
    sent_raw = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    text_source = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=10, default="unknown")
    search_text = models.TextField(blank=True)
    fields = models.JSONField(default=dict)  # as triage/stated.py says; {} where the door has none
    sender = models.ForeignKey("intake.Sender", models.PROTECT, related_name="reports", null=True, db_index=False)
    attachments = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=ReportState, default=ReportState.NEW, db_index=True)
    first_read_at = models.DateTimeField(null=True)
    first_read_by = models.UUIDField(null=True)
    case = models.UUIDField(null=True, db_index=True)
    place = models.CharField(max_length=20, blank=True)  # the current ranking's, "" before the first
    danger = models.CharField(max_length=8, blank=True)
    lane = models.CharField(
        max_length=8, blank=True
    )  # "" in everybody's queue; flood or serial: aside, with its sender's others
    bundle = models.ForeignKey("intake.Bundle", models.PROTECT, related_name="reports", null=True, db_index=False)
    hidden = models.BooleanField(default=False)  # stands in the queue behind its bundle's head
    stands_alone = models.BooleanField(default=False)  # an officer wants it by itself: machines fold it no more
    band = models.CharField(max_length=12, blank=True)
    look_by = models.DateTimeField(null=True)
    decide_by = models.DateTimeField(null=True)
    owner = models.UUIDField(null=True)  # whoever took it
    fields_expected = models.PositiveSmallIntegerField(null=True)  # of those that apply to it, when it was read
    fields_given = models.PositiveSmallIntegerField(null=True)
    raised_by = models.UUIDField(null=True)  # an officer who states that a child is in danger now
    raised_text = models.TextField(blank=True)
    floored_at = models.DateTimeField(null=True)  # when it was first ranked with a floor
    drawn = models.BooleanField(
        default=False
    )  # by lot, at its arrival, for a second look should it be closed or left low
    escalate_at = models.DateTimeField(null=True)  # when somebody is told next if nothing happens
    escalated_at = models.DateTimeField(null=True)
    escalated_to = models.UUIDField(null=True)
    escalations = models.PositiveSmallIntegerField(default=0)
    decided_under = models.CharField(max_length=20, blank=True)  # the rule's version when it was closed or taken up
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    closed_reason = models.CharField(max_length=30, blank=True)
    closed_text = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["state", "hidden", "lane", "place", "received_at", "id"], name="intake_queue"),
            models.Index(fields=["state", "hidden", "lane", "received_at", "id"], name="intake_by_arrival"),
            models.Index(fields=["state", "hidden", "lane", "danger", "language", "channel"], name="intake_choices"),
            models.Index(fields=["bundle", "state", "hidden", "place", "received_at"], name="intake_bundle_order"),
            models.Index(fields=["sender", "state", "lane", "place", "received_at"], name="intake_of_sender"),
            models.Index(fields=["state", "escalate_at"], name="intake_late"),
            models.Index(fields=["owner", "state"], name="intake_owned"),
            models.Index(fields=["state", "received_at"], condition=Q(drawn=True), name="intake_drawn"),
            models.Index(fields=["floored_at"], condition=Q(floored_at__isnull=False), name="intake_floored"),
        ]

    def __str__(self) -> str:
        return self.reference or str(self.uuid)


class Ranking(models.Model):
    """Where a report stood, why, and by which version of the rule. Four axes, no score. The current one orders the queue.

    facts: what was known then (triage/facts.py), so that another rule can be tried on it. words: which word lists were read.
    """

    retention = "report"

    report = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="rankings")
    rule_version = models.CharField(max_length=20)
    axes = models.JSONField()
    facts = models.JSONField(default=dict)
    words = models.CharField(max_length=12, blank=True)
    band = models.CharField(max_length=12, blank=True)
    lane = models.CharField(max_length=8, blank=True)
    danger = models.CharField(max_length=8)
    actionable = models.CharField(max_length=8)
    novelty = models.CharField(max_length=8)
    clock = models.CharField(max_length=8)
    floor = models.CharField(max_length=30, blank=True)
    position = models.CharField(max_length=20)
    at = models.DateTimeField()
    changes_at = models.DateTimeField(null=True)
    current = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["report"], condition=Q(current=True), name="one_current_ranking")
        ]
        indexes = [models.Index(fields=["current", "changes_at"], name="intake_due")]

    def __str__(self) -> str:
        return f"{self.report_id} at {self.position}"


class WorkItem(models.Model):
    """Something of a report that a machine could not do: a person looks at it. Settled with a reason, never removed."""

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    report = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="work_items")
    item = models.UUIDField(null=True)
    kind = models.CharField(max_length=30)
    sentence = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.UUIDField(null=True)
    settled_reason = models.CharField(max_length=30, blank=True)
    settled_text = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "item", "kind"], condition=Q(item__isnull=False), name="one_work_item_an_item"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"


class Trace(models.Model):
    """An identifier that a report, or a case, names: an index by which others are found that name the same.

    digest: of kind and normal form, 16 bytes. value: the normal form, its first 200 characters. event_s: of an IP address, when it
    was used, in seconds since 1970; 0 where that is not known. Exactly one of report and case.
    """

    retention = "report"

    digest = models.BinaryField(max_length=16)
    kind = models.CharField(max_length=8)
    value = models.CharField(max_length=200)
    report = models.ForeignKey(
        "intake.Report", on_delete=models.PROTECT, related_name="traces", null=True, db_index=False
    )
    case = models.UUIDField(null=True)
    case_reference = models.CharField(max_length=20, blank=True)
    stands_in = models.CharField(max_length=5)  # text, field, item, chat or case
    role = models.CharField(max_length=12, blank=True)
    event_s = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "digest", "event_s"], name="intake_trace_once"),
            models.UniqueConstraint(
                fields=["case", "digest"], condition=Q(case__isnull=False), name="intake_case_trace_once"
            ),
        ]
        indexes = [models.Index(fields=["digest", "id"], name="intake_past")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class RuleVersion(models.Model):
    """A rule that was put in force, whole, as its file stood, and never changed. The newest counts; else the shipped one."""

    retention = "record"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    version = models.CharField(max_length=20)
    text = models.TextField()
    digest = models.CharField(max_length=64)
    put_at = models.DateTimeField()
    put_by = models.UUIDField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.version


class RuleTrial(models.Model):
    """That a text of a rule was tried on the past before it counted."""

    retention = "record"

    digest = models.CharField(max_length=64, db_index=True)
    version = models.CharField(max_length=20)
    at = models.DateTimeField()
    tried_by = models.UUIDField(null=True)
    reports = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.version} on {self.reports} reports"


class SecondLook(models.Model):
    """A low or closed report that the lot drew to be read again, by somebody else. month: of its arrival (UTC).

    found: "agreed", "higher" (it should have stood higher) or "danger_now" (a child was in danger and it was left low).
    """

    retention = "record"

    report = models.OneToOneField("intake.Report", on_delete=models.PROTECT, related_name="second_look")
    month = models.DateField()
    kind = models.CharField(max_length=6)
    drawn_at = models.DateTimeField()
    first_by = models.UUIDField(null=True)
    read_at = models.DateTimeField(null=True)
    read_by = models.UUIDField(null=True)
    found = models.CharField(max_length=10, blank=True)
    words = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["read_at", "id"], name="intake_looks_due"),
            models.Index(fields=["month"], name="intake_looks"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id}: {self.found or 'due'}"


class Notice(models.Model):
    """Word for one officer about a report, or about a sender's lane. Seen once its page was opened, and kept."""

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    officer = models.UUIDField()
    report = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="notices", null=True)
    sender = models.ForeignKey("intake.Sender", on_delete=models.PROTECT, related_name="+", null=True)
    code = models.CharField(max_length=20)
    words = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["officer", "seen_at", "-id"], name="intake_notices")]

    def __str__(self) -> str:
        return f"{self.code} for {self.officer}"


class Duty(models.Model):
    """Who is told when a time is over and the rule names no officer. The newest counts."""

    retention = "record"

    officer = models.UUIDField()
    since = models.DateTimeField()
    set_by = models.UUIDField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.officer} since {self.since}"
