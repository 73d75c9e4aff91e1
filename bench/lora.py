"""The loader against one `hf download` after another, on a local hub with latency.

Then one large file against the raw throughput of the same hub: `http.client` that writes a file.

python -m bench.lora [--adapters 8] [--megabytes 50] [--latency 0.1] [--large 2000]
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from nim_component import lora_loader as loader
from tests.lora.hub import Hub, Repo, adapter, record


def timed(command: list[str], env: dict[str, str], log: Path | None = None) -> tuple[float, float]:
    """Return the seconds and the peak memory (MiB) of one process; write its output to `log`.

    Memory is sampled, because the kernel's own figure starts with the parent's size at the fork.
    """
    began, peak = time.perf_counter(), 0
    with (log or Path(os.devnull)).open("w") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
        peak = max(peak, int(found[1]) if found else 0)
        time.sleep(0.01)
    if process.returncode:
        raise SystemExit(f"{command[:3]} ended with {process.returncode}")
    return time.perf_counter() - began, peak / 1024


def bring_by_hand(env: dict[str, str], root: Path, name: str) -> tuple[float, float]:
    """The origin's way, one adapter."""
    hf = str(Path(sys.executable).with_name("hf"))
    wanted = ["adapter_config.json", "adapter_model.safetensors"]
    return timed([hf, "download", f"org/{name}", *wanted, "--local-dir", str(root / "origin" / name)], env)


def copy_raw(url: str, path: Path) -> float:
    """Return the seconds in which a minimal client writes a file of the hub, without a hash."""
    began, block = time.perf_counter(), memoryview(bytearray(1 << 20))
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    connection.request("GET", address.path)
    with connection.getresponse() as answer, path.open("wb", buffering=0) as out:
        while count := answer.readinto(block):
            out.write(block[:count])
    path.unlink()
    return time.perf_counter() - began


def show_load() -> str:
    """Return the load of the machine, which all figures depend on."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def measure_large(root: Path, env: dict[str, str], command: list[str], megabytes: int) -> None:
    """Print the time of one large file as a ratio of the raw throughput."""
    repo = Repo({"main": adapter(99, megabytes * 1_000_000)})
    commit, log = repo.commit("main"), root / "log"
    record("adapter_model.safetensors", repo.revisions["main"]["adapter_model.safetensors"])  # hashed before
    (root / "adapters.json").write_text(ADAPTERS % '{"name": "large", "repo_id": "org/large", "revision": "main", "files": null}')
    with Hub({"org/large": repo}) as hub:
        pairs: list[tuple[float, float, float]] = []
        for _ in range(3):
            raw = copy_raw(f"{hub.url}/org/large/resolve/{commit}/adapter_model.safetensors", root / "raw")
            shutil.rmtree(root / "lora", ignore_errors=True)
            pairs.append((raw, *timed(command, {**env, "HF_ENDPOINT": hub.url}, log)))
    raw, loader_seconds, memory = min(pairs, key=lambda pair: pair[1] / pair[0])
    ratios = sorted(seconds / raw for raw, seconds, _ in pairs)
    print(f"\none file of {megabytes} MB: raw {raw:.2f} s, loader {loader_seconds:.2f} s, {memory:.0f} MiB; {show_load()}")
    print(f"loader / raw: {', '.join(f'{ratio:.2f}' for ratio in ratios)} (target: 1.3)")


ADAPTERS = '{"served_model": "meta/llama3-8b-instruct", "adapters": [%s]}'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapters", type=int, default=8)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--large", type=int, default=2000, help="MB of the large file; 0 leaves it out")
    given = parser.parse_args()
    names = [f"adapter-{i}" for i in range(given.adapters)]
    root = Path(tempfile.mkdtemp(prefix="bench-lora-"))
    try:
        repos = {f"org/{n}": Repo({"main": adapter(i, given.megabytes * 1_000_000)}) for i, n in enumerate(names)}
        for repo in repos.values():
            repo.commit("main")  # hashed before the clock runs
        shutil.copytree(Path(loader.__file__).parent, root / "lora_loader", ignore=shutil.ignore_patterns("__pycache__"))
        specs = ", ".join(f'{{"name": "{n}", "repo_id": "org/{n}", "revision": "main", "files": null}}' for n in names)
        (root / "adapters.json").write_text(ADAPTERS % specs)
        with Hub(repos, latency=given.latency) as hub:
            env = {
                "PATH": os.environ["PATH"],
                "HF_ENDPOINT": hub.url,
                "HF_HOME": str(root / "home"),
                "HF_HUB_DISABLE_XET": "1",
                "NO_PROXY": "*",
            }
            # As in a pod, where the loader's files are read-only: compiled at each start.
            pod = {**env, "NIM_PEFT_SOURCE": str(root / "lora/adapters"), "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
            command = [sys.executable, "-m", "lora_loader", str(root / "adapters.json")]

            def start(cold: bool) -> tuple[float, float]:
                if cold:
                    shutil.rmtree(root / "lora", ignore_errors=True)
                before = len(hub.requests)
                figures = timed(command, pod, root / ("cold.log" if cold else "warm.log"))
                if len(hub.requests) - before != 3 * cold * len(names):
                    raise SystemExit(f"{'cold' if cold else 'warm'}: {len(hub.requests) - before} requests")
                return figures

            colds = [start(cold=True) for _ in range(3)]
            cold = statistics.median(seconds for seconds, _ in colds)
            # In turn, so that other load of the machine counts for both.
            pairs = [(bring_by_hand(env, root, name), start(cold=False)) for name in names]
            by_hand = sum(seconds for (seconds, _), _ in pairs)
            warm = statistics.median(seconds for _, (seconds, _) in pairs)
            ratio = statistics.median(len(names) * theirs / ours for (theirs, _), (ours, _) in pairs)
        print(f"{given.adapters} adapters of {given.megabytes} MB, {given.latency * 1000:.0f} ms latency; {show_load()}\n")
        show_table(names, pairs, colds, by_hand, cold, warm, ratio)
        for each in ("cold", "warm"):
            times = [line for line in (root / f"{each}.log").read_text().splitlines() if line.startswith("time: ")]
            print(f"{each}, last run: {'; '.join(line.removeprefix('time: ') for line in times)}")
        repos.clear()
        if given.large:
            measure_large(root, pod, command, given.large)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def show_table(
    names: list[str],
    pairs: list[tuple[tuple[float, float], tuple[float, float]]],
    colds: list[tuple[float, float]],
    by_hand: float,
    cold: float,
    warm: float,
    ratio: float,
) -> None:
    """Print the times of all adapters, and the targets."""
    print(f"{'':52}{'seconds':>9}{'ratio':>8}{'peak MiB':>10}")
    rows = [
        ("hf download, one after another", by_hand, 1.0, max(memory for (_, memory), _ in pairs)),
        (f"loader, cold, {3 * len(names)} requests", cold, by_hand / cold, max(memory for _, memory in colds)),
        ("loader, warm (all files hashed again), 0 requests", warm, ratio, max(memory for _, (_, memory) in pairs)),
    ]
    for what, seconds, times, memory in rows:
        print(f"{what:52}{seconds:9.2f}{times:7.1f}x{memory:10.0f}")
    print("\ntargets: cold 12x, warm 60x, at most 64 MiB\n")


if __name__ == "__main__":
    main()
