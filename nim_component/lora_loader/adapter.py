"""Content of an adapter: rank, base model and weights."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .adapter_list import CONFIG, AdapterSpec, Server, find_pickles
from .features import TensorFacts, add_features, check_features, read_features, read_tensor_features
from .modules import check_modules, read_target_modules, read_tensor_modules
from .outcome import LoadError, say
from .settings import Settings

MAX_CONFIG_BYTES = 1 << 20
"""Largest accepted adapter configuration. It is held in memory."""
MAX_HEADER_BYTES = 16 << 20
"""Largest accepted header of a safetensors file. It is held in memory."""
DTYPE_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
              "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64}  # fmt: skip


def read_config(spec: AdapterSpec, path: Path) -> dict[str, Any]:
    """Return rank, base model and features from an adapter's configuration."""
    check_size(spec, path.stat().st_size)
    try:
        config: Any = json.loads(path.read_bytes())
        ranks: list[Any] = [config.get("r"), *(config.get("rank_pattern") or {}).values()]
        base, features = config.get("base_model_name_or_path"), read_features(config)
        targets = read_target_modules(config)
    except (ValueError, AttributeError, RecursionError) as e:
        raise LoadError("damaged", f"{spec}: {CONFIG} in the repo is not a JSON object ({type(e).__name__}). Correct it there") from None
    rank = max((r for r in ranks if is_rank(r)), default=None)
    return {"rank": rank, "base_model": base if is_name(base) else None, "features": features, "target_modules": targets}


def is_rank(value: Any) -> bool:
    """Return True for an int that is not a bool."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_name(value: Any) -> bool:
    """Return True if a value from an untrusted file can be printed as a model name."""
    return isinstance(value, str) and value.isprintable() and len(value) <= 200


def check_size(spec: AdapterSpec, size: int) -> None:
    """Raise LoadError if a configuration is too large; also called before the download."""
    if size > MAX_CONFIG_BYTES:
        raise LoadError("damaged", f"{spec}: {CONFIG} has {size} bytes, more than the limit of {MAX_CONFIG_BYTES}. Correct it in the repo")


def read_facts(spec: AdapterSpec, directory: Path, names: Iterable[str]) -> dict[str, Any]:
    """Return rank, base model and features of the files of an adapter."""
    facts = read_config(spec, directory / CONFIG)
    for name in names:
        add_features(facts, check_weights(spec, directory / name))
    return facts


def check_tensors(spec: AdapterSpec, path: Path, facts: dict[str, Any], server: Server) -> None:
    """Add the facts of a file's tensors to those of its adapter, and compare them with the server.

    Features that `check_fit` compared before are not compared again.
    """
    check_features(spec, add_features(facts, check_weights(spec, path)), server)
    check_modules(spec, {"modules": facts["modules"]}, server)


def check_fit(s: Settings, spec: AdapterSpec, facts: dict[str, Any], server: Server) -> None:
    """Compare an adapter with the limits of the server.

    A rank above the limit and a feature that the engine refuses raise LoadError; uncertain
    mismatches print a warning. NIM and the hub
    name one model differently (meta/llama3-8b-instruct, meta-llama/Meta-Llama-3-8B-Instruct).
    """
    check_features(spec, facts.get("features"), server)
    check_modules(spec, facts, server)
    rank: int = facts["rank"] if is_rank(facts.get("rank")) else 0
    trained_on: str = facts["base_model"] if is_name(facts.get("base_model")) else ""
    if s.max_rank is not None and rank > s.max_rank:
        fix = "Raise lora.max_rank, or remove the adapter"
        raise LoadError("rank", f"{spec}: its rank {rank} is above the server's NIM_MAX_LORA_RANK={s.max_rank}. {fix}")
    if s.max_rank is None and server.default_rank is not None and rank > server.default_rank:
        say(f"warning: {spec} has rank {rank}, and the server's default limit is {server.default_rank}. Set lora.max_rank")
    if is_other_model(trained_on, server.model):
        say(f"warning: {spec} was trained on {trained_on}, the server's model is {server.model}")


def is_other_model(trained_on: str, served: str) -> bool:
    """Return True if two names of models differ by more than the names of NIM and of the hub do."""
    base, model = (re.sub(r"[^a-z0-9]", "", name.rsplit("/", 1)[-1].lower()) for name in (trained_on, served))
    return bool(base and model) and base not in model and model not in base


def check_weights(spec: AdapterSpec, path: Path) -> TensorFacts:
    """Raise LoadError if a file does not contain weights; return the facts of the tensors.

    The hub's record proves only that the bytes are those of the repo. They may still be, for
    example, a Git LFS pointer.
    """
    size, why, facts = path.stat().st_size, "", TensorFacts()
    with path.open("rb") as f:
        if path.suffix == ".safetensors":
            try:
                length = int.from_bytes(f.read(8), "little")
                if not 2 <= length <= min(size - 8, MAX_HEADER_BYTES):
                    raise ValueError("header length")
                header = json.loads(f.read(length))
                header.pop("__metadata__", None)
                facts = TensorFacts(tuple(read_tensor_features(header)), tuple(read_tensor_modules(header)))
                end = 0
                for tensor in sorted(header.values(), key=lambda t: t["data_offsets"]):
                    start, stop = tensor["data_offsets"]
                    bits = DTYPE_BITS.get(tensor["dtype"])
                    if start != end or stop < start or (bits and math.prod(tensor["shape"]) * bits != (stop - start) * 8):
                        raise ValueError("tensor offsets")
                    end = stop
                if end != size - 8 - length:
                    raise ValueError("tensors do not fill the file")
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
                why = f"not a safetensors file ({e})"
    if find_pickles([path.name]):
        from .pickles import find_code

        try:
            code = find_code(path)
        except (ValueError, IndexError, UnicodeError) as e:
            why, code = f"not a PyTorch file ({e})", None
        if code is not None:
            text = f"{path.name} is a pickle with {ascii(code)[1:-1][:80]}, which is no tensor and can run code. Do not load it"
            raise LoadError("pickle", f"{spec}: {text}; use a repo with safetensors")
    if why:
        raise LoadError("damaged", f"{spec}: {path.name} is {why} in the repo itself. Pin another revision or repair the repo")
    return facts
