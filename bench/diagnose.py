"""The story of many services at a time: `python -m bench.diagnose`.

    narrated    200 services of an API server that changes every pod once a second, beside 10,000 events of others, against 1 such service
    explain     the command against a bare import of the same Kubernetes client

Figures as in `bench`: processor time and peak memory of a process of its own. The narrating process itself fails when a warning comes later
than 10 s, or when it asks too much.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from .__main__ import PROGRAMS, ROOT, Figure, measure, pair, row

CLIENT = "import typer, pydantic, lightkube, lightkube.config.client_adapter"
NOWHERE = "import sys; from nim_component.cli import app; app(['explain', '--kubeconfig', '/nowhere'], standalone_mode=False)"


@contextmanager
def api_server(count: int) -> Iterator[str]:
    """The port of one."""
    command = [sys.executable, str(PROGRAMS / "api_server.py"), str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        assert server.stdin is not None
        server.stdin.close()


def narrate(count: int) -> Figure:
    """One run of the narrating process."""
    with api_server(count) as port:
        return measure([sys.executable, str(PROGRAMS / "narrate.py"), str(count), port], ROOT, PYTHONPATH=str(ROOT))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.diagnose", description="The story of many services, as ratios within one run.")
    parser.add_argument("--rounds", type=int, default=3, help="counted rounds of each pair (3)")
    options = parser.parse_args()
    table = Table("what", "ours", "memory", "theirs", "time ratio", "memory ratio", "target")
    figures = [(narrate(200), narrate(1)) for _ in range(options.rounds)]
    row(table, "200 services narrated", [many for many, _ in figures], [one for _, one in figures], target="<= 100 MiB")
    probe = [sys.executable, "-c", f"try:\n    {NOWHERE.replace('; ', chr(10) + '    ')}\nexcept BaseException: pass"]
    row(table, "explain, without a cluster", *pair(probe, [sys.executable, "-c", CLIENT], options.rounds, ROOT, ROOT), target="<= 2 s")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
