"""Both sides of a comparison as a file, so that one who may run the code renders, and another who may write the comment compares.

The file may come from a fork. It is data: every word of the report is this package's, whatever stands in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..local.urns import PREFIX, AliasSpec, is_urn
from .change import StackChange
from .preview import get, maps, pairs, texts
from .renders import Render, compare_renders

VERSION = 1
REQUIREMENTS = ("requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock")
"""Files that say which packages a side wants."""


class RenderPairError(ValueError):
    """The file is not what `diff --save-renders` writes."""


@dataclass(frozen=True)
class RenderPair:
    """Both sides of a comparison, by stack."""

    base: Mapping[str, Render]
    head: Mapping[str, Render]
    requirements: Sequence[str] = ()
    """Which of `REQUIREMENTS` differ, where one environment rendered both sides."""

    @property
    def notes(self) -> list[str]:
        """What a reader should know about how they were rendered."""
        changed = [name for name in REQUIREMENTS if name in self.requirements]
        if not changed:
            return []
        return [
            f"{' and '.join(changed)} differ{'s' if len(changed) == 1 else ''} between the two sides, and both were rendered with the "
            "packages that are installed here: what another version of a package does is not in this report. `--base-python` names an "
            "interpreter that has the base's."
        ]

    def compare(self) -> list[StackChange]:
        """The changes of every stack."""
        return [compare_renders(name, self.base.get(name), self.head.get(name)) for name in sorted({*self.base, *self.head})]

    def write(self) -> str:
        """As JSON. No secret is in it; a digest of one is worth nothing without the key, which nobody has kept."""
        return json.dumps({"version": VERSION, "base": self.base, "head": self.head, "requirements": list(self.requirements)})


def read_render_pair(text: str, name: str = "the renders") -> RenderPair:
    """What `write` wrote, or somebody who wants it to look so: every shape that is relied on is checked."""
    try:
        content = json.loads(text)
        assert content["version"] == VERSION
        for side in ("base", "head"):
            for render in content[side].values():
                _check(render)
        return RenderPair(content["base"], content["head"], texts(content["requirements"]))
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError):
        raise RenderPairError(f"{name}: holds no renders; make it with: nim-component diff --base REF --save-renders FILE") from None


def _check(render: Any) -> None:
    """Raises for what is no render."""
    if "error" in render:
        assert isinstance(render["error"], str)
        return
    assert isinstance(render["resources"], list)
    for entry in maps(render["resources"]):
        _check_urn(entry["urn"])
        assert all(isinstance(entry[key], str) for key in ("type", "name"))
        if entry.get("parent"):
            _check_urn(entry["parent"])
        assert all(isinstance(value, int | float) for _, value in pairs(entry.get("timeouts")))
        assert len(maps(entry.get("aliases"))) == len(entry.get("aliases") or ())
        for alias in maps(entry.get("aliases")):
            assert all(isinstance(value, bool if key == "no_parent" else str) for key, value in alias.items())
            AliasSpec(**alias)
            for key in ("urn", "parent"):
                if get(alias, key):
                    _check_urn(alias[key])


def _check_urn(urn: Any) -> None:
    assert isinstance(urn, str) and urn.startswith(PREFIX) and is_urn(urn)
