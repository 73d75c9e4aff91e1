"""Namespaces that the program of a stack creates."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from .arguments import Arguments, Rule
from .field_types import Flag
from .metadata import Annotations, Labels
from .problems import Problem

ENFORCE = "pod-security.kubernetes.io/enforce"
"""Label that sets the enforced Pod Security Standard.

https://kubernetes.io/docs/concepts/security/pod-security-admission/
"""
EXISTING = ("default", "kube-node-lease", "kube-public", "kube-system")
"""Namespaces that exist in every cluster."""


def _validate_labels(labels: Mapping[str, Any] | None) -> Iterator[Problem]:
    if ENFORCE in (labels or {}):
        yield Problem(("labels", ENFORCE), "is set by pod_security", "Use pod_security.")


class NamespaceArgs(Arguments):
    """One namespace of `nim:namespaces` in a stack file."""

    pod_security: Literal["restricted", "baseline", "privileged"] = "restricted"
    """Pod Security Standard that the namespace enforces.

    Pods of this component pass `restricted` by default. Without the label
    `pod-security.kubernetes.io/enforce-version`, the API server uses its newest version of the
    standard.
    """

    retain: Flag = True
    """Keep the namespace on `pulumi destroy`, and when it is removed from the stack file.

    Deleting a namespace deletes everything in it, also PVCs and objects of other programs.
    """

    labels: Labels | None = None
    """Further labels of the namespace."""

    annotations: Annotations | None = None
    """Annotations of the namespace."""

    rules = (Rule(("labels",), _validate_labels, waits=False),)
