"""Command that shows more about the subject of a diagnosis."""

from dataclasses import replace

from ..kubernetes.kubectl import describe
from .diagnosis import Diagnosis

_DESCRIBED = frozenset(
    (
        "deployment",
        "grpcroute",
        "horizontalpodautoscaler",
        "httproute",
        "inferencepool",
        "job",
        "pod",
        "pvc",
        "replicaset",
        "scaledobject",
        "service",
        "statefulset",
    )
)
"""Kinds of subjects that `kubectl describe` accepts."""


def add_command(diagnosis: Diagnosis, namespace: str) -> Diagnosis:
    """Return a diagnosis with a command that changes nothing.

    It stays without one if its fix already has a command, or if it has no single object.
    """
    kind, _, name = diagnosis.subject.partition("/")
    if "`" in diagnosis.fix:
        return replace(diagnosis, command="")
    if diagnosis.command or kind not in _DESCRIBED or not name:
        return diagnosis
    return replace(diagnosis, command=describe(namespace, kind, name))
