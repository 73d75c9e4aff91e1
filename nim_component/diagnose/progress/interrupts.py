"""An interrupted or failed `pulumi up`. The engine stops the program, twice, and asks its error hooks a moment later: of a program that is
gone by then it says "error hooks execution failed", in place of what failed. So the program ends when its hooks have answered, and quietly:
a traceback would stand among the errors."""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable

MOMENT = 0.3
"""Seconds in which an answer reaches the engine."""
PATIENCE = 4.0
"""Seconds after which nobody asks any more: after five the engine kills the program."""


def hold_interrupts(loop: asyncio.AbstractEventLoop, busy: Callable[[], bool]) -> None:
    """From now on an interrupt ends the program when it is no longer `busy`. To be called on the loop. A program that has a handler of its
    own keeps it."""

    def interrupted() -> None:
        if not ends:
            ends.append(time.monotonic() + PATIENCE)
            look(0.0)

    def look(answered: float) -> None:
        if busy() and time.monotonic() < ends[0]:
            loop.call_later(0.05, look, MOMENT)
        else:
            loop.call_later(answered, _leave)

    ends: list[float] = []
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(signal.SIGINT, interrupted)


def _leave() -> None:
    raise SystemExit(128 + signal.SIGINT)
