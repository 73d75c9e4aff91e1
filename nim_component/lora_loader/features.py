"""Features of an adapter that not every model server loads: it is then no plain LoRA adapter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from .adapter_list import AdapterSpec, Server
from .outcome import LoadError, say

DORA, BIAS, MODULES, METHOD, DTYPE = "DoRA", "bias", "modules_to_save", "method", "dtype"
DTYPES = ("F16", "BF16", "F32", "F64")
"""Types of tensors in safetensors that every engine converts to its own."""
CHANGED_BASES = ("pissa", "olora", "corda", "loftq")
"""Initial weights with which PEFT changes the base model when it loads the adapter."""
VARIANTS = {
    "lora_bias": "lora_bias",
    "alora_invocation_tokens": "Activated LoRA",
    "layer_replication": "layer_replication",
    "use_bdlora": "BD-LoRA",
    "use_qalora": "QALoRA",
    "trainable_token_indices": "trainable_token_indices",
}
"""Fields of PEFT that change the meaning of the weights, each with the name of its feature."""
HEADS = ("classifier", "score")
"""Heads of classifiers, which vLLM accepts in `modules_to_save`."""
EXPORT = "Train or export it as plain LoRA, or merge it into the model"


@dataclass(frozen=True)
class TensorFacts:
    """Facts of the tensors of one file."""

    features: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    """Modules that have tensors of LoRA."""


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
    found += [MODULES] if modules else []
    initial = str(config.get("init_lora_weights")).lower()
    found += [f"init_lora_weights {_shown(initial)}"] if initial.startswith(CHANGED_BASES) else []
    return found + [name for field, name in VARIANTS.items() if config.get(field)]


def read_tensor_features(header: dict[str, Any]) -> list[str]:
    """Return the features of the tensors, whatever the configuration is."""
    found = [DORA] if any("lora_magnitude_vector" in name for name in header) else []
    return found + [f"{DTYPE} {_shown(each)}" for each in sorted({str(tensor["dtype"]) for tensor in header.values()} - set(DTYPES))]


def add_features(facts: dict[str, Any], of_tensors: TensorFacts) -> list[str]:
    """Add the facts of tensors to those of an adapter, and return the new features."""
    known: list[str] = facts.setdefault("features", [])
    new = [each for each in of_tensors.features if each not in known]
    known += new
    facts["modules"] = sorted({*facts.get("modules", ()), *of_tensors.modules})
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
