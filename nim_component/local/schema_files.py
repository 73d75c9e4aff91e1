"""Schema files of the package `kubernetes-validate`, and the Kubernetes versions it contains."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..extras import describe_missing_extra
from .errors import LocalError


def resolve_version(wanted: str | None) -> str:
    """Return the newest bundled version up to `wanted`, by default the newest of all."""
    known = bundled_versions()
    if not wanted:
        return known[-1]
    parts = re.match(r"v?(\d+)\.(\d+)", wanted)
    if parts is None:
        raise LocalError(f"Kubernetes version '{wanted}' is not a version. Write a string such as \"{known[-1]}\".")
    number = (int(parts[1]), int(parts[2]))
    fitting = [version for version in known if parse_version(version) <= number]
    if not fitting or number > parse_version(known[-1]):
        hint = f" (YAML reads an unquoted {wanted}0 as the number {wanted}: quote it)" if len(parts[2]) == 1 else ""
        raise LocalError(f"Kubernetes {wanted}: no schemas{hint}. kubernetes-validate contains {known[0]} to {known[-1]}.")
    return fitting[-1]


@lru_cache(maxsize=1)
def bundled_versions() -> list[str]:
    """Return the versions that kubernetes-validate contains, oldest first."""
    found = (re.fullmatch(r"v(\d+\.\d+)\.\d+-local-strict", folder.name) for folder in find_schema_root().iterdir())
    return sorted((match[1] for match in found if match), key=parse_version)


def parse_version(version: str) -> tuple[int, int]:
    """Return major and minor version."""
    major, minor = version.split(".")
    return int(major), int(minor)


@lru_cache(maxsize=1)
def find_schema_root() -> Path:
    """Return the folder of the schema files. kubernetes-validate is not imported."""
    spec = find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise LocalError(describe_missing_extra("cli", "kubernetes_validate"))
    return Path(next(iter(spec.submodule_search_locations))) / "kubernetes-json-schema"


@lru_cache(maxsize=8)
def find_version_folder(version: str) -> Path:
    """Return the folder with the strict schemas of a version."""
    return next(find_schema_root().glob(f"v{version}.*-local-strict"))


@lru_cache(maxsize=8)
def read_definitions(version: str) -> dict[str, Any]:
    """Return the definitions that the schemas of a version refer to."""
    return json.loads((find_version_folder(version) / "_definitions.json").read_text())["$defs"]


def list_kinds(version: str, stem: str) -> list[str]:
    """Return the kinds of a version whose files have the suffix `stem`."""
    schemas = (json.loads(file.read_text()) for file in find_version_folder(version).glob(f"*-{stem}.json"))
    return [entry["kind"] for schema in schemas for entry in schema.get("x-kubernetes-group-version-kind", [])]
