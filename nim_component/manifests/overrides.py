"""The escape hatch: what a caller lays over a rendered object, last of all."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, cast

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.problems import Problem
from ..names import SELECTOR_LABELS
from ..text.field_paths import Path
from .lora import makes_lora_claim, uses_job
from .merge import merge
from .structures import check_structure, python_name, spell

_IDENTITY: dict[Path, str] = {
    ("apiVersion",): "the component decides it: leave it out.",
    ("kind",): "the component decides it: leave it out.",
    ("metadata", "name"): "other objects refer to it: use service_name.",
    ("metadata", "namespace"): "every object of a service is in one: use namespace.",
}
_SELECTED: dict[Path, str] = {
    ("spec", "selector"): "it is frozen: an object with another selector would have to be deleted first.",
    **{("spec", "template", "metadata", "labels", label): "the selector is by it, and that is frozen." for label in SELECTOR_LABELS},
}


@dataclass(frozen=True)
class Target:
    """One kind of object that can be overridden."""

    kind: str | None
    """Its structure in the SDK, looked up when it is needed: it takes half a second to load. None for a custom resource, whose fields the
    API server alone knows."""
    frozen: Mapping[Path, str]
    """Paths that stay as they are, and why, with what to do instead."""
    metadata_only: bool = False
    """For what is named by a digest of its data: with other data it would have the name of what it is not."""

    @property
    def structure(self) -> Any:
        """The SDK's class of the object's inputs, if it has one."""
        return None if self.kind is None else reduce(getattr, self.kind.split("."), cast("Any", k8s))


_TARGETS: dict[str, Target] = {
    "deployment": Target("apps.v1.DeploymentArgs", {**_IDENTITY, **_SELECTED}),
    "service": Target("core.v1.ServiceArgs", {**_IDENTITY, ("spec", "selector"): "it must stay the pods'."}),
    "cache": Target("core.v1.PersistentVolumeClaimArgs", _IDENTITY),
    "warm": Target("batch.v1.JobArgs", _IDENTITY),
    "autoscaler": Target("autoscaling.v2.HorizontalPodAutoscalerArgs", _IDENTITY),
    "ingress": Target("networking.v1.IngressArgs", _IDENTITY),
    "network-policy": Target("networking.v1.NetworkPolicyArgs", _IDENTITY),
    "network-policy-jobs": Target("networking.v1.NetworkPolicyArgs", _IDENTITY),
    "disruption-budget": Target("policy.v1.PodDisruptionBudgetArgs", _IDENTITY),
    "lora": Target("core.v1.ConfigMapArgs", _IDENTITY, metadata_only=True),
    "lora-list": Target("core.v1.ConfigMapArgs", _IDENTITY, metadata_only=True),
    "lora-job": Target("batch.v1.JobArgs", _IDENTITY),
    "loras": Target("core.v1.PersistentVolumeClaimArgs", _IDENTITY),
    "pull": Target("core.v1.SecretArgs", _IDENTITY, metadata_only=True),
    "keys": Target("core.v1.SecretArgs", _IDENTITY, metadata_only=True),
    "dashboard": Target("core.v1.ConfigMapArgs", _IDENTITY),
}
_GROUPED: dict[Path, str] = {
    ("spec", "leaderWorkerTemplate", template, "metadata", "labels", label): "the Service finds leaders by it, and a policy all members."
    for template in ("leaderTemplate", "workerTemplate")
    for label in SELECTOR_LABELS
}
_CLAIM_TEMPLATE = Target("resource.v1.ResourceClaimTemplateArgs", _IDENTITY)

_CUSTOM = Target(None, _IDENTITY)
_GROUP = Target(None, {**_IDENTITY, **_GROUPED})


def _target(name: str) -> Target:
    if name == "group":
        return _GROUP
    return _CLAIM_TEMPLATE if name.startswith(claim_part("")) else _TARGETS.get(name, _CUSTOM)


def claim_part(claim: str) -> str:
    """The end of the logical name of a claim's template."""
    return f"claim-{claim}"


def list_targets(nim: NIM, parts: Iterable[str]) -> list[str]:
    """The objects that this service has, by the ends of their logical names; `parts` are the optional ones."""
    there = {
        "deployment": nim.multi_node is None,
        "group": nim.multi_node is not None,
        "service": True,
        "cache": nim.cache.makes_claim,
        "warm": nim.cache.prewarm is not None,
        "lora": bool(nim.adapter_names),
        "lora-list": uses_job(nim),
        "lora-job": uses_job(nim),
        "loras": makes_lora_claim(nim),
        "pull": nim.secrets.makes_key,
        "keys": nim.secrets.makes_key or nim.secrets.makes_token,
    }
    claims = [claim_part(claim.name) for claim in nim.resource_claims or () if claim.devices is not None]
    return [*(name for name, is_there in there.items() if is_there), *claims, *parts]


def check_overrides(nim: NIM, parts: Iterable[str]) -> Iterator[Problem]:
    """Objects that this service does not have, fields that Kubernetes does not know, and what must stay as it is."""
    known = list_targets(nim, parts)
    for name, patch in (nim.overrides or {}).items():
        path: Path = ("overrides", name)
        if name not in known:
            yield Problem(path, "is no object of this service", f"Its objects: {', '.join(known)}.")
            continue
        target = _target(name)
        if target.structure is not None:
            yield from check_structure(patch, target.structure, path)
        spelt = spell(patch, target.structure)
        for frozen, why in target.frozen.items():
            if _has(spelt, frozen):
                yield Problem((*path, *frozen), "must not be overridden", f"{why[0].upper()}{why[1:]}")
        for key in spelt if target.metadata_only else ():
            if key != "metadata" and (key,) not in target.frozen:
                yield Problem((*path, key), "must not be overridden", "The object is named by a digest of it: override its metadata alone.")


def override(nim: NIM, name: str, rendered: dict[str, Any]) -> dict[str, Any]:
    """The inputs of an object with its override laid over them; as they are without one."""
    patch = (nim.overrides or {}).get(name)
    if not patch:
        return rendered
    kind = _target(name).structure
    merged = merge(spell(rendered, kind), spell(patch, kind))
    return {key if kind is None else python_name(key, kind): value for key, value in merged.items()}


def overridden_spec(nim: NIM, name: str) -> dict[str, Any]:
    """What an override changes in an object's spec: part of the digest where the spec cannot change in place."""
    patch = spell((nim.overrides or {}).get(name) or {}, _target(name).structure)
    return cast("dict[str, Any]", patch.get("spec") or {})


def _has(value: Any, path: Path) -> bool:
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = cast("Mapping[Any, Any]", value)[key]
    return True
