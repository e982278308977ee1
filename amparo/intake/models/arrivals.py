"""What came in, and who sends: every arrival to its end."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amparo.foundation.ids import new_id


class ArrivalState(models.TextChoices):
    """Every arrival ends in one of the others; one that stays in the first is looked for (queries.ledger)."""

    TAKEN_IN = "taken_in"
    REPORT = "report"
    REPLY = "reply"
    FOLLOW_UP = "follow_up"
    AUTOMATIC = "automatic"
    UNREADABLE = "unreadable"
    SET_ASIDE = "set_aside"


class Arrival(models.Model):
    """The ledger: one line for everything that came in, by its original's digest. `report_uuid` is its report's, from the start."""

    retention = "report"

    uuid = models.UUIDField(unique=True, editable=False)
    channel = models.CharField(max_length=20)
    digest = models.CharField(max_length=64, unique=True, null=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    received_at = models.DateTimeField()
    taken_in_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=ArrivalState, default=ArrivalState.TAKEN_IN)
    deliveries = models.PositiveIntegerField(default=1)
    content = models.UUIDField(null=True)
    header_bytes = models.PositiveIntegerField(
        default=0
    )  # of the content item; with the identity letter it is the original again
    report_uuid = models.UUIDField(unique=True, default=new_id)
    reply_token_digest = models.CharField(max_length=64, blank=True)
    sender = models.ForeignKey("intake.Sender", models.PROTECT, related_name="arrivals", null=True, db_index=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["state", "received_at"], name="intake_ledger"),
            models.Index(fields=["sender", "received_at"], name="intake_rate"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.uuid}"


class SealedIdentity(models.Model):
    """Who sent an arrival, as the receiver sealed it: opened by officers who hold the identity compartment, never by a process."""

    retention = "report"

    arrival = models.OneToOneField("intake.Arrival", on_delete=models.PROTECT, related_name="identity")
    letter = models.BinaryField()

    def __str__(self) -> str:
        return f"identity of {self.arrival_id}"


class Sender(models.Model):
    """One source of arrivals, told from others by a tag that names nobody. Counts, never a judgement of a person.

    lane: "" among everybody's, "flood" while it sends too much at once, "serial" where an officer decided so.

    tag: of a mail, the receiver's keyed digest of the address, which only the receiver can make; of a platform or partner,
    its key's name. An anonymous form has no sender. name: what officers call a platform or partner; empty for a reporter.
    """

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    kind = models.CharField(max_length=20)
    tag = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=120, blank=True)
    first_at = models.DateTimeField()
    lane = models.CharField(max_length=8, blank=True)
    lane_since = models.DateTimeField(null=True)
    lane_by = models.UUIDField(null=True)
    lane_text = models.TextField(blank=True)
    told_at = models.DateTimeField(null=True)  # when somebody was last told that its lane holds what nobody has read
    expected_an_hour = models.PositiveIntegerField(null=True)  # what an officer says is no flood; else the rule's

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["lane"], name="intake_lanes")]

    def __str__(self) -> str:
        return self.name or f"{self.kind} {str(self.uuid)[-8:]}"


class SenderMonth(models.Model):
    """What came from a sender in a month (UTC, by arrival), and what became of it. folded: by machines, before anybody decided.

    asked, given: fields that reports of their kind should have, and how many of those had.
    """

    retention = "report"

    sender = models.ForeignKey("intake.Sender", on_delete=models.PROTECT, related_name="months", db_index=False)
    month = models.DateField()
    received = models.PositiveIntegerField(default=0)
    folded = models.PositiveIntegerField(default=0)
    usable = models.PositiveIntegerField(default=0)
    junk = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    false = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    given = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-month"]
        constraints = [models.UniqueConstraint(fields=["sender", "month"], name="intake_one_month_a_sender")]
        indexes = [models.Index(fields=["month", "-received"], name="intake_months")]

    def __str__(self) -> str:
        return f"{self.sender_id} in {self.month}"


class Month(models.Model):
    """A calendar month (UTC) of drawing by lot: its secret seed, bound by the record from its beginning and told at its end."""

    retention = "record"

    month = models.DateField(unique=True)
    seed = models.BinaryField(max_length=32)
    begun_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-month"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class SenderDrift(models.Model):
    """That a sender's reports lost fields that they used to have. field: which one; "" where it is the share of all of them.

    before, now: the shares of expected fields that were given, in percent. ended_at: when they were back, or somebody settled it.
    """

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    sender = models.ForeignKey("intake.Sender", models.PROTECT, related_name="drifts")
    field = models.CharField(max_length=60, blank=True)
    before_percent = models.PositiveSmallIntegerField()
    now_percent = models.PositiveSmallIntegerField()
    reports = models.PositiveIntegerField()
    seen_at = models.DateTimeField()
    told = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "field"], condition=Q(ended_at=None), name="intake_one_drift_a_field"
            )
        ]

    def __str__(self) -> str:
        return f"{self.field or 'fields'} of {self.sender_id}"
