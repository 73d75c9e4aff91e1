"""What a pod refers to: names, and where in a Secret a key stands. Never a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi


@dataclass(frozen=True)
class SecretKey:
    """One key of one Secret."""

    name: "pulumi.Input[str]"
    key: "pulumi.Input[str]"


@dataclass(frozen=True)
class References:
    """The other objects that the pod refers to, by name."""

    pull_secret: "pulumi.Input[str] | None" = None
    """Secret for the image's registry."""
    ngc_key: SecretKey | None = None
    hf_token: SecretKey | None = None
    cache_pvc: "pulumi.Input[str] | None" = None
    """PVC of the model cache; None if the cache is not a PVC."""
    lora_config: "pulumi.Input[str] | None" = None
    """ConfigMap of the LoRA loader; none without adapters."""
    lora_pvc: "pulumi.Input[str] | None" = None
    """PVC of the adapters; None if each pod has a volume of its own."""
    claim_templates: "Mapping[str, pulumi.Input[str]]" = field(default_factory=dict[str, "pulumi.Input[str]"])
    """ResourceClaimTemplates that the component made, by the names of the pod's claims."""
    secrets_digest: "pulumi.Input[str] | None" = None
    """Digest over the values of the Secrets that the component made: a rotation rolls the pods through it."""
