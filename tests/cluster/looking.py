"""A cluster to look at: one a user, held by a process of its own until it is told to end."""

import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from .binaries import provide_programs
from .cache import Say, alone, cache_folder
from .client import wait_until
from .controlplane import ControlPlane
from .crds import install_crds, provide_crds
from .nodes import LOOKING


def bring_up(say: Say) -> None:
    """Leaves a cluster running, with one node of each kind. `RuntimeError` says why it did not start."""
    provide_programs(say)
    provide_crds(say)
    with alone("looking"):
        if _holder() is None:
            shutil.rmtree(_place(), ignore_errors=True)
            _start_holder()
    kubeconfig = shlex.quote(str(_place() / "kubeconfig"))
    say(f"Running. Look with: KUBECONFIG={kubeconfig} kubectl get nodes")
    say("Nodes have GPUs and run nothing: pods become Ready without a container. End it with: make cluster-down")


def bring_down(say: Say) -> None:
    """Ends it, if there is one."""
    with alone("looking"):
        holder = _holder()
        if holder is None:
            say("No cluster is running.")
            return
        os.kill(holder, signal.SIGTERM)
        wait_until("the end of the cluster", lambda: _holder() is None)
    say("Ended.")


def hold() -> None:
    """Runs the cluster until a signal comes."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    with _lock().open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _place().mkdir(mode=0o700)
        with ControlPlane(provide_programs(), _place()) as cluster:
            client = cluster.client()
            install_crds(client)
            for each in LOOKING:
                client.create(each)
            (_place() / "ready").touch()
            while True:
                signal.pause()


def _start_holder() -> None:
    log = cache_folder() / "running.log"
    with log.open("w") as output:
        holder = subprocess.Popen(
            [sys.executable, "-m", "tests.cluster", "hold"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def is_ready() -> bool:
        if holder.poll() is not None:
            raise RuntimeError(log.read_text())
        return (_place() / "ready").exists()

    try:
        wait_until("a cluster", is_ready, seconds=120)
    except BaseException:  # also Ctrl-C: half a cluster is nothing to look at
        holder.terminate()
        holder.wait()
        raise


def _place() -> Path:
    return cache_folder() / "running"


def _lock() -> Path:
    return cache_folder() / "running.lock"


def _holder() -> int | None:
    """The process that holds the cluster, if there is one: it holds the lock too, so a stale number is never mistaken for it."""
    with _lock().open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            return int(lock.read())
    return None
