"""Large files arrive as ranges over several connections, and every step of a run is timed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.lora.hub import Hub, Repo, adapter
from tests.lora.libraries import VERSIONS, install
from tests.lora.pod import Pod
from tests.lora.test_processes import until

WHOLE = adapter(1, 100_000)
WEIGHTS = "adapter_model.safetensors"
SMALL = {"LORA_RANGE_BYTES": "30000"}
RANGES = 4


def requests_of_weights(hub: Hub) -> int:
    return sum(each.endswith(WEIGHTS) for each in hub.requests)


@pytest.mark.parametrize("version", VERSIONS)
def test_large_file_arrives_as_ranges(hub: Hub, pod: Pod, version: str) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE})
    result = pod.run(**SMALL, **install(version))
    assert (result.code, pod.published(), requests_of_weights(hub)) == (0, ["one"], RANGES), result
    assert (pod.adapters / "one" / WEIGHTS).read_bytes() == WHOLE[WEIGHTS]
    assert hub.bytes_sent == len(WHOLE[WEIGHTS]) + len(WHOLE["adapter_config.json"])
    assert f"{len(WHOLE[WEIGHTS]) / 1e6:.1f} MB verified" in result.out


def test_ranges_are_received_at_the_same_time(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"piece": 30_000, "slow": 1})
    result = pod.run(**SMALL, LORA_STALL_SECONDS="5")
    took = re.search(r"verified in ([\d.]+) s", result.out)
    assert result.code == 0 and took is not None and float(took[1]) < 3.5, result


def test_several_adapters_share_the_connections(hub: Hub, pod: Pod) -> None:
    for name in ("org/one", "org/two"):
        hub.repos[name] = Repo({"main": WHOLE})
    pod.list_adapters("org/one", "org/two")
    result = pod.run(**SMALL, LORA_WORKERS="2")
    assert (result.code, requests_of_weights(hub)) == (0, 2), result


@pytest.mark.parametrize("trouble", [{"no_range": True}, {"gzip": True}, {"no_rest": True}])
def test_hub_without_ranges_uses_one_connection(hub: Hub, pod: Pod, trouble: dict[str, Any]) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble=trouble)
    result = pod.run(**SMALL)
    assert (result.code, pod.published()) == (0, ["one"]), result
    assert (pod.adapters / "one" / WEIGHTS).read_bytes() == WHOLE[WEIGHTS]
    assert f"the hub sends no ranges of {WEIGHTS}, so it is downloaded over one connection" in result.out


def test_cut_range_continues_at_its_byte(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"cut_after": 20_000, "times": RANGES})
    result = pod.run(**SMALL)
    assert result.code == 0 and (pod.adapters / "one" / WEIGHTS).read_bytes() == WHOLE[WEIGHTS], result
    assert hub.bytes_sent < 101_000 and requests_of_weights(hub) == 2 * RANGES - 1, "the last range is shorter than the cut"


def test_wrong_ranges_are_downloaded_again(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"wrong_bytes": True, "times": RANGES})
    result = pod.run(**SMALL)
    assert result.code == 0 and "differs from the hub's record, downloading again from the start" in result.out, result
    hub.repos["org/one"].trouble = {"wrong_bytes": True}
    pod.list_adapters({"repo_id": "org/one", "name": "other"})
    result = pod.run(**SMALL)
    assert (result.code, pod.published()) == (17, ["one"]) and "arrived damaged twice" in result.last, result


def test_refused_range_ends_in_one_line(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"missing": WEIGHTS})
    result = pod.run(**SMALL)
    assert (result.code, pod.published(), pod.staged()) == (14, [], []), result
    assert f"has no file {WEIGHTS} (404)" in result.last and "Traceback" not in result.err


def test_sigterm_ends_all_ranges(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"stall_after": 1000, "stall": 30})
    process = pod.start(**SMALL, LORA_STALL_SECONDS="30")
    until(lambda: requests_of_weights(hub) == RANGES)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    result = pod.wait(process)
    assert (result.code, pod.published(), pod.staged()) == (143, [], []) and time.monotonic() - began < 5, result


def test_log_shows_the_time_of_each_step(hub: Hub, pod: Pod) -> None:
    result = pod.run()
    seconds = r"\d+\.\d\d s"
    split = rf"time: library {seconds}, downloads {seconds} \(sum over adapters: look-up {seconds}, hash {seconds}\)"
    assert re.search(split, result.out) and re.search(rf"time: verify {seconds}, publish {seconds}", result.out), result
    assert re.search(r"time: library", pod.run().out) is None, "nothing was downloaded"


@pytest.mark.parametrize("version", VERSIONS)
def test_connections_read_large_blocks(version: str) -> None:
    program = (
        "import sys; from nim_component.lora_loader.library import import_library; import_library();"
        "print(*{sys.modules[each].HTTP11Connection.READ_NUM_BYTES for each in ('httpcore', 'httpcore2') if each in sys.modules})"
    )
    path = f"{Path(__file__).parents[2]}:{install(version).get('PYTHONPATH', '')}"
    result = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == str(1 << 18)
