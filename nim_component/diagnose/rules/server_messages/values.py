"""Values of a pod for the texts about its log."""

import re
from collections.abc import Mapping

from ....cluster.objects import Container, Object, container, items_at, mapping_at, name_of, number_at, text_at, texts_at
from ....cluster.volume_owners import name_pvc
from ....kubernetes.gpu_resources import is_gpu
from ....kubernetes.kubectl import read_log
from ....names import CACHE_VOLUMES, SERVER_CONTAINER, SHM_VOLUME
from ....text.amounts import count_of
from ....text.sanitizing import sanitize
from ...snapshot import Snapshot
from .hub_token import describe_token

_TAG = re.compile(r"/nim/[^:@]*:([12])\.\d")
_SETTINGS = {
    "1": {
        "memory_share": "NIM_KVCACHE_PERCENT in env",
        "model_source": "NIM_MODEL_NAME in env",
        "remote_code": "NIM_FORCE_TRUST_REMOTE_CODE in env to 1",
        "half": "a profile with fp16",
    },
    "2": {
        "memory_share": "NIM_GPU_MEM_FRACTION in env",
        "model_source": "NIM_MODEL_PATH in env",
        "remote_code": "`--trust-remote-code` in args",
        "half": "`--dtype=half` in args",
    },
    "": {
        "memory_share": "the server's share of GPU memory",
        "model_source": "the model's name in env",
        "remote_code": "the server's option for remote code",
        "half": "the number format fp16",
    },
}
"""Settings by major version of the container. Each ignores or refuses those of the other."""
DEFAULT_SHM = "64Mi"
"""Size of `/dev/shm` without a volume."""


def describe_pod(snapshot: Snapshot, pod: Object, failed: Container) -> Mapping[str, str]:
    """Return the values that texts of log patterns may contain.

    Args:
        snapshot: State of the service.
        pod: Pod of the container.
        failed: Container whose log is diagnosed.
    """
    server = container(pod, SERVER_CONTAINER) or failed
    values = {
        "gpu": _count_gpus(server),
        "mem": text_at(server.spec, "resources", "limits", "memory") or "not limited",
        "shm_size": find_shm_size(pod) or DEFAULT_SHM,
        "cache": f" (the cache has {size})" if (size := _cache_size(snapshot, pod)) else "",
        "node": text_at(pod, "spec", "nodeName") or "of the pod",
        "user": str(number_at(server.spec, "securityContext", "runAsUser") or number_at(pod, "spec", "securityContext", "runAsUser")),
        "logs": log_command(pod, failed),
    }
    values |= describe_token(snapshot.pod_template, failed.name)
    values |= _SETTINGS[_major_version(text_at(server.spec, "image"))]
    return {name: (" " if name == "cache" and value else "") + sanitize(value, 300) for name, value in values.items()}


def _major_version(image: str) -> str:
    """Return the major version of a NIM by its tag, or an empty text."""
    match = _TAG.search(image)
    return match[1] if match else ""


def log_command(pod: Object, failed: Container) -> str:
    """Return the command that prints the whole log of a container's last run."""
    has_restarted = failed.restarts > 0 and bool(failed.waiting or failed.running_since)
    return read_log(text_at(pod, "metadata", "namespace"), name_of(pod), failed.name, previous=has_restarted)


def _count_gpus(server: Container) -> str:
    limits = mapping_at(server.spec, "resources", "limits")
    amounts = [int(each) for name, each in limits.items() if is_gpu(name) and str(each).isdecimal()]
    count = sum(amounts)
    return count_of(count, "GPU") if count else "no GPU"


def find_shm_size(pod: Object) -> str:
    """Return the size of the volume for `/dev/shm`, or an empty text if there is none."""
    volumes = [each for each in items_at(pod, "spec", "volumes") if text_at(each, "name") == SHM_VOLUME]
    return next((text_at(each, "emptyDir", "sizeLimit") for each in volumes), "")


def _cache_size(snapshot: Snapshot, pod: Object) -> str:
    """Return the size of the model cache, or an empty text if it is unknown or unlimited."""
    volume = next((each for each in items_at(pod, "spec", "volumes") if text_at(each, "name") in CACHE_VOLUMES), None)
    if volume is None:
        return ""
    pvc = dict(snapshot.pvcs_of(pod)).get(name_pvc(pod, volume))
    size = texts_at(pvc, "status", "capacity").get("storage") or text_at(pvc, "spec", "resources", "requests", "storage")
    return size or text_at(volume, "emptyDir", "sizeLimit")
