"""The head of every action: power checked, transaction opened, record appended; refusals and failures recorded too.

    @act("case.opened", power="cases.open")
    def open_case(by: Actor, report: UUID, title: str) -> CaseOpened: ...

The action returns a frozen dataclass, and its fields are the record: identifiers, counts, times and codes. Text that a
person wrote never enters the record; it stays in the room's own rows.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.db import connection, transaction

from amparo.access.actors import Actor
from amparo.access.rules import obstacles_to
from amparo.custody import actions as custody
from amparo.foundation.clock import as_text
from amparo.foundation.errors import Refused

__all__ = ["ACTS", "Actor", "act"]

CODE = re.compile(r"[A-Za-z0-9_.:+/=-]{0,140}")

P = ParamSpec("P")
R = TypeVar("R")


@dataclasses.dataclass(frozen=True)
class ActSpec:
    kind: str
    power: str
    action: str
    says: str


ACTS: dict[str, ActSpec] = {}


def act(
    kind: str, *, power: str, savepoint: bool = True
) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Heads an action that, done, is recorded as `kind`. An act inside an act shares the outer one's transaction.

    savepoint: False for one that is done for every report, and after whose failure nobody goes on: inside a transaction it then
    takes the whole with it, and costs two statements less.
    """

    def head(action: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        path = f"{action.__module__}.{action.__qualname__}"
        ACTS[kind] = ActSpec(kind, power, path, (action.__doc__ or "").strip().split("\n")[0])

        @functools.wraps(action)
        def perform(by: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            outermost = not connection.in_atomic_block
            try:
                if obstacles := obstacles_to(power, by.powers):
                    raise Refused(*obstacles, act=kind)
                with transaction.atomic(savepoint=savepoint):
                    done = action(by, *args, **kwargs)
                    _append(kind, power, by, "done", _fields(done))
            except Exception as error:
                # Rolled back with the change; so it is written down by itself, naming what it was about.
                if outermost:
                    ended = "refused" if isinstance(error, Refused) else "failed"
                    with transaction.atomic():
                        _append(kind, power, by, ended, _identifiers(action, by, args, kwargs))
                raise
            return done

        perform.act_kind = kind  # type: ignore[attr-defined]
        return perform

    return head


def _append(kind: str, power: str, by: Actor, ended: str, fields: dict[str, Any]) -> None:
    custody.append(
        kind,
        actor_kind=by.kind,
        actor_name=by.name,
        actor=by.uuid,
        power=power,
        purpose=_code(by.purpose),
        ended=ended,
        about={name: _written(value) for name, value in fields.items()},
    )


def _fields(done: object) -> dict[str, Any]:
    if not dataclasses.is_dataclass(done) or isinstance(done, type):
        raise TypeError("an action returns a frozen dataclass: its fields are the record")
    return {field.name: getattr(done, field.name) for field in dataclasses.fields(done)}


def _identifiers(action: Callable[..., Any], by: Actor, args: Any, kwargs: Any) -> dict[str, Any]:
    given = inspect.signature(action).bind_partial(by, *args, **kwargs).arguments
    return {name: value for name, value in given.items() if isinstance(value, UUID)}


def _written(value: Any) -> Any:
    """The value as it stands in the record. Raises TypeError for what has no place there, such as text with spaces."""
    if isinstance(value, enum.Enum):
        return _written(value.value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return as_text(value)
    if isinstance(value, str):
        return _code(value)
    if isinstance(value, tuple):
        return [_written(each) for each in value]
    raise TypeError(f"{type(value).__name__} has no place in the record")


def _code(text: str) -> str:
    if not CODE.fullmatch(text):
        raise TypeError("the record holds identifiers and codes, never free text")
    return text
