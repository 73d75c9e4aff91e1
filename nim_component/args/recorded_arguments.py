"""Arguments as the engine records them: the inputs of the component in state and diffs."""

from collections.abc import Sequence
from typing import Any, cast

from .arguments import Arguments, explicit_fields, is_default
from .nim import NIM
from .outputs import is_output
from .secrets import SECRET_VALUE_FIELDS

ALWAYS_RECORDED = ("image", "replicas", "gpu", "cpu", "mem", "namespace", "port")
"""Fields that are recorded even if they have their default."""


def describe_arguments(args: NIM) -> dict[str, Any]:
    """The arguments as the plain mapping that the engine records and diffs: without secret values.

    The headline always, the rest where it is not the default: a diff is short, and a property costs the engine and the SDK time.
    """
    return _describe_fields(args, ALWAYS_RECORDED) | {name: _plain(getattr(args, name)) for name in ALWAYS_RECORDED}


def _describe_fields(args: Arguments, apart: Sequence[str] = ()) -> dict[str, Any]:
    cls = type(args)
    kept_back = (*SECRET_VALUE_FIELDS, "kubeconfig", *apart)
    return {
        name: _plain(value)
        for name, value in explicit_fields(args).items()
        if name not in kept_back and (is_output(value) or not is_default(cls, name, value))
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Arguments):
        return _describe_fields(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value
