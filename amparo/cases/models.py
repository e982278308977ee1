"""The nouns of an investigation. Every row of people hangs on one case; no row holds a score of anybody."""

from __future__ import annotations

from django.db import models

from amparo.cases.rules import AGES, CATEGORIES, DEVICES, EVIDENCE, IDENTIFIERS, KINDS, SOURCE_GRADES
from amparo.foundation.ids import new_id

PROTECT = models.PROTECT


class Case(models.Model):
    """An investigation; shown as an operation once it spans countries. compartment: of the vault."""

    retention = "case"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    reference = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=160)
    legal_basis = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    opened_by = models.UUIDField()
    compartment = models.UUIDField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["year", "number"], name="cases_number")]


class CaseOfficer(models.Model):
    """That an officer may open a case. A case is closed to everyone without such a row."""

    retention = "case"

    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    officer = models.UUIDField(db_index=True)
    granted_by = models.UUIDField()
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "officer"], name="cases_officer")]


class CaseReport(models.Model):
    retention = "case"

    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    report = models.UUIDField(db_index=True)
    added_by = models.UUIDField()
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "report"], name="cases_report")]


class Person(models.Model):
    """Somebody in a case. category, age_*: as last decided; `Decision` keeps every earlier one."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    handle = models.CharField(max_length=200)
    category = models.CharField(max_length=16, choices=CATEGORIES)
    age_status = models.CharField(max_length=8, choices=AGES, default="unknown")
    stated_age = models.PositiveSmallIntegerField(null=True)
    born_on = models.DateField(null=True)
    confirmed_country = models.CharField(max_length=2, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="cases_person_number")]
        indexes = [models.Index(fields=["case", "category"], name="cases_person_category")]

    @property
    def reference(self) -> str:
        return f"P-{self.number}"


class Decision(models.Model):
    """What was decided of a person, by whom and why: kept for ever, so that the last word never hides the earlier ones."""

    retention = "case"

    class What(models.TextChoices):
        CATEGORY = "category", "Legal category"
        AGE = "age", "Age"
        COUNTRY = "country", "Competent country"

    person = models.ForeignKey("cases.Person", PROTECT, related_name="+")
    what = models.CharField(max_length=8, choices=What)
    value = models.CharField(max_length=40)
    before = models.CharField(max_length=40, blank=True)
    reason = models.TextField()
    by = models.UUIDField(null=True)
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class Identifier(models.Model):
    """What identifies a person. value: normalised (E.164 for a phone). raw: as written. source: where that stands."""

    retention = "case"

    person = models.ForeignKey("cases.Person", PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=IDENTIFIERS)
    value = models.CharField(max_length=200)
    raw = models.CharField(max_length=240)
    source = models.CharField(max_length=240)
    item = models.UUIDField(null=True)
    added_by = models.UUIDField(null=True)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["person", "kind", "value"], name="cases_identifier_once")]
        indexes = [models.Index(fields=["kind", "value"], name="cases_identifier_value")]


class Attribution(models.Model):
    """A candidate country of a person with its evidence; several may stand side by side. Withdrawn ones stay readable."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    person = models.ForeignKey("cases.Person", PROTECT, related_name="+")
    country = models.CharField(max_length=2)
    evidence = models.CharField(max_length=14, choices=EVIDENCE)
    words = models.TextField()
    kind = models.CharField(max_length=10, choices=KINDS)
    source_grade = models.CharField(max_length=1, choices=[(grade, grade) for grade in SOURCE_GRADES])
    information_grade = models.PositiveSmallIntegerField()
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    by = models.UUIDField(null=True)
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=120, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["person", "country"], name="cases_attribution_country")]


class Group(models.Model):
    """A group as one export shows it. item: the sealed chat reading. zone: of the export's clock; empty while unknown.

    counted: members, silent, left_at_once, messages, media of the export, which never change; empty before they were kept.
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
    person = models.ForeignKey("cases.Person", PROTECT, related_name="+")
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


class ReadingOrder(models.Model):
    """In which order a unit reads about the people of its cases: keys of reasons, first to last. The newest holds; none goes."""

    retention = "system"

    version = models.PositiveIntegerField(unique=True)
    reasons = models.JSONField(default=list)
    why = models.TextField()
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]


class PersonReason(models.Model):
    """What an officer says of somebody that bears on whom to look at first, with where it stands. Withdrawn ones stay readable."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    person = models.ForeignKey("cases.Person", PROTECT, related_name="+")
    reason = models.CharField(max_length=24)
    words = models.TextField()
    group = models.ForeignKey("cases.Group", PROTECT, related_name="+", null=True)
    line = models.PositiveIntegerField(null=True)
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=120, blank=True)
    withdrawn_why = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]


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


class Sighting(models.Model):
    """Where an item of the case was found: in a report, or in a group at a line."""

    retention = "case"

    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    item = models.UUIDField(db_index=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    report = models.UUIDField(null=True)
    post = models.ForeignKey("cases.Post", PROTECT, related_name="+", null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "item", "report"], name="cases_sighting_report"),
            models.UniqueConstraint(fields=["case", "item", "post"], name="cases_sighting_post"),
        ]


class Event(models.Model):
    """An officer's line on the case's timeline: a note, with the moment it speaks of if that is another."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    person = models.ForeignKey("cases.Person", PROTECT, related_name="+", null=True)
    text = models.TextField()
    raw = models.CharField(max_length=60, blank=True)
    utc = models.DateTimeField(null=True)
    zone = models.CharField(max_length=40, blank=True)
    assumed_by = models.CharField(max_length=120, blank=True)
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class Device(models.Model):
    """A seized device. seal: the number on its bag."""

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    person = models.ForeignKey("cases.Person", PROTECT, related_name="+", null=True)
    kind = models.CharField(max_length=8, choices=DEVICES)
    label = models.CharField(max_length=120)
    seal = models.CharField(max_length=60)
    seized_on = models.DateField()
    place = models.CharField(max_length=120)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "seal"], name="cases_device_seal")]


class Platform(models.Model):
    """A seized platform in a case. Its tables are sealed items of the case's compartment; here stand counts and digests only.

    mapping: the TOML by which its files are read. files: each original by name, SHA-256, bytes and the table it fed. state: as its
    steps stand.
    """

    retention = "case"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    case = models.ForeignKey("cases.Case", PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    folder = models.CharField(max_length=400)
    mapping = models.TextField()
    files = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    asked_by = models.UUIDField(null=True)
    asked_by_name = models.CharField(max_length=120)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "name"], name="cases_platform_name")]


class PlatformStep(models.Model):
    """One step of a platform's import or analysis: done once, and again only when an officer asks.

    tables: name -> sealed item. counts_in, counts_out: by name, in rows, accounts or persons as the name says. figures: what the
    first page shows without opening a table. done, total: of its progress, in rows.
    """

    retention = "case"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        SKIPPED = "skipped", "Nothing to do"
        FAILED = "failed", "Failed"

    platform = models.ForeignKey("cases.Platform", PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=24)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    run = models.PositiveIntegerField(default=1)
    tables = models.JSONField(default=dict)
    counts_in = models.JSONField(default=dict)
    counts_out = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    saying = models.CharField(max_length=120, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    problem = models.TextField(blank=True)
    began_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["platform", "number"]
        constraints = [models.UniqueConstraint(fields=["platform", "name"], name="cases_platform_step")]


class LinkJudgement(models.Model):
    """What an officer decided of two accounts of a platform. Kept for ever: a later one stands over an earlier, no run over any."""

    retention = "case"

    class Verdict(models.TextChoices):
        SAME = "same", "Same person"
        DIFFERENT = "different", "Different persons"
        UNSURE = "unsure", "Not decided"

    uuid = models.UUIDField(unique=True, default=new_id, editable=False)
    platform = models.ForeignKey("cases.Platform", PROTECT, related_name="+")
    account_a = models.CharField(max_length=200)
    account_b = models.CharField(max_length=200)
    verdict = models.CharField(max_length=9, choices=Verdict)
    reason = models.TextField()
    by = models.UUIDField()
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["platform", "account_a", "account_b"], name="cases_link_judgement")]


class PlatformPerson(models.Model):
    """That a person of the case was taken from a platform: the linked person's number in that run, its accounts, and the rule.

    said: what the platform's tables show of them, a sentence each, with the rows behind it.
    """

    retention = "case"

    platform = models.ForeignKey("cases.Platform", PROTECT, related_name="+")
    person = models.OneToOneField("cases.Person", PROTECT, related_name="+")
    run = models.PositiveIntegerField()
    linked = models.CharField(max_length=200)
    accounts = models.JSONField(default=list)
    said = models.JSONField(default=list)
    rule = models.TextField()
    taken_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["platform", "linked"], name="cases_platform_person")]


from amparo.cases.coin_models import AccountLink, CoinFile, CoinLedger, CoinMapping  # noqa: E402, F401 - the app's too
