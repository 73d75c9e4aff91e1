"""Run of the Job: create it, wait, read its result, and remove it however the wait ends."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Generator
from typing import Any, cast

from ...cluster.errors import GoneError, MissingError, RefusedError, UnreachableError
from ...cluster.objects import Object, at, is_terminating, name_of, phase_of, text_at
from ...cluster.writing_client import RejectedError, WritingClient
from ...lora_loader.compare import AdapterComparison
from ...text.sanitizing import sanitize
from .job import APP, MOUNT, Request, find_users, render_config, render_job
from .pod import RUNNING, JobEnd, Waiting, look, read_comparison

POLL = 0.5
"""Seconds between two polls."""
REMOVAL = 15
"""Seconds that the removal may take."""
_PERMISSIONS = "create, get and delete jobs, create configmaps, list pods; optionally get persistentvolumeclaims, list events"
_SHOWN = 10


class CheckError(Exception):
    """The reason why there is no result, in one line with its fix."""


async def check_pvc(api: WritingClient, request: Request, say: Callable[[str], None]) -> AdapterComparison:
    """Compare a PVC with the lock by a Job in the cluster.

    Args:
        api: Client with write access.
        request: The PVC and the pod's identity.
        say: Receives each change of the state while the command waits.

    Raises:
        CheckError: There is no result.
        UnreachableError: The API server does not respond.
    """
    modes = await _read_pvc(api, request, say)
    with _explained(request, "list pods"):
        pods, _ = await api.list(f"/api/v1/namespaces/{request.namespace}/pods")
    users = find_users(pods, request.pvc)
    if users and modes == ["ReadWriteOncePod"]:
        user = sanitize(name_of(users[0]), 100)
        raise CheckError(f"the PVC allows one pod only, and {user} uses it. Repeat when that pod has ended")
    jobs = f"/apis/batch/v1/namespaces/{request.namespace}/jobs"
    # Not cancelled with the command: an object whose creation is unknown would not be removed.
    making = asyncio.ensure_future(api.create(jobs, render_job(request, modes, users)))
    try:
        with _explained(request, "create jobs"):
            job = await asyncio.shield(making)
        with _explained(request, "create configmaps"):
            await api.create(f"/api/v1/namespaces/{request.namespace}/configmaps", render_config(request, job))
        return _conclude(request, await _wait(api, request, job, say))
    finally:
        await _remove(api, making, f"{jobs}/{request.name}", say)


async def _read_pvc(api: WritingClient, request: Request, say: Callable[[str], None]) -> list[str] | None:
    """Return the access modes of the PVC; None if it may not be read."""
    pvcs = f"/api/v1/namespaces/{request.namespace}/persistentvolumeclaims"
    try:
        pvc = await api.get(f"{pvcs}/{request.pvc}")
    except RefusedError as error:
        if error.status == 401:
            raise
        say(f"note: no permission to get persistentvolumeclaims in namespace {request.namespace}: the PVC is not checked beforehand")
        return None
    except MissingError:
        existing = await _list_names(api, pvcs)
        raise CheckError(f"this PVC does not exist; existing PVCs: {existing}. Name one with --pvc and --namespace") from None
    if is_terminating(pvc):
        raise CheckError("the PVC is being deleted, and its volume with the last pod that uses it. Name another PVC")
    if phase_of(pvc) == "Lost":
        raise CheckError("the volume of the PVC is lost. Restore it, or copy the adapters to another PVC")
    if phase_of(pvc) != "Bound":
        raise CheckError("the PVC has no volume yet, so it is empty. Deploy the service that fills it first")
    modes = at(pvc, "status", "accessModes")
    return [str(each) for each in cast("list[Any]", modes)] if isinstance(modes, list) else None


async def _list_names(api: WritingClient, path: str) -> str:
    with contextlib.suppress(RefusedError, MissingError, UnreachableError):
        names = sorted(sanitize(name_of(each), 100) for each in (await api.list(path))[0])
        return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "") or "none"
    return "unknown"


async def _wait(api: WritingClient, request: Request, job: Object, say: Callable[[str], None]) -> JobEnd:
    end, printed, answer = time.monotonic() + request.timeout, "", Waiting("waiting for its pod")
    while True:
        try:
            state = await _inspect(api, request, job)
        except (UnreachableError, GoneError) as error:
            state = Waiting(f"the cluster does not respond ({error})")
        if isinstance(state, JobEnd):
            return state
        answer = state
        if state.hopeless and state.diagnosis is not None:
            raise CheckError(_show(state))
        shown = state.text if state.diagnosis is None else f"{state.text}: {state.diagnosis.text}"
        if shown != printed:
            say(shown)
            printed = shown
        if time.monotonic() > end:
            raise CheckError(f"no result after {request.timeout} s: {_show(answer)}")
        await asyncio.sleep(POLL)


async def _inspect(api: WritingClient, request: Request, job: Object) -> Waiting | JobEnd:
    core, selector = f"/api/v1/namespaces/{request.namespace}", f"batch.kubernetes.io/job-name={request.name}"
    pods, _ = await api.list(f"{core}/pods", labelSelector=selector)
    pod = max(pods, key=lambda each: text_at(each, "metadata", "creationTimestamp"), default=None)
    state = look(job, pod, ())
    if state is RUNNING or isinstance(state, JobEnd):
        return state
    if pod is None:
        with _explained(request, "get jobs"):
            job = await api.get(f"/apis/batch/v1/namespaces/{request.namespace}/jobs/{request.name}")
    with contextlib.suppress(RefusedError):
        about = request.name if pod is None else name_of(pod)
        events, _ = await api.list(f"{core}/events", fieldSelector=f"involvedObject.name={about}")
        return look(job, pod, events)
    return look(job, pod, ())


def _show(state: Waiting) -> str:
    if state.diagnosis is None:
        return f"{state.text}. Raise --timeout, or run: kubectl describe pod -l app.kubernetes.io/name={APP}"
    evidence = f" Evidence: {state.diagnosis.evidence}" if state.diagnosis.evidence else ""
    return f"{state.diagnosis.text}. {state.diagnosis.fix}{evidence}"


def _conclude(request: Request, ended: JobEnd) -> AdapterComparison:
    comparison = read_comparison(ended.message, len(request.adapters))
    if comparison is not None:
        return comparison
    message = sanitize(ended.message.replace(f"{MOUNT}/", "").replace(MOUNT, "the PVC"))
    if "is not a directory" in message:
        raise CheckError(f"{message} with --sub-path")
    if re.search(r"python3.{0,60}(?:not found|no such file)|No module named", message, re.IGNORECASE):
        message = f"{message}. Name an image that has Python 3.10 or newer with --image"
    raise CheckError(f"the pod ended without a result ({ended.reason}){f': {message}' if message else ''}")


async def _remove(api: WritingClient, making: "asyncio.Future[Object]", path: str, say: Callable[[str], None]) -> None:
    """Remove the Job if it was created, or may have been."""
    with contextlib.suppress(Exception):
        await asyncio.wait({making}, timeout=REMOVAL)
    if making.done() and (making.cancelled() or isinstance(making.exception(), RefusedError | RejectedError | MissingError)):
        return
    try:
        async with asyncio.timeout(REMOVAL):
            await api.remove(path)
    except MissingError:
        pass
    except (TimeoutError, RefusedError, UnreachableError, GoneError) as error:
        say(f"warning: {path.rpartition('/')[2]} could not be removed ({error or 'no response'}). The cluster removes it automatically")


@contextlib.contextmanager
def _explained(request: Request, what: str) -> Generator[None]:
    """Turn refusals of the API server into one line with the fix."""
    where = f"in namespace {request.namespace}"
    try:
        yield
    except RefusedError as error:
        if error.status == 401:
            raise
        if " cannot " in str(error):
            raise CheckError(f"no permission to {what} {where}: {error}. Grant: {_PERMISSIONS}") from None
        raise CheckError(f"the cluster refuses to {what} {where}: {error}") from None
    except RejectedError as error:
        raise CheckError(f"the cluster refuses to {what} {where}: {error}") from None
    except MissingError as error:
        raise CheckError(f"cannot {what} {where}: {error}. Correct --namespace") from None
