"""Modules that an adapter changes, compared with those of the base model and of the server."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

from .adapter_list import AdapterSpec, Server
from .outcome import LoadError, say

MODULE = "module"
"""Feature of an adapter with weights for a module that the base model does not have."""
MAX_MODULES = 64
_TENSOR = re.compile(r"(?:.*\.)?([\w-]{1,100})\.lora_(?:A|B|embedding_A|embedding_B|magnitude_vector)(?:\..*)?", re.ASCII)


def read_target_modules(config: dict[str, Any]) -> list[str]:
    """Return the last part of each target module; empty for a pattern, which may match any."""
    listed: Any = config.get("target_modules")
    if not isinstance(listed, list):
        return []
    names = [str(each).rpartition(".")[2] for each in cast("list[Any]", listed)[:MAX_MODULES]]
    return sorted(set(names)) if all(re.fullmatch(r"[\w-]{1,100}", name, re.ASCII) for name in names) else []


def read_tensor_modules(names: Iterable[str]) -> list[str]:
    """Return the modules that have tensors of LoRA."""
    found = {match[1] for name in names if (match := _TENSOR.fullmatch(name))}
    return sorted(found)[:MAX_MODULES]


def check_modules(spec: AdapterSpec, facts: dict[str, Any], server: Server) -> None:
    """Compare the modules of an adapter with those of the base model.

    The tensors decide. PEFT accepts a target module that a model does not have, so before the
    weights are known only an adapter without any module of the model is an error.
    """
    of_tensors, targets = _names(facts.get("modules")), _names(facts.get("target_modules"))
    fix = f"Use an adapter of {server.model or 'its base model'}"
    absent = [name for name in of_tensors or targets if server.modules and name not in server.modules]
    if absent and (len(absent) == len(of_tensors or targets) or (of_tensors and MODULE in server.refused)):
        raise LoadError("unsupported", f"{spec}: it changes {', '.join(absent[:5])}, which the base model does not have. {fix}")
    if absent and of_tensors:
        say(f"warning: {spec} changes {', '.join(absent[:5])}, which the base model does not have. {fix}, if the server fails")
    extra = [name for name in of_tensors if server.documented and name not in server.documented]
    if extra:
        say(f"warning: {spec} changes {', '.join(extra[:5])}, and {server.engine} documents no support for that")


def _names(value: Any) -> list[str]:
    return [str(each) for each in cast("list[Any]", value)] if isinstance(value, list) else []
