"""The loader on every supported Python on PATH: install, download, reuse, verify, compare."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.lora.hub import Hub
from tests.lora.pod import Pod
from tests.lora.pvc_job import locked
from tests.lora.test_processes import index_answers

VERSIONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


def find(version: str) -> str:
    """Its interpreter, if there is one that has pip."""
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        pytest.skip(f"no python{version} with pip on PATH")
    return python


@pytest.mark.parametrize("version", VERSIONS)
def test_loader_runs_on_each_python(hub: Hub, pod: Pod, version: str) -> None:
    python = find(version)
    if not index_answers():
        pytest.skip("no package index answers")
    pod.list_adapters("org/one", "org/two")
    result = pod.wait(pod.start("-s", python=python, LORA_DEADLINE_SECONDS="170"), 180)
    assert (result.code, pod.published()) == (0, ["one", "two"]), result
    hub.requests.clear()
    assert (pod.run("-S", python=python).code, hub.requests) == (0, [])
    (pod.mounted / "adapters.json").write_text(json.dumps({"served_model": "x", "published": True}))
    assert list(pod.run("-S", python=python).lines) == ["one", "two"]
    spec = {
        "name": "one",
        "repo_id": "org/one",
        "revision": "a" * 40,
        "locked": json.loads(locked("one").model_dump_json())["locked"]["files"],
    }
    (pod.mounted / "adapters.json").write_text(json.dumps({"served_model": "x", "compared": True, "adapters": [spec]}))
    result = pod.run("-S", python=python)
    assert result.code == 17 and json.loads(result.termination)["wrong"] == 1, result
