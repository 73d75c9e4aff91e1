"""Canonical form of arguments: arguments with the same meaning render the same objects.

A pod template with another order of the same items would restart the pods, and a Job with another
order would run again.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from ..text.field_paths import Path
from .arguments import Arguments, copy_unvalidated, explicit_fields
from .devices import ResourceClaim
from .lora_adapter import LoRAAdapter
from .outputs import is_output
from .pod import Toleration

T = TypeVar("T", bound=Arguments)


def _by_name(item: dict[str, Any] | ResourceClaim) -> str:
    return item["name"] if isinstance(item, dict) else item.name


def _by_served_name(item: LoRAAdapter) -> str:
    return item.served_name


def _by_path(item: dict[str, Any]) -> str:
    return item.get("mountPath") or item["mount_path"]


def _by_content(item: Any) -> str:
    """Return a text of the whole item. Raise TypeError for an item that contains an Output."""
    return json.dumps(item.model_dump() if isinstance(item, Toleration) else item, sort_keys=True)


UNORDERED: Mapping[Path, Callable[[Any], str]] = {
    ("hf_repo_ids",): _by_served_name,
    ("hf_repo_ids", "files"): _by_content,
    ("lora", "source", "names"): _by_content,
    ("cache", "prewarm", "profiles"): _by_content,
    ("cache", "prewarm", "tolerations"): _by_content,
    ("network", "no_proxy"): _by_content,
    ("tolerations",): _by_content,
    ("topology_spread",): _by_content,
    ("resource_claims",): _by_name,
    ("secrets", "extra_image_secrets"): _by_content,
    ("extra_volumes",): _by_name,
    ("extra_mounts",): _by_path,
}
"""Lists of pods and Jobs whose order has no meaning, each with the key of the canonical order.

Adapters are directories, and the server reads them in an order of its own. Runtimes sort mounts by
depth.
"""
ENVIRONMENTS: frozenset[Path] = frozenset({("env",), ("lora", "env")})
"""Environment variables."""


def canonicalise(args: T, above: Path = ()) -> T:
    """Return arguments in canonical form. They are `args` itself if nothing changes.

    A list whose items cannot be compared keeps its order, because an Output has no value yet.
    """
    changed: dict[str, Any] = {}
    for name, value in explicit_fields(args).items():
        canonical = _canonicalise_value(value, (*above, name))
        if canonical is not value:
            changed[name] = canonical
    return copy_unvalidated(args, changed) if changed else args


def _canonicalise_value(value: Any, path: Path) -> Any:
    if isinstance(value, Arguments):
        return canonicalise(value, path)
    if isinstance(value, list):
        given = cast("list[Any]", value)
        items = _sort_items([_canonicalise_value(item, path) for item in given], UNORDERED.get(path))
        return items if any(new is not old for new, old in zip(items, given, strict=True)) else given
    if isinstance(value, dict) and path in ENVIRONMENTS:
        env = cast("dict[str, Any]", value)
        ordered = order_environment(env)
        return ordered if list(ordered) != list(env) else env
    return cast("Any", value)


def _sort_items(items: list[Any], key: Callable[[Any], str] | None) -> list[Any]:
    try:
        return items if key is None else sorted(items, key=key)
    except TypeError:
        return items


def order_environment(env: Mapping[str, Any]) -> dict[str, Any]:
    """Return environment variables by name, each after the variables to which it refers.

    Kubernetes expands `$(NAME)` only if the variable `NAME` is earlier in the list. The text of an
    Output is unknown, so Outputs come last, in the given order.
    """
    plain = sorted(name for name, value in env.items() if not is_output(value))
    waiting = [*plain, *(name for name, value in env.items() if is_output(value))]
    ordered: dict[str, Any] = {}
    while waiting:
        free = (name for name in waiting if not _find_references(env[name]) & {*waiting} - {name})
        name = next(free, waiting[0])
        ordered[name] = env[name]
        waiting.remove(name)
    return ordered


def _find_references(value: Any) -> set[str]:
    return set(re.findall(r"\$\(([^)]*)\)", value)) if isinstance(value, str) else set()
