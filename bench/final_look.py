"""Cost of the final look of `pulumi up`: `python -m bench.final_look`.

    answering   50 services whose servers list their models
    silent      50 services whose servers accept a request and never answer
    zero        50 services that are scaled to zero

Each figure is the seconds by which a program with the final look takes longer than the same program
without it. The two take turns. These are seconds of the clock: an idle machine is required.
"""

import argparse
import json
import statistics
import subprocess
import sys
from contextlib import AbstractContextManager

from rich.console import Console
from rich.table import Table

from .__main__ import ROOT
from .servers import serving

COUNT = 50
TARGETS = {"answering": 1.0, "silent": 5.0, "zero": 1.0}
"""Seconds that the final look may cost."""


def live_cluster(mode: str, count: int = COUNT) -> AbstractContextManager[str]:
    """Return the context of an API server with the services."""
    return serving([sys.executable, "-m", "bench.programs.live_cluster", str(count), mode])


def run(mode: str, kubeconfig: str, compared: str, count: int = COUNT) -> float:
    """Return the seconds of one update. An error or a warning ends the benchmark."""
    command = [sys.executable, "-m", "bench.programs.many_services", str(count), mode, kubeconfig, compared]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{mode}: {done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    unexpected = [each for each in found["log"] if mode != "silent" or not each.startswith("info:")]
    if compared == "compared" and unexpected:
        sys.exit(f"{mode}: {unexpected}")
    return found["seconds"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.final_look", description="Cost of the final look, within one run.")
    parser.add_argument("--rounds", type=int, default=3, help="counted rounds of each pair (3)")
    options = parser.parse_args()
    table = Table("servers", "with", "without", "cost", "target")
    for mode, target in TARGETS.items():
        with live_cluster(mode) as kubeconfig:
            pairs = [(run(mode, kubeconfig, "compared"), run(mode, kubeconfig, "plain")) for _ in range(options.rounds + 1)][1:]
        ours, plain = (statistics.median(each) for each in zip(*pairs, strict=True))
        cost = statistics.median(first - second for first, second in pairs)
        table.add_row(f"{COUNT} {mode}", f"{ours:.1f} s", f"{plain:.1f} s", f"{cost:.1f} s", f"<= {target:g} s")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
