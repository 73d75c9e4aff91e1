"""How much the API server is asked: so many requests in any minute, however it behaves."""

import asyncio
import time
from collections import deque

MINUTE = 60.0


class RateLimiter:
    """`requests` in any `MINUTE`. Everything on one event loop."""

    def __init__(self, requests: int) -> None:
        self.requests = requests
        self._sent: deque[float] = deque()

    def spend(self, count: int) -> None:
        """Notes that so many are sent now."""
        self._sent.extend([time.monotonic()] * count)

    def wait_for(self, count: int) -> float:
        """Seconds until so many requests more are within it."""
        now = time.monotonic()
        while self._sent and self._sent[0] <= now - MINUTE:
            self._sent.popleft()
        over = len(self._sent) + count - self.requests
        return self._sent[over - 1] + MINUTE - now if over > 0 else 0.0


async def acquire(count: int, *budgets: RateLimiter) -> None:
    """Waits until so many requests are within every budget, and spends them."""
    while pause := max(each.wait_for(count) for each in budgets):
        await asyncio.sleep(pause)
    for each in budgets:
        each.spend(count)
