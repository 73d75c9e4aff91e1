"""Steady requests, each on a connection of its own, and their answers."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from itertools import pairwise
from typing import NamedTuple

from tests.cluster.client import wait_until

from .gateway import Answer

PER_SECOND = 10


class Sample(NamedTuple):
    """One request: when it was sent, and the problem of its answer, or an empty text."""

    sent: float
    problem: str


class Traffic:
    """Ten requests a second until the end of the context, which waits for their answers.

    Args:
        send: Sends a request.
    """

    def __init__(self, send: Callable[[], Answer]) -> None:
        self._send = send
        self.samples: list[Sample] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def wait(self, count: int) -> None:
        """Wait for as many answers more."""
        enough = len(self.samples) + count
        wait_until(f"{count} answers", lambda: len(self.samples) >= enough)

    @property
    def lost(self) -> list[Sample]:
        """Requests without a good answer."""
        return [each for each in sorted(self.samples) if each.problem]

    def find_outage(self) -> float:
        """Return the longest time without a request that was answered, in seconds."""
        good = [each.sent for each in sorted(self.samples) if not each.problem]
        return max(after - before for before, after in pairwise(good))

    def _run(self) -> None:
        began, count = time.monotonic(), 0
        with ThreadPoolExecutor(max_workers=50) as pool:
            while not self._ended.wait(max(0, began + count / PER_SECOND - time.monotonic())):
                pool.submit(self._sample)
                count += 1

    def _sample(self) -> None:
        sent = time.monotonic()
        try:
            answer = self._send()
            problem = "" if answer.status == 200 else f"{answer.status} {answer.body[:80]}"
        except (OSError, HTTPException) as error:
            problem = repr(error)
        self.samples.append(Sample(sent, problem))
