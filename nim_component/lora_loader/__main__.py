"""Entry point of the loader process: signals, deadline and exit."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from .adapter_list import AdapterList, read_adapter_list
from .outcome import STOP_SIGNALS, LoadError, StopRequestedError, block_stop_signals, exit_process, say
from .run import describe_os_error, is_complete, run
from .settings import Settings, read_settings


def handle_stop_signals(s: Settings) -> None:
    """Raise in the main thread on SIGTERM, SIGINT and at the deadline.

    If the main thread hangs in the kernel, a timer thread ends the process five seconds later.
    """

    def end(number: int, _: object) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGALRM:
            raise StopRequestedError(
                "time-out", "LORA_DEADLINE_SECONDS is over. See the rates above; raise startup_timeout, or list fewer adapters"
            )
        raise StopRequestedError(
            "interrupted", f"stopped by {signal.Signals(number).name}. Staging was cleaned; the next start continues from here"
        )

    for each in STOP_SIGNALS:
        signal.signal(each, end)
    signal.setitimer(signal.ITIMER_REAL, max(0.001, s.remaining))
    threading.Thread(target=exit_after, args=(s.remaining + 5,), daemon=True).start()


def exit_after(seconds: float) -> None:
    """End the process after some seconds; body of a daemon thread."""
    block_stop_signals()
    time.sleep(seconds)
    exit_process(LoadError("time-out", "LORA_DEADLINE_SECONDS is over and the volume does not respond. Check its storage"))


def download_missing(s: Settings, wanted: AdapterList) -> None:
    """Download the missing adapters; a read-only volume is enough if none is missing."""
    try:
        run(s, wanted.server, list(wanted.specs))
    except OSError as e:
        failure = describe_os_error(s, e, "the volume")
        if failure.kind != "volume" or not is_complete(s, wanted.server, list(wanted.specs)):
            raise failure from None
        say(f"warning: {failure}; not needed now, all adapters are present and intact")


def main(argv: list[str]) -> None:
    """Run the loader as the adapter list requires, and end the process.

    Modules that only one task needs are imported for that task: a start with nothing to download
    imports no HTTP library.
    """
    os.umask(0)  # published files must be writable for every uid that the server may run as
    try:
        if len(argv) != 2:
            raise LoadError("adapter-list", "usage: python3 -m lora_loader adapters.json")
        s = read_settings(Path(__file__).with_name("requirements.txt"))
        handle_stop_signals(s)
        wanted = read_adapter_list(Path(argv[1]))
        if wanted.compared:
            from .compare import compare_and_exit

            compare_and_exit(s.adapters, wanted.specs)
        elif wanted.given is not None or wanted.published:
            from .verification import check

            check(s, wanted)
        else:
            download_missing(s, wanted)
    except LoadError as e:
        exit_process(e)
    except StopRequestedError as e:
        exit_process(LoadError(e.kind, str(e)))
    except Exception as e:  # noqa: BLE001 - the last line of the log must be a sentence, not a traceback
        exit_process(LoadError("unexpected", f"{type(e).__name__}: {e}. Please report this"))
    exit_process(None)


if __name__ == "__main__":
    main(sys.argv)
