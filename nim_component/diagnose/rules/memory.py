"""Memory of containers, of `/dev/shm` and of GPUs."""

from collections.abc import Iterator

from ...cluster.objects import Container, Object, containers_of, items_at, name_of, text_at
from ...names import CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, PREWARM_CONTAINER, SERVER_CONTAINER
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import MessagePattern, any_of, match_patterns

_LOG_PATTERNS = (
    MessagePattern(
        "gpu-out-of-memory",
        any_of(
            r"CUDA out of memory",
            r"torch\.(?:cuda\.)?OutOfMemoryError",
            r"No available memory for the cache blocks",
            r"larger than the maximum number of tokens that can be stored in KV cache",
            r"Free memory on device .* is less than desired",
            r"failed to allocate .*GPU memory",
        ),
        "The model does not fit into the GPU's memory",
        "Use more GPUs (gpu), larger GPUs (node_selector), a smaller profile (model_profile), or a shorter context "
        "(NIM_MAX_MODEL_LEN in env).",
    ),
    MessagePattern(
        "shm-too-small",
        any_of(
            r"bus error",
            r"unable to (?:write|mmap|allocate) .*(?:/dev/shm|shared memory|torch_)",
            r"/dev/shm.*No space left",
            r"No space left.*/dev/shm",
            r"NCCL.*(?:shm|shared memory)",
        ),
        "The server's shared memory (/dev/shm) is too small",
        "Raise shm_size, and raise mem by the same amount: /dev/shm counts against mem.",
        "likely",
    ),
)
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
            elif each.ended.code != 0:
                found = list(match_patterns(_LOG_PATTERNS, each.ended.message, subject))
                if not found and each.ended.code == _BUS_ERROR:
                    found = list(match_patterns(_LOG_PATTERNS, "bus error", subject, f"exit code {_BUS_ERROR}"))
                yield from found


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
    shm_size = next(
        (text_at(volume, "emptyDir", "sizeLimit") for volume in items_at(pod, "spec", "volumes") if volume.get("name") == "dshm"), ""
    )
    shm = f", of which /dev/shm can use {shm_size}" if shm_size else ""
    text = f"The server ran out of memory: mem is {limit or 'not limited'}{shm}"
    return Diagnosis("out-of-memory", text, "Raise mem, not only shm_size: /dev/shm counts against mem.", subject=subject)
