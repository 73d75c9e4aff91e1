"""Model cache: a lost model is downloaded again before a pod serves requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ...kubernetes.quantities import read_quantity
from ..accessors import Fields, get, mapping, mappings
from ..change import COMPONENT, Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding
from ..object_fields import PVC, WORKLOADS, pods, variables
from ..sentences import Sentence, enumerate_values, sentence
from ..values import show

SIZE = ("spec", "resources", "requests", "storage")
CACHE_PATH = "/opt/nim/.cache"
"""Default of `NIM_CACHE_PATH`."""


def pvcs(service: ServiceChange) -> Iterator[Finding]:
    """Report PVCs that are deleted, replaced or resized."""
    for change in service.of(PVC):
        before, after = change.before, change.after
        if change.operation == "delete" and before is not None and _key(before) in _find_claims(service, "after"):
            yield _given_up(service, change, before)
        elif change.operation == "create" and after is not None and _key(after) in _find_claims(service, "before"):
            text = sentence("PVC {name} is created, and the pods already use a PVC of this name.", name=after.object_name)
            consequence = sentence(
                "The update ends in `already exists`. Import the PVC with `pulumi import`, or keep it as `existing_claim`."
            )
            yield finding("name-held", CRITICAL, change, service.name, text, consequence)
        elif change.operation == "delete" and before is not None and not service.is_deleted:
            verb = "removed from the stack" if before.retain else "deleted"
            yield _lost(service, change, before, sentence("PVC {name} is {verb}.", name=before.object_name, verb=(verb,)))
        elif change.operation == "replace" and before is not None and after is not None:
            yield _lost(service, change, before, _describe_replacement(change, before, after), is_recreated=True)
        if change.operation in ("update", "replace"):
            yield from _sizes(service, change)
        if change.operation == "create" and after is not None:
            yield from _describe_content(service, change, after)


def _describe_content(service: ServiceChange, change: Change, after: ResourceState) -> Iterator[Finding]:
    """Report a new PVC that has content from elsewhere."""
    sources = {field: get(after.inputs, "spec", field) for field in ("volumeName", "dataSource", "dataSourceRef")}
    if named := [f"{field} {show(value)}" for field, value in sources.items() if value]:
        text = sentence("PVC {name} is created with {sources}.", name=after.object_name, sources=enumerate_values(named))
        consequence = sentence("The pods read the models and files that are already on the volume.")
        yield finding("created", WARNING, change, service.name, text, consequence)
    elif service.component is None:
        size = get(after.inputs, "spec", "resources", "requests", "storage")
        text = sentence("PVC {name} is created with {size}.", name=after.object_name, size=size or "no size")
        yield finding("created", NOTICE, change, service.name, text)


def _find_claims(service: ServiceChange, side: Literal["before", "after"]) -> set[tuple[str, str]]:
    """Return the PVCs of the pods that the service does not create, before or after a change.

    A preview does not contain an unchanged workload. Then the arguments of the component do.
    """
    found: set[tuple[str, str]] = set()
    states = [state for change in service.changes if (state := getattr(change, side)) is not None]
    for state in states:
        names = [get(volume, "persistentVolumeClaim", "claimName") for _, pod in pods(state) for volume in mappings(pod.get("volumes"))]
        namespace = state.namespace
        if state.type == COMPONENT:
            names = [get(state.inputs, "cache", "existing_claim"), get(state.inputs, "lora", "volume", "existing_claim")]
            namespace = str(state.inputs.get("namespace"))
        found |= {(namespace, name) for name in names if isinstance(name, str)}
    return found - {_key(state) for state in states if state.kind == PVC}


def _key(state: ResourceState) -> tuple[str, str]:
    return state.namespace, state.object_name


def _given_up(service: ServiceChange, change: Change, before: ResourceState) -> Finding:
    """Describe a PVC that leaves the stack, and that the pods still use."""
    name = before.object_name
    if before.retain:
        text = sentence("PVC {name} is removed from the stack.", name=name)
        consequence = sentence("It stays in the cluster with its data, and the pods still use it.")
        return finding("deleted", NOTICE, change, service.name, text, consequence)
    text = sentence("PVC {name} is deleted, although the pods still use it.", name=name)
    consequence = sentence(
        "Kubernetes deletes it, with all data, when the last pod stops, and new pods do not start. "
        "Set `retain` of the cache in an update of its own first."
    )
    return finding("cache-lost", CRITICAL, change, service.name, text, consequence)


def _describe_replacement(change: Change, before: ResourceState, after: ResourceState) -> Sentence:
    old, new = before.object_name, after.object_name
    if before.namespace != after.namespace:
        old, new = f"{before.namespace}/{old}", f"{after.namespace}/{new}"
    why = sentence(" (forced by {reasons})", reasons=enumerate_values(_reasons(change))) if _reasons(change) else ()
    if change.order == "delete-before-create":
        return sentence("PVC {old} is deleted and then created again, empty{why}.", old=old, why=why)
    return sentence("A new, empty PVC {new} replaces {old}{why}.", old=old, new=new, why=why)


def _reasons(change: Change) -> list[str]:
    """Return the fields that force the replacement.

    A generated name changes because of other fields.
    """
    causes = [reason for reason in change.reasons if reason != "metadata.name"]
    return causes or [each.where for each in change.differences if each.where.startswith("spec.")] or list(change.reasons)


def _lost(service: ServiceChange, change: Change, before: ResourceState, text: Sentence, *, is_recreated: bool = False) -> Finding:
    again = sentence(" Each model is downloaded again before it serves requests.") if is_recreated else ()
    paths = [*(_reasons(change) if is_recreated else []), "metadata.name"]
    if before.retain:
        unused = sentence("The old PVC stays in the cluster, unused.")
        return finding("cache-lost", WARNING, change, service.name, text, unused + again, *paths)
    size = get(before.inputs, *SIZE)
    volume = sentence(" ({size})", size=size) if size else ()
    lost = sentence("All data on the volume{volume} is lost.", volume=volume)
    return finding("cache-lost", CRITICAL, change, service.name, text, lost + again, *paths)


def _sizes(service: ServiceChange, change: Change) -> Iterator[Finding]:
    old, new = (get(state.inputs, *SIZE) if state else None for state in (change.before, change.after))
    old_size, new_size = read_quantity(old), read_quantity(new)
    if old_size is None or new_size is None or old_size == new_size:
        return
    path, name = ".".join(SIZE), change.subject.object_name
    if change.operation == "replace":
        # A new PVC may have any size.
        verb = "grows" if new_size > old_size else "shrinks"
        text = sentence("The cache {verb} from {old} to {new}.", verb=(verb,), old=old, new=new)
        yield finding("cache-grown", NOTICE, change, service.name, text, (), path)
    elif new_size < old_size:
        text = sentence("The cache shrinks: PVC {name} changes from {old} to {new}.", name=name, old=old, new=new)
        consequence = sentence(
            "Kubernetes rejects this because a PVC cannot shrink, so the update fails. "
            "Keep the size, or create a new PVC and lose the data."
        )
        yield finding("cache-shrunk", CRITICAL, change, service.name, text, consequence, path)
    else:
        text = sentence("The cache grows: PVC {name} changes from {old} to {new}.", name=name, old=old, new=new)
        consequence = sentence("No pod restarts. The storage class must set `allowVolumeExpansion`, otherwise the update fails.")
        yield finding("cache-grown", NOTICE, change, service.name, text, consequence, path)


def moves(service: ServiceChange) -> Iterator[Finding]:
    """Report pods whose cache is on another volume. The rule `pvcs` reports a replaced PVC."""
    replaced = {state.object_name for change in service.of(PVC) if change.has_effect for state in (change.before, change.after) if state}
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace") or change.before is None or change.after is None:
            continue
        old, new = _find_volume(change.before), _find_volume(change.after)
        if old is None or new is None or old[1] == new[1]:
            continue
        names = [get(volume[1], "persistentVolumeClaim", "claimName") for volume in (old, new)]
        # Compared as text: in a preview, a name may be any value.
        if all(name is not None for name in names) and any(str(name) in replaced for name in names):
            continue
        text = sentence("The model cache moves from {old} to {new}.", old=_show(old[1]), new=_show(new[1]))
        consequence = sentence("The model is downloaded again unless the new volume already contains it.")
        if "emptyDir" in new[1]:
            consequence += sentence(" An emptyDir starts empty in each new pod.")
        yield finding("cache-moved", WARNING, change, service.name, text, consequence, new[0], old[0])


def _find_volume(state: ResourceState) -> tuple[str, Fields] | None:
    """Return path and definition of the volume at `NIM_CACHE_PATH`, else of the volume `cache`."""
    for path, pod in pods(state):
        volumes = {str(volume.get("name")): volume for volume in mappings(pod.get("volumes"))}
        mounted = [
            str(mount.get("name"))
            for container in mappings(pod.get("containers"))
            for mount in mappings(container.get("volumeMounts"))
            if mount.get("mountPath") == variables(container).get("NIM_CACHE_PATH", CACHE_PATH)
        ]
        for name in (*mounted, "cache"):
            if name in volumes:
                return f"{path}.volumes[{name}]", {key: value for key, value in volumes[name].items() if key != "name"}
    return None


def _show(volume: Fields) -> str:
    for kind, settings in volume.items():
        for detail in ("claimName", "path", "sizeLimit"):
            if value := mapping(settings).get(detail):
                return f"{kind} {value}"
        return kind
    return "none"


RULES = (pvcs, moves)
