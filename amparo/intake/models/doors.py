"""What single doors keep: tables brought in by the hundred, mails, the talk with a reporter."""

from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id


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
