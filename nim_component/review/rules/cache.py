"""The model cache: what is lost is downloaded again, before anything answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...kubernetes.quantities import read_quantity
from ..change import Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding, listed, sentence
from ..objects import WORKLOADS, entries, get, items, pods, variables

CLAIM = "PersistentVolumeClaim"
SIZE = ("spec", "resources", "requests", "storage")


def claims(service: ServiceChange) -> Iterator[Finding]:
    """Claims that go, are replaced, or change their size."""
    for change in service.of(CLAIM):
        before, after = change.before, change.after
        if change.operation == "delete" and before is not None and not (_gone(service)):
            yield _lost(service, change, before, sentence("Claim {name} is deleted.", name=before.object_name))
        elif change.operation == "replace" and before is not None and after is not None:
            old, new = before.object_name, after.object_name
            why = sentence(", forced by {reasons}", reasons=listed(_reasons(change))) if _reasons(change) else ()
            form = (
                "Claim {old} is deleted, and only then created again, empty{why}."
                if change.order == "delete-before-create"
                else "A new, empty claim {new} takes the place of {old}{why}."
            )
            if before.namespace != after.namespace:
                old, new = f"{before.namespace}/{old}", f"{after.namespace}/{new}"
            yield _lost(service, change, before, sentence(form, old=old, new=new, why=why), empty=True)
        if change.operation in ("update", "replace"):
            yield from _sizes(service, change)


def _gone(service: ServiceChange) -> bool:
    component = service.component()
    return component is not None and component.operation == "delete"


def _reasons(change: Change) -> list[str]:
    """What forces the replacement. A name with a digest in it changes with what does."""
    causes = [reason for reason in change.reasons if reason != "metadata.name"]
    return causes or [each.where for each in change.differences if each.where.startswith("spec.")] or list(change.reasons)


def _lost(service: ServiceChange, change: Change, before: ResourceState, text: tuple[str, ...], *, empty: bool = False) -> Finding:
    size = get(before.inputs, *SIZE)
    again = " Each model is downloaded again before it answers." if empty else ""
    paths = _reasons(change) if empty else []
    if before.retain:
        stays = sentence("The old one stays in the cluster and nothing uses it.") + ((again,) if again else ())
        return finding("cache-lost", WARNING, change, service.name, text, stays, *paths, "metadata.name")
    lost = (
        sentence("What it holds ({size}) is lost with it.{again}", size=size, again=(again,))
        if size
        else sentence("What it holds is lost with it.")
    )
    return finding("cache-lost", CRITICAL, change, service.name, text, lost, *paths, "metadata.name")


def _sizes(service: ServiceChange, change: Change) -> Iterator[Finding]:
    old, new = (get(side.inputs, *SIZE) if side else None for side in (change.before, change.after))
    first, second = read_quantity(old), read_quantity(new)
    if first is None or second is None or first == second:
        return
    path, name = ".".join(SIZE), change.subject.object_name
    if change.operation == "replace":
        # A new claim may have any size.
        verb = "grows" if second > first else "shrinks"
        yield finding(
            "cache-grown",
            NOTICE,
            change,
            service.name,
            sentence("The cache {verb}: {old} becomes {new}.", verb=(verb,), old=old, new=new),
            (),
            path,
        )
    elif second < first:
        text = sentence("The cache shrinks: claim {name}, {old} becomes {new}.", name=name, old=old, new=new)
        remedy = sentence(
            "Kubernetes refuses this, so the update fails: a claim never shrinks. Keep the size, or lose what it holds with a new claim."
        )
        yield finding("cache-shrunk", CRITICAL, change, service.name, text, remedy, path)
    else:
        text = sentence("The cache grows: claim {name}, {old} becomes {new}.", name=name, old=old, new=new)
        needs = sentence("Nothing restarts; the storage class must allow it (`allowVolumeExpansion`), or the update fails.")
        yield finding("cache-grown", NOTICE, change, service.name, text, needs, path)


def moved(service: ServiceChange) -> Iterator[Finding]:
    """Pods that keep their models somewhere else than before. A claim that is replaced has its own finding."""
    replaced = {side.object_name for change in service.of(CLAIM) if change.happens for side in (change.before, change.after) if side}
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace") or change.before is None or change.after is None:
            continue
        old, new = _volume(change.before), _volume(change.after)
        if old is None or new is None or old[1] == new[1]:
            continue
        names = [get(volume[1], "persistentVolumeClaim", "claimName") for volume in (old, new)]
        # Compared as texts: a preview is somebody else's, and its names may be anything.
        if all(name is not None for name in names) and any(str(name) in replaced for name in names):
            continue
        text = sentence("The model cache moves: {old} becomes {new}.", old=_spell(old[1]), new=_spell(new[1]))
        gone = sentence(" An emptyDir is empty again for each new pod.") if "emptyDir" in new[1] else ()
        consequence = sentence("What the old one holds is not there: the model is downloaded again unless the new one has it.") + gone
        yield finding("cache-moved", WARNING, change, service.name, text, consequence, new[0], old[0])


def _volume(resource: ResourceState) -> tuple[str, Mapping[str, Any]] | None:
    """The volume that holds the model cache, and its path: what is mounted at NIM_CACHE_PATH, else the one called `cache`."""
    for path, pod in pods(resource):
        volumes = {str(volume.get("name")): volume for volume in items(pod.get("volumes"))}
        mounted = [
            str(mount.get("name"))
            for container in items(pod.get("containers"))
            for mount in items(container.get("volumeMounts"))
            if mount.get("mountPath") == variables(container).get("NIM_CACHE_PATH", "/opt/nim/.cache")
        ]
        for name in (*mounted, "cache"):
            if name in volumes:
                return f"{path}.volumes[{name}]", {key: value for key, value in volumes[name].items() if key != "name"}
    return None


def _spell(volume: Mapping[str, Any]) -> str:
    for kind, settings in volume.items():
        for detail in ("claimName", "path", "sizeLimit"):
            if value := entries(settings).get(detail):
                return f"{kind} {value}"
        return kind
    return "none"


RULES = (claims, moved)
