from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id
from amparo.referrals.rules import PLANNED, STATES


class Package(models.Model):
    """One version of what one country is sent. A correction is a new row; a version that went out is never changed.

    The reply token itself is kept nowhere: it is made while building, travels inside the sealed package, and only its
    SHA-256 stays here, which is enough to know it again. Whoever reads the database can't forge a reply with it.
    `contents` is what was sealed, without the token, so that the approving officer sees exactly what goes out.
    """

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    reference = models.CharField(max_length=80, db_index=True)
    case = models.UUIDField(db_index=True)
    country = models.CharField(max_length=2)
    version = models.PositiveSmallIntegerField(default=1)
    supersedes = models.UUIDField(null=True)
    state = models.CharField(
        max_length=12, choices=[(state, state) for state in STATES], default=PLANNED, db_index=True
    )
    planned_at = models.DateTimeField(auto_now_add=True)

    urgency = models.CharField(max_length=12, default="normal")
    urgency_reason = models.TextField(blank=True)
    handling = models.JSONField(default=list)
    handling_text = models.TextField(blank=True)
    received_under = models.JSONField(default=list)
    permission = models.CharField(max_length=200, blank=True)
    source_grade = models.CharField(max_length=1, default="B")
    information_grade = models.PositiveSmallIntegerField(default=2)
    asked = models.JSONField(default=list)
    law = models.CharField(max_length=60, blank=True)
    change_reason = models.TextField(blank=True)
    changes = models.JSONField(default=list)

    built_by = models.UUIDField(null=True)
    built_at = models.DateTimeField(null=True)
    approved_by = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True)
    sent_by = models.UUIDField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdraw_reason = models.TextField(blank=True)
    build_failed = models.TextField(blank=True)
    acknowledge_by = models.DateTimeField(null=True)
    answer_by = models.DateTimeField(null=True)

    token_digest = models.CharField(max_length=64, unique=True, null=True)
    contents = models.JSONField(null=True)
    contents_sha256 = models.CharField(max_length=64, blank=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["reference", "version"], name="one_package_a_version")]

    def __str__(self) -> str:
        return f"{self.reference} version {self.version}"


class PackagePerson(models.Model):
    """A person in a package. `subject` is what the receiver calls them; the same in every version."""

    retention = "case"

    package = models.ForeignKey("referrals.Package", on_delete=models.PROTECT, related_name="persons")
    person = models.UUIDField(db_index=True)
    subject = models.CharField(max_length=20)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["package", "person"], name="a_person_once_a_package"),
            models.UniqueConstraint(fields=["package", "subject"], name="a_subject_once_a_package"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} in {self.package_id}"


class PackageItem(models.Model):
    """An item whose fingerprints a package lists. `reference` is what the receiver calls it."""

    retention = "case"

    package = models.ForeignKey("referrals.Package", on_delete=models.PROTECT, related_name="items")
    item = models.UUIDField(db_index=True)
    reference = models.CharField(max_length=20)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["package", "item"], name="an_item_once_a_package")]

    def __str__(self) -> str:
        return f"{self.reference} in {self.package_id}"


class SealedFile(models.Model):
    """The finished file in one form: bag, signed, sealed to the partner. `name` lies in the home's folder of packages."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    package = models.ForeignKey("referrals.Package", on_delete=models.PROTECT, related_name="files")
    form = models.CharField(max_length=10)
    name = models.CharField(max_length=140)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    recipient = models.CharField(max_length=140)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["package", "form"], name="one_file_a_form")]

    def __str__(self) -> str:
        return self.name


class Receipt(models.Model):
    """That a package got somewhere: put where the partner fetches it, or acknowledged by the partner. `source`: the reply."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    package = models.ForeignKey("referrals.Package", on_delete=models.PROTECT, related_name="receipts")
    kind = models.CharField(max_length=14)
    at = models.DateTimeField()
    source = models.UUIDField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.package_id}"


class Round(models.Model):
    """One step with many packages of a case, asked for by one officer; each package is an act of its own, by that officer.

    packages: [uuid, SHA-256 of what it held when it was asked], in order. place: how many were tried. refused: [reference,
    sentence] of those that something stood against.
    """

    retention = "case"

    class State(models.TextChoices):
        RUNNING = "running", "At work"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Done"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.UUIDField(db_index=True)
    verb = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    packages = models.JSONField(default=list)
    place = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list)
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "verb"], condition=models.Q(state="running"), name="referrals_one_round_at_once"
            )
        ]
