"""Arguments that decide about the PVC of a volume in a service's pod."""

from typing import Literal

from ..names import CACHE_PVC_VOLUME, LORA_PVC_VOLUME
from .objects import Object, at, text_at

VolumeOwner = Literal["cache", "lora.source", "lora.volume", "extra_volumes"]


def find_volume_owner(volume: Object) -> VolumeOwner:
    """Return the argument that decides about a volume with a PVC.

    The PVC of `lora.source` is mounted read-only. That of `lora.volume` is not.
    """
    name = text_at(volume, "name")
    if name == LORA_PVC_VOLUME:
        return "lora.source" if at(volume, "persistentVolumeClaim", "readOnly") is True else "lora.volume"
    return "cache" if name == CACHE_PVC_VOLUME else "extra_volumes"
