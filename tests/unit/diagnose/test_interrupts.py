"""An interrupt waits for the hooks, and for nothing else, and says nothing. Each program is a process of its own, as the engine starts it."""

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
loop = asyncio.new_event_loop()  # as the SDK's own entry does it
loop.run_until_complete(main())
"""


def start(busy: float, before: str = "") -> "subprocess.Popen[str]":
    program = PROGRAM.format(busy=busy, before=before)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    return process


def finish(process: "subprocess.Popen[str]") -> tuple[str, str, float]:
    """What it says, and how long it takes to end."""
    began = time.monotonic()
    output, errors = process.communicate(timeout=20)
    return output, errors, time.monotonic() - began


def test_an_interrupt_waits_for_the_answer_and_then_ends_the_program():
    process = start(busy=1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)  # as the engine does it
    output, errors, _ = finish(process)
    assert (output, errors) == ("answered\n", "")
    assert process.returncode == 130


def test_one_that_nobody_waits_for_ends_it_at_once():
    process = start(busy=0)
    process.send_signal(signal.SIGINT)
    _, errors, seconds = finish(process)
    assert errors == ""
    assert seconds < 2
    assert process.returncode == 130


def test_no_answer_is_waited_for_longer_than_the_engine_waits():
    process = start(busy=10, before="interrupts.MAX_DELAY = 1")
    process.send_signal(signal.SIGINT)
    output, _, seconds = finish(process)
    assert output == ""
    assert 0.9 < seconds < 5


@pytest.mark.parametrize("handler", ["signal.SIG_IGN", "lambda *_: print('mine', flush=True)"])
def test_a_program_keeps_its_own_handler(handler: str):
    process = start(busy=1, before=f"import signal; signal.signal(signal.SIGINT, {handler})")
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.kill()
    output, errors, _ = finish(process)
    assert "KeyboardInterrupt" not in errors
    assert ("mine" in output) == ("mine" in handler)
