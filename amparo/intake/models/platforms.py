"""The platforms' own doors: keys, reports, answers and uploads of the API, and CyberTips."""

from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id


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
