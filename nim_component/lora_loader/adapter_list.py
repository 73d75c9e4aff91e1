"""Adapter list: the adapters to download or to inspect, validated again in the pod.

The loader validates everything that becomes a path or a URL, whoever wrote the list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .outcome import LoadError

CONFIG, WEIGHTS = "adapter_config.json", ("adapter_model.safetensors", "adapter_model.bin")
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
"""Endings of files that are pickles."""
MAX_FILES = 100
"""Most files of one adapter. A server reads two."""
SEGMENT = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
# The grammar of the hub, ASCII only. In addition `..` is refused everywhere.
GRAMMAR = {
    "name": re.compile(SEGMENT),
    "repo_id": re.compile(rf"(?!.*--)(?!.*\.git$)(?:{SEGMENT}/)?{SEGMENT}"),
    "revision": re.compile(r"(?!.*//)(?!.*(?:/|\.|\.lock)$)[A-Za-z0-9_][A-Za-z0-9_./+-]{0,254}"),
    "commit": re.compile(r"[0-9a-f]{40}"),
    "files": re.compile(rf"(?:{SEGMENT}/){{0,9}}{SEGMENT}"),
    "subfolder": re.compile(rf"(?:{SEGMENT}/){{0,4}}{SEGMENT}"),
}


@dataclass(frozen=True)
class LockedRecord:
    """Size and SHA-256 of a file, from the lock file."""

    size: int
    sha256: str


@dataclass(frozen=True)
class AdapterSpec:
    """One listed adapter."""

    name: str
    repo_id: str
    revision: str
    files: tuple[str, ...] | None
    locked: tuple[tuple[str, LockedRecord], ...] | None = None
    """Path and record of each file. With them, `revision` is the commit; no look-up is needed."""
    allow_pickle: bool = False
    """Accept files that are pickles."""
    subfolder: str = ""
    """Folder of the repository. `files` are relative to it, and locked paths are not."""

    def __str__(self) -> str:
        return f"adapter {self.name} ({self.repo_id}@{self.revision}{self.subfolder and f', {self.subfolder}'})"

    @property
    def locked_files(self) -> dict[str, LockedRecord]:
        """Locked records by the name of the file in its directory; empty without a lock."""
        return {path.rpartition("/")[2]: record for path, record in self.locked or ()}

    def in_repo(self, file: str) -> str:
        """Return the path of a file of the adapter in the repository."""
        return f"{self.subfolder}/{file}" if self.subfolder else file


@dataclass(frozen=True)
class Server:
    """The model server that loads the adapters."""

    model: str
    """Name of its base model."""
    default_rank: int | None = None
    """Highest rank that the server accepts without a configured limit."""
    engine: str = ""
    """Name of its engine; empty if it is unknown."""
    refused: tuple[str, ...] = ()
    """Features of adapters that the engine refuses, as in `features`."""
    modules: tuple[str, ...] = ()
    """Modules of the base model; empty if they are unknown."""
    documented: tuple[str, ...] = ()
    """Modules for which the server documents LoRA; empty if there is no such list."""


@dataclass(frozen=True)
class AdapterList:
    """Adapters to download, or with `given`, `published` or `compared` adapters to inspect."""

    server: Server
    specs: tuple[AdapterSpec, ...] = ()
    given: tuple[str, ...] | None = None
    """Names of adapters that the user provides on the volume."""
    published: bool = False
    """Inspect every adapter that a loader has published on the volume."""
    lists: tuple[tuple[AdapterSpec, ...], ...] = ()
    """Lists with which published adapters are compared: each must be as in one of them."""
    compared: bool = False
    """Compare the files on the volume with the locked records; download nothing."""


def read_adapter_list(path: Path) -> AdapterList:
    """Read and validate the adapter list. One LoadError names all problems."""
    try:
        data: Any = json.loads(path.read_text("utf-8"))
        rank = data.get("default_rank")
        refused = tuple(map(str, data.get("refused") or ()))
        server = Server(
            str(data.get("served_model") or ""), rank if isinstance(rank, int) else None, str(data.get("engine") or ""), refused,
            tuple(map(str, data.get("modules") or ())), tuple(map(str, data.get("documented") or ())),
        )  # fmt: skip
        if data.get("published") is True:
            return AdapterList(server, published=True, lists=_read_lists(data.get("lists")))
        if data.get("given") is not None:
            if not isinstance(data["given"], list):
                raise TypeError("given is no list")
            wanted = AdapterList(server, given=tuple(data["given"]))
        else:
            if not isinstance(data["adapters"], list):
                raise TypeError("adapters is no list")
            wanted = AdapterList(server, tuple(read_spec(entry) for entry in data["adapters"]), compared=data.get("compared") is True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise LoadError(
            "adapter-list", f"the adapter list {path} cannot be read ({type(e).__name__}: {e}). Render the ConfigMap again"
        ) from None
    problems = _check_names("given", wanted.given, server.model) if wanted.given is not None else _check_specs(wanted)
    if problems:
        raise LoadError("adapter-list", "; ".join(problems) + ". Correct hf_repo_ids" + " or lora.source" * (wanted.given is not None))
    return wanted


def _read_lists(directory: Any) -> tuple[tuple[AdapterSpec, ...], ...]:
    """Return the lists of a directory, relative to the working directory; none without one."""
    if directory is None:
        return ()
    found = tuple(read_adapter_list(path).specs for path in sorted(Path(str(directory)).glob("*.json")))
    if not found:
        raise ValueError(f"no list in {directory}")
    return found


def read_spec(entry: dict[str, Any]) -> AdapterSpec:
    """Return an entry of the list, not yet validated."""
    locked = entry.get("locked")
    records = locked and tuple((file, LockedRecord(record["size"], record["sha256"])) for file, record in locked.items())
    return AdapterSpec(
        entry["name"], entry["repo_id"], entry.get("revision") or "main", entry.get("files") and tuple(entry["files"]), records,
        entry.get("allow_pickle") is True, entry.get("subfolder") or "",
    )  # fmt: skip


def _check_specs(wanted: AdapterList) -> list[str]:
    problems = _check_names("adapters", [spec.name for spec in wanted.specs], wanted.server.model)
    for i, spec in enumerate(wanted.specs):
        files = [file for file, _ in spec.locked] if spec.locked else spec.files
        values: list[tuple[str, Any]] = [("repo_id", spec.repo_id), ("revision", spec.revision)]
        values += [("subfolder", spec.subfolder)] if spec.subfolder else []
        values += [("files", file) for file in (*(spec.files or ()), *(file for file, _ in spec.locked or ()))]
        problems += [f"adapters[{i}].{part}: {_shown(value)} is not valid on the hub" for part, value in values if not _fits(part, value)]
        if files is not None:
            flat = [str(f).rsplit("/", 1)[-1] for f in files]
            if CONFIG not in flat or not any(f.startswith("adapter_model.") for f in flat) or len(set(flat)) < len(flat):
                problems.append(f"adapters[{i}].files: needs {CONFIG} and an adapter_model file, each name once")
        if spec.locked and not all(str(file).startswith(spec.in_repo("")) for file, _ in spec.locked):
            problems.append(f"adapters[{i}].locked: has a file outside of the subfolder; lock the adapters again")
        if spec.locked and not (
            _fits("commit", spec.revision) and all(is_size(each.size) and is_sha256(each.sha256) for _, each in spec.locked)
        ):
            problems.append(f"adapters[{i}].locked: needs a commit, and a size and a SHA-256 for each file; lock the adapters again")
        if len(files or ()) > MAX_FILES:
            problems.append(f"adapters[{i}].files: lists {len(files or ())} files, more than the limit of {MAX_FILES}")
        if not wanted.compared and not spec.allow_pickle and (pickles := find_pickles(files or ())):
            problems.append(f"adapters[{i}].files: {_shown(pickles[0])} is a pickle; use safetensors, or set allow_pickle on the adapter")
        if wanted.compared and not spec.locked:
            problems.append(f"adapters[{i}].locked: is required for a comparison; lock the adapters")
    return problems


def _check_names(where: str, names: Any, served: str) -> list[str]:
    problems: list[str] = []
    for i, name in enumerate(names):
        if not _fits("name", name):
            problems.append(f"{where}[{i}].name: {_shown(name)} is not valid on the hub")
        elif name == served:
            problems.append(f"{where}[{i}].name: {_shown(name)} is the name of the served model")
        elif name in names[:i]:
            problems.append(f"{where}[{i}].name: {_shown(name)} is listed twice")
        elif name.lower() in [str(each).lower() for each in names[:i]]:
            problems.append(f"{where}[{i}].name: {_shown(name)} differs from another name only by case, and some volumes ignore case")
    return problems


def _fits(part: str, value: Any) -> bool:
    return isinstance(value, str) and ".." not in value and GRAMMAR[part].fullmatch(value) is not None


def find_pickles(files: Iterable[Any]) -> list[str]:
    """Return the files that are pickles, which can run code in the server."""
    return [str(file) for file in files if str(file).lower().endswith(PICKLES)]


def is_size(value: Any) -> bool:
    """Return True for a number of bytes."""
    return isinstance(value, int) and value >= 0


def is_sha256(value: Any) -> bool:
    """Return True for a SHA-256 in lower-case hexadecimal."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _shown(value: Any) -> str:
    return ascii(value)[:100]
