"""Versions of huggingface_hub that a `lora_image` may contain: the lowest and newest of 1.x."""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

VERSIONS = ["installed", "1.0.0", "1.33.0"]


@functools.cache
def install(version: str) -> dict[str, str]:
    """Install a version in a directory of its own, and return the environment that selects it."""
    if version == "installed":
        return {}
    directory = Path(tempfile.gettempdir()) / f"nim-tests-huggingface-hub-{version}-{sys.version_info.minor}"
    if not (directory / "huggingface_hub").is_dir():
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-cache-dir", "--retries", "1", "--target", str(directory)]
        result = subprocess.run([*command, f"huggingface_hub=={version}"], capture_output=True, text=True, check=False, umask=0o022)
        if result.returncode:
            pytest.skip(f"huggingface_hub {version} cannot be installed")
    return {"PYTHONPATH": str(directory)}
