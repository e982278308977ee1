"""How long each class is kept here, and which rows belong to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db.models import Model

from amparo.oversight import retention
from amparo.oversight.models import Schedule
from amparo.oversight.retention import Rule, Setting


@dataclass(frozen=True)
class ModelCount:
    room: str
    name: str
    rows: int


@dataclass(frozen=True)
class ClassFacts:
    """One retention class as it is in force. set_at: when the deployment decided; None while it is the default."""

    rule: Rule
    set_at: datetime | None
    models: tuple[ModelCount, ...]

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.models)


def house_models() -> tuple[type[Model], ...]:
    """Every model of our own rooms, in the rooms' order."""
    return tuple(model for model in apps.get_models() if model.__module__.startswith("amparo."))


def classes() -> tuple[ClassFacts, ...]:
    """Every class with its limit in force and the rows it covers."""
    rows = list(Schedule.objects.order_by("id"))
    rules = retention.in_force(_settings(rows))
    set_at = {each.name: each.set_at for each in rows}
    models: dict[str, list[ModelCount]] = defaultdict(list)
    for model in house_models():
        count = model._default_manager.count()  # noqa: SLF001 - Django documents both as public
        meta = model._meta  # noqa: SLF001
        models[getattr(model, "retention", "")].append(ModelCount(meta.app_label, str(meta.verbose_name), count))
    return tuple(ClassFacts(rule, set_at.get(name), tuple(models[name])) for name, rule in rules.items())


def schedules() -> dict[str, Rule]:
    """The limit in force for every class."""
    return retention.in_force(_settings(Schedule.objects.order_by("id")))


def _settings(rows: Iterable[Schedule]) -> list[Setting]:
    return [Setting(each.name, each.days, each.basis) for each in rows]
