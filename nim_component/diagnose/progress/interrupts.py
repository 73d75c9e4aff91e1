"""Delayed end of the program after an interrupted or failed `pulumi up`.

On an interrupt, the engine stops the program, twice, and calls its error hooks a moment later. If
the program has already ended, the engine prints "error hooks execution failed" in place of the
cause. Therefore the program ends after its hooks have returned, without a traceback among the
errors.
"""

import asyncio
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable

REPLY_SECONDS = 0.3
"""Seconds in which a hook's return value reaches the engine."""
MAX_DELAY = 4.0
"""Seconds after which the program ends in any case: the engine kills it after five."""


def delay_interrupts(loop: asyncio.AbstractEventLoop, is_busy: Callable[[], bool], report: Callable[[], None] = lambda: None) -> None:
    """Let an interrupt end the program only when `is_busy()` is false.

    `report` is called at the interrupt, so that hooks return.

    To be called on the loop. A signal handler that the program has set stays in place.
    """

    def handle_interrupt() -> None:
        if not deadlines:
            report()
            deadlines.append(time.monotonic() + MAX_DELAY)
            exit_when_idle(0.0)

    def exit_when_idle(delay: float) -> None:
        if is_busy() and time.monotonic() < deadlines[0]:
            loop.call_later(0.05, exit_when_idle, REPLY_SECONDS)
        else:
            loop.call_later(delay, _exit)

    deadlines: list[float] = []
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(signal.SIGINT, handle_interrupt)


def _exit() -> None:
    # The SDK's coroutine is closed without its event loop. Python would print a traceback for that.
    sys.unraisablehook = lambda _: None
    raise SystemExit(128 + signal.SIGINT)
