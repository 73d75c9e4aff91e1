"""The run: what is there, what is missing, all or nothing published, each adapter reported."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from typing import Any

from .adapter import check_fit
from .adapter_list import Server, Wish
from .lock import Lock
from .outcome import Ended, LoadError, clean, leave_signals_to_main, megabytes, say
from .settings import Settings
from .volume import READERS, discard, good, matches, ours, publish, read_manifest, recover, sweep, take_out


def stock(s: Settings, wishes: list[Wish]) -> dict[Wish, tuple[str, dict[str, Any]]]:
    """What needs no request: published and intact, or whole in an older run's staging. What is damaged leaves the scanned directory."""
    pool = ThreadPoolExecutor(READERS, initializer=leave_signals_to_main)
    try:
        published = list(pool.map(good, [s.adapters / w.name for w in wishes], wishes))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # a request to stop does not wait for gigabytes to be hashed
    found: dict[Wish, tuple[str, dict[str, Any]]] = {}
    for wish, manifest in zip(wishes, published, strict=True):
        here = s.adapters / wish.name
        if manifest:
            found[wish] = "reused", manifest
            continue
        if os.path.lexists(here) and not ours(here):
            raise LoadError(
                "foreign", f"{wish}: {here} exists and was not made by this loader: remove it, or give the adapter another name"
            )
        if os.path.lexists(here) and ((old := read_manifest(here)) == {} or matches(old, wish)):
            say(f"{wish.name}: damaged on disk, taken out and fetched again")
            take_out(s, wish.name)
        if manifest := recover(s, wish):
            found[wish] = "recovered", manifest
    return found


def fetch_all(s: Settings, server: Server, wishes: list[Wish]) -> dict[Wish, dict[str, Any] | LoadError]:
    """Every missing adapter, a few at a time. One that fails does not stop the others: the next start has less to do."""
    from .hub import Hub
    from .library import library

    stop = threading.Event()
    hub = Hub(s, library(s), stop)
    if s.token and hub.api.endpoint.startswith("http://"):
        say(f"warning: the token goes to {hub.host} over plain http")
    say(f"fetching {len(wishes)} adapters from {hub.host} with huggingface_hub {hub.lib.version}")
    pool = ThreadPoolExecutor(min(s.workers, len(wishes)), initializer=leave_signals_to_main)
    jobs = {pool.submit(hub.fetch, wish, server): wish for wish in wishes}
    outcomes: dict[Wish, dict[str, Any] | LoadError] = {}
    threading.Thread(target=hub.show_progress, daemon=True).start()
    try:
        for job in as_completed(jobs):
            wish, error = jobs[job], job.exception()
            if isinstance(error, (LoadError, OSError)):
                failure = error if isinstance(error, LoadError) else explain_os(s, error, str(wish))
                outcomes[wish] = failure
                say(f"failed: {failure}")
                discard(s.work / wish.name)  # at once: the others may need the space
            else:
                outcomes[wish] = job.result()
    except Ended as e:
        raise Ended(e.kind, f"{e} (not there yet: {', '.join(w.name for w in wishes if w not in outcomes)})") from None
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        wait(jobs, timeout=2)
    return outcomes


def run(s: Settings, server: Server, wishes: list[Wish]) -> None:
    started = time.monotonic()
    for directory in (s.adapters, s.staging):
        directory.mkdir(mode=0o777, parents=True, exist_ok=True)
    with contextlib.suppress(PermissionError):
        s.adapters.chmod(0o777)
    with Lock(s) as lock:
        s.work.mkdir(mode=0o777)
        try:
            # After each step that may take long enough for a pod to be frozen in it: is the volume still this one's to change?
            found = stock(s, wishes)
            lock.confirm()
            sweep(s, keep_complete=True)  # not what `stock` recovered: that is this run's by now
            s.work.mkdir(mode=0o777, exist_ok=True)
            for wish, (_, facts) in found.items():
                check_fit(s, wish, facts, server)
            missing = [w for w in wishes if w not in found]
            outcomes = fetch_all(s, server, missing) if missing else {}
            lock.confirm()
            failures = {w: o for w, o in outcomes.items() if isinstance(o, LoadError)}
            found |= {w: ("downloaded", o) for w, o in outcomes.items() if not isinstance(o, LoadError)}
            if not failures:  # all, or nothing changes for those who serve from this directory now
                fresh = [wish for wish, (how, _) in found.items() if how != "reused"]
                unload(s, fresh)
                lock.confirm()
                for wish in fresh:
                    publish(s, wish)
                remove_unlisted(s, wishes)
                sweep(s, keep_complete=False)
        finally:
            lock.confirm()  # else the staging swept would be the successor's
            with contextlib.suppress(OSError):
                sweep(s, keep_complete=True)
    say(f"{len(found)} of {len(wishes)} adapters are there, after {time.monotonic() - started:.1f} s")
    report(wishes, found, failures)
    if failures:
        first = next(failures[w] for w in wishes if w in failures)
        raise LoadError(first.kind, f"{first}" + (f" (and {len(failures) - 1} more, see the log)" if len(failures) > 1 else ""))


def unload(s: Settings, fresh: list[Wish]) -> None:
    """With a server that looks every so often, take out what is about to be replaced, until it has looked: it may keep the old weights of a
    name that never went."""
    replaced = [wish for wish in fresh if (s.adapters / wish.name).exists()]
    if not replaced or s.unload < 1:
        return
    say(f"{', '.join(w.name for w in replaced)}: taken out for {s.unload:g} s, so that the servers forget the old weights")
    for wish in replaced:
        (s.work / ".old").mkdir(exist_ok=True)
        (s.adapters / wish.name).rename(s.work / ".old" / wish.name)
    time.sleep(s.unload)


def as_is(s: Settings, server: Server, wishes: list[Wish]) -> bool:
    """A volume that is mounted read-only will do when every adapter is on it and intact."""
    for wish in wishes:
        if not (facts := good(s.adapters / wish.name, wish)):
            return False
        check_fit(s, wish, facts, server)
    return True


def remove_unlisted(s: Settings, wishes: list[Wish]) -> None:
    for entry in sorted(s.adapters.iterdir()):
        if entry.name in {w.name for w in wishes}:
            continue
        if ours(entry):
            say(f"{entry.name}: no longer listed, removed")
            take_out(s, entry.name)
        elif entry.is_dir():
            say(f"warning: {entry} is not listed and not made by this loader: left alone, the server may serve it", sys.stderr)


def report(wishes: list[Wish], found: dict[Wish, tuple[str, dict[str, Any]]], failures: dict[Wish, LoadError]) -> None:
    """One JSON line per adapter, for machines."""
    for wish in wishes:
        line: dict[str, Any] = {"adapter": wish.name, "repo_id": wish.repo_id, "revision": wish.revision}
        if wish in failures:
            line |= {"status": "failed", "error": failures[wish].kind, "message": clean(failures[wish])}
        elif wish in found:
            how, facts = found[wish]
            files: dict[str, dict[str, Any]] = facts["files"]
            line |= {"status": "staged" if failures and how != "reused" else how, "commit": facts["commit"], "rank": facts.get("rank"),
                     "base_model": facts.get("base_model"), "bytes": sum(f["size"] for f in files.values()), "files": files}  # fmt: skip
        say(json.dumps(line))


def explain_os(s: Settings, e: OSError, what: str) -> LoadError:
    if e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        free = ""
        with contextlib.suppress(OSError):
            volume = os.statvfs(s.root)
            free = f", {megabytes(volume.f_bavail * volume.f_frsize)} free"
        return LoadError("disk-full", f"{what}: the volume at {s.root} is full ({e.strerror}{free}): give it more space")
    if e.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        cure = "mount the volume writable, set fs_group"
        return LoadError("volume", f"{what}: {e.filename or s.root} cannot be written by uid {os.getuid()} ({e.strerror}): {cure}")
    return LoadError("unexpected", f"{what}: {type(e).__name__}: {e}")
