"""Changed fields that are a warning without a rule of their own: all that no table lists."""

from __future__ import annotations

import re
from typing import Any, cast

from ..kubernetes.gpu_resources import is_gpu, is_gpu_share
from ..text.field_paths import ItemName
from ..text.secret_names import is_probably_secret_variable
from . import ordinary_fields as ordinary
from .accessors import get, mapping, mappings
from .change import Change
from .container_fields import is_ordinary_field
from .matching import MISSING, Difference
from .pod_changes import CONTAINER_LISTS
from .safe_entries import is_safe_entry
from .safe_variables import is_safe_change
from .values import is_unreadable, show

_OTHER_SOURCES = ("configMapKeyRef", "fileKeyRef", "secretKeyRef")
"""Sources of a variable that are other objects or files."""
_CONTROL_PLANE = re.compile(r"node-role\.kubernetes\.io|metadata\.name|kubernetes\.io/hostname")
"""Text of node selection that names control planes, or single nodes."""
_NODE_SELECTION = ("affinity", "nodeSelector", "tolerations")


def is_sensitive(change: Change, difference: Difference) -> bool:
    """Return true if a changed field may concern keys, traffic, code or rights."""
    type_, kind, where = change.subject.type, change.subject.kind, difference.where
    if not type_.startswith("kubernetes:"):
        return type_.startswith("pulumi:providers:") or is_of_other_provider(change)
    if kind == "ConfigMap" and difference.path[0] in ("data", "binaryData"):
        return not _is_safe_data(difference)
    paths = [path for state in (change.before, change.after) if state is not None for path in state.pod_specs]
    if any(_is_sensitive_metadata(difference, f"{path.removesuffix('spec')}metadata") for path in paths):
        return True
    if where == "metadata" or where.startswith("metadata."):
        return _is_sensitive_own_metadata(kind, difference)
    for path in paths:
        if where.startswith(f"{path}."):
            return not _is_listed(where[len(path) + 1 :], difference)
    return not (ordinary.is_ordinary(kind, where) or _is_metadata_of_pods(where, paths))


def _is_safe_data(difference: Difference) -> bool:
    """Return true for an entry, or all entries of a ConfigMap, that are plain settings or prose."""
    if len(difference.path) == 2 and difference.path[0] == "data":
        return is_safe_entry(str(difference.path[1]), difference.old, difference.new)
    old, new = mapping(difference.old), mapping(difference.new)
    is_readable = difference.where == "data" and not is_unreadable(difference.new)
    return is_readable and all(is_safe_entry(key, old.get(key, MISSING), new.get(key, MISSING)) for key in {*old, *new})


def is_of_other_provider(change: Change) -> bool:
    """Return true for an object outside Kubernetes, such as a role in a cloud or a command."""
    type_, plain = change.subject.type, ("kubernetes:", *ordinary.PLAIN_PROVIDERS)
    return change.subject.custom and not type_.startswith(plain)


def is_of_controller(key: str) -> bool:
    """Return true for a label or an annotation that a controller of the cluster may read."""
    return not ordinary.is_plain_key(key)


def _is_sensitive_own_metadata(kind: str, difference: Difference) -> bool:
    """Return true for metadata of an object that a controller reads."""
    if difference.where in ("metadata.namespace", "metadata.finalizers", "metadata.ownerReferences"):
        return True
    labels = _keys(difference, "metadata.labels")
    if any(kind == "Namespace" or not ordinary.is_plain_key(key) for key in labels):
        return True
    return any(map(is_of_controller, _keys(difference, "metadata.annotations")))


def _is_sensitive_metadata(difference: Difference, path: str) -> bool:
    """Return true for metadata of pods that decides about code, identity or traffic."""
    if any(map(is_of_controller, _keys(difference, f"{path}.annotations"))):
        return True
    labels = [key for key in _keys(difference, f"{path}.labels") if not ordinary.is_descriptive(key)]
    # Selectors of Services and policies may name a label that changes or goes.
    return bool(labels) and (difference.old is not MISSING or any(map(is_of_controller, labels)))


def _is_metadata_of_pods(where: str, paths: list[str]) -> bool:
    return any(where.startswith(f"{path.removesuffix('spec')}metadata") for path in paths)


def _keys(difference: Difference, path: str) -> list[str]:
    """Return the keys that differ in the map at a path, also if all of it is one difference."""
    parent, _, name = path.rpartition(".")
    if difference.where.startswith((f"{path}.", f"{path}[")):
        return [str(difference.path[-1])]
    if difference.where == path:
        return [*mapping(difference.old), *mapping(difference.new)]
    if difference.where == parent:
        return [*mapping(get(difference.old, name)), *mapping(get(difference.new, name))]
    return []


def _is_listed(field: str, difference: Difference) -> bool:
    """Return true for a field that the tables list, by its path below the pod spec."""
    first = re.split(r"[.\[]", field, maxsplit=1)[0]
    if first == "volumes":
        is_whole = "." not in field.rpartition("]")[2]
        return _is_empty_volume(difference.new) if is_whole else ordinary.VOLUME.fullmatch(field) is not None
    if first in _NODE_SELECTION:
        return not (_selects_other_nodes(difference) or _tolerates_all(difference))
    if is_unreadable(difference.new) and not _is_secret_variable(difference):
        return False
    if first not in CONTAINER_LISTS:
        return first in ordinary.POD
    _, _, rest = field.partition("].")
    if re.match(r"env\b", rest):
        return not (_reads_other_object(difference) or _changes_variable(difference))
    if rest.startswith("resources") and _requests_device(difference):
        return False
    if is_ordinary_field(rest, difference):
        return True
    return any(rest == name or rest.startswith((f"{name}.", f"{name}[")) for name in ordinary.CONTAINER)


def _is_secret_variable(difference: Difference) -> bool:
    """Return true for a variable with the name of a credential."""
    names = (get(difference.new, "name"), *(each for each in difference.path[-2:] if isinstance(each, ItemName)))
    return any(is_probably_secret_variable(str(name)) for name in names)


def _changes_variable(difference: Difference) -> bool:
    """Return true if a variable, or one of a list, changes that is not known to be safe."""
    old, new = difference.old, difference.new
    if isinstance(old, list) or isinstance(new, list):  # all variables of the container
        pairs = [*((each, MISSING) for each in mappings(old)), *((MISSING, each) for each in mappings(new))]
        return not pairs or not all(_is_safe_entry(str(get(one, "name") or get(other, "name")), one, other) for one, other in pairs)
    name = next((step for step in reversed(difference.path) if isinstance(step, ItemName)), None)
    if difference.path[-1] == name:
        return not _is_safe_entry(str(name), old, new)
    if difference.path[-1] == "value":
        return not is_safe_change(str(name), old, new)
    return True


def _is_safe_entry(name: str, old: Any, new: Any) -> bool:
    """Return true if the entry of a variable is added, removed or replaced without an effect."""
    first, second = (MISSING if each is MISSING else mapping(each).get("value", mapping(each).get("valueFrom")) for each in (old, new))
    return is_safe_change(name, first, second)


def _reads_other_object(difference: Difference) -> bool:
    """Return true for a variable, or a list of them, with a value from another object."""
    new: Any = difference.new
    listed = cast("list[Any]", new) if isinstance(new, list) else [new]
    sources = {*difference.path, *(key for each in listed for key in mapping(get(each, "valueFrom"))), *mapping(new)}
    return new is not MISSING and not sources.isdisjoint(_OTHER_SOURCES)


def _is_empty_volume(value: Any) -> bool:
    """Return true for a volume whose content is of its pod, for a list of them, and for none."""
    volumes = cast("list[Any]", value) if isinstance(value, list) else [value]
    return all(each is MISSING or {*mapping(each)} <= {"name", "emptyDir", "downwardAPI"} for each in volumes)


def _selects_other_nodes(difference: Difference) -> bool:
    """Return true if pods may run on control planes, on one chosen node, or on any tainted node."""
    where, new = difference.where, difference.new
    if "affinity" in where and "nodeAffinity" not in where:  # affinity to pods names nodes as a topology
        new = get(new, "nodeAffinity")
    text = f"{where} {show(new)}"
    return new is not MISSING and _CONTROL_PLANE.search(text) is not None


def _tolerates_all(difference: Difference) -> bool:
    """Return true for a toleration of all taints: one whose key is absent or empty."""
    if "tolerations" not in difference.where:
        return False
    if difference.path[-1] == "key":
        return difference.new in (MISSING, None, "")
    new: Any = difference.new
    return any(each.get("operator") == "Exists" and not each.get("key") for each in mappings(new if isinstance(new, list) else [new]))


def _requests_device(difference: Difference) -> bool:
    """Return true for an extended resource that is new, such as `smarter-devices/kvm`.

    A device plugin gives the container a device of the node for it. A rule reports GPUs.
    """
    added = _resource_names(difference, difference.new) - _resource_names(difference, difference.old)
    return any("/" in name and not is_gpu(name) and not is_gpu_share(name) for name in added)


def _resource_names(difference: Difference, value: Any) -> set[str]:
    if value is MISSING or isinstance(value, dict):
        return {*mapping(value), *mapping(get(value, "limits")), *mapping(get(value, "requests"))}
    return {str(difference.path[-1])}
