"""Groups as their exports show them: stays, messages, notices."""

from __future__ import annotations

from django.db import models

from amparo.foundation.ids import new_id

PROTECT = models.PROTECT


class Group(models.Model):
    """A group as one export shows it. item: the sealed chat reading. zone: of the export's clock; empty while unknown.

    counted: members, silent, left_at_once, messages, media of the export, which never change; empty before they were kept.
    posts_written: of posts_in_all, while a long export is being imported; None once all of it is in. people: their rows meanwhile,
    in the order in which the reading names them.
    """

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    platform = models.CharField(max_length=40)
    item = models.UUIDField()
    export_name = models.CharField(max_length=240, blank=True)
    date_order = models.CharField(max_length=10)
    alternatives = models.JSONField(default=list)
    zone = models.CharField(max_length=40, blank=True)
    zone_assumed_by = models.CharField(max_length=120, blank=True)
    zone_basis = models.TextField(blank=True)
    first_raw = models.CharField(max_length=60, blank=True)
    first_wall = models.DateTimeField(null=True)
    last_raw = models.CharField(max_length=60, blank=True)
    last_wall = models.DateTimeField(null=True)
    unsupported_count = models.PositiveIntegerField(default=0)
    unsupported_lines = models.JSONField(default=list)
    counted = models.JSONField(default=dict)
    posts_written = models.PositiveIntegerField(null=True)
    posts_in_all = models.PositiveIntegerField(null=True)
    people = models.JSONField(default=list)
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "item"], name="cases_group_item")]


class Membership(models.Model):
    """One stay of a person in a group, with the lines that open and close it.

    came "seen": there before anything says how. went empty: nothing says that they went. The walls are the export's
    own clock, kept as if UTC; `Group.zone` says what they mean. silent and left_at_once hold inside this export only.
    """

    retention = "case"

    group = models.ForeignKey("cases.Group", PROTECT, related_name="+")
    person = models.ForeignKey(
        "cases.Person", PROTECT, related_name="+", db_index=False
    )  # the index below begins with it
    came = models.CharField(max_length=12)
    came_raw = models.CharField(max_length=60, blank=True)
    came_wall = models.DateTimeField(null=True)
    came_line = models.PositiveIntegerField()
    came_by = models.ForeignKey("cases.Person", PROTECT, related_name="+", null=True)
    went = models.CharField(max_length=12, blank=True)
    went_raw = models.CharField(max_length=60, blank=True)
    went_wall = models.DateTimeField(null=True)
    went_line = models.PositiveIntegerField(null=True)
    went_by = models.ForeignKey("cases.Person", PROTECT, related_name="+", null=True)
    seconds = models.PositiveBigIntegerField(null=True)
    messages = models.PositiveIntegerField(default=0)
    admin_line = models.PositiveIntegerField(null=True)
    silent = models.BooleanField(default=False)
    left_at_once = models.BooleanField(default=False)

    class Meta:
        ordering = ["group", "came_line", "id"]
        indexes = [models.Index(fields=["person", "silent", "left_at_once"], name="cases_stay_marks")]


class Post(models.Model):
    """One message of an export; none is left out. wall: the export's clock, kept as if UTC.

    first: nobody put these bytes into this group earlier. forwarded: the export marks it as passed on from elsewhere.
    """

    retention = "case"

    group = models.ForeignKey("cases.Group", PROTECT, related_name="+")
    person = models.ForeignKey("cases.Person", PROTECT, related_name="+", null=True)
    line = models.PositiveIntegerField()
    raw = models.CharField(max_length=60)
    wall = models.DateTimeField(null=True)
    kind = models.CharField(max_length=14)
    text = models.TextField(blank=True)
    media_name = models.CharField(max_length=240, blank=True)
    media_type = models.CharField(max_length=60, blank=True)
    media_omitted = models.BooleanField(default=False)
    sticker = models.BooleanField(default=False)
    item = models.UUIDField(null=True, db_index=True)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    first = models.BooleanField(default=False)
    forwarded = models.BooleanField(default=False)

    class Meta:
        ordering = ["group", "line", "id"]
        indexes = [
            models.Index(fields=["person", "line"], name="cases_post_person"),
            models.Index(fields=["group", "line"], name="cases_post_line"),
            models.Index(fields=["group", "wall"], name="cases_post_wall"),
            models.Index(fields=["person", "group"], condition=models.Q(first=True), name="cases_post_first"),
        ]


class Notice(models.Model):
    """One line that the service wrote: somebody was added, left, changed the subject."""

    retention = "case"

    group = models.ForeignKey("cases.Group", PROTECT, related_name="+")
    line = models.PositiveIntegerField()
    raw = models.CharField(max_length=60)
    wall = models.DateTimeField(null=True)
    type = models.CharField(max_length=24)
    actor = models.ForeignKey("cases.Person", PROTECT, related_name="+", null=True)
    targets = models.JSONField(default=list)
    value = models.TextField(blank=True)

    class Meta:
        ordering = ["group", "line", "id"]
