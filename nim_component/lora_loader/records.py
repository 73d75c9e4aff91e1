"""The hub's record of a repository: the files of an adapter, with size and hash of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .adapter_list import CONFIG, GRAMMAR, WEIGHTS, AdapterSpec, find_pickles, is_sha256, is_size
from .downloads import Incoming
from .outcome import LoadError


def select_files(spec: AdapterSpec, there: Mapping[str, dict[str, Any]], host: str) -> list[Incoming]:
    """Return the files to download, the configuration first.

    Args:
        spec: The adapter.
        there: Records of the repository's files, by path.
        host: Host of the hub, for the text of an error.

    Raises:
        LoadError: A file or its hash is missing, or only a pickle has the weights.
    """
    names = spec.files or (CONFIG, next((w for w in WEIGHTS if spec.in_repo(w) in there), WEIGHTS[0]))
    wanted = [spec.in_repo(name) for name in names]
    if missing := [path for path in wanted if path not in there]:
        what = f"no {' and no '.join(missing)} among the repo's {len(there)} files"
        fix = "If this is a LoRA adapter, correct its revision, subfolder or files, else the repo id"
        if folders := find_folders(there):
            fix = f"Folders with adapters: {', '.join(folders)}. Set subfolder to one of them"
        raise LoadError("no-match", f"{spec}: {what}. {fix}")
    if not spec.allow_pickle and (pickles := find_pickles(wanted)):
        fix = "Convert them to safetensors; if you trust the repo, set allow_pickle: true on the adapter"
        raise LoadError("pickle", f"{spec}: its weights are only in {pickles[0]}, a pickle, which can run code in the server. {fix}")
    return [_read_file(spec, path, there[path], host) for path in sorted(wanted, key=lambda path: not path.endswith(CONFIG))]


def _read_file(spec: AdapterSpec, path: str, record: dict[str, Any], host: str) -> Incoming:
    large: dict[str, Any] | None = record["lfs"] if isinstance(record.get("lfs"), dict) else None
    sha256, size, blob_id = (large or {}).get("sha256"), (large or record).get("size"), record.get("blobId")
    if size is None or not (is_size(size) and (is_sha256(sha256) or (sha256 is None and is_blob_id(blob_id)))):
        fix = "so nothing can be verified. Use a complete hub"
        raise LoadError("damaged", f"{spec}: no size or hash for {path} from {host}, {fix}")
    return Incoming(path, size, sha256, blob_id)


def find_folders(paths: Iterable[str]) -> list[str]:
    """Return the first folders of a repository that contain the configuration of an adapter."""
    folders = (path.removesuffix(f"/{CONFIG}") for path in paths if path.endswith(f"/{CONFIG}"))
    return sorted(folder for folder in folders if GRAMMAR["subfolder"].fullmatch(folder))[:8]


def is_blob_id(value: Any) -> bool:
    """Return True for a Git blob id."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40}", value) is not None
