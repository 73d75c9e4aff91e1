"""Catalogue of models and GPUs. Models and GPUs that are not in it are skipped."""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_MEBIBYTE = 1024**2
SLICE = 0.95
"""Memory of a MIG slice as a share of the size in its name.

`nvidia-smi mig -lgip` shows 4.75 GiB for `1g.5gb`, 19.5 for `2g.20gb` and 39.25 for `3g.40gb`. This
is the smallest of these shares.
"""


@dataclass(frozen=True)
class Model:
    """Figures that determine the memory of a model."""

    name: str
    parameters: float
    """Parameters in billions, including all experts: all of them are in memory."""
    layers: int
    kv_per_layer: int
    """Values per token in one layer of the KV cache."""
    context: int
    """Tokens of the longest sequence."""
    source: str
    """Repository on the Hugging Face hub that is the source of the figures."""
    precision: str | None = None
    """Precision of the published weights, if it is not 16 bits."""


@dataclass(frozen=True)
class Gpu:
    """A GPU or a MIG slice."""

    name: str
    memory: int
    """Bytes."""


@cache
def models() -> dict[str, Model]:
    """Return the models by each of their names."""
    listed = json.loads(_text())["models"]
    return {
        name: Model(name=each["names"][0], **{key: value for key, value in each.items() if key != "names"})
        for each in listed
        for name in each["names"]
    }


@cache
def gpus() -> dict[str, Gpu]:
    """Return the GPUs by each of their names in lower case."""
    listed = json.loads(_text())["gpus"]
    return {name.lower(): Gpu(each["names"][0], each["memory"] * _MEBIBYTE) for each in listed for name in each["names"]}


def find_model(name: str) -> Model | None:
    """Find a model by the last segment of an image, a Hugging Face repository or a served name."""
    return models().get(name.rpartition("/")[2].lower())


def find_gpu(name: str) -> Gpu | None:
    """Find a GPU by a node label's value, a short name, or a MIG resource name.

    `nvidia.com/mig-3g.40gb` is a slice of almost 40 GB.
    """
    slice_ = re.search(r"mig-\d+g\.(\d+)gb", name)
    if slice_:
        return Gpu(slice_[0], int(int(slice_[1]) * 1024 * _MEBIBYTE * SLICE))
    return gpus().get(name.lower().removesuffix("-shared"))


@cache
def largest_gpu() -> Gpu:
    """Return the GPU of the catalogue with the most memory."""
    return max(gpus().values(), key=lambda each: each.memory)


def _text() -> str:
    return files("nim_component.fit").joinpath("catalogue.json").read_text(encoding="utf-8")
