"""InferencePools whose endpoint picker a Gateway cannot use, by the conditions in their status.

The conditions and their reasons are those of the inference extension of the Gateway API:
https://gateway-api-inference-extension.sigs.k8s.io/reference/spec/. The condition `Accepted` is
also false if the route is not accepted, which its own conditions show.
"""

import re
from collections.abc import Iterator

from ...cluster.objects import Object, items_at, name_of, number_at, text_at
from ...text.sanitizing import sanitize
from ..diagnosis import Confidence, Diagnosis
from ..snapshot import Snapshot

_REASONS = {"ResolvedRefs": "InvalidExtensionRef", "Accepted": "EndpointPickerRefMissing"}
"""Reasons that are about the endpoint picker, by type of the condition."""
_MISSING = re.compile(r"\bnot found\b", re.IGNORECASE)
_KIND = re.compile(r"\A(?:unsupported|invalid) extensionref kind\b", re.IGNORECASE)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of the InferencePool of a service."""
    for pool in snapshot.all("inferencepools"):
        failed = [
            each
            for parent in items_at(pool, "status", "parents")
            for each in items_at(parent, "conditions")
            if text_at(each, "status") == "False"
            and _REASONS.get(text_at(each, "type")) == text_at(each, "reason")
            and number_at(each, "observedGeneration") in (0, number_at(pool, "metadata", "generation"))
        ]
        if failed:
            yield _diagnose(snapshot, pool, text_at(failed[-1], "message"))


def _diagnose(snapshot: Snapshot, pool: Object, message: str) -> Diagnosis:
    picker = sanitize(text_at(pool, "spec", "endpointPickerRef", "name"), 100) or "?"
    fix = (
        f"Install the endpoint picker with a Service {picker} in namespace {snapshot.namespace}, or correct inference_pool.endpoint_picker."
    )
    confidence: Confidence = "certain"
    if _KIND.search(message):
        problem = "its kind is not supported"
        fix = "The kind was changed outside Pulumi: the component sets none. Apply the program with `pulumi up --refresh`."
    elif _MISSING.search(message):
        problem, confidence = f"the Service {picker} does not exist", "likely"
    else:
        problem = "the reference to it is not valid"
    text = f"The Gateway cannot use the endpoint picker of the InferencePool: {problem}"
    return Diagnosis("endpoint-picker", text, fix, sanitize(message), confidence, f"inferencepool/{name_of(pool)}")
