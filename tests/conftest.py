"""Fixtures of every layer, and a report of the time that each layer took."""

import signal
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# What a shell starts in the background ignores Ctrl-C, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line: seconds by layer, set-up and tear-down included. Layers that ran side by side add up to more than the clock shows."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[layer_of(report.nodeid)] += report.duration
    if seconds:
        said = ", ".join(f"{layer} {spent:.0f} s" for layer, spent in seconds.most_common())
        terminalreporter.write_line(f"Where the time went: {said}.")


def layer_of(nodeid: str) -> str:
    """`unit` of `tests/unit/cli/test_files.py::test_it`."""
    parts = Path(nodeid.partition("::")[0]).parts
    return parts[1] if parts[0] == HERE.name and len(parts) > 2 else parts[0]
