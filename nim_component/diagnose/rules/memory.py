"""Memory of containers, and of `/dev/shm`, by exit codes and reasons."""

from collections.abc import Iterator

from ...cluster.objects import Container, Ended, Object, containers_of, name_of, text_at
from ...names import CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, PREWARM_CONTAINER, SERVER_CONTAINER
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .server_messages.values import DEFAULT_SHM, find_shm_size

_BUS_ERROR = 135
"""Exit code of a process that SIGBUS ended."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of containers that ran out of memory. The adapter loader has its own rule."""
    for pod in snapshot.pods:
        for each in containers_of(pod):
            if each.ended is None or each.ready or each.name in (LOADER_CONTAINER, CHECKER_CONTAINER):
                continue
            subject = f"pod/{name_of(pod)}"
            if each.ended.reason == "OOMKilled":
                yield _diagnose_oom_kill(pod, each, subject)
            elif each.ended.code == _BUS_ERROR:
                yield _diagnose_bus_error(each.ended, find_shm_size(pod) or DEFAULT_SHM, subject)


def _diagnose_bus_error(ended: Ended, shm_size: str, subject: str) -> Diagnosis:
    text = f"The server's shared memory (/dev/shm, {shm_size}) is too small"
    fix = f"Raise shm_size above {shm_size}, and raise mem by the same amount: /dev/shm counts against mem."
    return Diagnosis("shm-too-small", text, fix, f"exit code {ended.code}", "likely", subject)


def _diagnose_oom_kill(pod: Object, each: Container, subject: str) -> Diagnosis:
    limit = text_at(each.spec, "resources", "limits", "memory")
    if each.name == PREWARM_CONTAINER:
        text = f"The prewarm Job ran out of memory ({limit})"
        return Diagnosis("prewarm-out-of-memory", text, "Raise cache.prewarm.mem.", subject=subject)
    if each.name != SERVER_CONTAINER:
        name = sanitize(each.name, 63)
        argument = "lora_adapter_mem" if each.name == FETCHER_CONTAINER else f"the memory limit of {name} in extra_containers"
        text = f"The container {name} ran out of memory ({limit or 'no limit'})"
        return Diagnosis("container-out-of-memory", text, f"Raise {argument}.", subject=subject)
    shm_size = find_shm_size(pod)
    shm = f", of which /dev/shm can use {shm_size}" if shm_size else ""
    text = f"The server ran out of memory: mem is {limit or 'not limited'}{shm}"
    return Diagnosis("out-of-memory", text, "Raise mem, not only shm_size: /dev/shm counts against mem.", subject=subject)
