"""Containers in the pod templates of rendered objects: their names, and overrides of them."""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any, cast

from ..args import NIM
from ..args.problems import Problem
from ..names import AUTHORITIES_CONTAINER, LOADER_CONTAINER, PREWARM_CONTAINER, SERVER_CONTAINER
from ..text.field_paths import Path
from ..text.nearest_names import did_you_mean
from .lora import list_init_containers
from .merge import merge

_TEMPLATE: Path = ("spec", "template")
_TEMPLATES: Mapping[str, tuple[Path, ...]] = {
    "deployment": (_TEMPLATE,),
    "group": (("spec", "leaderWorkerTemplate", "leaderTemplate"), ("spec", "leaderWorkerTemplate", "workerTemplate")),
    "warm": (_TEMPLATE,),
    "lora-job": (_TEMPLATE,),
}
"""Paths of the pod templates in each object, by suffix."""
_EPHEMERAL = "ephemeralContainers"


def list_containers(nim: NIM, suffix: str) -> dict[str, list[str]]:
    """Return the names of the containers in the pods of an object, by field of the pod."""
    authorities = [AUTHORITIES_CONTAINER] if nim.network is not None and nim.network.ca_config_map is not None else []
    if suffix in ("warm", "lora-job"):
        return {"containers": [PREWARM_CONTAINER if suffix == "warm" else LOADER_CONTAINER], "initContainers": authorities}
    own_init = [*authorities, *list_init_containers(nim)]
    return {
        "containers": [SERVER_CONTAINER, *_names(nim.extra_containers)],
        "initContainers": [*own_init, *_names(nim.extra_init_containers)],
    }


def _names(containers: Any) -> list[str]:
    return [container["name"] for container in containers or ()]


def find_incomplete_containers(nim: NIM, suffix: str, patch: Mapping[str, Any]) -> Iterator[Problem]:
    """Find containers that an override adds without an image, and those without a name.

    A new container with an image is a sidecar. Without an image, the name is probably a typing
    error, and the API server refuses the object.

    Args:
        nim: Arguments of the service.
        suffix: Suffix of the object.
        patch: Its override, with keys in the form of YAML.
    """
    for path in _TEMPLATES.get(suffix, ()):
        below = (*path, "spec")
        pod, known = _read(patch, below), list_containers(nim, suffix)
        before = {field: [{"name": name, "image": name} for name in names] for field, names in known.items()}
        after = _read(merge(_nest(before, below), patch), below)
        for field, names in known.items():
            if isinstance(pod.get(field), list):
                yield from _check_list(pod[field], names, after[field], ("overrides", suffix, *below, field))
        if _EPHEMERAL in pod:
            message = "cannot be overridden: a pod template must not have ephemeral containers"
            yield Problem(("overrides", suffix, *below, _EPHEMERAL), message, "Use containers, or `kubectl debug` on a running pod.")


def _check_list(given: list[Any], known: list[str], merged: list[Any], path: Path) -> Iterator[Problem]:
    """Check the items of an override; `known` are the names before it, `merged` is its result."""
    if not all(isinstance(item, Mapping) for item in given):
        return  # an Output, which the API server validates
    incomplete = [each.get("name") for each in merged if each.get("image") is None]
    existing = f"Existing: {', '.join(known)}." if known else "No container exists in this list."
    for at, item in enumerate(given):
        name = item.get("name")
        if not isinstance(name, str):
            yield Problem((*path, at), "must have a plain name, by which containers are merged", f"Add `name`. {existing}")
        elif name in incomplete and name in known:
            yield Problem((*path, at, "image"), "is required", "Set an image; without one, the API server refuses the object.")
        elif name in incomplete:
            message = f"no container is named {name!r}, and a new container requires an image"
            yield Problem((*path, at), message, f"{did_you_mean(name, known) or existing} For a sidecar, set image.")


def _nest(value: Any, path: Path) -> Any:
    return reduce(lambda inner, key: {key: inner}, reversed(path), value)


def _read(value: Any, path: Path) -> Mapping[str, Any]:
    for key in path:
        value = cast("Mapping[Any, Any]", value).get(key) if isinstance(value, Mapping) else None
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
