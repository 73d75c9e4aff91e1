"""Selection and content of the kubeconfig."""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_component.cluster import client as module
from nim_component.cluster.client import ClusterClient
from nim_component.cluster.errors import UnreachableError
from nim_component.cluster.kubeconfig import NoClusterError

from .server import kubeconfig, serving
from .test_client import call


def test_missing_kubeconfig_raises_with_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(NoClusterError, match=re.escape(f"there is no kubeconfig ({tmp_path}/.kube/config)")):
        ClusterClient.connect()
    with pytest.raises(NoClusterError, match=re.escape(f"there is no kubeconfig ({tmp_path}/missing)")):
        ClusterClient.connect(str(tmp_path / "missing"))


def test_unknown_context_raises_with_existing_contexts():
    config = {
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
        "contexts": [{"name": name, "context": {"cluster": "c"}} for name in ("dev", "staging")],
        "current-context": "dev",
    }
    with pytest.raises(NoClusterError, match="the kubeconfig has no context 'prod'; its contexts: dev, staging"):
        ClusterClient.connect(json.dumps(config), "prod")


@pytest.mark.parametrize("text", ["a: b\n", "- a\n- b\n", "{", "\x00\n", "{}", "clusters: [1]\nusers: 2\n"])
def test_broken_kubeconfig_raises_without_quoting_it(text: str):
    with pytest.raises(NoClusterError) as caught:
        ClusterClient.connect(f"{text}\n# nvapi-of-nobody")
    assert "nvapi" not in str(caught.value)


def test_missing_kubernetes_client_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "is_installed", lambda: False)
    with pytest.raises(NoClusterError, match=r"pip install 'nim-component\[diagnose\]'"):
        ClusterClient.connect(kubeconfig("http://127.0.0.1:9"))


def test_several_files_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with serving(lambda _: (200, {"which": "second"})) as config:
        second = yaml.safe_load(config)
        first = {"current-context": "c", "contexts": second.pop("contexts"), "users": [{"name": "u", "user": {"token": "first"}}]}
        (tmp_path / "one").write_text(yaml.safe_dump(first))
        (tmp_path / "two").write_text(yaml.safe_dump(second))
        monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'one'}:{tmp_path / 'missing'}:{tmp_path / 'two'}")

        async def run() -> Any:
            async with ClusterClient.connect() as client:
                return await client.get("/x")

        assert asyncio.run(run()) == {"which": "second"}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_exec_credential_plugin_is_run(tmp_path: Path, version: str):
    program = tmp_path / "login.py"
    program.write_text(
        "import json, os\nassert 'ExecCredential' in os.environ['KUBERNETES_EXEC_INFO']\nprint(json.dumps({'status': {'token': 't'}}))\n"
    )
    with serving(lambda _: (200, {"ok": True})) as config:
        content = yaml.safe_load(config)
        content["users"][0]["user"] = {
            "exec": {"apiVersion": f"client.authentication.k8s.io/{version}", "command": sys.executable, "args": [str(program)]}
        }
        assert call(yaml.safe_dump(content), lambda client: client.get("/x")) == {"ok": True}


@pytest.mark.parametrize("command", ["/nowhere", "false"])
def test_failing_exec_credential_plugin_raises_unreachable(command: str):
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command}}
    with pytest.raises(UnreachableError):
        call(kubeconfig("http://127.0.0.1:9", user), lambda client: client.get("/x"))
