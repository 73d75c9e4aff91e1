"""Keys of the items of lists in Kubernetes objects: fields that identify the items.

Each list has two kinds of keys, because Kubernetes has two:

- The merge key (`patchMergeKey` of the API types) is one field. A strategic merge patch uses it.
  A list without a merge key is replaced as a whole.
- The identity keys identify items in a comparison. They start from the `listMapKey`s of the API
  types, which may be several fields together. Lists that Kubernetes replaces as a whole have them
  too, because a diff is short only if it compares each item with its predecessor.

Source: `types.go` of each API group in https://github.com/kubernetes/api.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Keys = tuple[str, ...]
"""Fields that identify an item together."""

BY_NAME: tuple[Keys, ...] = (("name",),)


@dataclass(frozen=True)
class ListKeys:
    """Keys of one list.

    The fields are in order of preference: the first that all items have is used.
    """

    merge: Keys = ()
    """Merge keys; more than one where lists of the same field name differ.

    Empty: the list is replaced.
    """
    identity: tuple[Keys, ...] = BY_NAME
    """Identity keys."""


_NAMED = ListKeys(merge=("name",))

LIST_KEYS: Mapping[str, ListKeys] = {
    "containers": _NAMED,
    "initContainers": _NAMED,
    "ephemeralContainers": _NAMED,
    "env": _NAMED,
    "volumes": _NAMED,
    "imagePullSecrets": _NAMED,
    "resourceClaims": _NAMED,
    "schedulingGates": _NAMED,
    "volumeMounts": ListKeys(merge=("mountPath",), identity=(("mountPath",),)),
    "volumeDevices": ListKeys(merge=("devicePath",), identity=(("devicePath",),)),
    "hostAliases": ListKeys(merge=("ip",), identity=(("ip",),)),
    "ownerReferences": ListKeys(merge=("uid",), identity=(("uid",),)),
    # Ports of a container, else of a Service. Their `listMapKey`s are number and protocol. A diff
    # goes by the name first: a new number of the port `http` is then one change of that port.
    "ports": ListKeys(
        merge=("containerPort", "port"),
        identity=(("name",), ("containerPort", "protocol"), ("port", "protocol")),
    ),
    # The `patchMergeKey` is the topology key alone; the `listMapKey`s are both fields.
    "topologySpreadConstraints": ListKeys(
        merge=("topologyKey",),
        identity=(("topologyKey",), ("topologyKey", "whenUnsatisfiable")),
    ),
    # Kubernetes replaces all lists from here on as a whole, or they are in no patch.
    "tolerations": ListKeys(identity=(("key",), ("key", "effect"), ("key", "operator", "value", "effect"))),
    "rules": ListKeys(identity=(("host",), ("name",))),
    "paths": ListKeys(identity=(("path", "pathType"),)),
    "matchExpressions": ListKeys(identity=(("key", "operator"), ("key", "operator", "values"))),
    "conditions": ListKeys(identity=(("type",),)),
    # Lists of this product: the arguments of a service, and the file of the LoRA loader.
    "hf_repo_ids": ListKeys(identity=(("repo_id",), ("repo_id", "subfolder"), ("name",))),
    "adapters": ListKeys(identity=(("repo_id",), ("name",))),
}
"""Keys of each list, by the name of its field.

A list that is not here is replaced, and compared by name.
"""


def merge_keys(field: str) -> Keys:
    """Return the merge keys of a list; empty if the list is replaced."""
    return LIST_KEYS[field].merge if field in LIST_KEYS else ()


def identity_keys(field: str) -> tuple[Keys, ...]:
    """Return the identity keys of a list, in order of preference."""
    return LIST_KEYS[field].identity if field in LIST_KEYS else BY_NAME
