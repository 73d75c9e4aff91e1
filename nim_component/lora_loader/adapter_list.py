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
    "commit": re.compile(r"[0-9a-f]{40}"),
    "files": re.compile(rf"(?:{WORD}/){{0,4}}{WORD}"),
}


@dataclass(frozen=True)
class Record:
    """A file as the lock file knows it."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Wish:
    name: str
    repo_id: str
    revision: str
    files: tuple[str, ...] | None
    locked: tuple[tuple[str, Record], ...] | None = None
    """Path and record of each file: then `revision` is the commit, and nothing has to be looked up."""

    def __str__(self) -> str:
        return f"adapter {self.name} ({self.repo_id}@{self.revision})"


@dataclass(frozen=True)
class Server:
    """Who will load the adapters."""

    model: str
    """Name of its base model."""
    default_rank: int | None = None
    """Highest rank that it takes when it is told no limit."""


@dataclass(frozen=True)
class Wanted:
    """What the wish list asks for: adapters to bring, or (`given`, `published`, `compared`) adapters to look at."""

    server: Server
    wishes: tuple[Wish, ...] = ()
    given: tuple[str, ...] | None = None
    """Names that somebody else provides."""
    published: bool = False
    """Whatever a loader has published on the volume."""
    compared: bool = False
    """The wishes are not brought: what lies there is compared with what was locked of them."""


def read_wanted(path: Path) -> Wanted:
    """The wish list. Whatever is wrong with it comes in one error."""
    try:
        data: Any = json.loads(path.read_text("utf-8"))
        rank = data.get("default_rank")
        server = Server(str(data.get("served_model") or ""), rank if isinstance(rank, int) else None)
        if data.get("published") is True:
            return Wanted(server, published=True)
        if data.get("given") is not None:
            if not isinstance(data["given"], list):
                raise TypeError("given is no list")
            wanted = Wanted(server, given=tuple(data["given"]))
        else:
            if not isinstance(data["adapters"], list):
                raise TypeError("adapters is no list")
            wanted = Wanted(server, tuple(read_wish(entry) for entry in data["adapters"]), compared=data.get("compared") is True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise LoadError("wish-list", f"the wish list {path} cannot be read ({type(e).__name__}: {e}): render the ConfigMap again") from None
    problems = _check_names("given", wanted.given, server.model) if wanted.given is not None else _check_wishes(wanted)
    if problems:
        raise LoadError("wish-list", "; ".join(problems) + ": correct hf_repo_ids" + " or lora.source" * (wanted.given is not None))
    return wanted


def read_wish(entry: dict[str, Any]) -> Wish:
    """An entry of the list. Nothing is checked yet."""
    locked = entry.get("locked")
    records = locked and tuple((file, Record(record["size"], record["sha256"])) for file, record in locked.items())
    return Wish(entry["name"], entry["repo_id"], entry.get("revision") or "main", entry.get("files") and tuple(entry["files"]), records)


def _check_wishes(wanted: Wanted) -> list[str]:
    problems = _check_names("adapters", [wish.name for wish in wanted.wishes], wanted.server.model)
    for i, wish in enumerate(wanted.wishes):
        files = [file for file, _ in wish.locked] if wish.locked else wish.files
        values: list[tuple[str, Any]] = [("repo_id", wish.repo_id), ("revision", wish.revision)]
        values += [("files", file) for file in (*(wish.files or ()), *(file for file, _ in wish.locked or ()))]
        problems += [
            f"adapters[{i}].{part}: {_shown(value)} is not what the hub allows" for part, value in values if not _fits(part, value)
        ]
        if files is not None:
            flat = [str(f).rsplit("/", 1)[-1] for f in files]
            if CONFIG not in flat or not any(f.startswith("adapter_model.") for f in flat) or len(set(flat)) < len(flat):
                problems.append(f"adapters[{i}].files: needs {CONFIG} and an adapter_model file, each name once")
        if wish.locked and not (
            _fits("commit", wish.revision) and all(is_size(each.size) and is_sha256(each.sha256) for _, each in wish.locked)
        ):
            problems.append(f"adapters[{i}].locked: needs a commit, and a size and a sha256 for each file: lock the adapters again")
        if wanted.compared and not wish.locked:
            problems.append(f"adapters[{i}].locked: is needed to compare: lock the adapters")
    return problems


def _check_names(where: str, names: Any, served: str) -> list[str]:
    problems: list[str] = []
    for i, name in enumerate(names):
        if not _fits("name", name):
            problems.append(f"{where}[{i}].name: {_shown(name)} is not what the hub allows")
        elif name == served:
            problems.append(f"{where}[{i}].name: {_shown(name)} is the served model's own name")
        elif name in names[:i]:
            problems.append(f"{where}[{i}].name: {_shown(name)} is there twice")
        elif name.lower() in [str(each).lower() for each in names[:i]]:
            problems.append(f"{where}[{i}].name: {_shown(name)} differs from another's by case alone, which some volumes do not tell apart")
    return problems


def _fits(part: str, value: Any) -> bool:
    return isinstance(value, str) and ".." not in value and GRAMMAR[part].fullmatch(value) is not None


def is_size(value: Any) -> bool:
    """Bytes."""
    return isinstance(value, int) and value >= 0


def is_sha256(value: Any) -> bool:
    """In hexadecimal."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _shown(value: Any) -> str:
    return ascii(value)[:100]
