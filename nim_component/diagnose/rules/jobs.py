"""Jobs: what downloads the model into the cache before a rollout, and what brings adapters to a shared volume."""

from collections.abc import Iterator

from ...cluster.objects import Object, at, condition, is_finished, items_at, name_of, number_at, text_at, time_at
from ...names import PREWARM_CONTAINER
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..phases import duration
from ..snapshot import Snapshot


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """What a Job comes to, beside what its pods say."""
    job = snapshot.job
    if job is None:
        return
    subject, fills = f"job/{name_of(job)}", _fills_cache(job)
    if at(job, "spec", "suspend") is True and not is_finished(job):
        text = "The Job is suspended: nobody starts it"
        fix = f"The queue that suspended it (Kueue, say) starts it when there is quota; else: {_resume(snapshot, job)}."
        yield Diagnosis("job-suspended", text, fix, subject=subject)
    failed = condition(job, "Failed")
    if failed.get("status") == "True":
        yield _read_failure(job, failed, fills, subject)
    elif not is_finished(job):
        yield from _find_lateness(snapshot, job, subject)


def _fills_cache(job: Object) -> bool:
    return any(text_at(each, "name") == PREWARM_CONTAINER for each in items_at(job, "spec", "template", "spec", "containers"))


def _resume(snapshot: Snapshot, job: Object) -> str:
    return f'kubectl -n {snapshot.namespace} patch job {name_of(job)} -p \'{{"spec": {{"suspend": false}}}}\''


def _read_failure(job: Object, failed: Object, fills: bool, subject: str) -> Diagnosis:
    evidence = sanitize(text_at(failed, "message"))
    if failed.get("reason") == "DeadlineExceeded":
        limit = number_at(job, "spec", "activeDeadlineSeconds")
        text = f"The Job was not done within its {duration(limit)}"
        argument = "cache.prewarm.timeout" if fills else "startup_timeout"
        return Diagnosis("job-deadline", text, f"Raise {argument}; what has arrived is kept on the volume.", evidence, subject=subject)
    text = f"The Job failed {max(1, number_at(job, 'status', 'failed'))} times, and is not tried again"
    return Diagnosis("job-failed", text, "Remove the cause, then run pulumi up again.", evidence, "possible", subject)


def _find_lateness(snapshot: Snapshot, job: Object, subject: str) -> Iterator[Diagnosis]:
    """Four fifths of the deadline gone: said while there is time to look."""
    limit, began = number_at(job, "spec", "activeDeadlineSeconds"), time_at(job, "status", "startTime")
    if not limit or began is None:
        return
    spent = (snapshot.now - began).total_seconds()
    if spent > 0.8 * limit:
        text = f"The Job has taken {duration(spent)} of the {duration(limit)} that it may take"
        yield Diagnosis("job-late", text, "Raise cache.prewarm.timeout; what has arrived is kept on the volume.", "", "possible", subject)
