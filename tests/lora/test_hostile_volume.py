"""A volume on which others write: the own pod, another pod, a planted library, links, manifests."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lora.hub import Hub, Repo, adapter, safetensors
from tests.lora.pod import TOKEN, Pod, as_user
from tests.lora.test_check import look, shelve
from tests.lora.test_lock import Project
from tests.lora.test_processes import index_answers

SIZE = 4096
EVIL = safetensors(SIZE, 99)
"""Weights of the same size as those of the hub."""


@pytest.fixture
def project(tmp_path: Path, hub: Hub) -> Project:
    return Project(tmp_path, hub)


def lock(hub: Hub, pod: Pod) -> None:
    """Give the loader an entry as it is with a lock file."""
    repo = hub.repos["org/one"]
    commit = repo.commit("main") or ""
    files = {name: data for name, data in repo.files(commit).items() if name in ("adapter_config.json", "adapter_model.safetensors")}
    records = {name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    pod.list_adapters({"repo_id": "org/one", "revision": commit, "locked": records})


def weights_of(pod: Pod) -> Path:
    return pod.adapters / "one" / "adapter_model.safetensors"


def edit_manifest(directory: Path, **fields: Any) -> None:
    file = directory / ".nim-lora.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def plant_weights(pod: Pod) -> None:
    """Another pod: other weights, and a manifest that has their hash."""
    weights_of(pod).write_bytes(EVIL)
    files = json.loads((pod.adapters / "one" / ".nim-lora.json").read_text())["files"]
    files["adapter_model.safetensors"] |= {"size": len(EVIL), "sha256": hashlib.sha256(EVIL).hexdigest()}
    edit_manifest(pod.adapters / "one", files=files)


def plant_pickle(pod: Pod) -> None:
    """Older servers prefer it to safetensors."""
    (pod.adapters / "one" / "adapter_model.bin").write_bytes(b"PK\x03\x04")


def plant_directory(pod: Pod) -> None:
    (pod.adapters / "one" / "checkpoint-1").mkdir()


def link_weights(pod: Pod) -> None:
    """The content is right, until its owner changes it."""
    elsewhere = pod.root / "elsewhere"
    weights_of(pod).rename(elsewhere)
    weights_of(pod).symlink_to(elsewhere)


def hard_link_weights(pod: Pod) -> None:
    os.link(weights_of(pod), pod.root / "second-name")


def pipe_weights(pod: Pod) -> None:
    weights_of(pod).unlink()
    os.mkfifo(weights_of(pod))


def link_config(pod: Pod) -> None:
    path = pod.adapters / "one" / "adapter_config.json"
    path.rename(pod.root / "config")
    path.symlink_to(Path("..") / ".." / "config")


def drop_config(pod: Pod) -> None:
    """A manifest without the file that limits the rank."""
    files = json.loads((pod.adapters / "one" / ".nim-lora.json").read_text())["files"]
    del files["adapter_config.json"]
    edit_manifest(pod.adapters / "one", files=files)
    (pod.adapters / "one" / "adapter_config.json").unlink()


def huge_manifest(pod: Pod) -> None:
    os.truncate(pod.adapters / "one" / ".nim-lora.json", 3 << 30)


def link_manifest(pod: Pod) -> None:
    path = pod.adapters / "one" / ".nim-lora.json"
    path.rename(pod.root / "manifest")
    path.symlink_to(pod.root / "manifest")


EDITS: list[Callable[[Pod], None]] = [
    plant_weights,
    plant_pickle,
    plant_directory,
    link_weights,
    hard_link_weights,
    pipe_weights,
    link_config,
    drop_config,
    huge_manifest,
    link_manifest,
]
UNNOTICED_WITHOUT_LOCK = [plant_weights]
"""Without a lock file, the manifest beside an adapter is the only record of its hashes."""


@pytest.mark.parametrize("edit", EDITS)
def test_edited_adapter_is_replaced_under_lock(hub: Hub, pod: Pod, edit: Callable[[Pod], None]) -> None:
    lock(hub, pod)
    assert pod.run().code == 0
    edit(pod)
    result = pod.run()
    assert (result.code, result.lines["one"]["status"]) == (0, "downloaded"), result
    files = hub.repos["org/one"].revisions["main"]
    assert sorted(each.name for each in (pod.adapters / "one").iterdir()) == [
        ".nim-lora.json",
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        path = pod.adapters / "one" / name
        assert path.read_bytes() == files[name] and not path.is_symlink() and path.stat().st_nlink == 1
    assert pod.run().lines["one"]["status"] == "reused"


@pytest.mark.parametrize("edit", [each for each in EDITS if each not in UNNOTICED_WITHOUT_LOCK])
def test_edited_adapter_is_replaced_without_lock(pod: Pod, edit: Callable[[Pod], None]) -> None:
    assert pod.run().code == 0
    edit(pod)
    result = pod.run()
    assert (result.code, result.lines["one"]["status"]) == (0, "downloaded"), result
    assert not weights_of(pod).is_symlink() and not (pod.adapters / "one" / "adapter_model.bin").exists()


@pytest.mark.parametrize("edit", EDITS)
def test_edited_adapter_fails_while_hub_is_down(hub: Hub, pod: Pod, edit: Callable[[Pod], None]) -> None:
    lock(hub, pod)
    assert pod.run().code == 0
    edit(pod)
    result = pod.run(HF_ENDPOINT="http://127.0.0.1:9")
    assert (result.code, pod.published()) == (19, []), result


def test_facts_are_those_of_the_files(hub: Hub, pod: Pod) -> None:
    """A manifest has no effect on rank and features."""
    hub.repos["org/one"] = Repo({"main": adapter(1, rank=64, use_dora=True)})
    assert pod.run().code == 0
    edit_manifest(pod.adapters / "one", rank=8, features=[], base_model="meta/llama3-8b-instruct")
    result = pod.run(NIM_MAX_LORA_RANK="32")
    assert result.code == 20 and "its rank 64 is above" in result.last, result
    assert "uses DoRA" in pod.run().out


def test_staged_adapter_is_compared_with_lock(hub: Hub, pod: Pod) -> None:
    """A killed run leaves complete adapters in staging; another pod can put some there too."""
    lock(hub, pod)
    assert pod.run().code == 0
    plant_weights(pod)
    run = pod.root / "staging" / "0123456789abcdef"
    run.mkdir()
    run.chmod(0o777)
    (pod.adapters / "one").rename(run / "one")
    result = pod.run()
    assert (result.code, result.lines["one"]["status"], pod.staged()) == (0, "downloaded", []), result
    assert weights_of(pod).read_bytes() != EVIL


def test_linked_staging_takes_nothing_from_others(hub: Hub, pod: Pod) -> None:
    """A link in staging to the adapters of another service: none of them is moved or removed."""
    assert pod.run().code == 0
    other = pod.root / "other-service" / "adapters"
    shutil.copytree(pod.adapters, other)
    for path in (other, *other.rglob("*")):
        path.chmod(0o777)
    weights_of(pod).unlink()  # so that the loader looks for a copy
    (pod.root / "staging" / "0123456789abcdef").symlink_to(other)
    result = pod.run()
    assert (result.code, result.lines["one"]["status"]) == (0, "downloaded"), result
    assert sorted(each.name for each in (other / "one").iterdir()) == [
        ".nim-lora.json",
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert not (pod.root / "staging" / "0123456789abcdef").is_symlink()


@pytest.mark.parametrize("name", ["adapters", "staging", "lock", "foreign"])
def test_linked_directory_of_the_loader_is_an_error(hub: Hub, pod: Pod, name: str) -> None:
    elsewhere = pod.directory / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o777)
    (elsewhere / "file").write_text("kept")
    (pod.root / name).symlink_to(elsewhere)
    result = pod.run()
    assert (result.code, hub.requests, [each.name for each in elsewhere.iterdir()]) == (3, [], ["file"]), result
    assert f"/{name} is a link, which this loader did not create. Remove it from the volume" in result.last


@pytest.mark.parametrize("kind", ["link", "pipe", "huge"])
def test_planted_lock_is_stale(pod: Pod, kind: str) -> None:
    """It is neither followed nor printed, and does not hang the loader."""
    secret = pod.directory / "secret"
    secret.write_text(f"{TOKEN} 1 2 3")
    planted = pod.root / "lock" / "41"
    planted.parent.mkdir()
    planted.parent.chmod(0o777)
    if kind == "link":
        planted.symlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(planted)
    else:
        planted.write_text("x" * 100_000)
    result = pod.run(LORA_STALE_SECONDS="1")
    assert (result.code, pod.published()) == (0, ["one"]) and TOKEN not in result.out + result.err, result
    assert secret.read_text() == f"{TOKEN} 1 2 3"


@pytest.mark.parametrize("kind", ["directory", "file", "link"])
def test_foreign_entry_is_not_served(pod: Pod, kind: str) -> None:
    assert pod.run().code == 0
    planted = pod.adapters / "evil"
    if kind == "directory":
        planted.mkdir()
        planted.chmod(0o777)
        (planted / "adapter_model.bin").write_bytes(b"PK")
    elif kind == "file":
        planted.write_text("x")
    else:
        planted.symlink_to(pod.directory)
    for _ in range(2):
        result = pod.run()
        assert (result.code, pod.published()) == (0, ["one"]), result
    assert os.path.lexists(pod.root / "foreign" / "evil") and pod.directory.is_dir()
    planted.write_text("again")
    assert (pod.run().code, pod.published()) == (0, ["one"])
    assert len(list((pod.root / "foreign").iterdir())) == 2


def test_foreign_directory_that_stays_is_an_error(pod: Pod) -> None:
    """A directory can be moved only by those who may write to it."""
    if not as_user():
        pytest.skip("root moves every directory")
    assert pod.run().code == 0
    (pod.adapters / "evil").mkdir(mode=0o755)
    result = pod.run()
    assert result.code == 3 and "evil is not listed" in result.last and "remove it from the volume" in result.last, result


def plant_library(directory: Path, report: Path) -> None:
    """A huggingface_hub that writes the token of its process to a file."""
    package = directory / "huggingface_hub"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"import os\nopen({str(report)!r}, 'w').write(os.environ.get('HF_TOKEN', 'none'))\n")
    for path in (directory, *directory.parents):
        if path == path.parent or "lora" not in str(path):
            break
        path.chmod(0o777)


def test_planted_library_is_never_imported(hub: Hub, pod: Pod) -> None:
    """Its place and name were those of an installed library on the volume."""
    if os.environ.get("CI") != "true" and not index_answers():
        pytest.skip("no package index answers")
    hub.repos["org/one"] = Repo({"main": adapter(1)}, token=TOKEN)
    report = pod.directory / "stolen"
    pins = hashlib.sha256((pod.mounted / "requirements.txt").read_bytes()).hexdigest()[:12]
    plant_library(pod.root / "library" / f"{pins}-{sysconfig.get_config_var('SOABI')}", report)
    result = pod.run("-S", HF_TOKEN=TOKEN, LORA_DEADLINE_SECONDS="170", timeout=180)
    assert (result.code, pod.published(), report.exists()) == (0, ["one"], False), result


def test_given_link_out_is_an_error(pod: Pod) -> None:
    shelve(pod, "one", adapter(1))
    weights_of(pod).rename(pod.directory / "weights")
    weights_of(pod).symlink_to(pod.directory / "weights")
    look(pod, given=["one"])
    result = pod.run("-S")
    assert result.code == 3 and "adapter_model.safetensors is a link that leads out of the directory" in result.last, result


@pytest.mark.parametrize("edit", [plant_pickle, plant_directory, link_weights, hard_link_weights, pipe_weights, drop_config])
def test_edited_adapter_of_the_job_fails(pod: Pod, edit: Callable[[Pod], None]) -> None:
    """Pods of a service with `refresh_interval` only read what the Job has published."""
    assert pod.run().code == 0
    edit(pod)
    look(pod, published=True)
    result = pod.run("-S")
    assert result.code != 0 and result.last.startswith("adapter one: "), result


@pytest.mark.parametrize("edit", [each for each in EDITS if each not in (huge_manifest, link_manifest)])
def test_check_finds_each_edit(pod: Pod, project: Project, edit: Callable[[Pod], None]) -> None:
    project.serve("org/one")
    assert project.run("lock").returncode == 0 and pod.run().code == 0
    edit(pod)
    result = project.run("check", str(pod.adapters))
    assert result.returncode == 1 and "one: " in result.stdout and "as locked" not in result.stdout, result


@pytest.mark.parametrize("file", ["adapter_config.json", "adapter_model.bin", "x.nemo"])
def test_planted_adapter_beside_those_of_the_job_fails(pod: Pod, file: str) -> None:
    assert pod.run().code == 0
    look(pod, published=True)
    (pod.adapters / "empty").mkdir()
    assert pod.run("-S").code == 0
    shelve(pod, "evil", {file: b"x"})
    result = pod.run("-S")
    assert result.code == 3 and "evil was not published by this loader, and the server would serve it" in result.last, result
    assert result.lines["one"]["status"] == "checked"


def hand_over(pod: Pod) -> Path:
    """Let the pod read what a Job published, with the Job's list as both lists of the pod."""
    wanted = json.loads((pod.mounted / "adapters.json").read_text())["adapters"]
    lists = pod.directory / "lists"
    lists.mkdir()
    for name in ("lora-next", "lora-current"):
        (lists / f"{name}.json").write_text(json.dumps({"adapters": wanted}))
    look(pod, published=True, lists=str(lists))
    return lists


@pytest.mark.parametrize("edit", [plant_weights, plant_pickle, plant_directory, link_weights, hard_link_weights, pipe_weights, drop_config])
def test_locked_adapter_is_compared_with_lists(hub: Hub, pod: Pod, edit: Callable[[Pod], None]) -> None:
    lock(hub, pod)
    assert pod.run().code == 0
    hand_over(pod)
    result = pod.run("-S")
    assert (result.code, result.lines["one"]["status"]) == (0, "checked"), result
    edit(pod)
    result = pod.run("-S")
    assert result.code == 26 and result.last.startswith("adapter one: it differs from the listed one ("), result
    assert "If an update is running, its Job restores the adapter. Otherwise run it again" in result.last


def test_adapters_of_either_list_are_accepted(hub: Hub, pod: Pod) -> None:
    """A pod may start before the Job of an update, after it, and after one that failed."""
    lock(hub, pod)
    assert pod.run().code == 0
    lists = hand_over(pod)
    (entry,) = json.loads((lists / "lora-next.json").read_text())["adapters"]
    other = {**entry, "revision": "f" * 40, "locked": {name: {**each, "sha256": "0" * 64} for name, each in entry["locked"].items()}}
    for name in ("lora-next", "lora-current"):
        (lists / f"{name}.json").write_text(json.dumps({"adapters": [other]}))
        assert pod.run("-S").code == 0, f"only {name} has changed"
        (lists / "lora-next.json").write_text(json.dumps({"adapters": [entry]}))
    for name in ("lora-next", "lora-current"):
        (lists / f"{name}.json").write_text(json.dumps({"adapters": [other]}))
    assert pod.run("-S").code == 26


def test_unlisted_adapter_with_manifest_is_refused(hub: Hub, pod: Pod) -> None:
    pod.list_adapters("org/one")
    assert pod.run().code == 0
    hand_over(pod)
    shutil.copytree(pod.adapters / "one", pod.adapters / "evil")
    result = pod.run("-S")
    assert result.code == 26 and "adapter evil: it is not in hf_repo_ids, and the server would serve it" in result.last, result
    assert result.lines["one"]["status"] == "checked"


@pytest.mark.parametrize("content", [None, "", "{}", '{"adapters": [{"name": "../x"}]}'])
def test_broken_lists_are_refused(pod: Pod, content: str | None) -> None:
    assert pod.run().code == 0
    lists = hand_over(pod)
    for file in lists.iterdir():
        if content is None:
            file.unlink()
        else:
            file.write_text(content)
    result = pod.run("-S")
    assert result.code == 2 and "adapter list" in result.last, result
