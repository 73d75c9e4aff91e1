"""Servers that start but do not become ready, by their logs, and failed sidecars."""

import re
from collections.abc import Iterator
from dataclasses import replace

from ...cluster.objects import Container, Ended, Object, containers_of, is_ready, name_of, text_at
from ...kubernetes.kubectl import describe
from ...names import AUTHORITIES_CONTAINER, CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, PREWARM_CONTAINER, SERVER_CONTAINER
from ...text.sanitizing import sanitize, sanitize_tail
from ..diagnosis import Diagnosis
from ..server_log import LogErrors, read_errors
from ..snapshot import Snapshot
from .patterns import SEE_EVIDENCE, match_patterns
from .probes import check_elapsed_time, check_probes
from .runtime_messages import RUNTIME_PATTERNS
from .server_messages import FALLBACK_PATTERNS, KILLED_PATTERNS, LOG_PATTERNS
from .server_messages.matching import match_errors
from .server_messages.values import describe_pod, log_command

_OTHER_CONTAINERS = {
    PREWARM_CONTAINER: ("The model download of the prewarm Job", "Check cache.prewarm (profiles or args, timeout, mem)."),
    FETCHER_CONTAINER: ("The adapter fetcher", "Correct lora.source (image, command) or lora.env."),
    AUTHORITIES_CONTAINER: (
        "The container that joins the certificate authorities",
        "network.ca_config_map must contain certificates in PEM.",
    ),
}
"""Title and fix of the component's other containers, by name."""
_SIGTERM = 143
"""Exit code of a process that the signal SIGTERM has ended."""
_SHUTDOWN = re.compile(
    r"(?:^|[\s:])(?:Shutting down|Application shutdown complete\.?|Finished server process \[\d+\]\.?)[ \t\r]*$", re.MULTILINE
)
"""Lines of a server that had served and was stopped."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield the reasons why servers are not ready."""
    for pod in snapshot.pods:
        subject = f"pod/{name_of(pod)}"
        for each in containers_of(pod) if not is_ready(pod) else ():
            if each.waiting in ("RunContainerError", "CreateContainerError", "StartError"):
                message = each.message or (each.ended.message if each.ended else "") or "?"
                yield from match_patterns(RUNTIME_PATTERNS, message, subject)
            elif each.name == SERVER_CONTAINER:
                yield from _check_server(snapshot, pod, each, subject)
            elif each.name not in (LOADER_CONTAINER, CHECKER_CONTAINER) and not each.running_since and not each.ready:
                yield from _check_other_container(snapshot, pod, each, subject)


def _check_server(snapshot: Snapshot, pod: Object, server: Container, subject: str) -> Iterator[Diagnosis]:
    probes = list(check_probes(snapshot, pod, server, subject))
    yield from probes
    if server.ended and server.ended.code != 0 and server.ended.reason != "OOMKilled":
        errors = read_errors(server.ended.message)
        if errors.is_termination and (errors.generic or server.ended.code == _SIGTERM):
            yield from [] if probes else [_diagnose_termination(pod, server, server.ended, subject)]
            return
        found = list(_match_log(snapshot, pod, server, server.ended, errors, subject))
        yield from found
        if not found and not probes:
            yield _diagnose_crash(pod, server, server.ended, errors, subject)
    elif server.ended and server.ended.code == 0 and server.waiting == "CrashLoopBackOff" and not probes:
        yield _diagnose_end(pod, server, server.ended, subject)
    elif server.running_since and not probes:
        yield from check_elapsed_time(snapshot, server, subject)


def _match_log(snapshot: Snapshot, pod: Object, failed: Container, ended: Ended, errors: LogErrors, subject: str) -> Iterator[Diagnosis]:
    """Yield the diagnoses of a log, each with the command that prints it."""
    command = log_command(pod, failed)
    if ended.reason == "StartError":
        found = list(match_patterns(RUNTIME_PATTERNS[:-1], ended.message, subject))
    else:
        values = describe_pod(snapshot, pod, failed)
        found = list(match_errors(LOG_PATTERNS, errors, subject, values))
        found = found or list(match_errors(KILLED_PATTERNS, LogErrors([errors.generic], []), subject, values))
        found = found or list(match_errors(FALLBACK_PATTERNS, errors, subject, values))
        if not found and errors.is_reason_missing:
            text = "The engine of the server failed, and the part of its log that Kubernetes keeps lacks the reason"
            evidence = sanitize(errors.generic[0].text)
            found = [Diagnosis("engine-core-failed", text, f"Read the whole log: `{command}`.", evidence, "likely", subject)]
    yield from (replace(each, command=command) for each in found)


def _check_other_container(snapshot: Snapshot, pod: Object, each: Container, subject: str) -> Iterator[Diagnosis]:
    """Check an init container, a sidecar, or the container of the prewarm Job."""
    ended = each.ended
    if ended is None or ended.code == 0 or ended.reason == "OOMKilled":
        return
    is_prewarm = each.name == PREWARM_CONTAINER
    found = list(_match_log(snapshot, pod, each, ended, read_errors(ended.message), subject)) if is_prewarm else []
    yield from found
    if not found:
        title, fix = _OTHER_CONTAINERS.get(each.name, (f"The container {sanitize(each.name, 63)}", "Correct extra_containers."))
        text = f"{title} failed with exit code {ended.code}"
        yield Diagnosis("container-failed", text, f"{SEE_EVIDENCE} {fix}", sanitize_tail(ended.message), "likely", subject)


def _diagnose_crash(pod: Object, server: Container, ended: Ended, errors: LogErrors, subject: str) -> Diagnosis:
    times = f", {server.restarts + 1} times so far" if server.restarts else ""
    text = f"The server exits soon after its start with exit code {ended.code}{times}"
    log = sanitize(errors.chains[0][-1].text) if errors.chains else sanitize_tail(ended.message)
    fix = f"See the last error of its log in the evidence. If it shows no reason, read the whole log: `{log_command(pod, server)}`."
    return Diagnosis("crash-loop", text, fix if log else "It logged nothing: check image, command and args.", log, "possible", subject)


def _diagnose_end(pod: Object, server: Container, ended: Ended, subject: str) -> Diagnosis:
    if _SHUTDOWN.search(ended.message):
        return _diagnose_termination(pod, server, ended, subject)
    text = f"The server ends without an error (exit code 0) and is started again, {server.restarts} times so far"
    fix = "Remove command and args: they run a program that ends, such as `list-model-profiles`, in place of the server."
    return Diagnosis("server-ended", text, fix, sanitize_tail(ended.message), subject=subject)


def _diagnose_termination(pod: Object, server: Container, ended: Ended, subject: str) -> Diagnosis:
    text = f"The server was stopped from outside (exit code {ended.code}) and is started again, {server.restarts} times so far"
    events = describe(text_at(pod, "metadata", "namespace"), "pod", name_of(pod))
    fix = f"See the events of the pod for the reason, such as a failed startup or liveness probe, or a drained node: `{events}`."
    return Diagnosis("server-ended", text, fix, sanitize_tail(ended.message), "likely", subject)
