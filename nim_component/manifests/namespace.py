"""The Namespace of a stack."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args.namespace import ENFORCE, NamespaceArgs
from ..names import STANDARD_LABELS


def render_namespace(name: str, args: NamespaceArgs) -> "dict[str, Any]":
    """Render metadata."""
    _, managed_by = STANDARD_LABELS
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": name,
        "labels": {**(args.labels or {}), managed_by: "pulumi", ENFORCE: args.pod_security},
    }
    if args.annotations:
        metadata["annotations"] = dict(args.annotations)
    return {"metadata": metadata}
