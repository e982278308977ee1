"""The Django Tasks backend: a task is enqueued as a row, in the caller's transaction, so it exists exactly when its cause does."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskResult, TaskResultStatus
from django_tasks.utils import get_module_path

from amparo.jobs import leases
from amparo.jobs.models import Job


class LeaseBackend(BaseTaskBackend):
    supports_defer = True
    supports_priority = True

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        """A waiting job. Arguments are given by name and must be JSON."""
        if args:
            raise TypeError("give a job's arguments by name")
        self.validate_task(task)
        now = timezone.now()
        job = Job.objects.create(
            task=get_module_path(task.func),
            arguments=kwargs,
            queue=task.queue_name,
            priority=leases.priority_of(task.priority),
            enqueued_at=now,
            run_after=task.run_after or now,
        )
        return TaskResult(
            task=task,
            id=str(job.uuid),
            status=TaskResultStatus.READY,
            enqueued_at=now,
            started_at=None,
            last_attempted_at=None,
            finished_at=None,
            args=[],
            kwargs=kwargs,
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )
