"""The models and GPUs that are known. What is not known is no error: nothing is said of it."""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_MEBIBYTE = 1024**2
SLICE = 0.95
"""Share of the memory in a MIG slice's name that it has: by `nvidia-smi mig -lgip` 4.75 GiB of `1g.5gb`, 19.5 of `2g.20gb`, 39.25 of
`3g.40gb`. The least of them."""


@dataclass(frozen=True)
class Model:
    """What decides a model's memory."""

    name: str
    parameters: float
    """In billions, all experts counted: all of them lie in memory."""
    layers: int
    kv_per_layer: int
    """Values that one token keeps in one layer of the KV cache."""
    context: int
    """Tokens of the longest sequence."""
    source: str
    """Repository of the Hugging Face hub that the numbers are from."""
    precision: str | None = None
    """Where the published weights are not at 16 bits."""


@dataclass(frozen=True)
class Gpu:
    """A GPU, or a slice of one."""

    name: str
    memory: int
    """Bytes."""


@cache
def models() -> dict[str, Model]:
    """By every name they go by."""
    listed = json.loads(_text())["models"]
    return {
        name: Model(name=each["names"][0], **{key: value for key, value in each.items() if key != "names"})
        for each in listed
        for name in each["names"]
    }


@cache
def gpus() -> dict[str, Gpu]:
    """By every name they go by, in lower case."""
    listed = json.loads(_text())["gpus"]
    return {name.lower(): Gpu(each["names"][0], each["memory"] * _MEBIBYTE) for each in listed for name in each["names"]}


def find_model(name: str) -> Model | None:
    """By the last segment of an image's repository, of a Hugging Face repository or of a served name."""
    return models().get(name.rpartition("/")[2].lower())


def find_gpu(name: str) -> Gpu | None:
    """By a node label's value or a short name; `nvidia.com/mig-3g.40gb` is a slice of almost 40 GB."""
    slice_ = re.search(r"mig-\d+g\.(\d+)gb", name)
    if slice_:
        return Gpu(slice_[0], int(int(slice_[1]) * 1024 * _MEBIBYTE * SLICE))
    return gpus().get(name.lower().removesuffix("-shared"))


@cache
def largest_gpu() -> Gpu:
    """Of those that are known."""
    return max(gpus().values(), key=lambda each: each.memory)


def _text() -> str:
    return files("nim_component.fit").joinpath("catalogue.json").read_text(encoding="utf-8")
