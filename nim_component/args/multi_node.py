"""Models that are larger than one node."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from .arguments import Arguments
from .cache import CacheArgs
from .field_types import Integer
from .fixes import fix
from .generation import GenerationName, find_generation
from .pod import validate_managed
from .problems import Problem

NODE_GROUP_ENV: dict[str, str] = {
    "NIM_MULTI_NODE": "multi_node",
    "NIM_NUM_COMPUTE_NODES": "multi_node.nodes",
    "NIM_TENSOR_PARALLEL_SIZE": "multi_node.tensor_parallel",
    "NIM_PIPELINE_PARALLEL_SIZE": "multi_node.pipeline_parallel",
    "NIM_NODE_RANK": "multi_node",
    "NIM_LEADER_ROLE": "multi_node",
}
"""Environment variables for a server's place in its node group, each with the field that decides
it."""

_SHARE = fix("Use {}, or a shared PVC in existing_claim.", {"cache": {"access_mode": "ReadWriteMany"}})


class MultiNodeArgs(Arguments):
    """One server across several nodes: a LeaderWorkerSet in place of the Deployment.

    Each replica is a node group of one leader and its workers. Requires the LeaderWorkerSet
    controller in the cluster, and a cache that all nodes share. NIM 2.x forms the node group with
    Ray. Of NIM 1.x, SGLang profiles are supported; profiles that need MPI over ssh are not. See
    `docs/guides/multi-node.md`.
    """

    nodes: Annotated[Integer, Field(ge=2, le=64)]
    """Number of pods of one replica, each on its own node with `gpu` GPUs."""

    tensor_parallel: Annotated[Integer, Field(ge=1)] | None = None
    """Number of GPUs that share each layer. Unset: `gpu`, the GPUs of one node, which have the
    fastest links."""

    pipeline_parallel: Annotated[Integer, Field(ge=1)] | None = None
    """Number of stages that the layers are divided into. Unset: `nodes`."""

    ray_port: Annotated[Integer, Field(ge=1024, le=65535)] = 6379
    """Port of Ray on the leader, for NIM 2.x. The default is Ray's own."""

    def sizes(self, gpu: Any) -> tuple[Any, int]:
        """Return the tensor and the pipeline parallel size."""
        return self.tensor_parallel or gpu, self.pipeline_parallel or self.nodes


def validate_sizes(multi_node: MultiNodeArgs | None, gpu: int) -> Iterator[Problem]:
    """Require parallel sizes whose product is the number of GPUs.

    NVIDIA, "Configuration": with another number of GPUs a server may fail at its start.
    """
    if multi_node is None:
        return
    if gpu == 0:
        # Something else decides their number, such as a ResourceClaim. It is validated there.
        if multi_node.tensor_parallel is None:
            message = "is required with gpu: 0, because the number of GPUs is then unknown"
            action = "Set it to the number of GPUs that share each layer, such as the GPUs of one node."
            yield Problem(("multi_node", "tensor_parallel"), message, action)
        return
    tensor, pipeline = multi_node.sizes(gpu)
    if tensor * pipeline != multi_node.nodes * gpu:
        total = f"{multi_node.nodes * gpu} ({multi_node.nodes} nodes x {gpu} GPUs)"
        message = f"times pipeline_parallel ({pipeline}) must be {total}"
        action = "Remove both, or correct one of them, nodes or gpu."
        yield Problem(("multi_node", "tensor_parallel"), message, action, repr(tensor))


def validate_node_group(multi_node: MultiNodeArgs | None, cache: CacheArgs, autoscaling: Any, rollout: str | None) -> Iterator[Problem]:
    """Refuse fields that cannot be combined with node groups."""
    if multi_node is None:
        return
    if autoscaling is not None:
        action = "Remove it, and set replicas: a node group starts too slowly for autoscaling."
        yield Problem(("autoscaling",), "must not be combined with multi_node", action)
    if rollout == "recreate":
        message = "must not be 'recreate' with multi_node: a LeaderWorkerSet replaces one node group after another"
        yield Problem(("rollout",), message, "Remove it: with one replica the result is the same.")
    own = {"empty_dir": cache.empty_dir, "ephemeral": cache.ephemeral, "host_path": cache.host_path is not None}
    kind = next((name for name, is_set in own.items() if is_set), None)
    if kind is not None:
        yield Problem(("cache", kind), "must not be combined with multi_node, whose nodes share one cache", _SHARE)


def validate_node_group_pvc(multi_node: MultiNodeArgs | None, cache: CacheArgs, access_mode: str) -> Iterator[Problem]:
    """Require a PVC that all nodes can mount."""
    if multi_node is not None and cache.has_own_pvc and access_mode != "ReadWriteMany":
        yield Problem(("cache", "access_mode"), "must be ReadWriteMany with multi_node", _SHARE, repr(access_mode))


def validate_ray_port(
    multi_node: MultiNodeArgs | None, port: int, health_port: int | None, grpc_port: int | None, name: GenerationName | None, image: str
) -> Iterator[Problem]:
    """Require a separate port for each listener of the leader."""
    generation = find_generation(name, image)
    if multi_node is None or not generation.takes_engine_arguments:
        return
    if multi_node.ray_port in (port, health_port, grpc_port, generation.backend_port):
        message = "must differ from the ports of the server and of the engine"
        yield Problem(("multi_node", "ray_port"), message, "Change one of the two ports.", repr(multi_node.ray_port))


def validate_node_group_generation(
    multi_node: MultiNodeArgs | None,
    name: GenerationName | None,
    image: Any,
    env: Mapping[str, Any] | None,
    args: Sequence[Any] | None,
    command: Any,
) -> Iterator[Problem]:
    """Require a known generation, and refuse fields that change how a node group starts."""
    if multi_node is None:
        return
    yield from validate_managed(env, NODE_GROUP_ENV)
    generation = find_generation(name, image if isinstance(image, str) else "")
    if generation.name is None:
        message = "is required with multi_node: the image's tag does not show it"
        yield Problem(("generation",), message, "Set it to 1.x, 2.x-vllm or 2.x-sglang.")
    if not generation.takes_engine_arguments:
        return
    action = fix("Pass engine flags in the environment: {}.", {"env": {"NIM_PASSTHROUGH_ARGS": "--max-model-len 8192"}})
    for field, value in {"args": args, "command": command}.items():
        if value is not None:
            message = "must not be combined with multi_node: the component sets the commands of leader and workers"
            yield Problem((field,), message, action)
    if str((env or {}).get("NIM_JSONL_LOGGING", "0")).lower() not in ("0", "false"):
        message = "must be off with multi_node: Ray's workers lack NIM's log formatter and fail"
        yield Problem(("env", "NIM_JSONL_LOGGING"), message, "Remove it.")
