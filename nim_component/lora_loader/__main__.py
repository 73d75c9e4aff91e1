"""The process: signals, deadline, and one way out."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from .adapter_list import Wanted, read_wanted
from .outcome import ENDING, Ended, LoadError, leave, leave_signals_to_main, say
from .run import as_is, explain_os, run
from .settings import Settings, read_settings


def end_on_signals(s: Settings) -> None:
    """SIGTERM and the deadline raise in the main thread; should that hang in the kernel, a timer ends the process regardless."""

    def end(number: int, _: object) -> None:
        for each in ENDING:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGALRM:
            raise Ended("time-out", "LORA_DEADLINE_SECONDS is over: look at the rates above; raise startup_timeout, or list fewer adapters")
        raise Ended("interrupted", f"stopped by {signal.Signals(number).name}: staging was cleaned, the next start goes on from here")

    for each in ENDING:
        signal.signal(each, end)
    signal.setitimer(signal.ITIMER_REAL, max(0.001, s.remaining))
    threading.Thread(target=end_late, args=(s.remaining + 5,), daemon=True).start()


def end_late(seconds: float) -> None:
    leave_signals_to_main()
    time.sleep(seconds)
    leave(LoadError("time-out", "LORA_DEADLINE_SECONDS is over and the volume does not answer: look at the storage behind it"))


def bring(s: Settings, wanted: Wanted) -> None:
    """Download what is missing; on a volume that cannot be written, be content when nothing is."""
    try:
        run(s, wanted.server, list(wanted.wishes))
    except OSError as e:
        failure = explain_os(s, e, "the volume")
        if failure.kind != "volume" or not as_is(s, wanted.server, list(wanted.wishes)):
            raise failure from None
        say(f"warning: {failure}; not needed today, all adapters are there and intact")


def main(argv: list[str]) -> None:
    """Modules that only one of the ways needs are imported on that way: a start that finds everything there waits for none of them."""
    os.umask(0)  # what is published must be writable for whatever uid the server runs as
    try:
        if len(argv) != 2:
            raise LoadError("wish-list", "usage: python3 -m lora_loader adapters.json")
        s = read_settings(Path(__file__).with_name("requirements.txt"))
        end_on_signals(s)
        wanted = read_wanted(Path(argv[1]))
        if wanted.compared:
            from .compare import compare_and_leave

            compare_and_leave(s.adapters, wanted.wishes)
        elif wanted.given is not None or wanted.published:
            from .verification import check

            check(s, wanted)
        else:
            bring(s, wanted)
    except LoadError as e:
        leave(e)
    except Ended as e:
        leave(LoadError(e.kind, str(e)))
    except Exception as e:  # noqa: BLE001 - the last line of the log must be a sentence, not a traceback
        leave(LoadError("unexpected", f"{type(e).__name__}: {e}: please report this"))
    leave(None)


if __name__ == "__main__":
    main(sys.argv)
