"""Rendered containers run as processes: command, environment and files on a volume."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from nim_component.testing import CONFIG_MAP, Recording, record, record_project
from tests.lora.hub import Hub, Repo, adapter
from tests.lora.pod import FAST, TOKEN, as_user
from tests.lora.stub_nim import StubNIM
from tests.unit.seed import LORA, serve

ROOT = Path(__file__).parents[2]


class Node:
    """Run the containers of a recorded pod, with links for mounts and paths below a directory."""

    def __init__(self, directory: Path, hub: Hub) -> None:
        self.directory, self.hub, self.runs = directory, hub, 0
        directory.chmod(0o777)

    def place(self, path: str) -> Path:
        return self.directory / f"root-{self.runs}" / path.lstrip("/")

    def run(self, seen: Recording, pod: dict[str, Any], container: dict[str, Any], **env: str) -> subprocess.CompletedProcess[str]:
        self.runs += 1  # each container has a file system of its own
        volumes = {each["name"]: each for each in pod["volumes"]}
        for mount in sorted(container["volumeMounts"], key=lambda each: each["mountPath"]):
            source = self.fill(seen, volumes[mount["name"]]) / mount.get("subPath", "")
            target = self.place(mount["mountPath"])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)
        given: dict[str, str] = {}
        for each in container.get("env", []):  # as Kubernetes does: references are to what stands before
            value = self.moved(each["value"]) if "value" in each else TOKEN
            given[each["name"]] = re.sub(r"\$\(([\w.-]+)\)", lambda found: given.get(found[1], found[0]), value)
        passed = {k: v for k, v in os.environ.items() if k.startswith("PIP_") or k == "PATH"}
        command = [sys.executable if word == "python3" else self.moved(word) for word in container["command"]]
        tmp = self.directory / "tmp"
        tmp.mkdir(exist_ok=True)
        tmp.chmod(0o777)
        more = {
            "TMPDIR": str(tmp),
            "HF_ENDPOINT": self.hub.url,
            "LORA_TERMINATION_LOG": str(self.directory / "termination"),
            "NO_PROXY": "*",
            **FAST,
        }
        return subprocess.run(
            [*as_user(), *command],
            env={**passed, **more, **given, **env},
            cwd=self.place(container["workingDir"]),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def moved(self, text: str) -> str:
        return str(self.place(text)) if text.startswith(("/lora", "/opt")) else text

    def read(self, seen: Recording, name: str) -> dict[str, str]:
        return next(each for each in seen.find(CONFIG_MAP) if each.inputs["metadata"]["name"] == name).inputs["data"]

    def fill(self, seen: Recording, volume: dict[str, Any]) -> Path:
        directory = self.directory / "volumes" / volume["name"]
        if "configMap" in volume:
            directory = directory.with_name(volume["configMap"]["name"])
        directory.mkdir(parents=True, exist_ok=True)
        if "configMap" in volume:
            for key, text in self.read(seen, volume["configMap"]["name"]).items():
                (directory / key).write_text(text, encoding="utf-8")
        for source in volume.get("projected", {}).get("sources", ()):
            for item in source["configMap"]["items"]:
                text = self.read(seen, source["configMap"]["name"])[item["key"]]
                (directory / item["path"]).write_text(text, encoding="utf-8")
        directory.chmod(0o777)
        return directory


@pytest.fixture
def node(hub: Hub, tmp_path: Path) -> Node:
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.getuid() and parent != Path("/") and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return Node(tmp_path, hub)


def models(source: Path) -> list[str]:
    with StubNIM(source) as nim, urllib.request.urlopen(f"{nim.url}/v1/models") as answer:
        return [each["id"] for each in json.load(answer)["data"]]


def test_seed_example_publishes_and_lists_adapters(hub: Hub, node: Node) -> None:
    for number in (1, 2):
        hub.repos[f"my-org/my-lora-adapter-{number}"] = Repo({"main": adapter(number)}, token=TOKEN)
    seen = record_project(ROOT, "dev")
    pod = seen.pod("llama3-8b")
    (container,) = pod["initContainers"]
    result = node.run(seen, pod, container)
    assert result.returncode == 0, result
    mount = next(each for each in seen.container("llama3-8b")["volumeMounts"] if each["name"] == "lora")
    source = node.directory / "volumes" / "lora" / mount["subPath"]
    assert models(source) == ["meta/llama3-8b-instruct", "my-lora-adapter-1", "my-lora-adapter-2"]
    assert models(source) == list(seen.service("llama3-8b").outputs["modelNames"])


def test_refresh_changes_models_without_restart(hub: Hub, node: Node) -> None:
    for name in ("one", "two", "three"):
        hub.repos[f"my-org/{name}"] = Repo({"main": adapter(1), "v1": adapter(2)})
    fields: dict[str, Any] = {**LORA, "lora": {"refresh_interval": 1, "volume": {}}}
    before = record(lambda: serve(**fields))
    after = record(lambda: serve(**{**fields, "hf_repo_ids": ["my-org/two@v1", "my-org/three"]}))
    assert before.deployment("llama") == after.deployment("llama"), "so Pulumi touches no pod"
    source = node.directory / "volumes" / "lora-pvc" / "adapters"
    (check,) = before.pod("llama")["initContainers"]
    listed: list[list[str]] = []
    for seen in (before, after):
        job = seen.child("llama", "kubernetes:batch/v1:Job").inputs["spec"]["template"]["spec"]
        result = node.run(seen, job, job["containers"][0])
        assert result.returncode == 0, result
        listed.append(models(source)[1:])
        result = node.run(seen, seen.pod("llama"), check)
        assert result.returncode == 0, result
    assert listed == [["one", "two"], ["three", "two"]]
    result = node.run(before, before.pod("llama"), check)
    assert (result.returncode, "adapter three: it is not in hf_repo_ids" in result.stderr) == (26, True), result


def test_user_container_adapters_are_checked(hub: Hub, node: Node) -> None:
    script = (
        "import os, pathlib; d = pathlib.Path(os.environ['NIM_PEFT_SOURCE']) / 'a'; d.mkdir(); (d / 'adapter_config.json').write_text('{}')"
    )
    source = {"image": "r.example/fetch:1", "command": ["python3", "-c", script], "names": ["a"]}
    seen = record(lambda: serve(env=LORA["env"], lora_adapter_mem="1Gi", lora={"source": source}))
    fetch, check = seen.pod("llama")["initContainers"]
    (node.directory / "volumes" / "lora" / "adapters").mkdir(parents=True)
    (node.directory / "volumes" / "lora" / "adapters").chmod(0o777)
    assert node.run(seen, seen.pod("llama"), {**fetch, "workingDir": "/"}).returncode == 0
    result = node.run(seen, seen.pod("llama"), check)
    assert result.returncode == 14 and "adapter a: no adapter_model.safetensors or adapter_model.bin" in result.stderr, result
