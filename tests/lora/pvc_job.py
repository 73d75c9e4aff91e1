"""The Job that compares a PVC, run as a process with a folder in place of the PVC."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nim_component import LoRAAdapter
from nim_component.lora.adapter_list import PROGRAM_PATH
from nim_component.lora.pvc_check.job import MOUNT, Request, render_config, render_job
from tests.lora.pod import as_user

RECORDS = {"adapter_config.json": {"size": 1, "sha256": "0" * 64}, "adapter_model.bin": {"size": 2, "sha256": "1" * 64}}


def locked(name: str, files: dict[str, Any] = RECORDS, commit: str = "a" * 40) -> LoRAAdapter:
    """Return an adapter with its record from a lock file."""
    return LoRAAdapter(repo_id=f"org/{name}", locked={"commit": commit, "files": files, "rank": 16})  # type: ignore[arg-type]


def request(*adapters: LoRAAdapter, **fields: Any) -> Request:
    """A request as the command makes it."""
    given = {"name": "nim-lora-check-1", "namespace": "team", "pvc": "shelf", "directory": "adapters", "image": "python:3.12-alpine"}
    return Request(**{**given, "adapters": adapters or (locked("one"),), "timeout": 60, **fields})


@dataclass
class Outcome:
    code: int
    message: str
    """The termination message."""
    out: str
    err: str


def run_container(container: dict[str, Any], data: dict[str, str], pvc: Path) -> Outcome:
    """Run a container as a node does: PVC and ConfigMap at their mount paths, and no other file."""
    root = Path(tempfile.mkdtemp(prefix="pvc-job-"))
    try:
        program = root / PROGRAM_PATH.lstrip("/")
        mount = root / MOUNT.lstrip("/")
        for directory in (program, mount.parent):
            directory.mkdir(parents=True)
        for file, text in data.items():
            (program / file).write_text(text, encoding="utf-8")
        mount.symlink_to(pvc)
        log = root / "termination-log"
        log.write_text("")
        for path in (root, *root.rglob("*")):
            path.chmod(0o777 if path.is_dir() or path == log else 0o644) if not path.is_symlink() else None
        env = {each["name"]: _moved(each["value"], root) for each in container["env"]}
        command = [sys.executable if word == "python3" else _moved(word, root) for word in container["command"]]
        done = subprocess.run(
            [*as_user(), command[0], "-S", *command[1:]],  # without the library
            env={"PATH": os.environ["PATH"], "LORA_TERMINATION_LOG": str(log), **env},
            cwd=_moved(container["workingDir"], root),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Outcome(done.returncode, *(text.replace(str(root), "") for text in (log.read_text(), done.stdout, done.stderr)))
    finally:
        shutil.rmtree(root)


def run_job(wanted: Request, pvc: Path) -> Outcome:
    """The rendered Job on a folder."""
    job = render_job(wanted, None, [])
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return run_container(container, render_config(wanted, job)["data"], pvc)


def _moved(text: str, root: Path) -> str:
    return str(root / text.lstrip("/")) if text.startswith(("/lora", "/opt")) else text
