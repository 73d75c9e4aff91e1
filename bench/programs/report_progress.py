"""Progress report of a number of services for 20 seconds.

Fails unless each has a warning within 10 s, and if more than 30 requests are sent.
"""

import asyncio
import sys
import time

from nim_component.cluster.client import ClusterClient
from nim_component.diagnose.progress.reporter import ProgressReporter
from nim_component.diagnose.progress.tracked_rollout import TrackedRollout
from nim_component.diagnose.watch import Watch

COUNT, KUBECONFIG = int(sys.argv[1]), sys.argv[2]


async def main() -> None:
    client = ClusterClient.connect(KUBECONFIG)
    watch = Watch(client)
    reporter, began = ProgressReporter(watch), time.monotonic()
    warned: dict[int, float] = {}

    def record(service: int, level: str) -> None:
        if level == "warning":
            warned.setdefault(service, time.monotonic() - began)

    for i in range(COUNT):
        reporter.track(TrackedRollout(f"s{i}", "ml", lambda level, _, i=i: record(i, level)))
    task = asyncio.create_task(reporter.run())
    await asyncio.sleep(20)
    task.cancel()
    await watch.close()
    latest = max(warned.values(), default=0.0)
    sys.stdout.write(f"{COUNT} services: {len(warned)} warnings, the last after {latest:.1f} s; {client.requests} requests\n")
    if len(warned) < COUNT or latest > 10 or client.requests > 30:
        sys.exit("too slow, or too many requests")


asyncio.run(main())
