"""Overrides: the user's changes to rendered objects, applied last as a strategic merge."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from ..args import NIM
from ..args.problems import Problem
from ..names import LORA_LISTS
from ..text.field_paths import Path
from .child_objects import find_child_object, name_claim_template
from .containers import find_incomplete_containers
from .lora import has_lora_job, has_lora_pvc
from .merge import merge
from .structures import find_unknown_keys, to_python_name, to_yaml_keys


def list_objects(nim: NIM, optional: Iterable[str]) -> list[str]:
    """Return the suffixes of all objects of this service. `optional` are the optional children."""
    is_made = {
        "deployment": nim.multi_node is None,
        "group": nim.multi_node is not None,
        "service": True,
        "cache": nim.cache.has_own_pvc,
        "warm": nim.cache.prewarm is not None,
        "lora": bool(nim.adapter_names),
        "lora-list": has_lora_job(nim),
        **dict.fromkeys(LORA_LISTS, has_lora_job(nim)),
        "lora-job": has_lora_job(nim),
        "loras": has_lora_pvc(nim),
        "pull": nim.secrets.creates_pull_secret,
        "keys": nim.secrets.creates_key_secret or nim.secrets.creates_token_secret,
    }
    templates = [name_claim_template(each.name) for each in nim.resource_claims or () if each.devices is not None]
    return [*(suffix for suffix, made in is_made.items() if made), *templates, *optional]


def check_overrides(nim: NIM, optional: Iterable[str]) -> Iterator[Problem]:
    """Find overrides of unknown objects, unknown fields and fields that cannot be overridden."""
    known = list_objects(nim, optional)
    for suffix, patch in (nim.overrides or {}).items():
        path: Path = ("overrides", suffix)
        if suffix not in known:
            yield Problem(path, "unknown object", f"This service creates: {', '.join(known)}.")
            continue
        kind = find_child_object(suffix)
        if kind.structure is not None:
            yield from find_unknown_keys(patch, kind.structure, path)
        overridden = to_yaml_keys(patch, kind.structure)
        yield from find_incomplete_containers(nim, suffix, overridden)
        for fixed, (reason, fix) in kind.fixed.items():
            if _has(overridden, fixed):
                yield Problem((*path, *fixed), f"cannot be overridden: {reason}", fix)
        for key in overridden if kind.is_metadata_only else ():
            if key != "metadata" and (key,) not in kind.fixed:
                reason = "the name of the object contains a hash of its content"
                yield Problem((*path, key), f"cannot be overridden: {reason}", "Override metadata only.")


def apply_override(nim: NIM, suffix: str, rendered: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs of an object with its override applied; unchanged without an override."""
    patch = (nim.overrides or {}).get(suffix)
    if not patch:
        return rendered
    structure = find_child_object(suffix).structure
    merged = merge(to_yaml_keys(rendered, structure), to_yaml_keys(patch, structure))
    return {key if structure is None else to_python_name(key, structure): value for key, value in merged.items()}


def find_spec_override(nim: NIM, suffix: str) -> dict[str, Any]:
    """Return the override of an object's spec.

    Content hashes cover it where the spec is immutable.
    """
    patch = to_yaml_keys((nim.overrides or {}).get(suffix) or {}, find_child_object(suffix).structure)
    return cast("dict[str, Any]", patch.get("spec") or {})


def _has(value: Any, path: Path) -> bool:
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = cast("Mapping[Any, Any]", value)[key]
    return True
