"""Weights that are pickles: never downloaded without consent, and scanned for code."""

from __future__ import annotations

import io
import json
import os
import pickle
import tarfile
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from nim_component import NIM, ArgumentError, LoRAAdapter, NIMSecrets
from nim_component.lora_loader.pickles import MAX_PICKLE_BYTES, find_code
from tests.lora.hub import Hub, Repo, adapter, config, pickled
from tests.lora.pod import Pod
from tests.lora.test_check import look, shelve
from tests.lora.test_lock import Project

PICKLE = {"adapter_config.json": config(), "adapter_model.bin": pickled()}


class Code:
    """Run a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch /tmp/never",)


EVIL = {"adapter_config.json": config(), "adapter_model.bin": pickled(Code())}
STREAM = b"".join(pickle.dumps(each, 2) for each in (119547037146038801333356, 1001, {"little_endian": True}, OrderedDict(), []))
"""Weights as PyTorch saved them before 1.6."""


@pytest.fixture
def project(tmp_path: Path, hub: Hub) -> Project:
    return Project(tmp_path, hub)


def weights_of(hub: Hub) -> list[str]:
    return [each for each in hub.requests if "adapter_model" in each]


def test_pickle_without_consent_is_not_downloaded(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": PICKLE})
    result = pod.run()
    assert (result.code, pod.published(), pod.staged(), weights_of(hub)) == (23, [], [], []), result
    assert result.last.startswith("adapter one (org/one@main): its weights are only in adapter_model.bin, a pickle, which can run code")
    assert result.last.endswith("Convert them to safetensors; if you trust the repo, set allow_pickle: true on the adapter")


def test_pickle_with_consent_is_downloaded(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": PICKLE})
    pod.list_adapters({"repo_id": "org/one", "allow_pickle": True})
    assert (pod.run().code, pod.published()) == (0, ["one"])
    pod.list_adapters({"repo_id": "org/two", "allow_pickle": True})
    assert pod.run().code == 0 and (pod.adapters / "two" / "adapter_model.safetensors").is_file()


def test_branch_that_swaps_to_pickle_fails(hub: Hub, pod: Pod) -> None:
    pod.list_adapters("org/one@v1")
    hub.repos["org/one"] = Repo({"v1": adapter(1), "v2": PICKLE})
    assert pod.run().code == 0
    pod.list_adapters("org/one@v2")
    result = pod.run()
    assert (result.code, pod.published(), weights_of(hub)[2:]) == (23, ["one"], []), result


@pytest.mark.parametrize("consent", [False, 0, "true", None, 1])
def test_only_true_is_consent(hub: Hub, pod: Pod, consent: Any) -> None:
    hub.repos["org/one"] = Repo({"main": PICKLE})
    pod.list_adapters({"repo_id": "org/one", "allow_pickle": consent})
    assert (pod.run().code, weights_of(hub)) == (23, [])


@pytest.mark.parametrize("file", ["adapter_model.bin", "adapter_model.BIN", "adapter_model.pt"])
def test_named_pickle_requires_consent(hub: Hub, pod: Pod, file: str) -> None:
    pod.list_adapters({"repo_id": "org/one", "files": ["adapter_config.json", "adapter_model.safetensors", file]})
    result = pod.run()
    assert (result.code, hub.requests) == (2, []) and "is a pickle; use safetensors, or set allow_pickle" in result.last, result


def test_pickle_with_code_is_refused(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": EVIL})
    pod.list_adapters({"repo_id": "org/one", "allow_pickle": True})
    result = pod.run()
    assert (result.code, pod.published(), pod.staged()) == (23, [], []), result
    assert "adapter_model.bin is a pickle with posix.system, which is no tensor and can run code. Do not load it" in result.last


def test_given_pickle_with_code_is_refused(hub: Hub, pod: Pod) -> None:
    shelve(pod, "one", EVIL)
    look(pod, given=["one"])
    result = pod.run("-S")
    assert result.code == 23 and "adapter_model.bin is a pickle with posix.system" in result.last, result


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_tensors_are_no_code(tmp_path: Path) -> None:
    globals_of_tensors = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nctorch\nFloatStorage\nctorch\nBFloat16Storage\n."
    for data in (pickled(), STREAM, STREAM[:-4] + globals_of_tensors):
        assert find_code(write(tmp_path / "a.bin", data)) is None


@pytest.mark.parametrize(
    ("pickle_of", "found"),
    [
        (b"cos\nsystem\n.", "os.system"),
        (b"cbuiltins\neval\n.", "builtins.eval"),
        (b"ctorch\nload\n.", "torch.load"),
        (b"ctorch.hub\nload\n.", "torch.hub.load"),
        (b"(S'x'\nios\nsystem\n.", "opcode INST"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "opcode STACK_GLOBAL"),
        (b"\x80\x02\x82\x01.", "opcode EXT1"),
    ],
)
def test_each_way_to_code_is_found(tmp_path: Path, pickle_of: bytes, found: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("x/data.pkl", pickle.dumps(OrderedDict(), 2))
        archive.writestr("x/constants.pkl", pickle_of)
    assert find_code(write(tmp_path / "a.bin", data.getvalue())) == found
    assert find_code(write(tmp_path / "b.bin", b"\x80\x02N." + pickle_of)) == found


def test_pickle_that_ends_as_archive_is_scanned(tmp_path: Path) -> None:
    """PyTorch decides by the first bytes, and zipfile by the last ones."""
    assert find_code(write(tmp_path / "a.bin", b"\x80\x02cos\nsystem\n." + pickled())) == "os.system"


def tar() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("\x80\x02N.\n.\n.\n."))
    return data.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04" + bytes(100),
        b"\x80\x02",
        b"\x80\x02N.",
        b"{}",
        pickled()[:-30],
        tar(),
        b"\x80\x02T" + (MAX_PICKLE_BYTES + 1).to_bytes(4, "little") + bytes(MAX_PICKLE_BYTES + 1),
    ],
    ids=["empty", "no archive", "cut", "one pickle", "JSON", "cut archive", "tar", "large"],
)
def test_other_files_are_refused(hub: Hub, pod: Pod, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ValueError):
        find_code(write(tmp_path / "a.bin", data))
    hub.repos["org/one"] = Repo({"main": PICKLE | {"adapter_model.bin": data}})
    pod.list_adapters({"repo_id": "org/one", "allow_pickle": True})
    result = pod.run()
    assert (result.code, pod.published()) == (17, []) and "adapter_model.bin is not a PyTorch file" in result.last, result


def test_lock_refuses_and_records_pickles(project: Project, hub: Hub) -> None:
    hub.repos["org/one"] = Repo({"main": PICKLE})
    project.serve("org/one", "org/two")
    result = project.run("lock")
    assert result.returncode == 1 and "set allow_pickle: true on the adapter" in result.stderr, result
    assert not project.lock.exists() and not [each for each in weights_of(hub) if each.endswith(".bin")]
    project.serve({"repo_id": "org/one", "allow_pickle": True}, "org/two")
    result = project.run("lock")
    assert result.returncode == 0 and "adapter_model.bin is a pickle of tensors" in result.stdout, result
    entries = json.loads(project.lock.read_text())["adapters"]
    assert entries["org/one@main"]["weights_only"] is True and "weights_only" not in entries["org/two@main"]
    assert [each.get("allow_pickle") for each in project.specs()] == [True, None]


def test_locked_pickle_requires_consent_and_scan(project: Project, hub: Hub) -> None:
    hub.repos["org/one"] = Repo({"main": PICKLE})
    project.serve({"repo_id": "org/one", "allow_pickle": True})
    assert project.run("lock").returncode == 0
    project.serve("org/one")
    with pytest.raises(Exception, match=r"hf_repo_ids\[0\].allow_pickle: must be true for adapter_model.bin, which is a pickle"):
        project.preview()
    project.serve({"repo_id": "org/one", "allow_pickle": True})
    project.preview()
    project.lock.write_text(project.lock.read_text().replace("true", "false"))
    with pytest.raises(Exception, match=r"hf_repo_ids\[0\]: is locked with adapter_model.bin, which was not scanned for code"):
        project.preview()


def test_lock_refuses_code(project: Project, hub: Hub) -> None:
    hub.repos["org/one"] = Repo({"main": EVIL})
    project.serve({"repo_id": "org/one", "allow_pickle": True})
    result = project.run("lock")
    assert result.returncode == 1 and "is a pickle with posix.system" in result.stderr and not project.lock.exists(), result


def test_upgrade_that_swaps_to_pickle_fails(project: Project, hub: Hub) -> None:
    project.serve("org/one")
    assert project.run("lock").returncode == 0
    before = project.lock.read_text()
    hub.repos["org/one"] = Repo({"main": PICKLE})
    result = project.run("lock", "--upgrade")
    assert result.returncode == 1 and "a pickle, which can run code" in result.stderr and project.lock.read_text() == before, result


def test_argument_requires_consent_for_pickles() -> None:
    files = ["adapter_config.json", "adapter_model.bin"]
    with pytest.raises(ArgumentError, match=r"hf_repo_ids\[0\].allow_pickle: must be true for adapter_model.bin"):
        NIM(
            secrets=NIMSecrets.keyless(),
            hf_repo_ids=[LoRAAdapter(repo_id="org/one", files=files)],
            lora_adapter_mem="1Gi",
            env={"NIM_PEFT_SOURCE": "/a"},
        )
