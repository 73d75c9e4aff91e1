"""Features of an adapter that not every model server loads: it is then no plain LoRA adapter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

from .adapter_list import AdapterSpec, Server
from .outcome import LoadError, say

DORA, BIAS, MODULES, METHOD = "DoRA", "bias", "modules_to_save", "method"
HEADS = ("classifier", "score")
"""Heads of classifiers, which vLLM accepts in `modules_to_save`."""
EXPORT = "Train or export it as plain LoRA, or merge it into the model"


def read_features(config: dict[str, Any]) -> list[str]:
    """Return the features that a configuration of PEFT names; a plain LoRA adapter has none.

    `method IA3` stands for another method than LoRA.
    """
    method: Any = config.get("peft_type")
    modules: Any = config.get("modules_to_save")
    if isinstance(modules, list):
        modules = [each for each in cast("list[Any]", modules) if each not in HEADS]
    found = [f"{METHOD} {_shown(method)}"] if method is not None and str(method).upper() != "LORA" else []
    found += [DORA] if config.get("use_dora") else []
    found += [BIAS] if config.get("bias") not in (None, "none") else []
    return found + ([MODULES] if modules else [])


def read_tensor_features(names: Iterable[str]) -> list[str]:
    """Return the features that the names of the tensors show, whatever the configuration is."""
    return [DORA] if any("lora_magnitude_vector" in name for name in names) else []


def add_features(facts: dict[str, Any], found: Iterable[str]) -> list[str]:
    """Add features of the tensors to the facts of an adapter, and return the new ones."""
    known: list[str] = facts.setdefault("features", [])
    new = [each for each in found if each not in known]
    known += new
    return new


def check_features(spec: AdapterSpec, features: Any, server: Server) -> None:
    """Compare the features of an adapter with those that the server loads.

    A feature that the engine refuses raises LoadError. Others print a warning.
    """
    for feature in cast("list[Any]", features) if isinstance(features, list) else ():
        shown = _shown(feature)
        if str(feature).partition(" ")[0] in server.refused:
            raise LoadError("unsupported", f"{spec}: it uses {shown}, which {server.engine} does not load. {EXPORT}")
        say(f"warning: {spec} uses {shown}, and its support by the server is unknown. {EXPORT}, if the server fails")


def _shown(value: Any) -> str:
    text = str(value)
    return text if re.fullmatch(r"[\w .-]{1,60}", text, re.ASCII) else ascii(text[:40])
