"""Jobs: the prewarm Job, and the Job that downloads LoRA adapters to a shared volume."""

from collections.abc import Iterator

from ...cluster.objects import Object, at, condition, is_finished, items_at, name_of, number_at, text_at, time_at
from ...names import PREWARM_CONTAINER
from ...text.amounts import format_duration
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .queues import find_queue

_LATE = 0.8
"""Fraction of the deadline after which a Job is reported, while there is time to react."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of a Job itself. Other rules diagnose its pods."""
    job = snapshot.job
    if job is None:
        return
    subject = f"job/{name_of(job)}"
    if at(job, "spec", "suspend") is True and not is_finished(job):
        yield from (queue := list(find_queue(snapshot, job, subject)))
        fix = f"The queue that suspended it (such as Kueue) resumes it when quota is available. Otherwise: `{_resume(snapshot, job)}`."
        yield Diagnosis("job-suspended", "The Job is suspended", fix, confidence="possible" if queue else "certain", subject=subject)
    failed = condition(job, "Failed")
    if failed.get("status") == "True":
        yield _diagnose_failure(job, failed, subject)
    elif not is_finished(job):
        yield from _check_deadline(snapshot, job, subject)


def _resume(snapshot: Snapshot, job: Object) -> str:
    return f'kubectl -n {snapshot.namespace} patch job {name_of(job)} -p \'{{"spec": {{"suspend": false}}}}\''


def _raise_deadline(job: Object) -> str:
    is_prewarm = any(text_at(each, "name") == PREWARM_CONTAINER for each in items_at(job, "spec", "template", "spec", "containers"))
    return f"Raise {'cache.prewarm.timeout' if is_prewarm else 'startup_timeout'}. Downloaded files are kept on the volume."


def _diagnose_failure(job: Object, failed: Object, subject: str) -> Diagnosis:
    evidence = sanitize(text_at(failed, "message"))
    if failed.get("reason") == "DeadlineExceeded":
        deadline = number_at(job, "spec", "activeDeadlineSeconds")
        text = f"The Job exceeded its deadline of {format_duration(deadline)}"
        return Diagnosis("job-deadline", text, _raise_deadline(job), evidence, subject=subject)
    text = f"The Job failed {max(1, number_at(job, 'status', 'failed'))} times and is not retried"
    return Diagnosis("job-failed", text, "Remove the cause, then run `pulumi up` again.", evidence, "possible", subject)


def _check_deadline(snapshot: Snapshot, job: Object, subject: str) -> Iterator[Diagnosis]:
    deadline, started = number_at(job, "spec", "activeDeadlineSeconds"), time_at(job, "status", "startTime")
    if not deadline or started is None:
        return
    elapsed = (snapshot.now - started).total_seconds()
    if elapsed > _LATE * deadline:
        text = f"The Job has used {format_duration(elapsed)} of its deadline of {format_duration(deadline)}"
        yield Diagnosis("job-late", text, _raise_deadline(job), "", "possible", subject)
