"""A program in YAML creates the objects of one in Python, through the plugin."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.client import Client
from tests.cluster.controlplane import ControlPlane
from tests.cluster.nodes import EIGHT_GPUS

from .project import ROOT
from .resources import live_deployment

PYTHON = """
import pulumi
from nim_component import NIMService

for name in ("llama", "other"):
    NIMService(name, {"namespace": NAMESPACE, "secrets": {"without_key": True}, "env": {"NIM_LOG_LEVEL": "INFO"}})
"""
SERVICE: dict[str, Any] = {"type": "nim:NIMService", "properties": {"secrets": {"withoutKey": True}, "env": {"NIM_LOG_LEVEL": "INFO"}}}


class YamlProject:
    """Two services in YAML, and the same in Python, as one stack."""

    def __init__(self, folder: Path, namespace: str, kubeconfig: Path) -> None:
        self.folder, self.namespace = folder, namespace
        plugin = folder / "plugin"
        shutil.copytree(ROOT / "plugin", plugin, ignore=shutil.ignore_patterns("requirements.txt", "__pycache__"))
        (plugin / "PulumiPlugin.yaml").write_text(yaml.safe_dump({"runtime": {"name": "python", "options": {"virtualenv": sys.prefix}}}))
        (folder / "state").mkdir()
        self.environment = {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONPATH": str(ROOT),
            "KUBECONFIG": str(kubeconfig),
        }
        self.write()
        assert self.run("stack", "init", "dev")[0] == 0

    def write(self, **properties: Any) -> None:
        """Write the program, with further properties of the service `llama`."""
        services = {name: deepcopy(SERVICE) for name in ("llama", "other")}  # its YAML has no anchors
        for service in services.values():
            service["properties"]["namespace"] = self.namespace
        services["llama"]["properties"] |= properties
        program = {"name": "languages", "runtime": "yaml", "packages": {"nim": str(self.folder / "plugin")}, "resources": services}
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(program, sort_keys=False))

    def write_python(self) -> None:
        """Write the program in Python in its place."""
        runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "languages", "runtime": runtime}))
        (self.folder / "__main__.py").write_text(PYTHON.replace("NAMESPACE", repr(self.namespace)))

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command of the CLI, and return its exit code and output."""
        command = ["pulumi", *arguments, "--non-interactive", "--color=never"]
        env = {**os.environ, **self.environment}
        found = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=280, check=False)
        return found.returncode, found.stdout + found.stderr


@pytest.fixture
def program(tmp_path: Path, namespace: str, control_plane: ControlPlane) -> Iterator[YamlProject]:
    if shutil.which("pulumi-language-yaml") is None:
        pytest.skip("no pulumi-language-yaml on PATH: it is part of the Pulumi CLI")
    yield YamlProject(tmp_path, namespace, control_plane.kubeconfig)


def test_services_in_yaml_equal_those_in_python(program: YamlProject, cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    code, output = program.run("up", "--yes", "--skip-preview")
    assert code == 0, output
    assert live_deployment(cluster, namespace)["status"]["readyReplicas"] == 1
    assert "ready after" in output  # the progress report of the plugin process
    assert "resource hook already registered" not in output
    program.write_python()
    code, output = program.run("preview")
    assert (code, "9 unchanged" in output) == (0, True), output


def test_problem_in_yaml_has_its_names(program: YamlProject):
    program.write(replicas=3)
    code, output = program.run("preview")
    assert code != 0
    assert "cache.accessMode: must allow sharing for 3 replicas" in output
    assert "Traceback" not in output
