"""The words for intake's codes, in one place; marked for translation where they are shown."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STATES = {"new": _("New"), "in_case": _("In a case"), "closed": _("Closed"), "reply": _("Reply")}
STATE_TONES = {"new": "info", "in_case": "accent", "closed": "neutral", "reply": "neutral"}
CHANNELS = {
    "mail": _("E-mail"),
    "form": _("Form"),
    "api": _("API"),
    "partner": _("Partner"),
    "phone": _("Phone"),
    "letter": _("Letter"),
    "walk_in": _("In person"),
    "bulk": _("Bulk import"),
}
LANGUAGES = {
    "es": _("Spanish"),
    "en": _("English"),
    "fr": _("French"),
    "pt": _("Portuguese"),
    "de": _("German"),
    "it": _("Italian"),
    "ca": _("Catalan"),
    "ar": _("Arabic"),
    "unknown": _("Language not known"),
}
LANES = {"flood": _("Flood"), "serial": _("Put aside")}
SENDERS = {"mail": _("Mail sender"), "api": _("Platform"), "bulk": _("Partner’s table"), "partner": _("Partner")}
RESULTS = {"usable": _("Usable"), "duplicate": _("Duplicate"), "junk": _("Junk"), "false": _("False")}
# How a report of a bundle stands in the queue.
STANDS = {
    "first": _("Stands for them"),
    "behind": _("Behind it"),
    "lifted": _("By itself, since it says more of danger"),
}
DANGER = {"high": _("Danger now"), "some": _("Some signs"), "unknown": _("Not known"), "none": _("No sign")}
AXES = {
    "danger": (_("Danger now"), _("Does the text say that a child is in danger now?")),
    "actionable": (_("Actionable"), _("Is there something somebody could follow up?")),
    "new": (_("New"), _("Is what came with it known already?")),
    "clock": (_("Clock"), _("Does time run out?")),
}
ARRIVALS = {
    "taken_in": _("Waiting to be read"),
    "report": _("Became a report"),
    "reply": _("Reply to a package"),
    "follow_up": _("Added to a report"),
    "automatic": _("Written by a machine, kept with its report"),
    "unreadable": _("Unreadable, kept as a report"),
    "set_aside": _("Changed on disk, set aside"),
}

# Act -> (what happened, icon, tone), for the custody strip.
ACTS: dict[str, tuple[object, str, str]] = {
    "arrival.taken_in": (_("Arrived, sealed and taken in"), "mail", ""),
    "report.taken_by_hand": (_("Taken by hand"), "edit", ""),
    "report.read_out": (_("Read in the sandbox"), "report", ""),
    "reply.arrived": (_("Arrived as a reply"), "mail", ""),
    "reply.returned": (_("Reply returned to the queue"), "queue", "warn"),
    "follow_up.added": (_("A message joined the talk"), "mail", ""),
    "message.set_apart": (_("A mail was set apart as a report of its own"), "queue", "warn"),
    "answer.written": (_("Answer to the reporter written"), "mail", ""),
    "answer.sent": (_("Sent to the reporter"), "check", "good"),
    "answer.failed": (_("Could not be sent to the reporter"), "mail", "warn"),
    "receipt.asked": (_("Receipt for the reporter"), "mail", ""),
    "report.raised": (_("An officer states that a child is in danger now"), "danger", "danger"),
    "report.lowered": (_("The officer’s statement was taken back"), "danger", ""),
    "second_look.recorded": (_("Read again by somebody else"), "eye", ""),
    "report.accepted": (_("Came from a platform, and was graded"), "report", ""),
    "report.supplemented": (_("The platform added what was missing"), "report", "good"),
    "report.file_added": (_("A file of the platform’s was added"), "item", ""),
    "report.retracted": (_("The platform takes its report back"), "report", "warn"),
    "fields.asked": (_("Asked for what is missing"), "mail", ""),
    "time.settled": (_("A doubtful time was settled"), "clock", ""),
    "order.drafted": (_("Order about an address drafted"), "document", ""),
    "order.checked": (_("Order checked by a second person"), "check", "good"),
    "report.given": (_("Given to an officer"), "person", ""),
    "report.escalated": (_("Somebody was told that its time is over"), "clock", "warn"),
    "sender.flooded": (_("Sender’s flood put aside"), "inbox", "warn"),
    "report.folded": (_("Folded with others that tell of the same"), "folder", ""),
    "report.taken_out": (_("Taken out of its bundle"), "folder", "warn"),
    "report.traced": (_("Compared with earlier reports and cases"), "link", ""),
    "report.ranked": (_("Ranked"), "sort", ""),
    "report.read": (_("Read"), "eye", ""),
    "report.closed": (_("Closed"), "check", ""),
    "report.reopened": (_("Opened again"), "queue", "warn"),
    "report.taken_up": (_("Taken up in a case"), "case", "good"),
    "work_item.opened": (_("Work item opened"), "danger", "warn"),
    "work_item.settled": (_("Work item settled"), "check", "good"),
    "item.sealed": (_("Item sealed"), "sealed", ""),
    "item.opened": (_("Item opened"), "key", ""),
    "item.examined": (_("Item examined"), "shield", ""),
    "item.examination_failed": (_("Examination failed"), "shield", "warn"),
    "item.matched": (_("Compared with known-hash lists"), "hash", ""),
    "item.revealed": (_("Item shown to an officer"), "eye", "warn"),
    "identity.asked": (_("Sender’s identity asked for"), "key", "warn"),
    "identity.agreed": (_("Second person agreed"), "key", "warn"),
    "identity.opened": (_("Sender’s identity opened"), "key", "danger"),
    "case.opened": (_("Case opened"), "case", "accent"),
    "clocks.moved": (_("Ranked again as time went by"), "clock", ""),
    "cybertip.opened": (_("Opened in NCMEC’s form"), "mail", ""),
    "cybertip.file_added": (_("A file was sent to it"), "item", ""),
    "cybertip.file_described": (_("A file was described"), "document", ""),
    "cybertip.ended": (_("Finished, retracted or taken up as it was"), "check", ""),
    "second_look.drawn": (_("Drawn by lot to be read again"), "eye", ""),
    "machine_mail.kept": (_("A machine’s mail was kept with it"), "mail", ""),
    "bundle.unfolded": (_("Its bundle was unfolded"), "folder", "warn"),
}

# Kinds of identifiers that no column of a table is named by; of those in COLUMNS the words stand there.
IDENTIFIERS = {"device": _("Device"), "hash": _("Digests")}

# What a stated time is the time of, and what an address was used for; another door's word is shown as it came.
TIMES = {
    "sent": _("Sent"),
    "happened": _("Happened"),
    "incident": _("Incident"),
    "started": _("Began"),
    "ended": _("Ended"),
    "uploaded": _("Uploaded"),
    "captured": _("Captured"),
    "seen": _("Seen"),
    "reported": _("Reported"),
    "created": _("Made"),
    "login": _("Log-in"),
    "log_in": _("Log-in"),
    "registration": _("Registration"),
    "upload": _("Upload"),
    "purchase": _("Purchase"),
    "unknown": _("Use not known"),
}

# What becomes of a table of reports.
BATCHES = {
    "shown": _("To be looked at"),
    "taking": _("Being taken in"),
    "taken": _("Taken in"),
    "undoing": _("Being undone"),
    "undone": _("Undone"),
    "dropped": _("Not taken in"),
}
BATCH_TONES = {
    "shown": "info",
    "taking": "info",
    "taken": "good",
    "undoing": "warn",
    "undone": "neutral",
    "dropped": "neutral",
}
COLUMNS = {
    "text": _("What was said"),
    "subject": _("Heading"),
    "reference": _("Their reference"),
    "received": _("When it came"),
    "happened": _("When it happened"),
    "zone": _("Time zone"),
    "language": _("Language"),
    "country": _("Country"),
    "danger_now": _("A child in danger now"),
    "address": _("Web address"),
    "handle": _("Account name"),
    "platform": _("App or service"),
    "room": _("Group or room"),
    "phone": _("Phone number"),
    "email": _("E-mail address"),
    "wallet": _("Coin address"),
    "payment": _("Payment reference"),
    "ip": _("IP address"),
    "port": _("Port"),
    "md5": _("MD5"),
    "sha1": _("SHA-1"),
    "sha256": _("SHA-256"),
    "reporter_name": _("Reporter’s name"),
    "reporter_contact": _("Reporter’s contact"),
    "other": _("Keep as it stands"),
}
