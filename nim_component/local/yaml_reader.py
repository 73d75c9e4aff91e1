"""Reads YAML as the Pulumi CLI does: `yes` and `no` are texts, dates stay as written, a key may stand only once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import yaml

from .errors import LocalError


class Loader(yaml.SafeLoader):
    """PyYAML's safe loader with YAML 1.2's idea of what is no text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: ARG002 (always deep)
        """Refuses a key that is there already; PyYAML would let the last one win."""
        seen: dict[str, int] = {}
        for key, _ in node.value:
            name = str(key.value)
            if name in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{name}' stands here again, after line {seen[name]}; remove one of them", key.start_mark
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
untyped: Any = Loader
untyped.yaml_implicit_resolvers = {}
for tag, (pattern, first) in RESOLVERS.items():
    untyped.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})$"), list(first))


def read_mapping(path: Path, what: str) -> dict[str, Any]:
    """The mapping in a file; an empty file is an empty one. LocalError names the file, the line and what is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LocalError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start}); save the {what} as UTF-8") from None
    except OSError as error:
        raise LocalError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        document = yaml.load(text, Loader=Loader)  # a safe loader
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise LocalError(f"{path}{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise LocalError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else f"a {type(document).__name__}"
        raise LocalError(f"{path}: the {what} must be a mapping of keys to values, not {kind}")
    entries = cast("dict[Any, Any]", document)
    return {str(key): value for key, value in entries.items()}
