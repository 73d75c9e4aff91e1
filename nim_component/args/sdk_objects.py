"""Typed objects of the Kubernetes SDK, such as `AffinityArgs`, in the place of mappings.

They are converted once, when arguments are validated: everything after that reads mappings only.
"""

import sys
from collections.abc import Mapping
from typing import Any, cast


def is_sdk_object(value: Any) -> bool:
    """Return whether a value is a typed object."""
    # A caller that passes one has imported Pulumi.
    sdk: Any = sys.modules.get("pulumi._types")
    return sdk is not None and sdk.is_input_type(type(value))


def to_mapping(value: Any) -> Any:
    """Return a value with its typed objects as mappings in the form of a manifest, at any depth.

    Outputs are unchanged.
    """
    fields = _read_fields(value)
    if fields is not None:
        return {yaml: to_mapping(each) for _, yaml, each in fields}
    if isinstance(value, Mapping):
        return {key: to_mapping(each) for key, each in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [to_mapping(each) for each in cast("list[Any]", value)]
    return value


def to_fields(value: Any) -> Any:
    """Return the fields of a typed object by their names in Python; return other values unchanged.

    For a model of this package with the names of Kubernetes.
    """
    fields = _read_fields(value)
    return value if fields is None else {python: each for python, _, each in fields}


def _read_fields(value: Any) -> list[tuple[str, str, Any]] | None:
    """Return the set fields of a typed object: name in Python, name in YAML and value."""
    if not is_sdk_object(value):
        return None
    sdk: Any = sys.modules["pulumi._types"]
    spelling = {yaml: python for python, yaml in sdk.input_type_py_to_pulumi_names(type(value)).items()}
    return [(spelling[yaml], yaml, each) for yaml, each in sdk.input_type_to_dict(value).items()]
