"""Servers that start but do not become ready, by their logs and probes, and failed sidecars."""

from collections.abc import Iterator
from datetime import timedelta

from ...cluster.objects import Container, Ended, Object, at, containers_of, is_ready, message_of, name_of, number_at, text_at
from ...names import AUTHORITIES_CONTAINER, CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, PREWARM_CONTAINER, SERVER_CONTAINER
from ...text.sanitizing import sanitize, sanitize_tail
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .crash_messages import LOG_PATTERNS, RUNTIME_PATTERNS
from .patterns import SEE_EVIDENCE, match_patterns

_OTHER_CONTAINERS = {
    PREWARM_CONTAINER: ("The model download of the prewarm Job", "Check cache.prewarm (profiles or args, timeout, mem)."),
    FETCHER_CONTAINER: ("The adapter fetcher", "Correct lora.source (image, command) or lora.env."),
    AUTHORITIES_CONTAINER: (
        "The container that joins the certificate authorities",
        "network.ca_config_map must contain certificates in PEM.",
    ),
}
"""Title and fix of the component's other containers, by name."""
_LATE = 0.8
"""Fraction of the startup limit after which a server is reported, while there is time to react."""


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
                yield from _check_other_container(each, subject)


def _check_server(snapshot: Snapshot, pod: Object, server: Container, subject: str) -> Iterator[Diagnosis]:
    probes = list(_check_probes(snapshot, pod, server, subject))
    yield from probes
    if server.ended and server.ended.code != 0 and server.ended.reason != "OOMKilled":
        found = list(_match_log(server.ended, subject))
        yield from found
        if not found and not probes:
            yield _diagnose_crash(server, server.ended, subject)
    elif server.running_since and not probes:
        yield from _check_elapsed_time(snapshot, server, subject)


def _match_log(ended: Ended, subject: str) -> Iterator[Diagnosis]:
    return match_patterns(RUNTIME_PATTERNS[:-1] if ended.reason == "StartError" else LOG_PATTERNS, ended.message, subject)


def _check_other_container(each: Container, subject: str) -> Iterator[Diagnosis]:
    """Check an init container, a sidecar, or the container of the prewarm Job."""
    ended = each.ended
    if ended is None or ended.code == 0 or ended.reason == "OOMKilled":
        return
    found = list(_match_log(ended, subject)) if each.name == PREWARM_CONTAINER else []
    yield from found
    if not found:
        title, fix = _OTHER_CONTAINERS.get(each.name, (f"The container {sanitize(each.name, 63)}", "Correct extra_containers."))
        text = f"{title} failed with exit code {ended.code}"
        yield Diagnosis("container-failed", text, f"{SEE_EVIDENCE} {fix}", sanitize_tail(ended.message), "likely", subject)


def _diagnose_crash(server: Container, ended: Ended, subject: str) -> Diagnosis:
    times = f", {server.restarts + 1} times so far" if server.restarts else ""
    text = f"The server exits soon after its start with exit code {ended.code}{times}"
    log = sanitize_tail(ended.message)
    fix = "See the end of its log in the evidence. If it shows no reason, check image, args and env."
    return Diagnosis("crash-loop", text, fix if log else "It logged nothing: check image, command and args.", log, "possible", subject)


def _check_probes(snapshot: Snapshot, pod: Object, server: Container, subject: str) -> Iterator[Diagnosis]:
    unhealthy = [message_of(event) for event in snapshot.events(pod, "Unhealthy")]
    killed = [message_of(event) for event in snapshot.events(pod, "Killing")]
    probe = at(server.spec, "startupProbe")
    if any("failed startup probe" in message for message in killed):
        yield _diagnose_startup_limit(server, unhealthy, subject)
    elif any("failed liveness probe" in message for message in killed):
        text = "The server failed its liveness probe and was restarted"
        fix = "It hangs or is overloaded: check its log, raise cpu, or reduce its load with more replicas."
        yield Diagnosis("liveness-killed", text, fix, sanitize(unhealthy[-1]) if unhealthy else "", "likely", subject)
    elif unhealthy and (status := _status_code(unhealthy[-1])) in (404, 405):
        path = sanitize(text_at(probe, "httpGet", "path"), 120)
        text = f"The server responds, but not on the probe's path {path} ({status})"
        yield Diagnosis("probe-path", text, "Correct health_endpoint: a NIM has v1/health/ready.", sanitize(unhealthy[-1]), subject=subject)


def _status_code(message: str) -> int:
    words = message.rpartition("statuscode: ")[2].split()
    return int(words[0]) if "statuscode: " in message and words and words[0].isdecimal() else 0


def _startup_limit(server: Container) -> int:
    """Return the seconds in which the startup probe must succeed."""
    probe = at(server.spec, "startupProbe")
    return number_at(probe, "failureThreshold") * (number_at(probe, "periodSeconds") or 10)


def _diagnose_startup_limit(server: Container, unhealthy: list[str], subject: str) -> Diagnosis:
    is_refused = bool(unhealthy) and "connection refused" in unhealthy[-1]
    log = sanitize_tail(server.ended.message) if server.ended else ""
    if is_refused:
        port = text_at(server.spec, "startupProbe", "httpGet", "port") or number_at(server.spec, "startupProbe", "httpGet", "port")
        state = f"nothing listened on its port ({port})"
        fix = "Raise startup_timeout if it was still downloading. If it listens on another port, set port to it (check args and command)."
    else:
        state = "it listened, but the model was not ready"
        fix = "Raise startup_timeout. The next start is faster because of the cache."
    text = f"The start-up exceeded its limit of {_startup_limit(server)} s (startup_timeout): {state}"
    evidence = log or (sanitize(unhealthy[-1]) if unhealthy else "")
    return Diagnosis("startup-budget", text, fix, evidence, "likely" if is_refused else "certain", subject)


def _check_elapsed_time(snapshot: Snapshot, server: Container, subject: str) -> Iterator[Diagnosis]:
    limit, started = _startup_limit(server), server.running_since
    if server.ready or started is None or not limit:
        return
    elapsed = snapshot.now - started
    if elapsed > timedelta(seconds=limit * _LATE):
        text = f"The model has been loading for {int(elapsed.total_seconds())} s of its limit of {limit} s (startup_timeout)"
        fix = "Raise startup_timeout if it is a first download: at the limit, the server is stopped and started again."
        yield Diagnosis("startup-late", text, fix, subject=subject, confidence="possible")
