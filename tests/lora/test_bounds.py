"""Bounds: bytes of the hub's record after decompression, number of files, and free space."""

from __future__ import annotations

import gzip
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nim_component import ArgumentError, LoRAAdapter
from nim_component.lora_loader import volume
from nim_component.lora_loader.adapter_list import AdapterSpec
from nim_component.lora_loader.hub import Hub as Client
from nim_component.lora_loader.library import import_library
from nim_component.lora_loader.outcome import LoadError
from tests.lora.hub import Hub, Repo, adapter
from tests.lora.pod import Pod
from tests.lora.test_hostile_hub import altered
from tests.lora.test_steps import settings


def test_compressed_record_is_limited(hub: Hub, pod: Pod) -> None:
    bomb = gzip.compress(b" " * (64 << 20))
    hub.repos["org/one"] = Repo({"main": adapter(1)}, trouble={"api_body": bomb, "api_headers": {"Content-Encoding": "gzip"}})
    result = pod.run(LORA_RETRIES="1")
    assert len(bomb) < 1 << 20
    assert (result.code, pod.published()) == (19, []) and "the record of the repo takes more than 16.8 MB" in result.last, result


def test_adapter_larger_than_free_space_is_not_downloaded(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1)}, trouble={"record": altered(size=10**15)})
    pod.list_adapters("org/one", "org/two")
    result = pod.run()
    assert (result.code, pod.published(), [each for each in hub.requests if "org/one/resolve" in each]) == (15, [], []), result
    assert result.last.startswith("adapter one (org/one@main): it has 1000000000.0 MB") and result.last.endswith(" MB free. Enlarge it")
    assert result.lines["two"]["status"] == "staged"


def space(free: int, blocks: int = 1000) -> Any:
    return lambda _: SimpleNamespace(f_bavail=free, f_frsize=1, f_blocks=blocks)


def client(tmp_path: Path) -> Client:
    return Client(settings(tmp_path), import_library(), threading.Event())


def spec(name: str) -> AdapterSpec:
    return AdapterSpec(name, f"org/{name}", "main", None)


def test_downloads_share_the_free_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = client(tmp_path)
    monkeypatch.setattr(volume.os, "statvfs", space(free=10_000_000))
    hub.reserve(spec("one"), 6_000_000)
    with pytest.raises(LoadError, match=r"it has 5.0 MB, and other downloads need 6.0 MB; the volume at \S+ has 10.0 MB free"):
        hub.reserve(spec("two"), 5_000_000)
    hub.arrived["one"][0] = 6_000_000  # it has arrived, so it is no longer free
    hub.reserve(spec("two"), 10_000_000)


def test_unknown_free_space_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = client(tmp_path)
    monkeypatch.setattr(volume.os, "statvfs", space(free=0, blocks=0))
    hub.reserve(spec("one"), 10**15)


MANY = ["adapter_config.json", "adapter_model.safetensors", *(f"file-{number}" for number in range(99))]


def test_number_of_files_is_limited(hub: Hub, pod: Pod) -> None:
    pod.list_adapters({"repo_id": "org/one", "files": MANY})
    result = pod.run()
    assert (result.code, hub.requests) == (2, []) and "lists 101 files, more than the limit of 100" in result.last, result
    with pytest.raises(ArgumentError, match="must have at most 100 files"):
        LoRAAdapter(repo_id="org/one", files=MANY)


def find_peak(pod: Pod) -> int:
    """Run the loader, and return its largest memory in KiB."""
    process, peak = pod.start(), 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = max([peak, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))])
        time.sleep(0.005)
    assert process.returncode == 0, process.communicate()
    return peak


def test_memory_does_not_grow_with_adapters(hub: Hub, pod: Pod) -> None:
    """`lora_adapter_mem` need not be larger than the adapters."""
    for name, size in {"small": 1_000_000, "large": 60_000_000, "larger": 80_000_000}.items():
        hub.repos[f"org/{name}"] = Repo({"main": adapter(size, size)})
    pod.list_adapters("org/small")
    small = find_peak(pod)
    pod.list_adapters("org/large", "org/larger")
    large = find_peak(pod)
    assert pod.published() == ["large", "larger"] and hub.bytes_sent > 140_000_000
    assert small > 20_000 and large < small + 20_000
