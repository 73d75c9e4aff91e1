"""Runs the Job: makes it, waits, reads its verdict, and removes it, whichever way the waiting ends."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Generator
from typing import Any, cast

from ...cluster.client import GoneError, MissingError, RefusedError, UnreachableError
from ...cluster.objects import Object, at, is_terminating, name_of, phase_of, text_at
from ...cluster.writing_client import RejectedError, WritingClient
from ...lora_loader.compare import Comparison
from ...text.sanitizing import sanitize
from .job import APP, MOUNT, Request, find_users, render_config, render_job
from .pod import RUNNING, JobEnd, Waiting, look, read_comparison

POLL = 0.5
"""Seconds between two looks."""
REMOVAL = 15
"""Seconds that the removal may take."""
_RIGHTS = "create, get and delete jobs, create configmaps, and list pods; get persistentvolumeclaims and list events help"
_SHOWN = 10


class CheckError(Exception):
    """Why there is no verdict: one line, with what to do about it."""


async def check_claim(api: WritingClient, request: Request, say: Callable[[str], None]) -> Comparison:
    """What the claim holds, by the lock. `say` is told what is waited for. `CheckError`, `UnreachableError`."""
    modes = await _read_claim(api, request, say)
    with _explained(request, "list pods"):
        pods, _ = await api.list(f"/api/v1/namespaces/{request.namespace}/pods")
    users = find_users(pods, request.claim)
    if users and modes == ["ReadWriteOncePod"]:
        user = sanitize(name_of(users[0]), 100)
        raise CheckError(f"the claim allows one pod only, and {user} has it: check again when that pod is gone")
    jobs = f"/apis/batch/v1/namespaces/{request.namespace}/jobs"
    # Not cancelled with the command: what is not known to be made is not removed.
    making = asyncio.ensure_future(api.create(jobs, render_job(request, modes, users)))
    try:
        with _explained(request, "create jobs"):
            job = await asyncio.shield(making)
        with _explained(request, "create configmaps"):
            await api.create(f"/api/v1/namespaces/{request.namespace}/configmaps", render_config(request, job))
        return _conclude(request, await _wait(api, request, job, say))
    finally:
        await _remove(api, making, f"{jobs}/{request.name}", say)


async def _read_claim(api: WritingClient, request: Request, say: Callable[[str], None]) -> list[str] | None:
    """Access modes of the claim; nothing when it may not be read."""
    claims = f"/api/v1/namespaces/{request.namespace}/persistentvolumeclaims"
    try:
        claim = await api.get(f"{claims}/{request.claim}")
    except RefusedError as error:
        if error.status == 401:
            raise
        say(f"note: no right to get persistentvolumeclaims in namespace {request.namespace}: the claim is not looked at beforehand")
        return None
    except MissingError:
        there = await _list_names(api, claims)
        raise CheckError(f"there is no such claim; there are: {there}. Name one with --claim and --namespace") from None
    if is_terminating(claim):
        raise CheckError("the claim is being deleted: its volume goes with the last pod that uses it")
    if phase_of(claim) == "Lost":
        raise CheckError("the claim's volume is gone: restore it, or bring the adapters to another claim")
    if phase_of(claim) != "Bound":
        raise CheckError("the claim has no volume yet, so nothing is on it: deploy the service that fills it first")
    modes = at(claim, "status", "accessModes")
    return [str(each) for each in cast("list[Any]", modes)] if isinstance(modes, list) else None


async def _list_names(api: WritingClient, path: str) -> str:
    with contextlib.suppress(RefusedError, MissingError, UnreachableError):
        names = sorted(sanitize(name_of(each), 100) for each in (await api.list(path))[0])
        return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "") or "none"
    return "unknown"


async def _wait(api: WritingClient, request: Request, job: Object, say: Callable[[str], None]) -> JobEnd:
    end, told, answer = time.monotonic() + request.timeout, "", Waiting("waiting for its pod")
    while True:
        try:
            state = await _inspect(api, request, job)
        except (UnreachableError, GoneError) as error:
            state = Waiting(f"the cluster does not answer ({error})")
        if isinstance(state, JobEnd):
            return state
        answer = state
        if state.hopeless and state.diagnosis is not None:
            raise CheckError(_show(state))
        shown = state.text if state.diagnosis is None else f"{state.text}: {state.diagnosis.text}"
        if shown != told:
            say(shown)
            told = shown
        if time.monotonic() > end:
            raise CheckError(f"no verdict after {request.timeout} s: {_show(answer)}")
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
        return f"{state.text}: raise --timeout, or look with kubectl describe pod -l app.kubernetes.io/name={APP}"
    seen = f" Seen: {state.diagnosis.evidence}" if state.diagnosis.evidence else ""
    return f"{state.diagnosis.text}. {state.diagnosis.fix}{seen}"


def _conclude(request: Request, ended: JobEnd) -> Comparison:
    verdict = read_comparison(ended.message, len(request.adapters))
    if verdict is not None:
        return verdict
    said = sanitize(ended.message.replace(f"{MOUNT}/", "").replace(MOUNT, "the claim"))
    if "is not a directory" in said:
        raise CheckError(f"{said} with --sub-path")
    if re.search(r"python3.{0,60}(?:not found|no such file)|No module named", said, re.IGNORECASE):
        said = f"{said}. Name an image that has Python 3.10 or newer with --image"
    raise CheckError(f"the pod ended without a verdict ({ended.reason}){f': {said}' if said else ''}")


async def _remove(api: WritingClient, making: "asyncio.Future[Object]", path: str, say: Callable[[str], None]) -> None:
    """What was made, or may have been."""
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
        say(f"warning: {path.rpartition('/')[2]} could not be removed ({error or 'no answer'}): the cluster removes it by itself")


@contextlib.contextmanager
def _explained(request: Request, what: str) -> Generator[None]:
    """What the server refuses, as one line with the fix."""
    where = f"in namespace {request.namespace}"
    try:
        yield
    except RefusedError as error:
        if error.status == 401:
            raise
        if " cannot " in str(error):
            raise CheckError(f"no right to {what} {where}: {error}. The check has to {_RIGHTS}") from None
        raise CheckError(f"the cluster refuses to {what} {where}: {error}. Its words say why") from None
    except RejectedError as error:
        raise CheckError(f"the cluster refuses to {what} {where}: {error}. Its words say why") from None
    except MissingError as error:
        raise CheckError(f"cannot {what} {where}: {error}. Correct --namespace") from None
