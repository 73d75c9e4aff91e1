"""File with the renders of base and head.

One job can render, because it may run the code of a fork, and another job can compare and write the
comment, because it has a token. The file is therefore untrusted data: its shape is validated, and
no text of it is printed except as a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...local.urns import PREFIX, AliasSpec, is_urn
from ..accessors import get, mapping, mappings, strings
from ..change import StackChange
from .renders import KnownInputs, Render, compare_renders

VERSION = 2
COMMIT = re.compile("(?:[0-9a-f]{40}|[0-9a-f]{64})?")
"""Commit, or an empty string."""
REQUIREMENTS = ("requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock")
"""Files that list the packages of a project."""


class RenderPairError(ValueError):
    """A file that was not written by `diff --save-renders`."""


@dataclass(frozen=True)
class RenderPair:
    """Renders of base and head, by stack."""

    base: Mapping[str, Render]
    head: Mapping[str, Render]
    requirements: Sequence[str] = ()
    """Files of `REQUIREMENTS` that differ, if both were rendered with the same packages."""
    base_commit: str = ""
    """Commit of the base."""
    head_commit: str = ""
    """Commit of the head; empty for a working tree."""

    @property
    def notes(self) -> list[str]:
        """Notes for the report on how the renders were made."""
        changed = [name for name in REQUIREMENTS if name in self.requirements]
        if not changed:
            return []
        return [
            f"{' and '.join(changed)} differ{'s' if len(changed) == 1 else ''} between base and head, but both were rendered with the "
            "installed packages. Effects of other package versions are not in this report. "
            "Set `--base-python` to an interpreter with the packages of the base."
        ]

    def compare(self) -> list[StackChange]:
        """Return the changes of every stack."""
        known: KnownInputs = {}
        return [compare_renders(name, self.base.get(name), self.head.get(name), known) for name in sorted({*self.base, *self.head})]

    def to_json(self) -> str:
        """Return the file. It contains no secrets, only hashes with a key that is not stored."""
        commits = {"base_commit": self.base_commit, "head_commit": self.head_commit}
        return json.dumps({"version": VERSION, **commits, "base": self.base, "head": self.head, "requirements": list(self.requirements)})


def read_render_pair(text: str, name: str = "the renders") -> RenderPair:
    """Parse and validate the file. Errors contain `name`."""
    try:
        content = json.loads(text)
        _require(content["version"] == VERSION)
        for render in (*content["base"].values(), *content["head"].values()):
            _validate(render)
        commits = content["base_commit"], content["head_commit"]
        _require(all(COMMIT.fullmatch(each) for each in commits))
        return RenderPair(content["base"], content["head"], strings(content["requirements"]), *commits)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RenderPairError(f"{name}: contains no renders. Run: nim-component diff --base REF --save-renders FILE") from None


def _validate(render: Any) -> None:
    """Raise an error unless the shape is one that `compare_renders` can read."""
    if "error" in render:
        _require(isinstance(render["error"], str))
        return
    _require(isinstance(render["resources"], list))
    for entry in mappings(render["resources"]):
        _validate_urn(entry["urn"])
        _require(all(isinstance(entry[key], str) for key in ("type", "name")))
        if entry.get("parent"):
            _validate_urn(entry["parent"])
        _require(all(isinstance(value, int | float) for value in mapping(entry.get("timeouts")).values()))
        _require(len(mappings(entry.get("aliases"))) == len(entry.get("aliases") or ()))
        for alias in mappings(entry.get("aliases")):
            _require(all(isinstance(value, bool if key == "no_parent" else str) for key, value in alias.items()))
            AliasSpec(**alias)
            for key in ("urn", "parent"):
                if get(alias, key):
                    _validate_urn(alias[key])


def _validate_urn(urn: Any) -> None:
    _require(isinstance(urn, str) and urn.startswith(PREFIX) and is_urn(urn))


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError
