"""A hub and a pod for each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lora.hub import Hub, Repo, adapter
from tests.lora.pod import Pod


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub({"org/one": Repo({"main": adapter(1)}), "org/two": Repo({"main": adapter(2, rank=32)})}) as hub:
        yield hub


@pytest.fixture
def pod(hub: Hub) -> Iterator[Pod]:
    directory = Path(tempfile.mkdtemp(prefix="lora-"))  # not tmp_path, whose parents only its owner may enter
    directory.chmod(0o777)
    pod = Pod(directory, hub.url)
    pod.list_adapters("org/one")
    yield pod
    for path in directory.rglob("*"):
        if path.is_dir():
            path.chmod(0o777)
    shutil.rmtree(directory)
