"""PVCs of the volumes in a service's pod, and the arguments that decide about them."""

from typing import Literal

from ..names import CACHE_VOLUMES, LORA_PVC_VOLUME
from .objects import Object, at, mapping_at, name_of, text_at

VolumeOwner = Literal["cache", "lora.source", "lora.volume", "extra_volumes"]


def name_pvc(pod: Object, volume: Object) -> str:
    """Return the name of a volume's PVC, or an empty text if it has none.

    The PVC of a generic ephemeral volume is called `<pod>-<volume>`.
    """
    if mapping_at(volume, "ephemeral", "volumeClaimTemplate"):
        return f"{name_of(pod)}-{text_at(volume, 'name')}"
    return text_at(volume, "persistentVolumeClaim", "claimName")


def find_volume_owner(volume: Object) -> VolumeOwner:
    """Return the argument that decides about a volume with a PVC.

    The PVC of `lora.source` is mounted read-only. That of `lora.volume` is not.
    """
    name = text_at(volume, "name")
    if name == LORA_PVC_VOLUME:
        return "lora.source" if at(volume, "persistentVolumeClaim", "readOnly") is True else "lora.volume"
    return "cache" if name in CACHE_VOLUMES else "extra_volumes"
