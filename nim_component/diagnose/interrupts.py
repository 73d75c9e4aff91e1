"""An interrupted `pulumi up`. The engine stops the program first and asks its error hooks a moment later: of a program that is gone by then
it says "error hooks execution failed", in place of what failed. So the program ends when its hooks have answered."""

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable

MOMENT = 0.3
"""Seconds in which an answer reaches the engine."""
PATIENCE = 4.0
"""Seconds after which nobody asks any more: after five the engine kills the program."""


def hold_interrupts(loop: asyncio.AbstractEventLoop, busy: Callable[[], bool]) -> None:
    """From now on an interrupt ends the program, as ever, when it is no longer `busy`; a second one at once. To be called on the loop. A
    program that has a handler of its own keeps it."""

    def interrupted() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        ending.append(loop.create_task(_end(busy)))

    ending: list[asyncio.Task[None]] = []  # else nobody holds the task
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(signal.SIGINT, interrupted)


async def _end(busy: Callable[[], bool]) -> None:
    if busy():
        end = time.monotonic() + PATIENCE
        while busy() and time.monotonic() < end:
            await asyncio.sleep(0.05)
        await asyncio.sleep(MOMENT)
    # Not from here: the traceback, if one is seen, is that of an interrupted program and not of this one.
    threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT)).start()
