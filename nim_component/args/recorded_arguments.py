"""Arguments as the engine records them: the inputs of the component in state and diffs."""

from collections.abc import Sequence
from typing import Any, cast

from .arguments import Arguments, explicit_fields, is_default
from .nim import NIM
from .outputs import is_output
from .secrets import SECRET_VALUE_FIELDS

ALWAYS_RECORDED = ("image", "replicas", "gpu", "cpu", "mem", "namespace", "port")
"""Fields that are recorded also with their default."""
_NEVER_RECORDED = (*SECRET_VALUE_FIELDS, "kubeconfig")


def describe_arguments(args: NIM) -> dict[str, Any]:
    """Return the arguments as a plain mapping for the engine, without secret values.

    Fields with their default are left out, except `ALWAYS_RECORDED`: a diff stays short, and each
    property takes time in the engine and the SDK.
    """
    return _describe_fields(args, ALWAYS_RECORDED) | {name: _plain(getattr(args, name)) for name in ALWAYS_RECORDED}


def _describe_fields(args: Arguments, excluded: Sequence[str] = ()) -> dict[str, Any]:
    cls = type(args)
    return {
        name: _plain(value)
        for name, value in explicit_fields(args).items()
        if name not in _NEVER_RECORDED and name not in excluded and (is_output(value) or not is_default(cls, name, value))
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Arguments):
        return _describe_fields(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value
