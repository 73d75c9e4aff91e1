"""Adapters in folders of a repository, from the arguments to the volume and the lock."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from nim_component import NIM, ArgumentError, LoRAAdapter, NIMSecrets
from nim_component.lora.adapter_list import spec_of
from nim_component.lora.lockfile import key_of
from nim_component.lora_loader.adapter_list import GRAMMAR
from tests.lora.hub import Hub, Repo, adapter
from tests.lora.pod import Pod
from tests.lora.test_lock import Project, project  # noqa: F401 - a fixture

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
SUPPORT, SALES = adapter(3, rank=8), adapter(4, rank=64)


def in_folder(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in files.items()}


@pytest.fixture
def several(hub: Hub) -> Repo:
    """One repository with two adapters in folders, and none in its top directory."""
    repo = Repo({"main": {"README.md": b"x", **in_folder("adapters/support", SUPPORT), **in_folder("adapters/sales", SALES)}})
    hub.repos["org/many"] = repo
    return repo


def listed(*adapters: dict[str, Any]) -> list[dict[str, Any]]:
    return [spec_of(LoRAAdapter(**{"repo_id": "org/many", **each})) for each in adapters]


def test_two_adapters_of_one_repository_are_published(hub: Hub, pod: Pod, several: Repo) -> None:
    both = listed({"subfolder": "adapters/support"}, {"subfolder": "adapters/sales", "name": "sales-v2"})
    pod.list_adapters(*both)
    result = pod.run()
    assert (result.code, pod.published()) == (0, ["sales-v2", "support"]), result
    for name, files in {"support": SUPPORT, "sales-v2": SALES}.items():
        assert sorted(p.name for p in (pod.adapters / name).iterdir()) == [".nim-lora.json", CONFIG, WEIGHTS]
        assert (pod.adapters / name / WEIGHTS).read_bytes() == files[WEIGHTS]
    assert [result.lines[name]["rank"] for name in ("support", "sales-v2")] == [8, 64]
    assert len([each for each in hub.requests if "/api/" in each]) == 1, "both adapters have one commit"
    hub.requests.clear()
    assert (pod.run().code, hub.requests) == (0, [])


def test_other_subfolder_replaces_the_adapter(hub: Hub, pod: Pod, several: Repo) -> None:
    for folder, files in {"adapters/support": SUPPORT, "adapters/sales": SALES}.items():
        pod.list_adapters(*listed({"subfolder": folder, "name": "one"}))
        assert pod.run().lines["one"]["status"] == "downloaded"
        assert (pod.adapters / "one" / WEIGHTS).read_bytes() == files[WEIGHTS]
    pod.list_adapters(*listed({"name": "one"}))
    assert pod.run().code == 14, "no adapter is in the top directory"


@pytest.mark.parametrize("subfolder", [None, "adapters", "adapters/none"])
def test_missing_folder_lists_the_folders(hub: Hub, pod: Pod, several: Repo, subfolder: str | None) -> None:
    pod.list_adapters(*listed({"subfolder": subfolder, "name": "one"}))
    result = pod.run()
    assert result.code == 14 and "Folders with adapters: adapters/sales, adapters/support. Set subfolder to one" in result.last, result


def test_unreachable_record_fails_each_adapter_once(hub: Hub, pod: Pod, several: Repo) -> None:
    several.trouble["api_status"] = 404
    pod.list_adapters(*listed({"subfolder": "adapters/support"}, {"subfolder": "adapters/sales"}))
    result = pod.run()
    assert [result.lines[name]["message"].partition(")")[0] for name in ("support", "sales")] == [
        f"adapter {name} (org/many@main, adapters/{name}" for name in ("support", "sales")
    ], result
    assert len(hub.requests) == 1


def test_files_are_paths_below_the_subfolder(hub: Hub, pod: Pod) -> None:
    hub.repos["org/many"] = Repo({"main": {"a/" + CONFIG: SUPPORT[CONFIG], "a/final/" + WEIGHTS: SUPPORT[WEIGHTS], "a/x.txt": b"x"}})
    pod.list_adapters(*listed({"subfolder": "a", "files": [CONFIG, f"final/{WEIGHTS}", "x.txt"]}))
    result = pod.run()
    assert result.code == 0 and sorted(result.lines["a"]["files"]) == [CONFIG, WEIGHTS, "x.txt"], result
    pod.list_adapters(*listed({"name": "b", "files": [f"a/{CONFIG}", f"a/final/{WEIGHTS}"]}))
    assert pod.run().code == 0 and (pod.adapters / "b" / WEIGHTS).read_bytes() == SUPPORT[WEIGHTS]


def test_lock_and_check_cover_folders(hub: Hub, pod: Pod, several: Repo, project: Project) -> None:  # noqa: F811
    project.serve(*({"repo_id": "org/many", "subfolder": f"adapters/{name}"} for name in ("support", "sales")))
    assert project.run("lock").returncode == 0
    entries = json.loads(project.lock.read_text())["adapters"]
    assert list(entries) == ["org/many@main adapters/sales/", "org/many@main adapters/support/"]
    assert sorted(entries["org/many@main adapters/sales/"]["files"]) == [f"adapters/sales/{CONFIG}", f"adapters/sales/{WEIGHTS}"]
    hub.requests.clear()
    specs = project.specs()
    assert [each["subfolder"] for each in specs] == ["adapters/sales", "adapters/support"]
    (pod.mounted / "adapters.json").write_text(json.dumps({"served_model": "x", "adapters": specs}))
    result = pod.run()
    assert (result.code, pod.published()) == (0, ["sales", "support"]) and not [each for each in hub.requests if "/api/" in each], result
    assert project.run("check", str(pod.adapters)).returncode == 0
    weights = pod.adapters / "sales" / WEIGHTS
    weights.write_bytes(SUPPORT[WEIGHTS])
    checked = project.run("check", str(pod.adapters))
    assert checked.returncode == 1 and "sales: adapter_model.safetensors" in checked.stdout, checked
    project.serve({"repo_id": "org/many", "subfolder": "adapters/other"})
    with pytest.raises(Exception, match="is not in the lock file"):
        project.preview()


def test_locked_files_outside_the_subfolder_are_refused(hub: Hub, pod: Pod) -> None:
    locked = {name: {"size": 1, "sha256": "0" * 64} for name in (f"adapters/{CONFIG}", f"adapters/{WEIGHTS}")}
    pod.list_adapters({"repo_id": "org/many", "revision": "a" * 40, "locked": locked, "subfolder": "adapter"})
    result = pod.run()
    assert (result.code, hub.requests) == (2, []) and "has a file outside of the subfolder" in result.last, result


HOSTILE = ["../a", "a/../b", "/a", "a/", "a//b", ".", "..", "a b", "a\n", "-a", "a/b/c/d/e/f", "a\\b", "?x", "a%2f", "a;b", "é", ""]


@pytest.mark.parametrize("folder", HOSTILE)
def test_hostile_folders_are_refused(hub: Hub, pod: Pod, folder: str) -> None:
    with pytest.raises(ArgumentError, match=r"hf_repo_ids\[0\].subfolder"):
        NIM(secrets=NIMSecrets.keyless(), hf_repo_ids=[{"repo_id": "org/many", "subfolder": folder}], lora_adapter_mem="1Gi")
    assert not GRAMMAR["subfolder"].fullmatch(folder) or ".." in folder
    if folder:
        pod.list_adapters({"repo_id": "org/many", "subfolder": folder})
        result = pod.run()
        assert (result.code, hub.requests) == (2, []) and "subfolder" in result.last, result


def test_file_names_are_unique_without_folders() -> None:
    with pytest.raises(ArgumentError, match=r"must contain each file name once: all files are put in one directory"):
        LoRAAdapter(repo_id="org/many", files=[f"a/{CONFIG}", f"b/{CONFIG}", WEIGHTS])


def test_key_and_name_follow_the_subfolder() -> None:
    one = LoRAAdapter(repo_id="org/many", subfolder="adapters/support", files=[CONFIG, WEIGHTS])
    assert one.served_name == "support" and LoRAAdapter(repo_id="org/many").served_name == "many"
    assert key_of(one) == f"org/many@main adapters/support/ {CONFIG},{WEIGHTS}"
    assert re.fullmatch(r"[^/]+/[^/]+@main", key_of(LoRAAdapter(repo_id="org/many"))), "keys of earlier locks stay"
    assert "subfolder" not in spec_of(LoRAAdapter(repo_id="org/many")), "and so do rendered lists"
