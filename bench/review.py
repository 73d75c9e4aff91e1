"""Time of a review: a repository of stacks and services, two renders and the comparison, cold.

    python -m bench.review [--rounds N] [--counts 1000 …]

The total is `nim-component diff --base` as one process on a git repository. Its head changes image
and cache of every second service. The file cache is warm, everything else is cold. The comparison
alone reads the same renders from a file. Ratios are against one service of the same run. Processor
time includes the two rendering processes, which run one after the other. Each row is printed when
it is measured. 1000 services take minutes, most of it in the SDK, so `--counts` must name them.
"""

import argparse
import compileall
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
STACKS = 3
HEADER = "stacks x services", "clock", "processor", "ratio to the first", "comparison alone", "ratio", "load", "target (clock)"
ROW = "{:<17}  {:>8}  {:>9}  {:>18}  {:>16}  {:>5}  {:>5}  {}"
PROGRAM = """
from nim_component.stack import deploy_stack
deploy_stack()
"""


def make_repository(folder: Path, stacks: int, services: int) -> Path:
    """Make a repository whose branch bumps an image and shrinks a cache in every second service."""
    repository = folder / f"{stacks}x{services}"
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main")
    (repository / "Pulumi.yaml").write_text("name: nim\nruntime: python\n")
    (repository / "__main__.py").write_text(PROGRAM)
    for version in ("1.0.0", "1.0.3"):
        for stack in range(stacks):
            (repository / f"Pulumi.s{stack}.yaml").write_text(stack_file(services, version))
        git(repository, "add", "-A")
        git(repository, "commit", "-qm", version)
    return repository


def stack_file(services: int, version: str) -> str:
    """`services` services, of which every second one has the version."""
    entries = [
        f"    model-{index}:\n      image: nvcr.io/nim/meta/llama3-8b-instruct:{version if index % 2 == 0 else '1.0.0'}\n"
        f"      cache: {{size: {'50Gi' if version == '1.0.0' or index % 2 else '40Gi'}}}\n"
        for index in range(services)
    ]
    secrets = "    secrets: {ngc_image_secret: ngc-pull, ngc_secret_key: NGC_API_KEY}\n"
    return f"config:\n  nim:defaults:\n{secrets}  nim:services:\n{''.join(entries)}"


def git(folder: Path, *arguments: str) -> None:
    """One git command."""
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def run(folder: Path, *arguments: str) -> tuple[float, float, float]:
    """Return wall time and processor time of a command with its children, and machine load."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "nim_component", "diff", "--format", "markdown", *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    if result.returncode or b"stack" not in result.stdout or b"Nothing changes" in result.stdout:
        sys.exit(result.stdout.decode()[:500] + result.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = os.getloadavg()[0]
    return time.monotonic() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, busy


def main() -> None:
    """Print each row of the table when it is measured."""
    compileall.compile_dir(ROOT / "nim_component", quiet=1)  # installed packages have bytecode, and the renderer writes none
    parser = argparse.ArgumentParser(prog="python -m bench.review", description="How long a review takes.")
    parser.add_argument("--rounds", type=int, default=3, help="counted rounds (3)")
    parser.add_argument("--counts", type=int, nargs="*", default=[1, 20, 100], help="services of each stack (1 20 100)")
    options = parser.parse_args()
    print(ROW.format(*HEADER), flush=True)
    first: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for count in options.counts:
            stacks = STACKS if count <= 100 else 1
            repository, renders = make_repository(Path(scratch), stacks, count), Path(scratch) / "renders.json"
            rounds = options.rounds if count <= 100 else 1
            warm = int(not first)  # the first run fills the file cache
            arguments = "--base", "HEAD~1", "--head", "HEAD", "--save-renders", str(renders)
            whole = [run(repository, *arguments) for _ in range(rounds + warm)][warm:]
            alone = [run(repository, "--renders", str(renders)) for _ in range(rounds)]
            clock, processor, load = (statistics.median(each[place] for each in whole) for place in range(3))
            compared = statistics.median(each[1] for each in alone)
            first = first or [(processor, compared)]
            target = "<= 5 s on two free cores" if (stacks, count) == (3, 20) else ""
            figures = f"{clock:.1f} s", f"{processor:.1f} s", f"{processor / first[0][0]:.1f}", f"{compared:.1f} s"
            print(ROW.format(f"{stacks} x {count}", *figures, f"{compared / first[0][1]:.1f}", f"{load:.1f}", target).rstrip(), flush=True)


if __name__ == "__main__":
    main()
