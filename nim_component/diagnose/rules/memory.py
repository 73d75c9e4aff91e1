"""Memory: of the container, of `/dev/shm` in it, of the GPU."""

from collections.abc import Iterator

from ...cluster.objects import Container, Object, containers_of, items_at, name_of, text_at
from ...names import CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, PREWARM_CONTAINER, SERVER_CONTAINER
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import MessagePattern, any_of, match_patterns

_LAST_WORDS = (
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
        "Use more GPUs (gpu) or larger ones (node_selector), a smaller profile (model_profile), or less "
        "context (NIM_MAX_MODEL_LEN in env).",
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
        "Raise shm_size, and mem by as much: what is in /dev/shm counts against mem.",
        "likely",
    ),
)
_BUS_ERROR = 135


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Who ran out of what memory."""
    for pod in snapshot.pods:
        for each in containers_of(pod):
            if each.ended is None or each.ready or each.name in (LOADER_CONTAINER, CHECKER_CONTAINER):
                continue
            subject = f"pod/{name_of(pod)}"
            if each.ended.reason == "OOMKilled":
                yield _read_kill(pod, each, subject)
            elif each.ended.code != 0:
                found = list(match_patterns(_LAST_WORDS, each.ended.message, subject))
                if not found and each.ended.code == _BUS_ERROR:
                    found = list(match_patterns(_LAST_WORDS, "bus error", subject, f"exit code {_BUS_ERROR}"))
                yield from found


def _read_kill(pod: Object, each: Container, subject: str) -> Diagnosis:
    memory = text_at(each.spec, "resources", "limits", "memory")
    if each.name == PREWARM_CONTAINER:
        text = f"The download of the model ran out of memory ({memory})"
        return Diagnosis("prewarm-out-of-memory", text, "Raise cache.prewarm.mem.", subject=subject)
    if each.name != SERVER_CONTAINER:
        text = f"The container {sanitize(each.name, 63)} ran out of memory ({memory or 'no limit'})"
        limit = "lora_adapter_mem" if each.name == FETCHER_CONTAINER else f"its memory limit in extra_containers: {sanitize(each.name, 63)}"
        return Diagnosis("container-out-of-memory", text, f"Raise {limit}.", subject=subject)
    shared = next(
        (text_at(volume, "emptyDir", "sizeLimit") for volume in items_at(pod, "spec", "volumes") if volume.get("name") == "dshm"), ""
    )
    of_it = f", of which /dev/shm may take {shared}" if shared else ""
    text = f"The server ran out of memory: mem is {memory or 'not limited'}{of_it}"
    return Diagnosis("out-of-memory", text, "Raise mem, not only shm_size: what is in /dev/shm counts against mem.", subject=subject)
