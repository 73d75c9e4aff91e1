"""A cluster to look at: `python -m tests.cluster up`, `down`, and `build` for the programs alone."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from .binaries import NoGoError, cache_folder, provide_programs
from .checkov import NoCheckovError, provide_checkov


def main(arguments: list[str]) -> int:
    """Runs a command."""
    commands = {"build": build, "up": up, "down": down, "hold": hold}
    if len(arguments) != 1 or arguments[0] not in commands:
        print("usage: python -m tests.cluster build|up|down", file=sys.stderr)
        return 2
    return commands[arguments[0]]()


def build() -> int:
    """Provides what the tests need. What cannot be provided is said here, once; the verdict is left to the tests."""
    for provide in (provide_programs, provide_checkov):
        try:
            provide(_say)
        except (NoGoError, NoCheckovError) as error:
            print(f"Skipped below: {error}", flush=True)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def up() -> int:
    """Leaves a cluster running, with one node of each kind."""
    try:
        provide_programs(_say)
    except NoGoError as error:
        print(error, file=sys.stderr)
        return 1
    place = _place()
    if _holder() is None:
        shutil.rmtree(place, ignore_errors=True)
        with (place.parent / "running.log").open("w") as log:
            holder = subprocess.Popen(
                [sys.executable, "-m", "tests.cluster", "hold"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        while not (place / "ready").exists():
            if holder.poll() is not None:
                print((place.parent / "running.log").read_text(), file=sys.stderr)
                return 1
            time.sleep(0.1)
    print(f"Running. Look with: KUBECONFIG={place / 'kubeconfig'} kubectl get nodes")
    print("Nodes have GPUs and run nothing: pods become Ready without a container. End it with: make cluster-down")
    return 0


def down() -> int:
    """Ends it."""
    holder = _holder()
    if holder is None:
        print("No cluster is running.")
        return 0
    os.kill(holder, signal.SIGTERM)
    while _holder() is not None:
        time.sleep(0.1)
    print("Ended.")
    return 0


def hold() -> int:
    """Runs the cluster until a signal comes."""
    from .controlplane import ControlPlane
    from .nodes import LOOKING

    stop = signal.SIGTERM, signal.SIGINT, signal.SIGHUP
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    place = _place()
    with _lock().open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True, mode=0o700)
        with ControlPlane(provide_programs(), place) as cluster:
            client = cluster.client()
            for each in LOOKING:
                client.create(each)
            (place / "ready").touch()
            signal.sigwait(stop)
    return 0


def _place() -> Path:
    return cache_folder() / "running"


def _lock() -> Path:
    return cache_folder() / "running.lock"


def _holder() -> int | None:
    """The process that holds the cluster, if there is one: it holds the lock too, so a stale number is never mistaken for it."""
    _lock().parent.mkdir(parents=True, exist_ok=True)
    with _lock().open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            return int(lock.read())
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
