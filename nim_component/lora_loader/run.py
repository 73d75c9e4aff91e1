"""One run of the loader: find, download, publish all or nothing, and report each adapter."""

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
from .adapter_list import AdapterSpec, Server
from .contents import HASH_THREADS
from .lock import Lock
from .outcome import LoadError, StopRequestedError, block_stop_signals, clean, megabytes, say
from .settings import Settings
from .volume import (
    discard,
    find_free,
    is_published,
    matches_spec,
    publish,
    read_manifest,
    read_published,
    recover,
    set_aside,
    sweep,
    unpublish,
)


def find_local(s: Settings, specs: list[AdapterSpec]) -> dict[AdapterSpec, tuple[str, dict[str, Any]]]:
    """Find the adapters that need no request.

    They are published and intact, or complete in the staging of an earlier run. A damaged adapter
    is removed from the scanned directory.
    """
    pool = ThreadPoolExecutor(HASH_THREADS, initializer=block_stop_signals)
    try:
        hashes = pool.map(read_published, [s.adapters / w.name for w in specs], specs)
        clean("")  # imports the redaction meanwhile, a third of the time of a start without work
        published = list(hashes)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # do not wait for hashes after a stop signal
    found: dict[AdapterSpec, tuple[str, dict[str, Any]]] = {}
    for spec, (manifest, why) in zip(specs, published, strict=True):
        here = s.adapters / spec.name
        if manifest:
            found[spec] = "reused", manifest
            continue
        if os.path.lexists(here) and not is_published(here):
            raise LoadError(
                "foreign", f"{spec}: {here} exists and was not created by this loader. Remove it, or give the adapter another name"
            )
        if os.path.lexists(here) and ((old := read_manifest(here)) == {} or matches_spec(old, spec)):
            say(f"{spec.name}: damaged on disk ({why}), removed, downloading again")
            unpublish(s, spec.name)
        if manifest := recover(s, spec):
            found[spec] = "recovered", manifest
    return found


def fetch_all(s: Settings, server: Server, specs: list[AdapterSpec]) -> dict[AdapterSpec, dict[str, Any] | LoadError]:
    """Download the missing adapters in parallel.

    A failed adapter does not stop the others, so the next start has less to download.
    """
    from .downloads import MAX_STREAMS
    from .hub import Hub
    from .library import library

    stop, began = threading.Event(), time.monotonic()
    hub = Hub(s, library(s), stop)
    hub.streams = max(1, min(MAX_STREAMS, s.workers // len(specs)))
    loaded = time.monotonic()
    if s.token and hub.endpoint.startswith("http://"):
        say(f"warning: the token is sent to {hub.host} over plain HTTP")
    say(f"downloading {len(specs)} adapters from {hub.host} with huggingface_hub {hub.lib.version}")
    pool = ThreadPoolExecutor(min(s.workers, len(specs)), initializer=block_stop_signals)
    jobs = {pool.submit(hub.fetch, spec, server): spec for spec in specs}
    outcomes: dict[AdapterSpec, dict[str, Any] | LoadError] = {}
    threading.Thread(target=hub.show_progress, daemon=True).start()
    try:
        for job in as_completed(jobs):
            spec, error = jobs[job], job.exception()
            if isinstance(error, (LoadError, OSError)):
                failure = error if isinstance(error, LoadError) else describe_os_error(s, error, str(spec))
                outcomes[spec] = failure
                say(f"failed: {failure}")
                discard(s.work / spec.name)  # at once: the other downloads may need the space
                hub.arrived.pop(spec.name, None)
            else:
                outcomes[spec] = job.result()
    except StopRequestedError as e:
        raise StopRequestedError(e.kind, f"{e} (not downloaded yet: {', '.join(w.name for w in specs if w not in outcomes)})") from None
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        wait(jobs, timeout=2)
    steps = ", ".join(f"{step} {seconds:.2f} s" for step, seconds in hub.spent.items())
    say(f"time: library {loaded - began:.2f} s, downloads {time.monotonic() - loaded:.2f} s (sum over adapters: {steps or 'none'})")
    say(f"hosts of the downloads: {', '.join(sorted(hub.hosts)) or 'none'}")
    return outcomes


def run(s: Settings, server: Server, specs: list[AdapterSpec]) -> None:
    """Find, download and publish the listed adapters under the lock of the volume."""
    started = time.monotonic()
    refuse_links(s)
    for directory in (s.adapters, s.staging):
        directory.mkdir(mode=0o777, parents=True, exist_ok=True)
    with contextlib.suppress(PermissionError):
        s.adapters.chmod(0o777)
    with Lock(s) as lock:
        s.work.mkdir(mode=0o777)
        try:
            # Confirm the lock after each step that may outlast it, for example in a frozen pod.
            found = find_local(s, specs)
            lock.confirm()
            verified = time.monotonic()
            sweep(s, keep_complete=True)  # keeps the adapters that `find_local` took over
            s.work.mkdir(mode=0o777, exist_ok=True)
            for spec, (_, facts) in found.items():
                check_fit(s, spec, facts, server)
            missing = [w for w in specs if w not in found]
            outcomes = fetch_all(s, server, missing) if missing else {}
            lock.confirm()
            failures, received = {w: o for w, o in outcomes.items() if isinstance(o, LoadError)}, time.monotonic()
            found |= {w: ("downloaded", o) for w, o in outcomes.items() if not isinstance(o, LoadError)}
            if not failures:  # publish all adapters or none
                fresh = [spec for spec, (how, _) in found.items() if how != "reused"]
                unpublish_replaced(s, fresh)
                lock.confirm()
                for spec in fresh:
                    publish(s, spec)
                remove_unlisted(s, specs)
                sweep(s, keep_complete=False)
            say(f"time: verify {verified - started:.2f} s, publish {time.monotonic() - received:.2f} s")
        finally:
            lock.confirm()  # else this would empty the staging of the next owner
            with contextlib.suppress(OSError):
                sweep(s, keep_complete=True)
    say(f"{len(found)} of {len(specs)} adapters are present after {time.monotonic() - started:.1f} s")
    report(specs, found, failures)
    if failures:
        first = next(failures[w] for w in specs if w in failures)
        raise LoadError(first.kind, f"{first}" + (f" (and {len(failures) - 1} more, see the log)" if len(failures) > 1 else ""))


def unpublish_replaced(s: Settings, fresh: list[AdapterSpec]) -> None:
    """Remove the adapters that are about to be replaced, and wait until the server has scanned.

    A server that scans periodically may keep the old weights of a name that was never absent.
    """
    replaced = [spec for spec in fresh if (s.adapters / spec.name).exists()]
    if not replaced or s.unload < 1:
        return
    say(f"{', '.join(w.name for w in replaced)}: removed for {s.unload:g} s, so that the servers unload the old weights")
    for spec in replaced:
        (s.work / ".old").mkdir(exist_ok=True)
        (s.adapters / spec.name).rename(s.work / ".old" / spec.name)
    time.sleep(s.unload)


def is_complete(s: Settings, server: Server, specs: list[AdapterSpec]) -> bool:
    """Return True if every listed adapter is on the volume and intact."""
    for spec in specs:
        if not (facts := read_published(s.adapters / spec.name, spec)[0]):
            return False
        check_fit(s, spec, facts, server)
    return True


def remove_unlisted(s: Settings, specs: list[AdapterSpec]) -> None:
    """Remove published adapters that are not listed, and move all other entries out.

    The server then finds nothing but the list. What no loader created is never deleted.
    """
    for entry in sorted(s.adapters.iterdir()):
        if entry.name in {"lost+found", *(w.name for w in specs)}:
            continue
        if is_published(entry):
            say(f"{entry.name}: no longer listed, removed")
            unpublish(s, entry.name)
            continue
        try:
            say(f"warning: {entry} is not listed and was not created by this loader. It is now {set_aside(s, entry.name)}", sys.stderr)
        except OSError as e:
            fix = f"It cannot be moved ({e.strerror}), and the server would serve it: remove it from the volume"
            raise LoadError("foreign", f"{entry} is not listed and was not created by this loader. {fix}") from None


def refuse_links(s: Settings) -> None:
    """Raise LoadError if a directory of the loader is a link: its content may be another's."""
    for directory in (s.adapters, s.staging, s.foreign, s.root / "lock"):
        if directory.is_symlink():
            raise LoadError("foreign", f"{directory} is a link, which this loader did not create. Remove it from the volume")


def report(specs: list[AdapterSpec], found: dict[AdapterSpec, tuple[str, dict[str, Any]]], failures: dict[AdapterSpec, LoadError]) -> None:
    """Print one JSON line per adapter."""
    for spec in specs:
        line: dict[str, Any] = {"adapter": spec.name, "repo_id": spec.repo_id, "revision": spec.revision}
        if spec in failures:
            line |= {"status": "failed", "error": failures[spec].kind, "message": clean(failures[spec])}
        elif spec in found:
            how, facts = found[spec]
            files: dict[str, dict[str, Any]] = facts["files"]
            line |= {"status": "staged" if failures and how != "reused" else how, "commit": facts["commit"], "rank": facts.get("rank"),
                     "base_model": facts.get("base_model"), "bytes": sum(f["size"] for f in files.values()), "files": files}  # fmt: skip
        say(json.dumps(line))


def describe_os_error(s: Settings, e: OSError, what: str) -> LoadError:
    """Return the LoadError for an error of the volume."""
    if e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        room = find_free(s.root)
        free = f", {megabytes(room)} free" if room is not None else ""
        return LoadError("disk-full", f"{what}: the volume at {s.root} is full ({e.strerror}{free}). Enlarge it")
    if e.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        fix = "Mount the volume writable, or set fs_group"
        return LoadError("volume", f"{what}: {e.filename or s.root} cannot be written by uid {os.getuid()} ({e.strerror}). {fix}")
    return LoadError("unexpected", f"{what}: {type(e).__name__}: {e}")
