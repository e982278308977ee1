"""The worker's loop: duties, then jobs, until told to stop. Any number of workers may run; none is special."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from django.db import close_old_connections, connection
from django.utils.module_loading import import_string

from amparo.jobs import leases
from amparo.jobs.leases import Lease, LeaseLost, finishing, holding

log = logging.getLogger("amparo.jobs")

SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
BATCH = 8

Duty = Callable[[], int]


class Worker:
    """Runs the jobs of one queue, one after another. `duties` are short repeatable chores; each says how much it did."""

    def __init__(
        self,
        name: str,
        duties: Sequence[Duty] = (),
        quarantined: Callable[[Lease], None] | None = None,
        queue: str = "default",
        batch: int = BATCH,
    ):
        self.name, self.queue, self._batch = name, queue, batch
        self._duties = duties
        self._quarantined = quarantined
        self._stop = threading.Event()
        self._held: list[Lease] = []

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        """Works until `stop`; the job under way is finished first, the rest of its batch goes back at lease's end."""
        threading.Thread(target=self._beat, daemon=True).start()
        pause = SHORTEST_PAUSE
        while not self._stop.is_set():
            if self._round():
                pause = SHORTEST_PAUSE
            else:
                self._stop.wait(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE)

    def _round(self) -> int:
        """A round that failed is one that found nothing: a worker that runs as a thread has nobody who would start it again."""
        try:
            return self.step()
        except Exception:
            log.exception("a round of %s failed; it is tried again", self.name)
            return 0

    def step(self) -> int:
        """One round: every duty, then a batch of jobs. How much was found to do."""
        close_old_connections()
        return sum(self._chore(duty) for duty in self._duties) + self._jobs()

    def _chore(self, duty: Duty) -> int:
        try:
            return duty()
        except Exception:
            log.exception("the duty %s failed; it is tried again", getattr(duty, "__name__", duty))
            return 0

    def _jobs(self) -> int:
        self._held = leases.claim(self.name, self._batch, self.queue)
        worked = len(self._held)
        while self._held and not self._stop.is_set():
            self.work_on(self._held[0])
            self._held = self._held[1:]
        return worked

    def work_on(self, lease: Lease) -> None:
        """The job's effects hold and it is done, or it waits for its next try, or it is quarantined and reported."""
        started = time.monotonic()
        try:
            with holding(lease):
                import_string(lease.task).call(**lease.arguments)
                if not lease.finished:
                    with finishing():
                        pass
        except LeaseLost:
            log.warning("job %s %s: another worker took over", lease.uuid, lease.task)
        except Exception as error:
            log.exception("job %s %s failed, attempt %d", lease.uuid, lease.task, lease.attempts)
            if leases.give_up_or_retry(lease, error) and self._quarantined:
                self._quarantined(lease)
        else:
            log.info("job %s %s done in %.3f s", lease.uuid, lease.task, time.monotonic() - started)

    def _beat(self) -> None:
        while not self._stop.wait(leases.lease_seconds() / 4):
            try:
                leases.extend(list(self._held))
            except Exception:
                log.exception("the heartbeat failed; it is tried again")
            finally:
                connection.close()
