"""Settings from the environment: paths, limits and time-outs."""

from __future__ import annotations

import math
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .outcome import LoadError, secret_values


@dataclass(frozen=True)
class Settings:
    """Settings of one run; durations are in seconds."""

    adapters: Path
    requirements: Path
    token: str | None
    endpoint: str | None
    deadline: float
    max_rank: int | None
    workers: int
    retries: int
    backoff: float
    stall: float
    stale: float
    unload: float = 0.0
    """Seconds for which a re-pinned adapter is absent before its new version is published.

    For a server that scans the directory periodically. They are added to the deadline.
    """
    part: int = 64 << 20
    """Bytes of one range of a large file. Files of two ranges or more are downloaded in ranges."""
    scratch: Path = field(default_factory=lambda: Path(os.environ.get("TMPDIR") or "/tmp") / "lora-loader")
    """Directory of the pod for the library: what is imported is never on a shared volume."""
    run: str = field(default_factory=lambda: os.urandom(8).hex())

    @property
    def root(self) -> Path:
        """Root directory of the loader on the volume."""
        return self.adapters.parent

    @property
    def staging(self) -> Path:
        """Directory of downloads in progress."""
        return self.root / "staging"

    @property
    def foreign(self) -> Path:
        """Directory of entries that were moved out of the scanned directory."""
        return self.root / "foreign"

    @property
    def work(self) -> Path:
        """Staging directory of this run.

        Adapter names never start with a dot, so `.tmp` and `.old` in it cannot collide with one.
        """
        return self.staging / self.run

    @property
    def remaining(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()


def read_token() -> str | None:
    """Read and validate HF_TOKEN, and redact it from all output."""
    token = os.environ.get("HF_TOKEN", "").strip() or None
    if token:
        secret_values.append(token)
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise LoadError("adapter-list", "HF_TOKEN contains characters that no token has. Check the key of the Secret (value not shown)")
    return token


def read_endpoint() -> str | None:
    """Read and validate HF_ENDPOINT."""
    endpoint = os.environ.get("HF_ENDPOINT", "").strip().rstrip("/") or None
    if endpoint and not re.fullmatch(r"https?://[^\s/?#\\]+(/[\x21-\x7e]*)?", endpoint):
        raise LoadError("adapter-list", f"HF_ENDPOINT={endpoint[:80]!a} is not an http(s) URL. Correct it in the environment")
    return endpoint


def read_settings(requirements: Path) -> Settings:
    """Read and validate the settings from the environment."""
    env = os.environ

    def number(name: str, default: float | None) -> Any:
        text = env.get(name, "").strip() or default
        try:
            value = None if text is None else float(text)
        except ValueError:
            value = math.nan
        if value is not None and not 0 < value < 1e9:
            raise LoadError("adapter-list", f"{name}={text!a} is not a positive number. Correct it in the pod's environment")
        return value

    token, endpoint = read_token(), read_endpoint()
    source = Path(env.get("NIM_PEFT_SOURCE", ""))
    if not source.is_absolute() or ".." in source.parts or len(source.parts) < 3:
        raise LoadError(
            "adapter-list",
            f"NIM_PEFT_SOURCE={str(source)[:80]!a} is not below the root of a volume. Give an absolute path such as /lora/adapters",
        )
    rank, unload = number("NIM_MAX_LORA_RANK", None), number("LORA_UNLOAD_SECONDS", 0.001)
    return Settings(
        adapters=source, requirements=requirements, token=token, endpoint=endpoint,
        deadline=time.monotonic() + number("LORA_DEADLINE_SECONDS", 1500) + unload, max_rank=None if rank is None else int(rank),
        workers=int(max(1, number("LORA_WORKERS", 8))), retries=int(number("LORA_RETRIES", 6)), backoff=number("LORA_BACKOFF_SECONDS", 0.5),
        stall=number("LORA_STALL_SECONDS", 20), stale=number("LORA_STALE_SECONDS", 30), unload=unload,
        part=int(max(1, number("LORA_RANGE_BYTES", 64 << 20))),
    )  # fmt: skip
