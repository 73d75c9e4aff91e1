"""Kubernetes' strategic merge, as `kubectl patch` does it, over mappings that may hold Outputs.

Mappings merge by key and `null` takes a key away. Lists whose items have a merge key (the table below, from the `patchMergeKey` of
Kubernetes' API types) merge item by item; every other list is replaced. `$patch: delete` in such an item takes it away, `$patch: replace`
in a mapping replaces the whole of it.
"""

from collections.abc import Mapping
from typing import Any, cast

from .inputs import lift
from .structures import DIRECTIVE

MERGE_KEYS: Mapping[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "resourceClaims": ("name",),
    "schedulingGates": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
    # Of a container, else of a Service.
    "ports": ("containerPort", "port"),
}
"""List to the keys that its items are told apart by: the first that the patch's items have."""


def merge(base: Any, patch: Any, field: str = "") -> Any:
    """`patch` over `base`; neither is changed. `field` is the key under which they stand."""
    if isinstance(patch, Mapping):
        changes = cast("Mapping[str, Any]", patch)
        return lift(base, lambda base: _merge_mapping(base, changes))
    if isinstance(patch, list) and (key := _merge_key(field, cast("list[Any]", patch))) is not None:
        return lift(base, lambda base: _merge_list(base, cast("list[Any]", patch), key))
    return cast(Any, patch)


def _merge_mapping(base: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    kept: Mapping[str, Any] = cast("Mapping[str, Any]", base) if isinstance(base, Mapping) and patch.get(DIRECTIVE) != "replace" else {}
    merged = dict(kept)
    for key, value in patch.items():
        if key == DIRECTIVE:
            continue
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(kept.get(key), value, key)
    return merged


def _merge_key(field: str, patch: list[Any]) -> str | None:
    for key in MERGE_KEYS.get(field, ()):
        if all(isinstance(item, Mapping) and key in item for item in patch):
            return key
    return None


def _merge_list(base: Any, patch: list[Any], key: str) -> list[Any]:
    """What is there keeps its place, what is new comes last."""
    changes = {item[key]: item for item in patch}
    merged: list[Any] = []
    for item in cast("list[Any]", base or []):
        change = changes.pop(item.get(key), None)
        if change is None:
            merged.append(item)
        elif change.get(DIRECTIVE) != "delete":
            merged.append(merge(item, change))
    return [*merged, *(merge(None, item) for item in changes.values() if item.get(DIRECTIVE) != "delete")]
