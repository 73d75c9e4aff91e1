"""Fixtures of every layer, and a report of the time that each layer took."""

import asyncio
import signal
import warnings
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent

# A loaded machine generates examples slowly, which is not an error of the code.
settings.register_profile("tests", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

# A background job of a shell ignores Ctrl-C, and so would all processes that the tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def event_loop_of_the_thread() -> None:
    """Provide the event loop on which `pulumi.Output` creates futures.

    `asyncio.run` of an earlier test in the same process leaves the thread without one.
    """
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            asyncio.get_event_loop()
    except RuntimeError:
        asyncio.set_event_loop(asyncio.new_event_loop())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the seconds of each layer, with set-up and tear-down.

    Layers that ran in parallel add up to more than the elapsed time.
    """
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[layer_of(report.nodeid)] += report.duration
    if seconds:
        text = ", ".join(f"{layer} {spent:.0f} s" for layer, spent in seconds.most_common())
        terminalreporter.write_line(f"Where the time went: {text}.")


def layer_of(nodeid: str) -> str:
    """Return the layer of a test: `unit` for `tests/unit/cli/test_files.py::test_it`."""
    names = Path(nodeid.partition("::")[0]).parts
    return names[1] if names[0] == HERE.name and len(names) > 2 else names[0]
