from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from amparo.custody.models import Act
from amparo.jobs import leases, queries
from amparo.jobs.leases import LeaseLost, finishing, holding
from amparo.jobs.models import Job
from amparo.jobs.worker import Worker
from tests.jobs.effects import WORKER, failing_work, hopeless_work, slow_work, take_effect

pytestmark = pytest.mark.django_db(transaction=True)


def let_leases_run_out() -> None:
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1), run_after=timezone.now())


def test_a_job_exists_only_if_its_cause_was_committed() -> None:
    with transaction.atomic():
        slow_work.enqueue(number=1)
        transaction.set_rollback(True)
    assert queries.unfinished() == 0


def test_a_job_leased_to_one_worker_is_not_given_to_another() -> None:
    slow_work.enqueue(number=1)
    assert len(leases.claim("one", 5)) == 1
    assert leases.claim("two", 5) == []


def test_a_worker_whose_lease_ran_out_changes_nothing() -> None:
    slow_work.enqueue(number=1)
    (slow,) = leases.claim("slow", 1)
    let_leases_run_out()
    leases.reap()
    (quick,) = leases.claim("quick", 1)
    with holding(quick), finishing():
        take_effect(WORKER, 1)
    with pytest.raises(LeaseLost), holding(slow), finishing():
        take_effect(WORKER, 1)
    assert Act.objects.filter(kind="test.effect").count() == 1


def test_a_job_whose_worker_dies_each_time_is_quarantined_in_the_end() -> None:
    slow_work.enqueue(number=1)
    for _ in range(leases.MAX_ATTEMPTS):
        assert leases.claim("doomed", 1)
        let_leases_run_out()
        leases.reap()
    assert [job.reason for job in queries.quarantined()] == ["Its worker died each time it was tried."]


def test_a_hopeless_job_is_quarantined_at_once_with_its_sentence() -> None:
    reported: list[str] = []
    hopeless_work.enqueue()
    Worker("w", quarantined=lambda lease: reported.append(lease.task)).step()
    assert [job.reason for job in queries.quarantined()] == ["This file can never be read."]
    assert reported == ["tests.jobs.effects.hopeless_work"]


def test_a_failing_job_is_tried_again_later_and_the_others_go_on() -> None:
    failing_work.enqueue()
    slow_work.enqueue(number=2)
    Worker("w").step()
    assert queries.counts() == {"waiting": 1, "leased": 0, "done": 1, "quarantined": 0}
    assert Job.objects.get(state="waiting").run_after > timezone.now()


def test_a_job_done_by_a_worker_has_its_effect_and_its_end_together() -> None:
    slow_work.enqueue(number=3)
    Worker("w").step()
    assert queries.counts()["done"] == Act.objects.filter(kind="test.effect").count() == 1


def test_a_worker_goes_on_after_a_round_in_which_the_database_would_not_be_written() -> None:
    """A thread of work that takes long has nobody who would start it again."""
    slow_work.enqueue(number=4)
    rounds: list[int] = []

    class Locked(Worker):
        def step(self) -> int:
            rounds.append(len(rounds))
            if len(rounds) == 1:
                raise OperationalError("database is locked")
            done = super().step()
            self.stop()
            return done

    Locked("w").run()
    assert len(rounds) == 2 and queries.unfinished() == 0
