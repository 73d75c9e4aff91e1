"""Hugging Face token: the server and the prewarm Job get it only if they download from the hub.

The source of a model is in `env` or in the arguments. What cannot be read in the program, such as
an Output, counts as the hub: a gated model would otherwise not start.
"""

import re
from collections.abc import Iterable
from typing import Any

from ..args import NIM
from ..args.outputs import is_output
from ..args.served_model import MODEL_SOURCES

_ADDRESS = re.compile(r"hf://|\bhuggingface\.co\b|\bhf\.co/", re.IGNORECASE)
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
"""`org/model`, which engines download from the hub."""
_ENDPOINT = "HF_ENDPOINT"
_OPTIONS = re.compile("MODEL|TOKENIZER|ARGS")
"""Part of the names of variables whose value may contain the name of a repository."""


def server_uses_hub(nim: NIM) -> bool:
    """Return True if the server may download from the Hugging Face hub."""
    if nim.cache.offline:
        return False
    env = nim.env or {}
    return (
        _ENDPOINT in env
        or any(not isinstance(source := env[name], str) or _names_repository(source) for name in MODEL_SOURCES if name in env)
        or any(isinstance(text, str) and (_ADDRESS.search(text) or _is_option(name, text)) for name, text in env.items())
        or _arguments_use_hub([*(nim.command or ()), *(nim.args or ())])
    )


def prewarm_uses_hub(nim: NIM) -> bool:
    """Return True if the prewarm Job may download from the Hugging Face hub."""
    prewarm = nim.cache.prewarm
    return server_uses_hub(nim) or (prewarm is not None and _arguments_use_hub(prewarm.args or ()))


def _arguments_use_hub(arguments: Iterable[Any]) -> bool:
    return any(is_output(each) or _ADDRESS.search(each) is not None or _names_repository(each) for each in arguments)


def _is_option(name: str, text: str) -> bool:
    return _OPTIONS.search(name) is not None and _names_repository(text)


def _names_repository(text: str) -> bool:
    """Return True if a word of a text is the name of a repository."""
    return _ADDRESS.search(text) is not None or any(_REPOSITORY.fullmatch(word) for word in re.split(r"[\s=,:\"'{}\[\]]+", text))
