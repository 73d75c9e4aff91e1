"""The loader against one `hf download` after another, on a local hub with latency.

python bench/lora.py [--adapters 8] [--megabytes 50] [--latency 0.1] [--rounds 7]
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from nim_component import lora_loader as loader
from tests.lora.hub import Hub, Repo, adapter


def timed(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Return the seconds and the peak memory (MiB) of one process.

    Memory is sampled, because the kernel's own figure starts with the parent's size at the fork.
    """
    began, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapters", type=int, default=8)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--latency", type=float, default=0.1)
    given = parser.parse_args()
    names = [f"adapter-{i}" for i in range(given.adapters)]
    root = Path(tempfile.mkdtemp(prefix="bench-lora-"))
    try:
        repos = {f"org/{n}": Repo({"main": adapter(i, given.megabytes * 1_000_000)}) for i, n in enumerate(names)}
        for repo in repos.values():
            repo.commit("main")  # hashed before the clock runs
        shutil.copytree(Path(loader.__file__).parent, root / "lora_loader", ignore=shutil.ignore_patterns("__pycache__"))
        specs = ", ".join(f'{{"name": "{n}", "repo_id": "org/{n}", "revision": "main", "files": null}}' for n in names)
        (root / "adapters.json").write_text(f'{{"served_model": "meta/llama3-8b-instruct", "adapters": [{specs}]}}')
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
                figures = timed(command, pod)
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
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(f"{given.adapters} adapters of {given.megabytes} MB, {given.latency * 1000:.0f} ms latency\n")
    print(f"{'':52}{'seconds':>9}{'ratio':>8}{'peak MiB':>10}")
    rows = [
        ("hf download, one after another", by_hand, 1.0, max(memory for (_, memory), _ in pairs)),
        (f"loader, cold, {3 * len(names)} requests", cold, by_hand / cold, max(memory for _, memory in colds)),
        ("loader, warm (all files hashed again), 0 requests", warm, ratio, max(memory for _, (_, memory) in pairs)),
    ]
    for what, seconds, times, memory in rows:
        print(f"{what:52}{seconds:9.2f}{times:7.1f}x{memory:10.0f}")
    print("\ntargets: cold 3x, warm 20x, below 256 MiB")


if __name__ == "__main__":
    main()
