"""The words for the platforms' door's codes, marked for translation where they are shown."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

GRADE_WORDS = {"blocks": _("Blocks a follow-up"), "slows": _("Slows it"), "would_help": _("Would help")}
GRADE_TONES = {"blocks": "danger", "slows": "warn", "would_help": "neutral"}
FILES = {
    "open": _("Being sent"),
    "checking": _("Digest being compared"),
    "whole": _("Whole, in no report yet"),
    "in_report": _("In their reports"),
    "differs": _("Not the ones announced"),
    "expired": _("Given up"),
}
FIELDS = {
    "incident_kind": _("What is alleged"),
    "incident_time": _("When it happened"),
    "incident_zone": _("Time zone of when it happened"),
    "time_kind": _("Which time it is"),
    "danger_now": _("Whether a child is in danger now"),
    "danger_reason": _("Why a child is in danger"),
    "live": _("Whether it is being broadcast"),
    "account": _("An account"),
    "account_identifier": _("The account’s own identifier"),
    "account_service": _("The account’s service"),
    "account_reached": _("E-mail or phone of the account"),
    "account_verified": _("Whether those were checked"),
    "account_created": _("When the account was made"),
    "ip_event": _("An IP address"),
    "ip_public": _("A public IP address"),
    "ip_time": _("When the address was used"),
    "ip_zone": _("Time zone of that time"),
    "ip_second": _("That time to the second"),
    "ip_port": _("Source port"),
    "ip_kept": _("Until when the log is kept"),
    "substance": _("A file, a chat or words"),
    "file_held": _("The file behind a hash"),
    "file_digest": _("Digests of files"),
    "file_viewed": _("Who looked at a file"),
    "file_viewings": _("When and how they looked"),
    "file_public": _("Whether a file was public"),
    "file_uploaded": _("When a file was uploaded"),
    "place": _("Where it was"),
    "place_visibility": _("Whether that place is private"),
    "stream_seconds": _("Which seconds of a broadcast"),
    "child": _("Anything of the child"),
    "contact_safe": _("Whether writing to the child is safe"),
    "preserved": _("Whether it is preserved"),
    "preserved_until": _("Until when it is preserved"),
    "country": _("A country"),
    "contact": _("A desk that police can reach"),
    "user_told": _("Whether the user was told"),
    "found": _("How it was found"),
    "file": _("A file that was named and never came"),
}
