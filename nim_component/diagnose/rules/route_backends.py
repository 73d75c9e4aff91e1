"""Backends of routes that a Gateway cannot use, by the condition `ResolvedRefs` of the routes.

Controllers use the reason `BackendNotFound` for a Service, for a port of it, and for endpoints.
"""

import re
from collections.abc import Iterator

from ...cluster.objects import Object, is_ready, items_at, name_of, number_at, text_at
from ...text.drift import describe_refresh
from ...text.sanitizing import sanitize
from ..diagnosis import Confidence, Diagnosis
from ..snapshot import Snapshot
from .patterns import SEE_EVIDENCE, compile_words

_PORT = compile_words("ports?")
_ENDPOINTS = compile_words("endpoints?|endpointslices?")
_EXTERNAL_NAME = compile_words("ExternalName")
_MISSING = re.compile(r"\b(?:not found|does not exist|doesn't exist)\b", re.IGNORECASE)
_POOLS_OFF = re.compile(r"set (?P<variable>\w{1,80}) to true in (?P<program>\w{1,40})", re.IGNORECASE)
_POOL_REASONS = ("InvalidInferencePool", "InvalidDestination")


def check_backends(snapshot: Snapshot, route: Object, unresolved: Object, kind: str, subject: str) -> Iterator[Diagnosis]:
    """Yield the diagnosis of a condition `ResolvedRefs` that is false."""
    reason, message = text_at(unresolved, "reason"), text_at(unresolved, "message")
    backends = [each for rule in items_at(route, "spec", "rules") for each in items_at(rule, "backendRefs")]
    has_pool = any(text_at(each, "kind") == "InferencePool" for each in backends)
    if reason == "BackendNotFound" and _ENDPOINTS.search(message) and snapshot.is_known("pods") and not any(map(is_ready, snapshot.pods)):
        return  # Without a ready pod, there are no endpoints. Other rules diagnose the pods.
    if reason == "PortNotFound" or (reason == "BackendNotFound" and _PORT.search(message)):
        text, fix, confidence = _describe_port(snapshot, backends, kind, reason)
    elif reason == "BackendNotFound":
        text, fix, confidence = _describe_missing(snapshot, backends, message, kind)
    elif reason == "RefNotPermitted":
        text, confidence = f"No ReferenceGrant allows the backend of the {kind}, which is in another namespace", "certain"
        fix = "Create a ReferenceGrant in the namespace of the backend, or correct the namespace in backendRefs."
    elif has_pool and (reason == "InvalidKind" or reason in _POOL_REASONS):
        text, fix, confidence = _describe_pool(reason, message, kind)
    elif _EXTERNAL_NAME.search(message):
        text = f"The Gateway does not support the Service of the {kind}: it has the type ExternalName"
        fix, confidence = f"The Service was changed outside Pulumi. {describe_refresh()}", "likely"
    else:
        text = f"The Gateway cannot use the backend of the {kind}: {sanitize(reason, 60) or 'it gives no reason'}"
        fix, confidence = SEE_EVIDENCE, "likely"
    yield Diagnosis("route-backend", text, fix, sanitize(message), confidence, subject)


def _describe_port(snapshot: Snapshot, backends: list[Object], kind: str, reason: str) -> tuple[str, str, Confidence]:
    wanted = ", ".join(str(number_at(each, "port")) for each in backends if number_at(each, "port"))
    ports = [str(number_at(port, "port")) for each in snapshot.all("services") for port in items_at(each, "spec", "ports")]
    known = f" (ports of the Service: {', '.join(ports)})" if ports else ""
    text = f"The Service of the {kind} does not have the port that the {kind} refers to{f': {wanted}' if wanted else ''}"
    fix = f"An update of port was interrupted, or the Service or the {kind} was changed outside Pulumi{known}. {describe_refresh()}"
    return text, fix, "certain" if reason == "PortNotFound" else "likely"


def _describe_missing(snapshot: Snapshot, backends: list[Object], message: str, kind: str) -> tuple[str, str, Confidence]:
    existing = {name_of(each) for each in snapshot.all("services")}
    services = [text_at(each, "name") for each in backends if text_at(each, "kind") in ("", "Service")]
    if _ENDPOINTS.search(message):
        text = f"The Gateway finds no endpoints of the backend of the {kind}"
        return text, "Check that a pod of the service is ready, and that the selector of the Service matches it.", "likely"
    if services and existing.issuperset(services):
        text = f"The Gateway does not find the backend of the {kind}, although the Service exists"
        return text, "Wait a minute. If it stays so, check that the controller of the Gateway watches this namespace.", "likely"
    text = f"The backend of the {kind} does not exist"
    fix = f"If no update of the service is running, restore the backend. {describe_refresh()}"
    return text, fix, "certain" if _MISSING.search(message) else "likely"


def _describe_pool(reason: str, message: str, kind: str) -> tuple[str, str, Confidence]:
    if off := _POOLS_OFF.search(message):
        text = f"The controller of the Gateway does not support the InferencePool of the {kind}, as it is configured"
        return text, f"Set {off['variable']} to true in {off['program']}, or remove inference_pool.", "likely"
    if reason == "InvalidKind":
        text = f"The controller of the Gateway does not support the InferencePool of the {kind}"
        return text, "Remove inference_pool, or use the Gateway of a controller with the inference extension.", "certain"
    text = f"The controller of the Gateway cannot use the InferencePool of the {kind}"
    fix = "Check that the Service of inference_pool.endpoint_picker exists, and the conditions of the InferencePool."
    return text, fix, "likely"
