"""References of a pod to other objects: names, and keys of Secrets.

They contain no secret values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s


@dataclass(frozen=True)
class SecretKey:
    """One key of a Secret."""

    name: "pulumi.Input[str]"
    key: "pulumi.Input[str]"


@dataclass(frozen=True)
class References:
    """Names of the objects to which the pod refers."""

    pull_secrets: "Sequence[pulumi.Input[str]]" = ()
    """Pull Secrets of the images' registries."""
    ngc_key: SecretKey | None = None
    hf_token: SecretKey | None = None
    cache_pvc: "pulumi.Input[str] | None" = None
    """PVC of the model cache; None if the cache is not a PVC."""
    lora_config: "pulumi.Input[str] | None" = None
    """ConfigMap of the LoRA loader; None without adapters."""
    lora_pvc: "pulumi.Input[str] | None" = None
    """PVC of the adapters; None if each pod has a volume of its own."""
    lora_lists: "Mapping[str, pulumi.Input[str]]" = field(default_factory=dict[str, "pulumi.Input[str]"])
    """ConfigMaps with the lists that a Job's adapters are compared with, by suffix."""
    resource_claim_templates: "Mapping[str, pulumi.Input[str]]" = field(default_factory=dict[str, "pulumi.Input[str]"])
    """ResourceClaimTemplates that the component created, by the names of the pod's ResourceClaims.
    """
    secrets_digest: "pulumi.Input[str] | None" = None
    """Digest of the values of the Secrets that the component created: a rotation changes it and so
    rolls the pods."""


def render_pull_secrets(references: References) -> "k8s.core.v1.PodSpecArgsDict":
    """Render the pull Secrets of a pod; no field without them."""
    pod: Any = {"image_pull_secrets": [{"name": each} for each in references.pull_secrets]} if references.pull_secrets else {}
    return pod
