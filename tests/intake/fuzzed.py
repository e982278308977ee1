"""Schemathesis at the platforms' door: what its document allows, and what it doesn't, answered as the document says."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from amparo.intake.api.doorway import buckets
from amparo.intake.models import ApiKey
from tests.intake.platforms import Platform

# What a report says beyond its fields is kept, so that what the document doesn't name is no fault.
LEFT_OUT = {"positive_data_acceptance", "negative_data_rejection", "use_after_free", "ensure_resource_availability"}


def fuzz(address: str, examples: int) -> dict[str, int]:
    """So many requests of each kind at every address, each answer checked; how many there were by address."""
    platform, counts = Platform("Schemathesis", reports_a_second=10_000), {}
    report = platform.report().json()["id"]
    file = platform.file(b"abc" * 1_000)
    schema = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")
    checks = [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]
    headers = {"Authorization": f"Bearer {platform.made.secret}"}
    for result in schema.get_all_operations():
        operation = result.ok()
        counts[operation.label] = 0

        def tried(case: Any) -> None:
            label = case.operation.label
            # Half of the time something that is there.
            if counts[label] % 2 and case.path_parameters:
                case.path_parameters.update(
                    {name: {"report": report, "file": file}[name] for name in case.path_parameters}
                )
            counts[label] += 1
            buckets.forget()
            case.call_and_validate(base_url=address, headers=headers, checks=checks)

        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            limited = settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            limited(given(case=operation.as_strategy(generation_mode=mode))(tried))()
    assert ApiKey.objects.count() == 1
    return counts
