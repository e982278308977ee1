"""Who may do what. Closed unless listed: a power that stands in no role is nobody's."""

from __future__ import annotations

from collections.abc import Iterable

# A power is asked for by an act or a page; a role is a set of powers; an officer holds roles.
POWERS = {
    "reports.read": "Read the queue and reports",
    "reports.triage": "Settle work items and change a report's course",
    "reports.take": "Take a report by hand or import many",
    "reports.close": "Close a report",
    "reports.answer": "Write to a reporter, through the relay",
    "rules.try": "Try a rule of the queue on the past",
    "rules.edit": "Put a rule of the queue in force",
    "reports.identity": "Open a reporter's identity, with a reason and a second person",
    "items.reveal": "Have an item shown, with a reason",
    "items.open": "Open a sealed item for a stated purpose",
    "items.seal": "Add a file as a sealed item",
    "keys.grant": "Give an officer the key of a compartment you hold",
    "lists.import": "Import a known-hash list",
    "lists.read": "See the known-hash lists",
    "scans.read": "See what scans of seized devices found",
    "platforms.keys": "Let a platform report through its own door, and take its key back",
    "lists.keys": "Let a system ask the known-hash lists, and take its key back",
    "cases.open": "Open a case",
    "cases.read": "Read a case",
    "cases.edit": "Work on a case: people, categories, countries",
    "cases.grant": "Let another officer into a case",
    "platforms.import": "Bring a seized platform's base into a case",
    "victims.read": "Read series of children",
    "victims.edit": "Work on series of children",
    "partners.read": "See partner authorities and their keys",
    "partners.edit": "Register a partner authority and its key",
    "referrals.read": "Read packages",
    "referrals.build": "Build a package",
    "referrals.approve": "Approve a package that another officer built",
    "referrals.send": "Send an approved package",
    "outcomes.read": "Read the board",
    "outcomes.record": "Record what a partner answered",
    "record.read": "Read the custody record",
    "officers.manage": "Add officers and change their roles",
    "retention.edit": "Set how long each kind of row is kept",
    "system.mend": "Put a job that failed back to work",
    "system.read": "See how the system runs: jobs, sandbox, keys",
    "own.read": "See and change what concerns oneself: exposure, password, second factor",
}

_READS = {
    "reports.read",
    "lists.read",
    "scans.read",
    "cases.read",
    "outcomes.read",
    "referrals.read",
    "partners.read",
    "own.read",
}

ROLES: dict[str, frozenset[str]] = {
    "analyst": frozenset(
        _READS
        | {
            "reports.take",
            "reports.triage",
            "rules.try",
            "reports.close",
            "reports.answer",
            "items.reveal",
            "items.open",
            "cases.open",
        }
    ),
    "investigator": frozenset(
        _READS
        | {"items.reveal", "items.open", "items.seal", "keys.grant"}
        | {
            "reports.take",
            "reports.triage",
            "rules.try",
            "reports.answer",
            "cases.open",
            "cases.edit",
            "cases.grant",
            "platforms.import",
            "referrals.build",
        }
    ),
    "victim_specialist": frozenset(_READS | {"items.reveal", "items.open", "victims.read", "victims.edit"}),
    "liaison": frozenset(
        _READS | {"partners.edit", "referrals.build", "referrals.approve", "referrals.send", "outcomes.record"}
    ),
    "supervisor": frozenset(
        _READS
        | {
            "reports.take",
            "reports.triage",
            "reports.close",
            "reports.answer",
            "reports.identity",
            "rules.try",
            "rules.edit",
            "lists.import",
            "lists.keys",
            "platforms.keys",
            "cases.open",
            "cases.grant",
            "keys.grant",
            "victims.read",
            "referrals.approve",
            "record.read",
            "officers.manage",
            "system.read",
            "system.mend",
            "retention.edit",
        }
    ),
    "auditor": frozenset({"record.read", "outcomes.read", "system.read", "own.read"}),
}

ROLE_NAMES = {
    "analyst": "Analyst",
    "investigator": "Investigator",
    "victim_specialist": "Victim identification specialist",
    "liaison": "Liaison officer",
    "supervisor": "Supervisor",
    "auditor": "Auditor",
}

PROCESSES: dict[str, frozenset[str]] = {
    "receiver": frozenset(),
    "worker": frozenset(
        {
            "arrivals.take",
            "reports.examine",
            "reports.rank",
            "receipts.ask",
            "items.seal",
            "items.open",
            "items.examine",
            "items.match",
            "lists.import",  # of what the courier brought
            "lists.finish",
            "compartments.make",
            "groups.import",
            "platforms.import",
            "packages.build",
            "replies.take",
            "outcomes.record",
            "jobs.quarantine",
        }
    ),
    # The platforms' door: takes in and seals; what came it can't open, nor read a report back.
    "api": frozenset({"arrivals.take", "reports.examine", "items.seal"}),
    "courier": frozenset({"packages.deliver", "answers.deliver", "lists.fetch"}),
    # The house takes in what its officers and platforms state; it seals and can't open.
    "house": frozenset(
        {"officers.log_in", "record.act_failed", "compartments.make", "lists.finish", "lists.answer"}
        | {"arrivals.take", "reports.examine", "items.seal"}
    ),
    "cli": frozenset(
        {"officers.manage", "compartments.make", "keys.make", "keys.grant", "partners.edit"}
        | {
            "lists.import",
            "lists.finish",
            "lists.keys",
            "scans.run",
            "platforms.import",
            "items.seal",
            "rules.try",
            "rules.edit",
            "platforms.keys",
        }
    ),
}


def powers_of(roles: Iterable[str]) -> frozenset[str]:
    """All powers of these roles; an unknown role gives none."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def obstacles_to(power: str, powers: frozenset[str]) -> tuple[str, ...]:
    """Why someone with `powers` can't use `power`; empty when they can."""
    if power in powers:
        return ()
    what = POWERS.get(power, power)
    holders = [ROLE_NAMES[role] for role, held in ROLES.items() if power in held]
    who = f" Ask: {', '.join(holders)}." if holders else ""
    return (f"You don't hold the power for this ({what}).{who}",)
