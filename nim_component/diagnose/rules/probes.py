"""Probes of the server: start-up limits, wrong paths, and restarts by the liveness probe."""

from collections.abc import Iterator
from datetime import timedelta

from ...cluster.objects import Container, Object, at, message_of, number_at, text_at
from ...text.sanitizing import sanitize, sanitize_tail
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot

_LATE = 0.8
"""Fraction of the startup limit after which a server is reported, while there is time to react."""


def check_probes(snapshot: Snapshot, pod: Object, server: Container, subject: str) -> Iterator[Diagnosis]:
    """Yield the reason why a probe of the server fails, by the events of its pod."""
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


def check_elapsed_time(snapshot: Snapshot, server: Container, subject: str) -> Iterator[Diagnosis]:
    """Yield a diagnosis if the server has used most of its startup limit."""
    limit, started = _startup_limit(server), server.running_since
    if server.ready or started is None or not limit:
        return
    elapsed = snapshot.now - started
    if elapsed > timedelta(seconds=limit * _LATE):
        text = f"The model has been loading for {int(elapsed.total_seconds())} s of its limit of {limit} s (startup_timeout)"
        fix = "Raise startup_timeout if it is a first download: at the limit, the server is stopped and started again."
        yield Diagnosis("startup-late", text, fix, subject=subject, confidence="possible")
