"""The init container without a cluster: the loader as a real process.

It has a volume, the files of the ConfigMap and an environment.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nim_component import lora_loader as loader

SHIPPED = Path(loader.__file__).parent
FAST = {"LORA_BACKOFF_SECONDS": "0.05", "LORA_RETRIES": "3", "LORA_STALL_SECONDS": "1", "LORA_DEADLINE_SECONDS": "60"}
TOKEN = "hf_ThisIsTheTokenThatMustNotBeSeen"


@functools.cache
def as_user() -> list[str]:
    """Return a command prefix that runs as uid 1000 if the tests run as root.

    If that user cannot reach root's interpreter, the process may read (not write) every file.
    """
    if os.getuid() != 0:
        return []
    probe = "import huggingface_hub, subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
    drop = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"]
    for rights in ([], ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]):
        command = [*drop, *(rights or ["--inh-caps=-all"]), "--bounding-set=-all" + ",+dac_read_search" * bool(rights), "--no-new-privs"]
        try:
            if subprocess.run([*command, sys.executable, "-c", probe], capture_output=True, check=False).returncode == 0:
                return command
        except OSError:
            break
    return []


@dataclass
class Result:
    code: int
    out: str
    err: str
    termination: str
    seconds: float

    @property
    def last(self) -> str:
        return self.err.strip().splitlines()[-1] if self.err.strip() else ""

    @property
    def lines(self) -> dict[str, dict[str, Any]]:
        parsed = [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]
        return {line["adapter"]: line for line in parsed}


class Pod:
    def __init__(self, directory: Path, endpoint: str) -> None:
        self.directory, self.endpoint = directory, endpoint
        self.root, self.mounted = directory / "lora", directory / "program" / "lora_loader"
        self.adapters, self.termination = self.root / "adapters", directory / "termination-log"
        self.scratch = directory / "tmp"
        for path in (self.root, self.scratch):
            path.mkdir()
            path.chmod(0o777)
        self.mounted.mkdir(parents=True)
        for file in (*SHIPPED.glob("*.py"), SHIPPED / "requirements.txt"):
            shutil.copy(file, self.mounted / file.name)
        self.termination.write_text("")
        self.termination.chmod(0o666)

    def list_adapters(self, *adapters: str | dict[str, Any], served: str = "meta/llama3-8b-instruct") -> None:
        """`"org/name"`, `"org/name@revision"` or the whole entry."""
        entries: list[dict[str, Any]] = []
        for adapter in adapters:
            if isinstance(adapter, str):
                repo, _, revision = adapter.partition("@")
                adapter = {"repo_id": repo, "revision": revision or "main"}
            entries.append({"name": str(adapter["repo_id"]).rsplit("/", 1)[-1], "revision": "main", "files": None} | adapter)
        (self.mounted / "adapters.json").write_text(json.dumps({"served_model": served, "adapters": entries}))

    def start(
        self,
        *flags: str,
        before: Callable[[], object] | None = None,
        python: str = sys.executable,
        within: Sequence[str] = (),
        **env: str,
    ) -> subprocess.Popen[str]:
        """Start the loader, by default with this Python. `within` is a command that starts it."""
        passed = {k: v for k, v in os.environ.items() if k.startswith("PIP_") or k in ("PATH", "SSL_CERT_FILE")}
        given = {"NIM_PEFT_SOURCE": str(self.adapters), "HF_ENDPOINT": self.endpoint, "NO_PROXY": "*", "TMPDIR": str(self.scratch)}
        given["LORA_TERMINATION_LOG"] = str(self.termination)
        command = [*within, *as_user(), python, *flags, "-m", "lora_loader", str(self.mounted / "adapters.json")]
        self.began = time.monotonic()
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(
            command, env=passed | given | FAST | env, cwd=self.mounted.parent, preexec_fn=before, umask=0o077, **streams
        )

    def wait(self, process: subprocess.Popen[str], timeout: float = 60) -> Result:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return Result(process.returncode, out, err, self.termination.read_text(), time.monotonic() - self.began)

    def run(self, *flags: str, timeout: float = 60, **env: Any) -> Result:
        return self.wait(self.start(*flags, **env), timeout)

    def published(self) -> list[str]:
        return sorted(p.name for p in self.adapters.iterdir()) if self.adapters.is_dir() else []

    def staged(self) -> list[str]:
        staging = self.root / "staging"
        return sorted(str(p.relative_to(staging)) for p in staging.rglob("*")) if staging.is_dir() else []

    def torn(self) -> list[str]:
        """Return the scanned adapters that differ from their manifests. There must never be one."""
        bad: list[str] = []
        for directory in self.adapters.iterdir() if self.adapters.is_dir() else ():
            try:
                files = json.loads((directory / ".nim-lora.json").read_text())["files"]
                whole = all(hashlib.sha256((directory / n).read_bytes()).hexdigest() == f["sha256"] for n, f in files.items())
            except (OSError, ValueError, KeyError):
                whole = False
            if not whole:
                bad.append(directory.name)
        return bad
