"""Servers that start and do not come up: their last words, and their probes."""

from collections.abc import Iterator
from datetime import timedelta

from ...cluster.objects import Container, Ended, Object, at, containers_of, is_ready, message_of, name_of, number_at, text_at
from ...names import AUTHORITIES_CONTAINER, CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, PREWARM_CONTAINER, SERVER_CONTAINER
from ...text.sanitizing import sanitize, sanitize_tail
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .crash_messages import CANNOT_START, LAST_WORDS
from .patterns import match_patterns

_OTHERS = {
    PREWARM_CONTAINER: (
        "The download of the model into the cache",
        "Its last words say why; look at cache.prewarm: profiles or args, timeout, mem.",
    ),
    FETCHER_CONTAINER: ("What brings the adapters", "Its last words say why: correct lora.source (image, command) or lora.env."),
    AUTHORITIES_CONTAINER: ("What joins the certificate authorities", "network.ca_config_map must hold certificates in PEM."),
}
"""Containers of the component that are not the server, by name: what they are called, and what to do."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Why servers do not come up."""
    for pod in snapshot.pods:
        subject = f"pod/{name_of(pod)}"
        for each in containers_of(pod) if not is_ready(pod) else ():
            if each.waiting in ("RunContainerError", "CreateContainerError", "StartError"):
                yield from match_patterns(CANNOT_START, each.message or (each.ended.message if each.ended else "") or "?", subject)
            elif each.name == SERVER_CONTAINER:
                yield from _read_server(snapshot, pod, each, subject)
            elif each.name not in (LOADER_CONTAINER, CHECKER_CONTAINER) and not each.running_since and not each.ready:
                yield from _read_other(each, subject)


def _read_server(snapshot: Snapshot, pod: Object, server: Container, subject: str) -> Iterator[Diagnosis]:
    probes = list(_find_probes(snapshot, pod, server, subject))
    yield from probes
    if server.ended and server.ended.code != 0 and server.ended.reason != "OOMKilled":
        found = list(_read_words(server.ended, subject))
        yield from found
        if not found and not probes:
            yield _read_crash(server, subject)
    elif server.running_since and not probes:
        yield from _find_lateness(snapshot, server, subject)


def _read_words(ended: Ended, subject: str) -> Iterator[Diagnosis]:
    return match_patterns(CANNOT_START[:-1] if ended.reason == "StartError" else LAST_WORDS, ended.message, subject)


def _read_other(each: Container, subject: str) -> Iterator[Diagnosis]:
    """What downloads the model, what goes before the server, and what stands beside it."""
    ended = each.ended
    if ended is None or ended.code == 0 or ended.reason == "OOMKilled":
        return
    found = list(_read_words(ended, subject)) if each.name == PREWARM_CONTAINER else []
    yield from found
    if not found:
        somebodys = f"The container {sanitize(each.name, 63)}", "Its last words say why: correct extra_containers."
        what, fix = _OTHERS.get(each.name, somebodys)
        text = f"{what} failed with exit code {ended.code}"
        yield Diagnosis("container-failed", text, fix, sanitize_tail(ended.message), "likely", subject)


def _read_crash(server: Container, subject: str) -> Diagnosis:
    ended = server.ended
    code = ended.code if ended else 0
    times = f", {server.restarts + 1} times so far" if server.restarts else ""
    text = f"The server ends soon after its start with exit code {code}{times}"
    words = sanitize_tail(ended.message) if ended else ""
    fix = (
        "Its last words stand above; without a hint in them, look at image, args and env."
        if words
        else "It said nothing: look at image, command and args."
    )
    return Diagnosis("crash-loop", text, fix, words, "possible", subject)


def _find_probes(snapshot: Snapshot, pod: Object, server: Container, subject: str) -> Iterator[Diagnosis]:
    unhealthy = [message_of(event) for event in snapshot.events(pod, "Unhealthy")]
    killed = [message_of(event) for event in snapshot.events(pod, "Killing")]
    probe = at(server.spec, "startupProbe")
    if any("failed startup probe" in message for message in killed):
        yield _read_budget(server, unhealthy, subject)
    elif any("failed liveness probe" in message for message in killed):
        text = "The server stopped answering its liveness probe and was restarted"
        fix = "It hangs or is overloaded: look at its last words, give it more cpu, or take load off it with more replicas."
        yield Diagnosis("liveness-killed", text, fix, sanitize(unhealthy[-1]) if unhealthy else "", "likely", subject)
    elif unhealthy and (match := _status_code(unhealthy[-1])) in (404, 405):
        path = sanitize(text_at(probe, "httpGet", "path"), 120)
        text = f"The server answers, but not on the probe's path {path} ({match})"
        yield Diagnosis("probe-path", text, "Correct health_endpoint: a NIM has v1/health/ready.", sanitize(unhealthy[-1]), subject=subject)


def _status_code(message: str) -> int:
    words = message.rpartition("statuscode: ")[2].split()
    return int(words[0]) if "statuscode: " in message and words and words[0].isdecimal() else 0


def budget_of(server: Container) -> int:
    """Seconds that the startup probe gives the server."""
    probe = at(server.spec, "startupProbe")
    return number_at(probe, "failureThreshold") * (number_at(probe, "periodSeconds") or 10)


def _read_budget(server: Container, unhealthy: list[str], subject: str) -> Diagnosis:
    budget = budget_of(server)
    refused = bool(unhealthy) and "connection refused" in unhealthy[-1]
    last = sanitize_tail(server.ended.message) if server.ended else ""
    if refused:
        port = text_at(server.spec, "startupProbe", "httpGet", "port") or number_at(server.spec, "startupProbe", "httpGet", "port")
        got = f"nothing listened on its port ({port}) until the end"
        fix = "If it was still downloading, raise startup_timeout; if it listens elsewhere, set port to that (look at args and command)."
    else:
        got = "it listened, and the model was not ready"
        fix = "Raise startup_timeout: the cache makes the next start faster."
    text = f"The start-up took longer than its budget of {budget} s (startup_timeout): {got}"
    return Diagnosis(
        "startup-budget", text, fix, last or (sanitize(unhealthy[-1]) if unhealthy else ""), "likely" if refused else "certain", subject
    )


def _find_lateness(snapshot: Snapshot, server: Container, subject: str) -> Iterator[Diagnosis]:
    """Four fifths of the budget gone: said while there is time to look."""
    budget, began = budget_of(server), server.running_since
    if server.ready or began is None or not budget:
        return
    spent = snapshot.now - began
    if spent > timedelta(seconds=budget * 0.8):
        text = f"The model has been loading for {int(spent.total_seconds())} s of the {budget} s that startup_timeout gives it"
        yield Diagnosis(
            "startup-late",
            text,
            "Raise startup_timeout if it is a first download; it is ended and begun again at the limit.",
            subject=subject,
            confidence="possible",
        )
