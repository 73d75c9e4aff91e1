"""Limit of requests in any minute."""

import asyncio
import contextlib
import time

import pytest

from nim_component.cluster import rate_limiter


@pytest.mark.parametrize("count", [1, 2, 5])
def test_limiter_admits_its_number_of_requests(monkeypatch: pytest.MonkeyPatch, count: int):
    monkeypatch.setattr(rate_limiter, "MINUTE", 0.2)
    sent: list[float] = []

    async def send(limiter: rate_limiter.RateLimiter) -> None:
        while True:
            await rate_limiter.acquire(count, limiter)
            sent.extend([time.monotonic()] * count)

    async def run() -> None:
        limiter = rate_limiter.RateLimiter(5)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(send(limiter) for _ in range(3))), 1.0)

    asyncio.run(run())
    assert max(sum(0 <= each - first < 0.199 for each in sent) for first in sent) == 5 // count * count
    assert len(sent) >= 4 * (5 // count * count)
