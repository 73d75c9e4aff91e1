"""Pods in templates of workflow engines, which contain no pod spec.

Argo Workflows has one `container` or `script` in a template, and Tekton has `steps` in a task. Here
they get the form of a pod spec, with the fields of the pod from the objects around them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from fields import Props, mapping
from pod_patches import FIELD, merge_patches

_ONE = ("container", "script")
"""Fields of Argo with one container."""
_MANY = ("steps", "sidecars")
"""Fields of Tekton and Argo with containers that run in one pod."""
_DEFAULTS = ("stepTemplate", "containerTemplate")
"""Fields of Tekton with what each step has unless it has its own."""
_OF_POD = (
    "securityContext", "volumes", "hostNetwork", "hostPID", "hostIPC", "hostUsers", "os", "hostAliases", "resourceClaims",
    "serviceAccountName", "automountServiceAccountToken",
)  # fmt: skip
_TEMPLATES = (("podTemplate",), ("taskRunTemplate", "podTemplate"), ("templateDefaults",))
"""Fields with what all pods of an object have."""


class LoosePod(NamedTuple):
    """Containers of a template in the form of a pod spec."""

    spec: Props
    places: Mapping[str, str]
    """Path below the template by the field and the index of a container in the spec."""
    patches: Sequence[str]
    """Patches of the spec in text, which are merged into it."""


def find_loose_pod(entries: Props, inherited: Props) -> LoosePod | None:
    """Return the pod of a template; None for another mapping.

    Args:
        entries: Template, or any other mapping.
        inherited: Fields of the pod that objects around it set.
    """
    # Argo calls such a container `main`, whatever its name is.
    found = [(field, {**mapping(entries.get(field)), "name": "main"}) for field in _ONE if _has_image(entries.get(field))]
    for field in _MANY:
        listed: Any = entries.get(field)
        containers = [mapping(each) for each in cast("list[Any]", listed)] if isinstance(listed, list | tuple) else []
        found += [(f"{field}[{each.get('name', index)}]", each) for index, each in enumerate(containers) if _has_image(each)]
    if not found:
        return None
    defaults = next((mapping(entries[field]) for field in _DEFAULTS if field in entries), mapping(None))
    fields = dict(read_pod_fields(entries, inherited))
    patches: Sequence[str] = fields.pop(FIELD, ())
    spec = {
        **fields,
        "containers": [{**defaults, **container} for _, container in found],
        **{field: entries[field] for field in ("initContainers",) if field in entries},
    }
    return LoosePod(merge_patches(spec, patches), {f"containers[{index}]": place for index, (place, _) in enumerate(found)}, patches)


def read_pod_fields(entries: Props, inherited: Props) -> Props:
    """Return the fields of pods that a mapping sets for what is in it."""
    found = dict(inherited)
    for path in _TEMPLATES:
        template = entries
        for step in path:
            template = mapping(template.get(step))
        found |= {field: template[field] for field in _OF_POD if template.get(field) is not None}
        patches = (*found.get(FIELD, ()), template.get(FIELD)) if isinstance(template.get(FIELD), str) else found.get(FIELD, ())
        found |= {FIELD: patches} if patches else {}
    if isinstance(entries.get(FIELD), str):
        found[FIELD] = (*found.get(FIELD, ()), entries[FIELD])
    return found | {field: entries[field] for field in _OF_POD if entries.get(field) is not None}


def _has_image(value: Any) -> bool:
    return isinstance(mapping(value).get("image"), str)
