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


class ReportState(models.TextChoices):
    NEW = "new"
    IN_CASE = "in_case"
    CLOSED = "closed"
    REPLY = "reply"


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


class SealedIdentity(models.Model):
    """Who sent an arrival, as the receiver sealed it: opened by officers who hold the identity compartment, never by a process."""

    retention = "report"

    arrival = models.OneToOneField("intake.Arrival", on_delete=models.PROTECT, related_name="identity")
    letter = models.BinaryField()

    def __str__(self) -> str:
        return f"identity of {self.arrival_id}"


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


class Batch(models.Model):
    """A table of reports that somebody handed over: shown first, then taken in, then perhaps undone. Never half of it unseen."""

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=80)
    by = models.UUIDField(null=True)
    at = models.DateTimeField()
    state = models.CharField(max_length=10, default="shown")  # shown, taking, taken, undoing, undone, dropped
    sheet = models.CharField(max_length=100, blank=True)
    columns = models.JSONField(default=list)  # [[name, what it says (columns.toml)]]
    rows = models.PositiveIntegerField(default=0)
    content = models.UUIDField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class BatchRow(models.Model):
    """One row of a batch. cells: as they stood, without those that say who reported, which are sealed in `identity`."""

    retention = "report"

    batch = models.ForeignKey("intake.Batch", on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    cells = models.JSONField(default=list)
    arrival = models.UUIDField(default=new_id)
    identity = models.BinaryField(blank=True, default=b"")
    problem = models.CharField(max_length=200, blank=True)
    remark = models.CharField(max_length=400, blank=True)
    state = models.CharField(max_length=10, default="shown")  # shown, taken, repeated, left_out, undone, kept
    report = models.UUIDField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="intake_batch_row_once")]
        indexes = [models.Index(fields=["batch", "state", "id"], name="intake_batch_rows")]

    def __str__(self) -> str:
        return f"{self.batch_id} row {self.number}"


class ArrivedMail(models.Model):
    """How a mail stands to other mails: by digests and codes alone, as the receiver took them (postmarks.py).

    return_letter: what an answer needs, sealed to the courier. opened: how an encrypted mail was opened; "closed" where it was not.
    forwarded: who the text says wrote the mails forwarded in it, a claim each. remarks: what was read otherwise than the mail says.
    """

    retention = "report"

    arrival = models.OneToOneField("intake.Arrival", on_delete=models.PROTECT, related_name="mail")
    message_digest = models.CharField(max_length=64, blank=True, db_index=True)
    refers_to = models.JSONField(default=list)
    relay_digests = models.JSONField(default=list)
    signs = models.JSONField(default=list)
    delivery = models.JSONField(default=list)
    return_letter = models.BinaryField(blank=True, default=b"")
    opened = models.CharField(max_length=12, blank=True)
    signed = models.CharField(max_length=8, blank=True)
    forwarded = models.JSONField(default=list)
    remarks = models.JSONField(default=list)
    apart = models.BooleanField(default=False)  # an officer wants it read as a report of its own

    def __str__(self) -> str:
        return f"mail {self.arrival_id}"


class RelayAddress(models.Model):
    """The unguessable address under which a report's talk goes on. Of its token only a digest is kept."""

    retention = "report"

    report = models.OneToOneField("intake.Report", on_delete=models.PROTECT, related_name="relay")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"relay address of {self.report_id}"


class TalkMessage(models.Model):
    """One message of the talk with a reporter: what came in after the report, and what went back.

    kind: person, auto_reply, bounce or loop came in; answer or receipt went out. joined_by: token or reference, for what came in.
    other_sender: whether it came from another address than the report; None where that can't be told. answers: of what goes out,
    the arrival to whose sender it goes; of a bounce, None. about: of a bounce, the message that came back.
    """

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    report = models.ForeignKey("intake.Report", on_delete=models.PROTECT, related_name="talk")
    kind = models.CharField(max_length=10)
    at = models.DateTimeField()
    arrival = models.OneToOneField("intake.Arrival", on_delete=models.PROTECT, related_name="message", null=True)
    joined_by = models.CharField(max_length=10, blank=True)
    other_sender = models.BooleanField(null=True)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    language = models.CharField(max_length=10, default="unknown")
    sent_raw = models.CharField(max_length=200, blank=True)
    items = models.JSONField(default=list)
    author = models.UUIDField(null=True)
    answers = models.ForeignKey("intake.Arrival", on_delete=models.PROTECT, related_name="answered_by", null=True)
    about = models.ForeignKey("intake.TalkMessage", on_delete=models.PROTECT, related_name="bounces", null=True)
    state = models.CharField(max_length=10, blank=True)  # of what goes out: waiting, sent, failed, returned
    state_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    tries = models.PositiveIntegerField(default=0)
    message_digest = models.CharField(max_length=64, blank=True, db_index=True)
    return_digest = models.CharField(max_length=64, unique=True, null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["report", "at"], name="intake_talk")]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"


class ReporterMailbox(models.Model):
    """Where answers to a reporter with a code are left: its name and the key that seals them. The code itself is kept nowhere."""

    retention = "report"

    report = models.OneToOneField("intake.Report", on_delete=models.PROTECT, related_name="mailbox")
    mailbox = models.UUIDField(unique=True, editable=False)
    public = models.BinaryField(max_length=1216)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"mailbox of {self.report_id}"


class ApiKey(models.Model):
    """A platform's key for its door. Of the key only a digest is kept. scopes: what it may do (api/keys.py)."""

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=80)
    digest = models.BinaryField(max_length=32)
    sender = models.ForeignKey("intake.Sender", models.PROTECT, related_name="api_keys")
    test = models.BooleanField(default=False)
    scopes = models.JSONField(default=list)
    reports_a_second = models.PositiveIntegerField(default=10)
    made_at = models.DateTimeField()
    made_by = models.UUIDField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class ApiReport(models.Model):
    """What a platform was told about one of its reports. report: None for a test, of which nothing else is kept.

    missing: [[field, pointer, grade]]. expected, given: names of fields, by which a drift of the sender's format is seen.
    """

    retention = "report"

    uuid = models.UUIDField(unique=True, editable=False)
    key = models.ForeignKey("intake.ApiKey", models.PROTECT, related_name="reports", db_index=False)
    report = models.OneToOneField("intake.Report", models.PROTECT, related_name="api", null=True)
    own_reference = models.CharField(max_length=2000, blank=True)
    received_at = models.DateTimeField()
    score = models.PositiveSmallIntegerField()
    parts = models.JSONField(default=dict)
    missing = models.JSONField(default=list)
    expected = models.JSONField(default=list)
    given = models.JSONField(default=list)
    retracted_at = models.DateTimeField(null=True)
    retracted_reason = models.CharField(max_length=30, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["key", "-received_at"], name="intake_api_of_key")]

    def __str__(self) -> str:
        return str(self.uuid)


class ApiAnswer(models.Model):
    """What was answered under an idempotency key, written with what it did: asked again, the same is answered again."""

    retention = "report"

    key = models.ForeignKey("intake.ApiKey", models.PROTECT, related_name="answers", db_index=False)
    idempotency = models.CharField(max_length=255)
    digest = models.BinaryField(max_length=32)  # of method, path and body
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["key", "idempotency"], name="intake_api_once")]

    def __str__(self) -> str:
        return f"{self.status} at {self.at}"


class ApiUpload(models.Model):
    """A file that a platform sends in parts, each sealed on the disk as it comes. offset: how many bytes are there.

    state: open, checking (all there, its digest not compared yet), whole, in_report (an item of its report), differs, expired.
    """

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    key = models.ForeignKey("intake.ApiKey", models.PROTECT, related_name="uploads", db_index=False)
    report = models.ForeignKey("intake.ApiReport", models.PROTECT, related_name="uploads", null=True)
    name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=127, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    offset = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, default="open")
    item = models.UUIDField(null=True)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["key", "state"], name="intake_api_uploads"),
            models.Index(fields=["state", "changed_at"], name="intake_api_stale"),
        ]

    def __str__(self) -> str:
        return f"{self.uuid}: {self.state}"


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


class CyberTip(models.Model):
    """A report that a platform opens in NCMEC's form, from submit to its end. uuid: its arrival's.

    said: what it says (api/submission.py), but for whoever wrote it, who is sealed in `identity`. document: its XML, sealed where
    reporters' identities are. state: open, finished, retracted, unfinished (its time was over: it stands on the queue as it is),
    sent_again (its time was over, and the same came whole meanwhile).
    """

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    number = models.BigIntegerField(unique=True)  # the platform's reportId
    key = models.ForeignKey("intake.ApiKey", models.PROTECT, related_name="tips", db_index=False)
    state = models.CharField(max_length=12, default="open")
    urgent = models.BooleanField(default=False)  # the platform asks for a quick look
    digest = models.CharField(max_length=64)  # SHA-256 of the XML
    document = models.UUIDField(null=True)
    said = models.JSONField(default=dict)
    identity = models.BinaryField(blank=True, default=b"")
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["state", "changed_at"], name="intake_tips_open"),
            models.Index(fields=["key", "digest"], name="intake_tips_same"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.state}"


class CyberTipFile(models.Model):
    """A file of such a report: sealed as it came. uuid: its upload's. code: the platform's fileId. said: what fileinfo told of it.

    documents: the fileDetails that came, sealed, in their order. item: None of a test's, which isn't kept.
    """

    retention = "report"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    tip = models.ForeignKey("intake.CyberTip", models.PROTECT, related_name="files")
    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=127, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    md5 = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    item = models.UUIDField(null=True)
    said = models.JSONField(default=dict)
    documents = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.code
