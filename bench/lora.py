"""The loader against the origin's way (one `hf download` after another, same library), on a local hub with latency.

python bench/lora.py [--adapters 8] [--megabytes 50] [--latency 0.1]
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from nim_component.lora import loader
from tests.lora.hub import Hub, Repo, adapter


def timed(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Seconds and peak memory (MiB) of one process. Sampled: the kernel's own figure starts with the parent's size at the fork."""
    began, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
        peak = max(peak, int(found[1]) if found else 0)
        time.sleep(0.01)
    if process.returncode:
        raise SystemExit(f"{command[:3]} ended with {process.returncode}")
    return time.perf_counter() - began, peak / 1024


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
        with Hub(repos, latency=given.latency) as hub:
            env = {
                "PATH": os.environ["PATH"],
                "HF_ENDPOINT": hub.url,
                "HF_HOME": str(root / "home"),
                "HF_HUB_DISABLE_XET": "1",
                "NO_PROXY": "*",
            }
            hf = str(Path(sys.executable).with_name("hf"))
            rows: list[tuple[str, float, float]] = []
            origin = [
                timed(
                    [
                        hf,
                        "download",
                        f"org/{n}",
                        "adapter_config.json",
                        "adapter_model.safetensors",
                        "--local-dir",
                        str(root / "origin" / n),
                    ],
                    env,
                )
                for n in names
            ]
            rows.append(("hf download, one after another", sum(s for s, _ in origin), max(m for _, m in origin)))
            wishes = ", ".join(f'{{"name": "{n}", "repo_id": "org/{n}", "revision": "main", "files": null}}' for n in names)
            (root / "adapters.json").write_text(f'{{"served_model": "meta/llama3-8b-instruct", "adapters": [{wishes}]}}')
            env["NIM_PEFT_SOURCE"] = str(root / "lora" / "adapters")
            env["PYTHONPATH"] = str(root)
            shutil.copytree(Path(loader.__file__).parent, root / "lora_loader")
            for what in ("loader, cold", "loader, warm (all files hashed again)"):
                before = len(hub.requests)
                rows.append((what, *timed([sys.executable, "-m", "lora_loader", str(root / "adapters.json")], env)))
                rows[-1] = (f"{what}, {len(hub.requests) - before} requests", *rows[-1][1:])
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(f"{given.adapters} adapters of {given.megabytes} MB, {given.latency * 1000:.0f} ms latency\n")
    print(f"{'':52}{'seconds':>9}{'ratio':>8}{'peak MiB':>10}")
    for what, seconds, memory in rows:
        print(f"{what:52}{seconds:9.2f}{rows[0][1] / seconds:7.1f}x{memory:10.0f}")
    print("\ntargets: cold 3x, warm 20x, below 256 MiB")


if __name__ == "__main__":
    main()
