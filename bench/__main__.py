"""Speed, as ratios within one run: `make bench`.

    component   NIMService against a program that makes the same objects from plain dicts, through
                the local engine
    preview     `python -m nim_component preview` of the dev stack, cold, against a bare import of
                the same SDK modules
    import      `import nim_component.args` alone

Every figure is one process: seconds of processor time and peak memory, as the operating system
counts them. Load of the machine therefore has little effect. The two programs of a pair take turns,
so that a drift of the machine affects both.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(__file__).parent / "programs"
PREPARE = """
from pathlib import Path
from nim_component.local.update import find_target, plan_update
plan_update(find_target(Path("."), "dev", None, None))
"""
# What a preview of the dev stack touches of the Kubernetes SDK.
SDK = "import pulumi_kubernetes as k8s; k8s.core.v1.Secret; k8s.meta.v1.ObjectMetaArgs; k8s.apps.v1.Deployment; k8s.Provider"


@dataclass(frozen=True)
class Figure:
    """One process: its processor time, and how much memory at most."""

    seconds: float
    mebibytes: float


def measure(command: Sequence[str], folder: Path, **environment: str) -> Figure:
    """Run a command and wait for it. A failure ends the benchmark with the command's output."""
    # Installed packages have bytecode. Without this, each process would compile a checkout again.
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=folder, env={**compiled, **environment}, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{output.read().decode()}")
    return Figure(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def pair(
    ours: Sequence[str], theirs: Sequence[str], rounds: int, our_folder: Path, their_folder: Path
) -> tuple[list[Figure], list[Figure]]:
    """Both in turn, after one round that is not counted."""
    figures = [(measure(ours, our_folder), measure(theirs, their_folder)) for _ in range(rounds + 1)][1:]
    return [our for our, _ in figures], [their for _, their in figures]


def median(figures: Sequence[Figure]) -> Figure:
    """Of time and memory, each by itself."""
    return Figure(statistics.median(each.seconds for each in figures), statistics.median(each.mebibytes for each in figures))


def ratio(ours: Sequence[Figure], theirs: Sequence[Figure]) -> tuple[float, float]:
    """Median of the pairs' ratios of time, and of memory."""
    pairs = list(zip(ours, theirs, strict=True))
    return (
        statistics.median(our.seconds / their.seconds for our, their in pairs),
        statistics.median(our.mebibytes / their.mebibytes for our, their in pairs),
    )


def make_project(folder: Path, program: str, count: int) -> Path:
    """A project of `count` services."""
    project = folder / f"{program}-{count}"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
    (project / "Pulumi.dev.yaml").write_text(f"config:\n  bench:count: {count}\n  kubernetes:renderYamlToDirectory: out\n")
    (project / "__main__.py").write_text((PROGRAMS / f"{program}.py").read_text())
    return project


def bench_component(table: Table, counts: Sequence[int], rounds: int) -> None:
    """The component's own cost."""
    command = [sys.executable, "-c", PREPARE]
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            ours, theirs = (make_project(Path(folder), program, count) for program in ("component", "plain"))
            row(table, f"component, {count} services", *pair(command, command, rounds, ours, theirs), target="<= 1.15 at 1000")


def bench_preview(table: Table, rounds: int) -> None:
    """A whole preview against the import that no program of this SDK can do without."""
    preview = [sys.executable, "-m", "nim_component", "preview", "--stack", "dev"]
    row(table, "preview of dev, cold", *pair(preview, [sys.executable, "-c", SDK], rounds, ROOT, ROOT), target="<= 1.5")


def bench_import(table: Table, rounds: int) -> None:
    """The arguments alone, less what the interpreter itself takes."""
    ours, bare = pair([sys.executable, "-c", "import nim_component.args"], [sys.executable, "-c", "pass"], rounds, ROOT, ROOT)
    seconds = median(ours).seconds - median(bare).seconds
    table.add_row("import nim_component.args", f"{seconds:.2f} s", f"{median(ours).mebibytes:.0f} MiB", "", "", "", "<= 0.3 s")


def row(table: Table, name: str, ours: list[Figure], theirs: list[Figure], target: str) -> None:
    """One pair."""
    mine, other, (time_ratio, memory_ratio) = median(ours), median(theirs), ratio(ours, theirs)
    table.add_row(
        name,
        f"{mine.seconds:.2f} s",
        f"{mine.mebibytes:.0f} MiB",
        f"{other.seconds:.2f} s",
        f"{time_ratio:.2f}",
        f"{memory_ratio:.2f}",
        target,
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Speed, as ratios within one run.")
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds of each pair (5)")
    parser.add_argument("--counts", type=int, nargs="*", default=[1, 100, 1000], help="services (1 100 1000)")
    options = parser.parse_args()
    table = Table("what", "ours", "memory", "theirs", "time ratio", "memory ratio", "target (time)")
    bench_import(table, options.rounds)
    bench_preview(table, options.rounds)
    bench_component(table, options.counts, options.rounds)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
