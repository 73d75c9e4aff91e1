"""`adapters lock` and `check` with the real hub library and a local hub; effects of a lock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_component import NIM, ArgumentError, LoRAAdapter, NIMSecrets
from nim_component.args import LockedAdapter
from nim_component.lora.lockfile import AdapterLock, LockError, read_lock, write_lock
from nim_component.lora.resolve import _attempt
from nim_component.lora_loader.outcome import LoadError
from nim_component.testing import CONFIG_MAP, Recording, record_project
from tests.lora.hub import Hub, Repo, adapter
from tests.lora.libraries import VERSIONS, install
from tests.lora.pod import TOKEN, Pod

ROOT = Path(__file__).parents[2]


class Project:
    """A project of its own with one stack file."""

    def __init__(self, folder: Path, hub: Hub) -> None:
        self.folder, self.hub = folder, hub
        (folder / "stacks").mkdir()
        for name in ("Pulumi.yaml", "__main__.py"):
            (folder / name).write_text((ROOT / name).read_text())
        self.lock = folder / "stacks" / "adapters.dev.lock.json"

    def serve(self, *adapters: Any, **fields: Any) -> None:
        service = {
            "secrets": {"without_key": True},
            "hf_repo_ids": list(adapters),
            "lora_adapter_mem": "1Gi",
            "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"},
            **fields,
        }
        config = {"kubernetes:renderYamlToDirectory": "out", "nim:services": {"llama": service}}
        (self.folder / "stacks" / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "nim_component", "adapters", *arguments, "--cwd", str(self.folder)]
        given = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HF_ENDPOINT": self.hub.url,
            "NO_PROXY": "*",
            "HOME": str(self.folder),
        }
        return subprocess.run(command, env=given | env, capture_output=True, text=True, timeout=120, check=False)

    def preview(self) -> Recording:
        return record_project(self.folder, "dev")

    def specs(self) -> list[dict[str, Any]]:
        data = self.preview().child("llama", CONFIG_MAP).inputs["data"]
        return json.loads(data["adapters.json"])["adapters"]


@pytest.fixture
def project(hub: Hub, tmp_path: Path) -> Project:
    return Project(tmp_path, hub)


def test_lock_makes_previews_exact(hub: Hub, project: Project, pod: Pod) -> None:
    project.serve("org/one", {"repo_id": "org/two", "name": "second"})
    assert [spec["revision"] for spec in project.specs()] == ["main", "main"], "without a lock, what the branch means is the pod's to find"
    hub.repos["org/one"].token = TOKEN
    result = project.run("lock", HF_TOKEN=TOKEN)
    assert result.returncode == 0, result
    one = hub.repos["org/one"].commit("main") or ""
    assert f"+ org/one@main  {one[:12]}, rank 16, 0.0 MB, of meta-llama/Meta-Llama-3-8B-Instruct" in result.stdout
    assert TOKEN not in result.stdout + result.stderr + project.lock.read_text()
    entry = json.loads(project.lock.read_text())["adapters"]["org/two@main"]
    assert (entry["rank"], entry["base_model"]) == (32, "meta-llama/Meta-Llama-3-8B-Instruct")
    assert sorted(entry["files"]) == ["adapter_config.json", "adapter_model.safetensors"]
    of_weights = [each.split("/resolve/")[0] for each in hub.requests if "safetensors" in each]
    assert sorted(of_weights) == ["GET /org/one", "GET /org/two"], "only the headers: the hub lists the hashes of the weights"
    first, second = project.specs()
    assert (first["revision"], second["name"]) == (one, "second") and second["locked"] == entry["files"]
    hub.requests.clear()
    (pod.mounted / "adapters.json").write_text(json.dumps({"served_model": "x", "adapters": [first, second]}))
    result = pod.run(HF_TOKEN=TOKEN)
    assert (result.code, pod.published(), len(hub.requests)) == (0, ["one", "second"], 4), "two files each, and no look-up"
    checked = project.run("check", str(pod.adapters), HF_ENDPOINT="http://127.0.0.1:9")
    assert checked.returncode == 0 and f"one: as locked, commit {one[:12]}" in checked.stdout, checked


def test_locked_adapters_stay_without_upgrade(hub: Hub, project: Project) -> None:
    project.serve("org/one")
    assert project.run("lock").returncode == 0
    before = project.lock.read_text()
    old = hub.repos["org/one"].commit("main") or ""
    hub.repos["org/one"].revisions = {"main": adapter(9)}
    hub.requests.clear()
    result = project.run("lock")
    assert (result.returncode, project.lock.read_text(), hub.requests) == (0, before, []) and "nothing changed" in result.stdout, result
    project.serve("org/one", "org/two")
    assert project.run("lock", "--check").returncode == 1 and project.lock.read_text() == before
    result = project.run("lock", "--upgrade")
    new = hub.repos["org/one"].commit("main") or ""
    assert f"~ org/one@main  {old[:12]} -> {new[:12]}" in result.stdout and "+ org/two@main" in result.stdout, result
    project.serve("org/two")
    assert "- org/one@main" in project.run("lock").stdout
    assert list(json.loads(project.lock.read_text())["adapters"]) == ["org/two@main"]


def test_later_entry_of_moved_branch_warns(hub: Hub, project: Project) -> None:
    def push(seed: int) -> str:
        hub.repos["org/many"] = Repo({"main": {f"{folder}/{name}": data for folder in "abc" for name, data in adapter(seed).items()}})
        return (hub.repos["org/many"].commit("main") or "")[:12]

    before = push(1)
    project.serve(*({"repo_id": "org/many", "subfolder": folder} for folder in "ab"))
    locked = project.run("lock")
    assert locked.returncode == 0 and "warning" not in locked.stderr, locked
    assert len([each for each in hub.requests if "/api/" in each]) == 1, "one record for both"
    after = push(2)
    project.serve(*({"repo_id": "org/many", "subfolder": folder} for folder in "abc"))
    locked = project.run("lock")
    first, second = sorted((before, after))
    words = f"warning: org/many@main is locked at several commits: {first}, {second}. To move all its adapters to one, use --upgrade."
    assert words in locked.stderr.splitlines(), locked
    assert project.run("lock", "--upgrade").stderr == ""


def test_unlocked_adapter_fails_and_unlisted_warns(project: Project) -> None:
    project.serve("org/one", "org/two")
    assert project.run("lock").returncode == 0
    project.serve("org/one", "org/two@v2")
    with pytest.raises(Exception, match="is not in the lock file") as raised:
        project.preview()
    assert "hf_repo_ids[1]: is not in the lock file (got 'org/two@v2'). Run nim-component adapters lock, and commit" in str(raised.value)
    project.serve("org/one")
    assert any("org/two@main, which no service lists" in warning for warning in project.preview().warnings())


def test_failure_writes_nothing_and_names_adapters(hub: Hub, project: Project) -> None:
    hub.repos["org/gated"] = Repo({"main": adapter(1)}, token="right", gated=True)
    project.serve("org/one", "org/none", "org/gated")
    result = project.run("lock", HF_TOKEN=TOKEN)
    assert result.returncode == 1 and not project.lock.exists(), result
    assert "adapter none (org/none@main): no such repo" in result.stderr and "Accept its terms on its page" in result.stderr
    assert "2 of 3 adapters cannot be locked. Nothing was written" in result.stderr and "Traceback" not in result.stderr
    assert TOKEN not in result.stdout + result.stderr


PROXY = "http://127.0.0.1:9"
ENVIRONMENTS: dict[str, tuple[dict[str, str], str]] = {
    "no hub": ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "Check HF_ENDPOINT, proxy and network"),
    "endpoint without scheme": ({"HF_ENDPOINT": "hub.example.com"}, "HF_ENDPOINT='hub.example.com' is not an http(s) URL"),
    "token of two words": ({"HF_TOKEN": "hf_a b"}, "HF_TOKEN contains characters that no token has"),
    "token with an accent": ({"HF_TOKEN": "hf_é"}, "HF_TOKEN contains characters that no token has"),
    "proxy of another scheme": ({"HTTPS_PROXY": "ftp://proxy:1", "NO_PROXY": ""}, "Correct HTTPS_PROXY, HTTP_PROXY, ALL_PROXY"),
    "proxy with SOCKS": ({"ALL_PROXY": "socks5://proxy:1", "NO_PROXY": ""}, "ALL_PROXY"),
    "no temporary directory": ({"TMPDIR": "/proc/none"}, ""),
    "ranges": ({"NO_PROXY": "fd00::/8,[::1],127.0.0.0/8", "HTTP_PROXY": PROXY, "http_proxy": PROXY}, ""),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ENVIRONMENTS)
def test_lock_ends_without_traceback(project: Project, version: str, case: str) -> None:
    env, words = ENVIRONMENTS[case]
    library = install(version).get("PYTHONPATH", "")
    project.serve("org/one")
    result = project.run("lock", **{**env, "PYTHONPATH": f"{ROOT}:{library}"})
    assert "Traceback" not in result.stdout + result.stderr, result.stderr
    assert result.returncode == (0 if not words else 1) and words in result.stderr, result
    assert project.lock.is_file() != bool(words)


def test_unwritable_lock_file_prints_one_line(project: Project) -> None:
    project.serve("org/one")
    project.lock.mkdir()
    result = project.run("lock")
    assert result.returncode == 1 and "adapters.dev.lock.json cannot be written (Is a directory)" in result.stderr, result
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("odd")])
def test_unexpected_error_of_adapter_is_text(error: Exception) -> None:
    class Broken:
        def look_up(self, spec: object) -> None:
            raise error

    found = _attempt(Broken(), LoRAAdapter(repo_id="org/one"), Path("/none"))  # type: ignore[arg-type]
    assert isinstance(found, LoadError) and str(found).startswith("adapter one (org/one@main): "), found
    assert ("temporary directory" in str(found)) == isinstance(error, OSError)


def test_rank_above_limit_fails_before_pods_start(project: Project) -> None:
    project.serve("org/one", "org/two", lora={"max_rank": 16})
    assert project.run("lock").returncode == 0
    with pytest.raises(Exception, match=r"hf_repo_ids\[1\]: has rank 32, above lora.max_rank \(16\) \(got 'org/two'\)"):
        project.preview()


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "directory"])
def test_check_reports_differences_from_lock(project: Project, pod: Pod, damage: str) -> None:
    project.serve("org/one")
    assert project.run("lock").returncode == 0 and pod.run().code == 0
    weights = pod.adapters / "one" / "adapter_model.safetensors"
    data = weights.read_bytes()
    if damage == "flip":
        weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif damage == "cut":
        weights.write_bytes(data[:-1])
    elif damage == "gone":
        weights.unlink()
    result = project.run("check", str(pod.adapters if damage != "directory" else pod.root))
    words = {"flip": "differs from the locked file", "cut": "bytes; ", "gone": "is missing", "directory": "one: is missing"}[damage]
    assert result.returncode == 1 and words in result.stdout and "differ from their locked records" in result.stderr, result


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 2, "adapters": {}}', '{"version": 1, "adapters": {"a": {}}}', '{"version": 1, "adapters": {"a": 7}}'],
)
def test_broken_lock_file_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "lock").write_text(text)
    with pytest.raises(LockError, match=r"lock: (is not a lock file|has version 2)"):
        read_lock(tmp_path / "lock")


def test_lock_file_round_trips_in_one_form(tmp_path: Path) -> None:
    files = {"adapter_config.json": {"size": 1, "sha256": "0" * 64}, "adapter_model.bin": {"size": 2, "sha256": "1" * 64}}
    entry = LockedAdapter.read({"commit": "a" * 40, "files": files, "rank": 8}, "lock")
    lock = AdapterLock({"b@main": entry, "a@main": entry})
    (tmp_path / "lock").write_text(write_lock(lock))
    again = read_lock(tmp_path / "lock")
    assert again == lock and write_lock(again) == write_lock(AdapterLock(dict(reversed(lock.adapters.items()))))
    assert read_lock(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"commit": "main", "files": {}}, "must be a commit of 40 digits"),
        ({"commit": "a" * 40, "files": {"../a": {"size": 1, "sha256": "0" * 64}}}, "must be the path of a file"),
        ({"commit": "a" * 40, "files": {"a": {"size": 1, "sha256": "x"}}}, "must be a SHA-256"),
    ],
)
def test_hostile_entry_is_refused(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        NIM(
            secrets=NIMSecrets.keyless(),
            hf_repo_ids=[LoRAAdapter(repo_id="org/one", locked=entry)],  # type: ignore[arg-type]
            lora_adapter_mem="1Gi",
            env={"NIM_PEFT_SOURCE": "/a"},
        )


@pytest.mark.parametrize(
    "locked",
    [
        {"adapter_config.json": {"size": -1, "sha256": "0" * 64}, "adapter_model.bin": {"size": 1, "sha256": "0" * 64}},
        {"adapter_config.json": {"size": 1, "sha256": "z"}, "adapter_model.bin": {"size": 1, "sha256": "0" * 64}},
        {"adapter_config.json": {"size": 1, "sha256": "0" * 64}},
        {"../adapter_config.json": {"size": 1, "sha256": "0" * 64}, "adapter_model.bin": {"size": 1, "sha256": "0" * 64}},
    ],
)
def test_loader_refuses_hostile_entries_too(hub: Hub, pod: Pod, locked: dict[str, Any]) -> None:
    pod.list_adapters({"repo_id": "org/one", "revision": "a" * 40, "locked": locked})
    assert (pod.run().code, hub.requests) == (2, [])


def test_wrong_bytes_under_lock_are_refused(hub: Hub, pod: Pod, project: Project) -> None:
    project.serve("org/one")
    assert project.run("lock").returncode == 0
    (pod.mounted / "adapters.json").write_text(json.dumps({"served_model": "x", "adapters": project.specs()}))
    hub.repos["org/one"].trouble = {"wrong_bytes": True}
    result = pod.run()
    assert (result.code, pod.published()) == (17, []) and "arrived damaged twice" in result.last, result
