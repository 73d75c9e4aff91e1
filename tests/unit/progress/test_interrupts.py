"""Interrupts of a program with progress hooks.

Each program is a separate process, as with the engine.
"""

import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import asyncio, sys, time
from nim_component.diagnose.progress import interrupts
{before}
async def answer():
    await asyncio.sleep({busy})
    print("answered", flush=True)
    working.clear()

async def main():
    interrupts.delay_interrupts(asyncio.get_running_loop(), lambda: bool(working))
    if working:
        asyncio.create_task(answer())
    print("running", flush=True)
    await asyncio.sleep(30)

working = [1] if {busy} else []
loop = asyncio.new_event_loop()  # like the SDK's entry point
loop.run_until_complete(main())
"""


def start(busy: float, before: str = "") -> "subprocess.Popen[str]":
    """Start a program whose hook takes `busy` seconds; `before` is code at its beginning."""
    program = PROGRAM.format(busy=busy, before=before)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    return process


def finish(process: "subprocess.Popen[str]") -> tuple[str, str, float]:
    """Return the program's output, its errors, and the seconds until it ended."""
    began = time.monotonic()
    output, errors = process.communicate(timeout=20)
    return output, errors, time.monotonic() - began


def test_interrupt_waits_for_hook_then_exits():
    process = start(busy=1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)  # the engine interrupts twice
    output, errors, _ = finish(process)
    assert (output, errors) == ("answered\n", "")
    assert process.returncode == 130


def test_interrupt_without_running_hook_exits_immediately():
    process = start(busy=0)
    process.send_signal(signal.SIGINT)
    _, errors, seconds = finish(process)
    assert errors == ""
    assert seconds < 2
    assert process.returncode == 130


def test_interrupt_waits_at_most_max_delay():
    process = start(busy=10, before="interrupts.MAX_DELAY = 1")
    process.send_signal(signal.SIGINT)
    output, _, seconds = finish(process)
    assert output == ""
    assert 0.9 < seconds < 5


@pytest.mark.parametrize("handler", ["signal.SIG_IGN", "lambda *_: print('mine', flush=True)"])
def test_signal_handler_of_program_stays(handler: str):
    process = start(busy=1, before=f"import signal; signal.signal(signal.SIGINT, {handler})")
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.kill()
    output, errors, _ = finish(process)
    assert "KeyboardInterrupt" not in errors
    assert ("mine" in output) == ("mine" in handler)
