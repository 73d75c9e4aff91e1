"""Arguments of the PVCs that a pod mounts: the cache's, the adapters', or the user's own."""

from ...cluster.objects import Object, at, items_at, number_at
from ...cluster.volume_owners import find_volume_owner, name_pvc
from ...text.sanitizing import sanitize
from ..snapshot import Snapshot


def name_volume_fields(snapshot: Snapshot, pod: Object, pvc: str) -> dict[str, str]:
    """Return the words for the fields of a PVC in fix texts.

    The keys are `size`, `mode`, `storage_class`, `claim`, `volume_name` and `mode_fix`. For a PVC
    in `extra_volumes`, the words name the PVC's own fields.
    """
    volumes = [each for each in items_at(pod, "spec", "volumes") if pvc and name_pvc(pod, each) == pvc]
    owner = find_volume_owner(volumes[0]) if volumes else "cache"
    is_single = _has_one_replica(snapshot)
    if owner == "cache":
        fields = _name_fields("cache")
        if volumes and at(volumes[0], "ephemeral") is not None:
            fields |= {name: f"{fields[name]} in place of cache.ephemeral" for name in ("claim", "volume_name")}
    elif owner == "lora.volume":
        fields = _name_fields("lora.volume") | {"volume_name": "lora.volume.existing_claim"}
    else:
        fields = _name_own_fields(pvc) | {"claim": "lora.source.claim" if owner == "lora.source" else "extra_volumes"}
    share = f"set {fields['storage_class']} to a class of file shares"
    once = f"set {fields['mode']} to ReadWriteOnce"
    fix = {True: f"{once}: the service has 1 replica", False: share, None: f"{once} and replicas to 1, or {share}"}[is_single]
    return fields | {"mode_fix": f"{fix[0].upper()}{fix[1:]}."}


def _name_fields(prefix: str) -> dict[str, str]:
    return {
        "size": f"{prefix}.size",
        "mode": f"{prefix}.access_mode",
        "storage_class": f"{prefix}.storage_class",
        "claim": f"{prefix}.existing_claim",
        "volume_name": f"{prefix}.volume_name",
    }


def _name_own_fields(pvc: str) -> dict[str, str]:
    shown = sanitize(pvc, 100)
    return {
        "size": f"the size of the PVC {shown}",
        "mode": f"the access mode of the PVC {shown}",
        "storage_class": f"the StorageClass of the PVC {shown}",
        "volume_name": f"the volume of the PVC {shown}",
    }


def _has_one_replica(snapshot: Snapshot) -> bool | None:
    """Return whether the service has one replica, or None if it is unknown."""
    return None if snapshot.deployment is None else number_at(snapshot.deployment, "spec", "replicas") <= 1
