"""YAML files, read by the rules of the Pulumi CLI.

`yes`, `no` and dates are strings, as in YAML 1.2. A repeated key is an error.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import yaml

from .errors import LocalError


class StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader with the types of YAML 1.2."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: ARG002 (`deep` is always true)
        """Return a mapping.

        Raise ConstructorError for a repeated key, where PyYAML would keep the last value.
        """
        seen: dict[str, int] = {}
        for key, _ in node.value:
            name = str(key.value)
            if name in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{name}' is repeated, first in line {seen[name]}. Remove one of them.", key.start_mark
                )
            seen[name] = key.start_mark.line + 1
        return super().construct_mapping(node, deep=True)


RESOLVERS = {
    "bool": ("true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    "float": (r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+0123456789."),
    "null": ("~|null|Null|NULL|", ["~", "n", "N", ""]),
    "merge": ("<<", "<"),
}
untyped: Any = StrictLoader
untyped.yaml_implicit_resolvers = {}
for tag, (pattern, first) in RESOLVERS.items():
    untyped.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})$"), list(first))


def read_mapping(path: Path, title: str) -> dict[str, Any]:
    """Return the mapping in a file. An empty file is an empty mapping.

    Args:
        path: File to read.
        title: Name of the kind of file, for error texts.

    Raises:
        LocalError: The file cannot be read, is not YAML, or is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LocalError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start}). Save the {title} as UTF-8.") from None
    except OSError as error:
        raise LocalError(f"{path}: cannot be read: {error.strerror}. Check the path and its permissions.") from None
    try:
        document = yaml.load(text, Loader=StrictLoader)  # derived from SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise LocalError(f"{path}{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise LocalError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else f"a {type(document).__name__}"
        raise LocalError(f"{path}: must be a mapping of keys to values, not {kind}. Write lines of the form `key: value`.")
    entries = cast("dict[Any, Any]", document)
    return {str(key): value for key, value in entries.items()}
