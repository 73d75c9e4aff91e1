"""Patches of pods in text, such as `podSpecPatch` of Argo Workflows, merged for the rules.

The patch is a strategic merge patch in YAML or JSON. Argo replaces expressions in its text, so what
a patch with expressions sets is not known.

https://argo-workflows.readthedocs.io/en/latest/fields/#template
"""

import re
from collections.abc import Sequence
from typing import Any, cast

import yaml
from fields import Props, items, mapping

FIELD = "podSpecPatch"
_EXPRESSION = "{{"
_AMOUNT = re.compile(r"\b(?:cpu|memory|ephemeral-storage)[\"']?\s{0,8}:\s{0,8}[\"']?[^,{}\n\"']{0,80}\{\{[^{}\n]{0,200}\}\}")
"""Amount in a patch that is an expression. It is no number of GPUs."""
_MAX_LENGTH = 100_000


def is_readable(patch: str) -> bool:
    """Return whether the content of a patch is known: a mapping without expressions."""
    return _EXPRESSION not in patch and "$patch" not in patch and _parse(patch) is not None


def may_add_gpus(patch: str) -> bool:
    """Return whether the GPUs that a patch sets are unknown."""
    return not is_readable(patch) and (_EXPRESSION in _AMOUNT.sub("", patch) or _parse(patch) is None)


def merge_patches(spec: Props, patches: Sequence[str]) -> Props:
    """Return a pod spec with patches. What is no mapping is left out."""
    for patch in patches:
        spec = _merge(spec, _parse(patch) or {})
    return spec


def _parse(patch: str) -> Props | None:
    try:
        content = yaml.safe_load(patch) if len(patch) <= _MAX_LENGTH else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return cast("Props", content) if isinstance(content, dict) else None


def _merge(old: Props, patch: Props) -> dict[str, Any]:
    merged = {**old}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif mapping(value) and mapping(merged.get(key)):
            merged[key] = _merge(merged[key], value)
        elif items(value) and items(merged.get(key)):
            merged[key] = _merge_lists(items(merged[key]), items(value))
        else:
            merged[key] = value
    return merged


def _merge_lists(old: Sequence[Props], patch: Sequence[Props]) -> list[Props]:
    """Return the items of both lists; items of one name are merged."""
    named = {each.get("name"): each for each in patch}
    kept = [_merge(each, named[each["name"]]) if each.get("name") in named and each.get("name") else each for each in old]
    names = {each.get("name") for each in old if each.get("name")}
    return [*kept, *(each for each in patch if each.get("name") not in names)]
