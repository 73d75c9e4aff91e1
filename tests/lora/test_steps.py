"""Two steps with short time windows: taking the lock, and changes of the scanned directory."""

from __future__ import annotations

import errno
import re
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nim_component.lora_loader import volume
from nim_component.lora_loader.adapter_list import AdapterSpec
from nim_component.lora_loader.lock import Lock
from nim_component.lora_loader.run import describe_os_error
from nim_component.lora_loader.settings import Settings
from tests.lora.hub import Hub
from tests.lora.pod import Pod


def settings(root: Path) -> Settings:
    return Settings(
        adapters=root / "adapters", requirements=root / "r", token=None, endpoint=None, deadline=time.monotonic() + 60, max_rank=None,
        workers=1, retries=1, backoff=0.1, stall=1, stale=30,
    )  # fmt: skip


def test_free_lock_has_one_winner(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with ThreadPoolExecutor(8) as pool:
        for number in range(1, 101):
            start = threading.Barrier(8)

            def take(_: int, number: int = number, start: threading.Barrier = start) -> bool:
                lock = Lock(settings(tmp_path))
                start.wait()
                return lock._create(number)

            assert sum(pool.map(take, range(8))) == 1


def test_never_two_loaders_at_once(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(n: int) -> None:
        for _ in range(3):
            with Lock(settings(tmp_path)):
                inside.append(n)
                most.append(len(inside))
                time.sleep(0.01)
                inside.remove(n)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert most == [1] * 18


def test_resumed_waiter_does_not_reuse_a_number(tmp_path: Path) -> None:
    with Lock(settings(tmp_path)), Lock(settings(tmp_path / "other")):
        pass
    with Lock(settings(tmp_path)) as now:
        assert now.number == 2 and not Lock(settings(tmp_path))._create(1)
        assert [p.name for p in now.directory.iterdir()] == ["2"]


def test_volume_full_at_rename_keeps_old_adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    s, rename = settings(tmp_path), Path.rename
    for directory in (s.adapters / "one", s.work / "one"):
        directory.mkdir(parents=True)
        (directory / "file").write_text(str(directory))

    def full(path: Path, target: Path) -> Path:
        if path == s.work / "one":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space left") as raised:
        volume.publish(s, AdapterSpec("one", "org/one", "main", None))
    assert (s.adapters / "one" / "file").read_text() == str(s.adapters / "one") and (s.work / "one").is_dir()
    failure = describe_os_error(s, raised.value, "the volume")
    assert failure.kind == "disk-full" and re.search(r"is full \(No space left on device, [\d.]+ MB free\)\. Enlarge it", str(failure))


def test_volume_full_at_close_publishes_nothing(hub: Hub, pod: Pod) -> None:
    """As on NFS, or over a quota: a file cannot be closed.

    A module that Python loads before the loader makes `close` fail.
    """
    (pod.mounted.parent / "sitecustomize.py").write_text(
        "import errno, io, pathlib\n"
        "class Full(io.FileIO):\n"
        "    def close(self):\n"
        "        was, _ = self.closed, super().close()\n"
        "        if not was: raise OSError(errno.EDQUOT, 'Disk quota exceeded')\n"
        "opened = pathlib.Path.open\n"
        "def open(self, mode='r', *a, **k):\n"
        "    return Full(self, mode) if mode == 'wb' and self.suffix == '.safetensors' else opened(self, mode, *a, **k)\n"
        "pathlib.Path.open = open\n"
    )
    result = pod.run(PYTHONPATH=str(pod.mounted.parent))
    assert (result.code, pod.published(), pod.staged()) == (15, [], []) and "is full (Disk quota exceeded" in result.last, result


def test_scanned_directory_changes_only_by_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    s = settings(tmp_path)
    deleted: list[Path] = []
    monkeypatch.setattr(shutil, "rmtree", lambda path, **_: deleted.append(Path(path)))
    spec = AdapterSpec("one", "org/one", "main", None)
    for name in (s.adapters / "one", s.work / "one", s.adapters / "two"):
        name.mkdir(parents=True)
        (name / "file").write_text(str(name))
    volume.publish(s, spec)
    volume.unpublish(s, "two")
    volume.sweep(s, keep_complete=False)
    assert (s.adapters / "one" / "file").read_text() == str(s.work / "one")
    assert [p.name for p in s.adapters.iterdir()] == ["one"]
    assert (s.work / ".old" / "one").is_dir(), "the old version was moved aside whole"
    assert deleted and not [p for p in deleted if p.is_relative_to(s.adapters)]
