"""Progress report and `explain` of many services: `python -m bench.diagnose`.

    reported    200 services against 1 service, on an API server that changes every pod once a
                second and has 10,000 events of other objects
    explain     the command with 1 and with 200 services of that server, against a bare import of
                the same Kubernetes client

Figures are those of `bench`: processor time and peak memory of a separate process. The reporting
process fails if a warning takes longer than 10 s, or if it sends more than 30 requests.
"""

import argparse
import sys
from contextlib import AbstractContextManager

from rich.console import Console
from rich.table import Table

from .__main__ import PROGRAMS, ROOT, Figure, measure, row
from .servers import serving

CLIENT = "import typer, pydantic, lightkube, lightkube.config.client_adapter"


def api_server(count: int) -> AbstractContextManager[str]:
    """Return the context of an API server with a number of services."""
    return serving([sys.executable, str(PROGRAMS / "api_server.py"), str(count)])


def report_progress(count: int) -> Figure:
    """Measure one run of the reporting process."""
    with api_server(count) as kubeconfig:
        return measure([sys.executable, str(PROGRAMS / "report_progress.py"), str(count), kubeconfig], ROOT, PYTHONPATH=str(ROOT))


def explain(count: int) -> Figure:
    """Measure one run of the command. It exits with 3, because no service is ready."""
    probe = "import sys; from nim_component.cli import main\ntry: main()\nexcept SystemExit as end: sys.exit(end.code != 3)"
    with api_server(count) as kubeconfig:
        return measure([sys.executable, "-c", probe, "explain", "--kubeconfig", kubeconfig, "--namespace", "ml"], ROOT)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.diagnose", description="Progress report of many services, as ratios within one run."
    )
    parser.add_argument("--rounds", type=int, default=3, help="counted rounds of each pair (3)")
    options = parser.parse_args()
    table = Table("what", "ours", "memory", "theirs", "time ratio", "memory ratio", "target")
    figures = [(report_progress(200), report_progress(1)) for _ in range(options.rounds)]
    row(table, "200 services reported", [many for many, _ in figures], [one for _, one in figures], target="<= 100 MiB")
    for count in (1, 200):
        figures = [(explain(count), measure([sys.executable, "-c", CLIENT], ROOT)) for _ in range(options.rounds + 1)][1:]
        ours, theirs = [each for each, _ in figures], [each for _, each in figures]
        row(table, f"explain, {count} services", ours, theirs, target="<= 2 s")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
