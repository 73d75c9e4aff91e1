"""Printed kubectl commands, run by a shell with a program `kubectl` that records its input."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nim_component.kubernetes.kubectl import create_pull_secret, create_secret

RECORDER = """#!/bin/sh
printf '%s\\n' "$@" > "$RECORDED/arguments"
cat > "$RECORDED/input"
"""
KEY = "nvapi-a=b%s\\d"


def run(command: str, values: list[str], folder: Path, shell: str = "bash") -> tuple[list[str], str, str]:
    """Return kubectl's arguments and input, and the shell's output."""
    program = folder / "kubectl"
    program.write_text(RECORDER)
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "RECORDED": str(folder)}
    typed = "".join(f"{each}\n" for each in values)
    done = subprocess.run([shell, "-c", command], input=typed, env=environment, capture_output=True, text=True, timeout=20, check=True)
    return (folder / "arguments").read_text().splitlines(), (folder / "input").read_text(), done.stdout + done.stderr


def test_secret_values_have_no_line_feed(tmp_path: Path):
    arguments, given, output = run(create_secret("ml", "ngc", ["HF_TOKEN", "NGC_API_KEY"]), ["hf_x", KEY], tmp_path)
    assert arguments == ["-n", "ml", "create", "secret", "generic", "ngc", "--from-env-file=/dev/stdin"]
    assert dict(line.split("=", 1) for line in given.splitlines()) == {"HF_TOKEN": "hf_x", "NGC_API_KEY": KEY}
    assert output == "HF_TOKEN:\nNGC_API_KEY:\n"


def test_pull_secret_has_key_of_terminal(tmp_path: Path):
    arguments, given, output = run(create_pull_secret("ml", "pull", "nvcr.io"), ["nvapi-abc"], tmp_path)
    options = ["--type=kubernetes.io/dockerconfigjson", "--from-file=.dockerconfigjson=/dev/stdin"]
    assert arguments == ["-n", "ml", "create", "secret", "generic", "pull", *options]
    assert json.loads(given) == {"auths": {"nvcr.io": {"username": "$oauthtoken", "password": "nvapi-abc"}}}
    assert output == ""


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_commands_run_in_zsh(tmp_path: Path):
    _, given, _ = run(create_secret("ml", "ngc", ["NGC_API_KEY"]), [KEY], tmp_path, "zsh")
    assert given == f"NGC_API_KEY={KEY}\n"


@pytest.mark.parametrize("registry", ["'; touch x; '", "a b", "$(id)", "é.io", "x%s"])
def test_hostile_registry_is_a_placeholder(registry: str):
    assert '"<registry>"' in create_pull_secret("ml", "pull", registry)
