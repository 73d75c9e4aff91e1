"""Arguments of a service that its workload shows, for the arithmetic of `fit`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from .accessors import Fields, get, integer, mapping, strings
from .change import COMPONENT, Change, ResourceState, ServiceChange
from .object_fields import containers, gpus_of, pods, variables

if TYPE_CHECKING:
    from ..fit import Misfit

MAX_NODES = 64


class NodeGroup(NamedTuple):
    """Size of a node group."""

    nodes: int


class ServerArguments(NamedTuple):
    """Arguments of a server that the arithmetic reads.

    The models of all arguments are not used: their import takes longer than the arithmetic.
    """

    gpu: int
    env: Fields
    args: Sequence[str]
    node_selector: Fields
    hf_repo_ids: Sequence[Any]
    multi_node: NodeGroup | None
    gpu_resource: str
    image: str | None = None
    model_profile: str | None = None
    served_model_name: str | None = None
    mem: None = None
    shm_size: None = None


def find_new_misfit(service: ServiceChange, change: Change) -> Misfit | None:
    """Return why a model does not fit on its GPUs after a change; None for an older reason.

    The arithmetic is imported only for a change of the arguments that it reads.
    """
    before, after = (None if state is None else _read_arguments(service, state) for state in (change.before, change.after))
    if after is None or before == after or not change.has_effect:
        return None
    found = _compute_misfit(after)
    return None if before is not None and _compute_misfit(before) == found else found


def is_fit_warning(text: str) -> bool:
    """Return true for a message of the component about the fit."""
    from ..fit import is_warning

    return is_warning(text)


def _compute_misfit(arguments: Fields) -> Misfit | None:
    return _compute_misfit_of(json.dumps(arguments, sort_keys=True))


@lru_cache(maxsize=1024)  # the services of a repository, and both of its renders, have few images and GPUs
def _compute_misfit_of(arguments: str) -> Misfit | None:
    from ..fit import find_misfit
    from ..fit.misfit import COMMON_RESOURCE

    content = {"gpu_resource": COMMON_RESOURCE} | json.loads(arguments)
    nodes = content.pop("multi_node")
    server: Any = ServerArguments(**content, multi_node=NodeGroup(**nodes) if nodes else None)
    return find_misfit(server)


def _read_arguments(service: ServiceChange, state: ResourceState) -> Fields:
    return _validate(state.inputs if state.type == COMPONENT else _read_server(service, state))


def _read_server(service: ServiceChange, state: ResourceState) -> Fields:
    """Return the arguments of a service that its workload shows."""
    for path, container in containers(state, init=False):
        resources = gpus_of(container)
        if len(resources) != 1:
            continue
        ((resource, count),) = resources.items()
        values = variables(container)
        pod = next(pod for each, pod in pods(state) if path.startswith(each))
        component = service.component and (service.component.after or service.component.before)
        return {
            "image": container.get("image") or "",
            "env": values,
            "args": container.get("args"),
            "model_profile": values.get("NIM_MODEL_PROFILE"),
            "served_model_name": values.get("NIM_SERVED_MODEL_NAME"),
            "gpu": count,
            "gpu_resource": resource,
            "node_selector": pod.get("nodeSelector"),
            "multi_node": {"nodes": get(state.inputs, "spec", "leaderWorkerTemplate", "size")},
            "hf_repo_ids": component and component.inputs.get("hf_repo_ids"),
        }
    return {"gpu": 0}


def _validate(fields: Fields) -> dict[str, Any]:
    """Return the arguments with the types that the arithmetic requires, without all others."""
    env, adapters = mapping(fields.get("env")), fields.get("hf_repo_ids")
    size = integer(get(fields, "multi_node", "nodes")) or 1
    texts = {name: fields.get(name) for name in ("image", "model_profile", "served_model_name", "gpu_resource")}
    return {name: str(value) for name, value in texts.items() if value is not None} | {
        "gpu": integer(fields.get("gpu")) or 0,
        "env": {str(name): str(value) for name, value in env.items()},
        "args": strings(fields.get("args")),
        "node_selector": {str(name): str(value) for name, value in mapping(fields.get("node_selector")).items()},
        "multi_node": {"nodes": size} if 1 < size <= MAX_NODES else None,
        "hf_repo_ids": adapters if isinstance(adapters, list) else (),
    }
