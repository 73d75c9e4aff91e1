"""Project and stack files, in YAML or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import yaml

from .errors import LocalError
from .yaml_reader import MixedMapping, parse_yaml

SUFFIXES = ("yaml", "yml", "json")
"""Endings of files that the CLI reads.

https://github.com/pulumi/pulumi/blob/v3.260.0/sdk/go/common/encoding/marshal.go
"""


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
    document = parse_json(text, path) if path.suffix == ".json" else parse_document(text, path)
    if document is None:
        return {}
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else f"a {type(document).__name__}"
        raise LocalError(f"{path}: must be a mapping of keys to values, not {kind}. Write lines of the form `key: value`.")
    refuse_mixed_keys(cast("dict[str, Any]", document), str(path))
    return cast("dict[str, Any]", document)


def refuse_mixed_keys(mapping: dict[str, Any], where: str) -> None:
    """Raise LocalError for a mapping with a key that is not a text, where the CLI accepts none."""
    if isinstance(mapping, MixedMapping):
        raise LocalError(f"{where}: expected only string keys. Write a key such as `true` or `8080` in quotes.")


def parse_document(text: str, path: Path) -> Any:
    """Return the content of a YAML file."""
    try:
        return parse_yaml(text, is_rewritten=True)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise LocalError(f"{path}{line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise LocalError(f"{path}: not YAML: {' '.join(str(error).split())}") from None


def parse_json(text: str, path: Path) -> Any:
    """Return the content of a JSON file. As in the CLI, every number is a float."""
    try:
        return json.loads(text, parse_int=float, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        raise LocalError(f"{path}, line {error.lineno}: not JSON: {error.msg}") from None
    except RecursionError:
        raise LocalError(f"{path}: not JSON: nested too deeply. Remove levels.") from None


def refuse_constant(name: str) -> None:
    """Raise JSONDecodeError for `NaN` and `Infinity`, which are not JSON."""
    raise json.JSONDecodeError(f"{name} is not a JSON number. Write it in quotes", name, 0)
