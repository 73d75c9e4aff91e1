"""Limit of requests to the API server in any minute, whatever its responses are."""

import asyncio
import time
from collections import deque

MINUTE = 60.0


class RateLimiter:
    """At most `requests` requests in any `MINUTE`. To be used on one event loop."""

    def __init__(self, requests: int) -> None:
        self.requests = requests
        self._sent: deque[float] = deque()

    def record(self, count: int) -> None:
        """Record requests that are sent now."""
        self._sent.extend([time.monotonic()] * count)

    def wait_for(self, count: int) -> float:
        """Return the seconds until `count` more requests are within the limit."""
        now = time.monotonic()
        while self._sent and self._sent[0] <= now - MINUTE:
            self._sent.popleft()
        excess = len(self._sent) + count - self.requests
        return self._sent[excess - 1] + MINUTE - now if excess > 0 else 0.0


def try_acquire(count: int, *limiters: RateLimiter) -> bool:
    """Record `count` requests if they are within every limit now. Return False if they are not."""
    if any(each.wait_for(count) for each in limiters):
        return False
    for each in limiters:
        each.record(count)
    return True


async def acquire(count: int, *limiters: RateLimiter) -> None:
    """Wait until `count` requests are within every limit, then record them."""
    while pause := max(each.wait_for(count) for each in limiters):
        await asyncio.sleep(pause)
    for each in limiters:
        each.record(count)
