"""Probes of the server: start-up limits, wrong paths, TLS, and restarts by the liveness probe."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from ...cluster.objects import Container, Object, items_at, mapping_at, message_of, name_of, number_at, text_at
from ...kubernetes.kubectl import read_log
from ...text.sanitizing import sanitize, sanitize_tail
from ..diagnosis import Confidence, Diagnosis
from ..snapshot import Snapshot
from .probe_failures import ProbeFailure, read_failure

_LATE = 0.8
"""Fraction of the startup limit after which a server is reported, while there is time to react."""
_FIELDS = {"Startup": "startupProbe", "Liveness": "livenessProbe", "Readiness": "readinessProbe"}


def check_probes(snapshot: Snapshot, pod: Object, server: Container, subject: str) -> Iterator[Diagnosis]:
    """Yield the reason why a probe of the server fails, by the events of its pod."""
    unhealthy = [message_of(event) for event in snapshot.events(pod, "Unhealthy")]
    killed = [message_of(event) for event in snapshot.events(pod, "Killing")]
    # Other containers of the pod, such as sidecars, have probes of their own.
    killer = next((probe for probe in _FIELDS if f"Container {server.name} failed {probe.lower()} probe, will be restarted" in killed), "")
    last = _last_message(unhealthy, killer)
    failure = read_failure(last)
    if wrong := _diagnose_request(server, failure, sanitize(last), subject):
        yield wrong
    elif killer == "Startup":
        yield _diagnose_startup_limit(server, failure, last, subject)
    elif killer == "Liveness":
        yield _diagnose_liveness(snapshot, pod, server, failure, last, subject)


def _last_message(unhealthy: Sequence[str], killer: str) -> str:
    """Return the last message about a probe, if there is one of the probe that ended the server."""
    of_killer = [each for each in unhealthy if each.startswith(f"{killer} probe ")] if killer else []
    return (of_killer or [*unhealthy] or [""])[-1]


def _diagnose_request(server: Container, failure: ProbeFailure, evidence: str, subject: str) -> Diagnosis | None:
    """Return the diagnosis of a probe that the server cannot answer: time does not change it."""
    port = _find_port(server, failure.probe)
    path = sanitize(text_at(server.spec, _FIELDS.get(failure.probe, "startupProbe"), "httpGet", "path"), 120)
    where = f"the path {path} of the {failure.probe.lower()} probe" if path else f"the path of the {failure.probe.lower()} probe"
    if failure.status in (404, 405):
        text = f"The server responds, but not on {where} ({failure.status})"
        return Diagnosis("probe-path", text, _fix_path(failure.probe), evidence, subject=subject)
    if failure.status in (401, 403):
        text = f"The server requires authorization on {where} ({failure.status})"
        fix = "Exempt the path in the server's args and env, or in the service mesh. Or: "
        return Diagnosis("probe-unauthorized", text, fix + _fix_path(failure.probe), evidence, subject=subject)
    # A server that requires TLS never passes its startup probe. Other probes begin after that one.
    if failure.kind == "tls" or (failure.probe == "Startup" and (failure.kind == "closed" or failure.status == 400)):
        confidence: Confidence = "certain" if failure.kind == "tls" and failure.is_whole else "likely"
        text = f"The server requires TLS on its port {port}, and the probe uses http"
        fix = (
            "Remove the TLS options from args and env, and set tls in ingress or http_route. "
            "Or set health_port (NIM 2.x): a port without TLS."
        )
        return Diagnosis("probe-tls", text, fix, evidence, confidence, subject)
    if failure.kind == "http":
        text, fix = f"The probe uses https, and the server answers with http on its port {port}", "Remove `scheme: HTTPS` from overrides."
        return Diagnosis("probe-tls", text, fix, evidence, "certain" if failure.is_whole else "likely", subject)
    if failure.kind == "protocol":
        text = f"The port {port} of the probe does not serve HTTP/1.1, but another protocol such as gRPC"
        return Diagnosis(
            "probe-protocol", text, "Set port to the server's HTTP port, and grpc_port to its gRPC port.", evidence, "likely", subject
        )
    return None


def _fix_path(probe: str) -> str:
    """Return the fix of a wrong path. The path of the liveness probe has no argument."""
    if probe == "Liveness":
        return "Set livenessProbe.httpGet.path of the container nim in overrides, if the image is not a NIM: a NIM has /v1/health/live."
    return "Correct health_endpoint: a NIM has v1/health/ready."


def _find_port(server: Container, probe: str) -> str:
    """Return the port of a probe, with the number of a named one, such as `http (8000)`."""
    action = _FIELDS.get(probe, "startupProbe")
    name, number = text_at(server.spec, action, "httpGet", "port"), number_at(server.spec, action, "httpGet", "port")
    named = next((number_at(each, "containerPort") for each in items_at(server.spec, "ports") if text_at(each, "name") == name), 0)
    if not name and not number:
        number = next((number_at(each, "containerPort") for each in items_at(server.spec, "ports")), 0)
    return f"{sanitize(name, 20)} ({named})" if name and named else sanitize(name, 20) or str(number or "")


def _startup_limit(server: Container) -> int:
    """Return the seconds in which the startup probe must succeed."""
    probe = "startupProbe"
    return number_at(server.spec, probe, "failureThreshold") * (number_at(server.spec, probe, "periodSeconds") or 10)


def _diagnose_startup_limit(server: Container, failure: ProbeFailure, last: str, subject: str) -> Diagnosis:
    log = sanitize_tail(server.ended.message) if server.ended else ""
    if mapping_at(server.spec, "startupProbe", "exec"):
        state = "it did not join the leader of its node group"
        fix = "Check the pod and the log of the leader first. If the leader is still downloading the model, raise startup_timeout."
    elif failure.kind == "refused":
        state = f"nothing listened on its port {_find_port(server, 'Startup')}"
        fix = "Raise startup_timeout if it was still downloading. If it listens on another port, set port to it (check args and command)."
    elif failure.kind in ("closed", "reset"):
        state = "it closed the connections of the probe"
        fix = "Check its log: it may restart inside its container. If a service mesh requires mutual TLS, exempt the probe's port there."
    elif failure.kind == "timeout":
        state = f"it did not answer the probe within {number_at(server.spec, 'startupProbe', 'timeoutSeconds') or 1} s"
        fix = "Raise cpu if the model load leaves the server no time to answer, else startup_timeout."
    else:
        state = "it listened, but the model was not ready"
        fix = "Raise startup_timeout. The next start is faster because of the cache."
    text = f"The start-up exceeded its limit of {_startup_limit(server)} s (startup_timeout): {state}"
    confidence: Confidence = "certain" if failure.status == 503 else "likely"
    return Diagnosis("startup-budget", text, fix, log or sanitize(last), confidence, subject)


def _diagnose_liveness(snapshot: Snapshot, pod: Object, server: Container, failure: ProbeFailure, last: str, subject: str) -> Diagnosis:
    command = f"`{read_log(snapshot.namespace, name_of(pod), server.name, previous=True)}`"
    if failure.kind == "refused":
        state, fix = (
            "nothing listened on its port any more",
            f"The server ended inside its container. See its log for the reason: {command}.",
        )
    elif failure.kind == "status":
        state, fix = f"it answered with {failure.status}", f"The server reports itself as failed. See its log for the reason: {command}."
    else:
        state = "it did not answer in time" if failure.kind == "timeout" else "see the evidence"
        fix = f"It hangs or is overloaded. See its log ({command}), raise cpu, or reduce its load with more replicas."
    text = f"The server failed its liveness probe and was restarted: {state}"
    return Diagnosis("liveness-killed", text, fix, sanitize(last), "likely", subject)


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
