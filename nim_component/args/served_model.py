"""Name of the base model that a server lists under `/v1/models` without `served_model_name`."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..names import model_of_image

MODEL_SOURCES = ("NIM_MODEL_PATH", "NIM_MODEL_NAME")
"""Environment variables that name the model of an image without a model, in 2.x and in 1.x."""
_IMAGE_WITHOUT_MODEL = re.compile(r"(.*-)?model-free-nim|llm-nim")
_SOURCE = re.compile(r"[a-z0-9]+://(?P<name>[^:]+)(:[^:/]*)?")


def find_base_model(image: str, path: Any = None, model_name: Any = None, first_argument: Any = None) -> str | None:
    """Return the name of the base model, or None if it is unknown.

    A model-free NIM 2.x removes the scheme and the version from the source of its model:
    https://docs.nvidia.com/nim/large-language-models/latest/deployment/model-free-nim.html. For
    other sources, and for `llm-nim` (1.x), NVIDIA documents no name.

    Args:
        image: Container image.
        path: Value of `NIM_MODEL_PATH`.
        model_name: Value of `NIM_MODEL_NAME`.
        first_argument: First argument of the server, which takes precedence if it is a source.
    """
    if isinstance(first_argument, str) and _SOURCE.fullmatch(first_argument):
        path = first_argument
    if path is not None:
        source = _SOURCE.fullmatch(path) if isinstance(path, str) else None
        return None if source is None else source["name"]
    model = model_of_image(image)
    if model_name is not None or _IMAGE_WITHOUT_MODEL.fullmatch(model.rpartition("/")[2]):
        return None
    return model


def list_model_facts(image: Any, env: Mapping[str, Any] | None, args: Sequence[Any] | None) -> list[Any]:
    """Return the parameters of `find_base_model`, some of which may be Outputs."""
    return [image, *((env or {}).get(name) for name in MODEL_SOURCES), (args or [None])[0]]
