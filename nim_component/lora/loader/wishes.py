"""What is wanted: the wish list, checked again. The loader trusts nobody that what becomes a path or a URL was checked before."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .outcome import LoadError

CONFIG, WEIGHTS = "adapter_config.json", ("adapter_model.safetensors", "adapter_model.bin")
WORD = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
GRAMMAR = {  # the hub's own, ASCII only; `..` is refused everywhere on top
    "name": re.compile(WORD),
    "repo_id": re.compile(rf"(?!.*--)(?!.*\.git$)(?:{WORD}/)?{WORD}"),
    "revision": re.compile(r"(?!.*//)(?!.*(?:/|\.|\.lock)$)[A-Za-z0-9_][A-Za-z0-9_./+-]{0,254}"),
    "files": re.compile(rf"(?:{WORD}/){{0,4}}{WORD}"),
}


@dataclass(frozen=True)
class Wish:
    name: str
    repo_id: str
    revision: str
    files: tuple[str, ...] | None

    def __str__(self) -> str:
        return f"adapter {self.name} ({self.repo_id}@{self.revision})"


def read_wishes(path: Path) -> tuple[str, list[Wish]]:
    """The wish list, checked again: the loader trusts nobody that what becomes a path or a URL was checked before."""
    try:
        data: Any = json.loads(path.read_text("utf-8"))
        served = str(data.get("served_model") or "")
        if not isinstance(data["adapters"], list):
            raise TypeError("adapters is no list")
        entries: list[dict[str, Any]] = data["adapters"]
        wishes = [Wish(e["name"], e["repo_id"], e.get("revision") or "main", e.get("files") and tuple(e["files"])) for e in entries]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise LoadError("wish-list", f"the wish list {path} cannot be read ({type(e).__name__}: {e}): render the ConfigMap again") from None
    problems: list[str] = []
    for i, wish in enumerate(wishes):
        values: list[tuple[str, Any]] = [("name", wish.name), ("repo_id", wish.repo_id), ("revision", wish.revision)]
        for part, value in values + [("files", path) for path in wish.files or ()]:
            if not isinstance(value, str) or ".." in value or not GRAMMAR[part].fullmatch(value):
                problems.append(f"adapters[{i}].{part}: {ascii(value)[:100]} is not what the hub allows")
        if wish.files is not None:
            flat = [str(f).rsplit("/", 1)[-1] for f in wish.files]
            if CONFIG not in flat or not any(f.startswith("adapter_model.") for f in flat) or len(set(flat)) < len(flat):
                problems.append(f"adapters[{i}].files: needs {CONFIG} and an adapter_model file, each name once")
        if wish.name == served:
            problems.append(f"adapters[{i}].name: {wish.name!a} is the served model's own name")
        if wish.name in [w.name for w in wishes[:i]]:
            problems.append(f"adapters[{i}].name: {ascii(wish.name)[:100]} is there twice")
    if problems:
        raise LoadError("wish-list", "; ".join(problems) + ": correct hf_repo_ids")
    return served, wishes
