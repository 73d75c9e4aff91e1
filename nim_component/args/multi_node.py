"""Models that are bigger than a node."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from .arguments import Arguments
from .cache import CacheArgs
from .field_types import WholeNumber
from .generation import GenerationName, find_generation
from .pod import validate_managed
from .problems import Problem

GROUP_ENV: dict[str, str] = {
    "NIM_MULTI_NODE": "multi_node",
    "NIM_NUM_COMPUTE_NODES": "multi_node.nodes",
    "NIM_TENSOR_PARALLEL_SIZE": "multi_node.tensor_parallel",
    "NIM_PIPELINE_PARALLEL_SIZE": "multi_node.pipeline_parallel",
    "NIM_NODE_RANK": "multi_node",
    "NIM_LEADER_ROLE": "multi_node",
}
"""What tells a server its place in a group, and the argument that decides it."""


_SHARE = "Use access_mode: ReadWriteMany, or an existing_claim that can be shared."


class MultiNodeArgs(Arguments):
    """One server over several nodes: a LeaderWorkerSet in place of the Deployment, each replica a leader and its workers. Needs the
    LeaderWorkerSet controller in the cluster and a cache that all nodes share. NIM 2.x forms the group with Ray; of 1.x the SGLang
    profiles do without more, and those that want MPI over ssh are not supported: `docs/guides/multi-node.md` says why."""

    nodes: Annotated[WholeNumber, Field(ge=2, le=64)]
    """Pods of one replica, each on its node with `gpu` GPUs. Required."""

    tensor_parallel: Annotated[WholeNumber, Field(ge=1)] | None = None
    """GPUs that each layer is split over. Default: `gpu`, those of one node, whose links are the fastest."""

    pipeline_parallel: Annotated[WholeNumber, Field(ge=1)] | None = None
    """Stages that the layers are dealt to. Default: `nodes`."""

    ray_port: Annotated[WholeNumber, Field(ge=1024, le=65535)] = 6379
    """Port of the leader's Ray, which NIM 2.x forms the group with. Default 6379, Ray's own."""

    def sizes(self, gpu: Any) -> tuple[Any, int]:
        """Tensor and pipeline parallel size."""
        return self.tensor_parallel or gpu, self.pipeline_parallel or self.nodes


def validate_sizes(multi_node: MultiNodeArgs | None, gpu: int) -> Iterator[Problem]:
    """NVIDIA, "Configuration": with fewer or more GPUs than the product a server may fail when it starts."""
    if multi_node is None:
        return
    if gpu == 0:
        # They come by a claim, which knows how many. The rest is checked where they are counted.
        if multi_node.tensor_parallel is None:
            rule = "is required with gpu: 0, which says no number of GPUs"
            yield Problem(("multi_node", "tensor_parallel"), rule, "Say over how many GPUs each layer is split, such as those of one node.")
        return
    tensor, pipeline = multi_node.sizes(gpu)
    if tensor * pipeline != multi_node.nodes * gpu:
        rule = f"must make {multi_node.nodes * gpu} with pipeline_parallel ({pipeline}): {multi_node.nodes} nodes x {gpu} GPUs"
        yield Problem(("multi_node", "tensor_parallel"), rule, "Leave both out, or correct one of them, nodes or gpu.", repr(tensor))


def validate_group(multi_node: MultiNodeArgs | None, cache: CacheArgs, autoscaling: Any, rollout: str | None) -> Iterator[Problem]:
    """What a group of pods cannot be combined with."""
    if multi_node is None:
        return
    if autoscaling is not None:
        yield Problem(
            ("autoscaling",), "must not be given together with multi_node", "Set replicas instead: a group of nodes is no quick help."
        )
    if rollout == "recreate":
        rule = "must not be 'recreate' with multi_node: a LeaderWorkerSet replaces group by group"
        yield Problem(("rollout",), rule, "Leave it out: with one replica it comes to the same.")
    own = {"empty_dir": cache.empty_dir, "ephemeral": cache.ephemeral, "host_path": cache.host_path is not None}
    kind = next((name for name, given in own.items() if given), None)
    if kind is not None:
        yield Problem(("cache", kind), "must not be given together with multi_node, whose nodes share one cache", _SHARE)


def validate_group_claim(multi_node: MultiNodeArgs | None, cache: CacheArgs, access_mode: str) -> Iterator[Problem]:
    """All nodes read one cache."""
    if multi_node is not None and cache.makes_claim and access_mode != "ReadWriteMany":
        yield Problem(("cache", "access_mode"), "must be ReadWriteMany with multi_node", _SHARE, repr(access_mode))


def validate_ray_port(
    multi_node: MultiNodeArgs | None, port: int, health_port: int | None, grpc_port: int | None, name: GenerationName | None, image: str
) -> Iterator[Problem]:
    """A port of the leader is listened on once."""
    generation = find_generation(name, image)
    if multi_node is None or not generation.takes_engine_arguments:
        return
    if multi_node.ray_port in (port, health_port, grpc_port, generation.backend_port):
        rule = "must not be another port of the server's, or the engine's own"
        yield Problem(("multi_node", "ray_port"), rule, "Take another for one of them.", repr(multi_node.ray_port))


def validate_group_generation(
    multi_node: MultiNodeArgs | None,
    name: GenerationName | None,
    image: Any,
    env: Mapping[str, Any] | None,
    args: Sequence[Any] | None,
    command: Any,
) -> Iterator[Problem]:
    """How the group is formed differs between the generations, and decides what is in the pods."""
    if multi_node is None:
        return
    yield from validate_managed(env, GROUP_ENV)
    generation = find_generation(name, image if isinstance(image, str) else "")
    if generation.name is None:
        yield Problem(("generation",), "is required with multi_node where the image does not tell it", "Say which NIM it is.")
    if not generation.takes_engine_arguments:
        return
    remedy = "Give engine flags in env, as NIM_PASSTHROUGH_ARGS."
    for field, value in {"args": args, "command": command}.items():
        if value is not None:
            rule = "must not be given with multi_node, where the component says how leader and workers start"
            yield Problem((field,), rule, remedy)
    if str((env or {}).get("NIM_JSONL_LOGGING", "0")).lower() not in ("0", "false"):
        rule = "must be off with multi_node: Ray's workers do not have NIM's log formatter and fail"
        yield Problem(("env", "NIM_JSONL_LOGGING"), rule, "Leave it out.")
