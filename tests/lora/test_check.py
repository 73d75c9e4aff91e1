"""Existing adapters: verified without request, library or write. Refresh of a volume in use."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.lora.hub import Hub, Repo, adapter, config, pickled, safetensors
from tests.lora.pod import Pod
from tests.lora.stub_nim import adapters as listed


def shelve(pod: Pod, name: str, files: dict[str, bytes]) -> Path:
    directory = pod.adapters / name
    directory.mkdir(parents=True)
    for file, data in files.items():
        (directory / file).write_bytes(data)
    return directory


def look(pod: Pod, **wanted: Any) -> None:
    (pod.mounted / "adapters.json").write_text(json.dumps({"served_model": "meta/llama3-8b-instruct", "default_rank": 16, **wanted}))


def contents(directory: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_mode) for p in directory.rglob("*")}


def test_provided_adapters_are_checked_and_kept(hub: Hub, pod: Pod) -> None:
    shelve(pod, "one", adapter(1))
    shelve(pod, "two", {"adapter_config.json": config(rank=64), "adapter_model.bin": pickled()})
    shelve(pod, "more", {})
    look(pod, given=["two", "one"])
    for path in (pod.root, pod.adapters):
        path.chmod(0o555)
    before = contents(pod.root)
    result = pod.run("-S")  # without the library too
    assert (result.code, hub.requests, contents(pod.root)) == (0, [], before), result
    assert [(line["status"], line["rank"]) for line in result.lines.values()] == [("checked", 64), ("checked", 16)]
    assert list(result.lines) == ["two", "one"]
    assert "more is not listed, and the server may serve it" in result.err
    assert "two (on the volume@as it is) has rank 64, and the server's default limit is 16. Set lora.max_rank" in result.out


CASES: dict[str, tuple[dict[str, bytes] | None, dict[str, str], int, str]] = {
    "not there": (None, {}, 13, "no such directory on the volume; directories: other. Correct lora.source"),
    "no config": ({"adapter_model.safetensors": safetensors()}, {}, 14, "no adapter_config.json in its directory"),
    "no weights": ({"adapter_config.json": config()}, {}, 14, "no adapter_model.safetensors or adapter_model.bin"),
    "pointer": (
        {"adapter_config.json": config(), "adapter_model.safetensors": b"version https://git-lfs"},
        {},
        17,
        "not a safetensors file",
    ),
    "cut": (adapter(1) | {"adapter_model.safetensors": safetensors()[:-1]}, {}, 17, "do not fill the file"),
    "no JSON": (adapter(1) | {"adapter_config.json": b"{"}, {}, 17, "not a JSON object"),
    "rank": (
        adapter(1, rank=64),
        {"NIM_MAX_LORA_RANK": "32"},
        20,
        "its rank 64 is above the server's NIM_MAX_LORA_RANK=32. Raise lora.max_rank",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_failure_prints_one_line(pod: Pod, case: str) -> None:
    files, env, code, words = CASES[case]
    shelve(pod, "other", adapter(2))
    if files is not None:
        shelve(pod, "one", files)
    look(pod, given=["one", "other"])
    result = pod.run(**env)
    assert result.code == code and words in result.last and result.last.startswith("adapter one"), result
    assert result.termination == result.last
    assert (result.lines["one"]["status"], result.lines["other"]["status"]) == ("failed", "checked")


def test_unreadable_file_is_reported(pod: Pod) -> None:
    directory = shelve(pod, "one", adapter(1))
    (directory / "adapter_config.json").chmod(0o000)
    if os.access(directory / "adapter_config.json", os.R_OK) and not os.environ.get("LORA_TEST_UID"):
        pytest.skip("root may read everything")
    look(pod, given=["one"])
    result = pod.run()
    assert result.code == 16 and "cannot be read by uid" in result.last, result


def test_published_adapter_is_checked_by_hash(hub: Hub, pod: Pod) -> None:
    pod.list_adapters("org/one", "org/two")
    assert pod.run().code == 0
    hub.requests.clear()
    look(pod, published=True)
    result = pod.run("-S")
    assert (result.code, hub.requests, list(result.lines)) == (0, [], ["one", "two"]), result
    weights = pod.adapters / "two" / "adapter_model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    result = pod.run()
    assert result.code == 17 and result.last.startswith("adapter two: its files differ from those that were published"), result


def test_empty_volume_is_an_error(pod: Pod) -> None:
    look(pod, published=True)
    result = pod.run()
    assert result.code == 13 and "Check that the Job that downloads them has succeeded" in result.last, result
    assert result.seconds > 4, "a re-pinned adapter may be gone for a moment"


@pytest.mark.parametrize(
    "wanted", [{"given": "one"}, {"given": ["../one"]}, {"given": ["a", "a"]}, {"given": [7]}, {"given": ["meta/llama3-8b-instruct"]}]
)
def test_invalid_list_is_refused(pod: Pod, wanted: dict[str, Any]) -> None:
    shelve(pod, "one", adapter(1))
    look(pod, **wanted)
    assert pod.run().code == 2


def watch(pod: Pod, over: threading.Event, seen: list[list[str]]) -> None:
    while not over.wait(0.02):
        now = listed(pod.adapters)
        if not seen or seen[-1] != now:
            seen.append(now)


def test_refresh_reaches_running_server(hub: Hub, pod: Pod) -> None:
    """The Job adds, re-pins and removes adapters on a served volume. It exposes no partial one."""
    hub.repos["org/one"] = Repo({"main": adapter(1), "v2": adapter(3)})
    assert pod.run().code == 0
    over, seen = threading.Event(), list[list[str]]()
    watcher = threading.Thread(target=watch, args=(pod, over, seen))
    watcher.start()
    pod.list_adapters("org/one@v2", "org/two")
    began = time.monotonic()
    result = pod.run(LORA_UNLOAD_SECONDS="2")
    assert result.code == 0 and time.monotonic() - began > 2, result
    time.sleep(0.1)
    over.set()
    watcher.join()
    assert seen[:2] == [["one"], []] and seen[-1] == ["one", "two"], "the old one goes, the server looks, the new one comes"
    assert "removed for 2 s" in result.out
    pod.list_adapters("org/one@v2", "org/two", "org/three")
    hub.repos["org/three"] = Repo({"main": adapter(5)})
    result = pod.run(LORA_UNLOAD_SECONDS="50")
    assert result.code == 0 and result.seconds < 40 and "taken out" not in result.out, "what is only added does not make others go"
    assert pod.torn() == [] and pod.staged() == []


def test_server_wait_extends_the_deadline(hub: Hub, pod: Pod) -> None:
    """The deadline is shorter than the wait, and longer than a run without one on this machine."""
    hub.repos["org/one"] = Repo({"main": adapter(1), "v2": adapter(3)})
    first = pod.run()
    assert first.code == 0, first
    deadline = 3 + 3 * first.seconds
    wait = deadline + 1
    pod.list_adapters("org/one@v2")
    result = pod.run(timeout=60 + wait, LORA_UNLOAD_SECONDS=str(wait), LORA_DEADLINE_SECONDS=str(deadline))
    assert (result.code, result.lines["one"]["status"]) == (0, "downloaded") and result.seconds > wait, result


def test_killed_refresh_is_continued(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1), "v2": adapter(3)})
    assert pod.run().code == 0
    pod.list_adapters("org/one@v2")
    process = pod.start(LORA_UNLOAD_SECONDS="30")
    end = time.monotonic() + 20
    while pod.published():
        assert time.monotonic() < end
        time.sleep(0.02)
    process.kill()
    process.communicate()
    hub.requests.clear()
    result = pod.run(HF_ENDPOINT="http://127.0.0.1:9")
    assert (result.code, result.lines["one"]["status"], pod.published()) == (0, "recovered", ["one"]), result
    assert (pod.adapters / "one" / "adapter_model.safetensors").read_bytes() == adapter(3)["adapter_model.safetensors"]


def test_failed_refresh_keeps_served_adapters(hub: Hub, pod: Pod) -> None:
    assert pod.run().code == 0
    pod.list_adapters("org/one@nowhere", "org/two")
    assert pod.run(LORA_UNLOAD_SECONDS="2").code == 13
    assert pod.published() == ["one"] and pod.torn() == []
    shutil.rmtree(pod.root / "staging")
