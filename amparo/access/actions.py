"""Adding officers and changing what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.access.models import Officer
from amparo.access.rules import ROLES
from amparo.foundation.errors import Missing, Refused

SHORTEST_PASSWORD = 12


@dataclass(frozen=True)
class OfficerAdded:
    officer: UUID
    roles: tuple[str, ...]


@act("officer.added", power="officers.manage")
def add_officer(
    by: Actor, username: str, name: str, unit: str, roles: tuple[str, ...], password: str, language: str = "en"
) -> OfficerAdded:
    """A new officer who can log in once they have set up their second factor."""
    obstacles = [f"There is no role called {role}." for role in roles if role not in ROLES]
    if not username or Officer.objects.filter(username=username).exists():
        obstacles.append(f"The name {username!r} can't be used: give one that nobody has.")
    if len(password) < SHORTEST_PASSWORD:
        obstacles.append(f"The password needs {SHORTEST_PASSWORD} characters or more.")
    if obstacles:
        raise Refused(*obstacles)
    officer = Officer(username=username, name=name, unit=unit, roles=list(roles), language=language)
    officer.set_password(password)
    officer.save()
    return OfficerAdded(officer.uuid, roles)


@dataclass(frozen=True)
class RolesChanged:
    officer: UUID
    roles: tuple[str, ...]
    active: bool


@act("officer.roles_changed", power="officers.manage")
def change_roles(by: Actor, officer: UUID, roles: tuple[str, ...], active: bool = True) -> RolesChanged:
    """From now on the officer holds exactly these roles; an inactive one can't log in."""
    if unknown := [role for role in roles if role not in ROLES]:
        raise Refused(f"There is no role called {', '.join(unknown)}.")
    if by.uuid == officer:
        raise Refused("Nobody changes their own roles: another supervisor does.")
    if not Officer.objects.filter(uuid=officer).update(roles=list(roles), is_active=active):
        raise Missing("There is no such officer.")
    return RolesChanged(officer, roles, active)


@dataclass(frozen=True)
class LoggedIn:
    officer: UUID


@act("officer.logged_in", power="officers.log_in")
def record_log_in(by: Actor, officer: UUID) -> LoggedIn:
    """That an officer passed both factors."""
    return LoggedIn(officer)


@dataclass(frozen=True)
class LogInFailed:
    officer: UUID | None


@act("officer.log_in_failed", power="officers.log_in")
def record_failed_log_in(by: Actor, username: str) -> LogInFailed:
    """That a log-in failed, and whose if that name exists; the name as typed is kept nowhere (people type passwords there)."""
    found = Officer.objects.filter(username=username).first()
    return LogInFailed(found.uuid if found else None)
