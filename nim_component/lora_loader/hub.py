"""Client of the hub: downloads a repository at a revision as verified files into staging."""

from __future__ import annotations

import contextlib
import json
import random
import re
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from .adapter import check_fit, check_size, check_tensors, read_config
from .adapter_list import CONFIG, AdapterSpec, Server
from .downloads import Incoming, receive
from .outcome import LoadError, block_stop_signals, megabytes, say
from .records import select_files
from .refusals import allow_host, explain_certificate, explain_refusal, find_host, find_renamed, read_refusal
from .settings import Settings
from .volume import MANIFEST, find_free

MAX_RECORD, RECORD_SECONDS = 16 << 20, 60
"""Bytes and seconds of the hub's record of a repository: about 50,000 files."""


class HubResponseError(Exception):
    """Response with a status of failure."""

    def __init__(self, response: Any) -> None:
        super().__init__(f"status {response.status_code}")
        self.response = response


class Hub:
    """Downloads that verify hashes, resume at the exact byte, honour Retry-After and a deadline.

    The download functions of huggingface_hub do none of these.
    """

    def __init__(self, s: Settings, lib: SimpleNamespace, stop: threading.Event) -> None:
        self.s, self.lib, self.stop = s, lib, stop
        self.endpoint = s.endpoint or lib.endpoint.rstrip("/")
        self.headers = {"Accept-Encoding": "identity", "User-Agent": f"nim-component; hf_hub/{lib.version}"}
        self.headers |= {"Authorization": f"Bearer {s.token}"} if s.token else {}
        self.host = self.endpoint.partition("://")[2].rpartition("@")[2]
        self.hosts: set[str] = set()
        """Hosts that responded: the hub, and those to which it redirects."""
        self.renamed: set[str] = set()
        """Names of adapters whose repositories were renamed."""
        self.records: dict[tuple[str, str], dict[str, Any] | LoadError] = {}
        """Records of the hub by repository and revision, or failures without the adapter's name."""
        self.turns: dict[tuple[str, str], threading.Lock] = {}
        """Locks by the same keys: one adapter requests the record, and the others wait."""
        self.streams = 1
        """Connections for one large file."""
        self.lock = threading.Lock()
        self.spent: dict[str, float] = {}
        """Seconds by step, summed over the adapters."""
        self.arrived: dict[str, list[int]] = {}
        """By adapter: bytes received and bytes in total, for the progress lines."""

    def retry(self, spec: AdapterSpec, attempt: Callable[[], Any], progress: Callable[[], int] = lambda: 0, path: str = "") -> Any:
        """Retry while the error may be temporary; an attempt that got further resets the count.

        `path` is the file that is requested, for the text of an error.
        """
        tries, furthest = 0, 0
        while True:
            pause, host, fix = 0.0, self.host, "Check HF_ENDPOINT, proxy and network"
            try:
                return attempt()
            except HubResponseError as e:
                status, headers = e.response.status_code, e.response.headers
                if status not in (408, 429) and status < 500:
                    raise explain_refusal(spec, read_refusal(e.response, spec), self.host, bool(self.s.token), path) from None
                kind, reason, pause = "rate-limited" if status == 429 else "hub", f"the hub returned {status}", retry_after(headers)
            except (self.lib.broken, ConnectionError, ValueError, KeyError, TypeError) as e:
                if unknown := explain_certificate(spec, e, self.host):
                    raise unknown from None
                kind, reason = "hub", f"{type(e).__name__}: {str(e)[:200]}"
                host = find_host(e, self.host)
                fix = fix if host == self.host else allow_host(host)
                if isinstance(e, self.lib.stalled):
                    what = "no connection within" if "Connect" in type(e).__name__ else "the server sent nothing for"
                    reason = f"{what} {self.s.stall:g} s"
            if self.stop.is_set():
                raise LoadError("interrupted", f"{spec}: stopped")
            tries, furthest = (1 if progress() > furthest else tries + 1), max(furthest, progress())
            delay = max(pause, min(30.0, self.s.backoff * 2 ** (tries - 1))) * random.uniform(1, 1.25)
            if tries > self.s.retries or delay > self.s.remaining:
                fix = "Start later, or set a token (hf_token_key)" if kind == "rate-limited" else fix
                wait = f" with Retry-After {pause:.0f} s" if pause else ""
                raise LoadError(kind, f"{spec}: {reason}{wait} at {host}, after {tries} attempts. {fix}")
            say(f"{spec.name}: {reason}, next attempt in {delay:.1f} s")
            self.stop.wait(delay)

    def look_up(self, spec: AdapterSpec) -> tuple[str, list[Incoming]]:
        """Return the commit of a branch or tag, and the hub's record of each file.

        Both come from one request, so they belong to the same commit. An adapter from the lock file
        needs no request.
        """
        if spec.locked is not None:
            by_config = sorted(spec.locked, key=lambda entry: not entry[0].endswith(CONFIG))
            return spec.revision, [Incoming(path, record.size, record.sha256, None) for path, record in by_config]

        record = self.find_record(spec)
        return record["sha"], select_files(spec, {f["rfilename"]: f for f in record["siblings"]}, self.host)

    def find_record(self, spec: AdapterSpec) -> dict[str, Any]:
        """Return the hub's record of a repository at a revision, from one request.

        Adapters of one branch therefore have one commit, also if the branch moves meanwhile.
        """
        key = spec.repo_id, spec.revision
        with self.lock:
            turn = self.turns.setdefault(key, threading.Lock())
        with turn:
            if key not in self.records:
                try:
                    self.records[key] = self.retry(spec, lambda: self.read_record(spec))
                except LoadError as e:  # after all attempts: the next adapter of this branch makes none
                    self.records[key] = LoadError(e.kind, str(e).removeprefix(str(spec)))
            record = self.records[key]
        if isinstance(record, LoadError):
            raise LoadError(record.kind, f"{spec}{record}")
        return record

    def read_record(self, spec: AdapterSpec) -> dict[str, Any]:
        """Return the hub's record of a repository, of limited size."""
        url = f"{self.endpoint}/api/models/{spec.repo_id}/revision/{quote(spec.revision, safe='')}"
        started, body = time.monotonic(), bytearray()
        with self.lib.session.stream("GET", url, params={"blobs": "true"}, headers=self.headers, timeout=self.s.stall) as answer:
            self.check(spec, answer)
            for block in answer.iter_bytes():
                body += block
                if len(body) > MAX_RECORD or time.monotonic() - started > RECORD_SECONDS:
                    limit = f"more than {megabytes(MAX_RECORD)} or {RECORD_SECONDS} s"
                    raise LoadError("hub", f"{spec}: the record of the repo takes {limit} at {self.host}. Check HF_ENDPOINT and proxy")
        try:
            record: Any = json.loads(body)
        except RecursionError:
            raise ValueError("the record is nested too deeply") from None
        if not re.fullmatch(r"[0-9a-f]{40}", record["sha"] or ""):
            raise ValueError("no commit in the hub's answer")
        siblings = [f for f in record.get("siblings") or () if isinstance(f["rfilename"], str)]
        return {"sha": record["sha"], "siblings": siblings}

    def check(self, spec: AdapterSpec, answer: Any) -> None:
        """Raise for a status of failure. The text of the error is not read: it may be endless."""
        self.hosts.add(answer.url.host)
        if (renamed := find_renamed(answer, spec)) and spec.name not in self.renamed:
            self.renamed.add(spec.name)
            say(f"warning: {spec}: the repo was renamed to {renamed}. Write the new name: another repo may take the old one")
        if answer.status_code >= 400:
            raise HubResponseError(answer)

    def url_of(self, spec: AdapterSpec, commit: str, file: Incoming) -> str:
        """Return the URL of a file at a commit."""
        return f"{self.endpoint}/{spec.repo_id}/resolve/{commit}/{quote(file.path)}"

    def receive(self, spec: AdapterSpec, commit: str, file: Incoming, into: Path) -> None:
        """Download a file of an adapter into a directory, and verify it."""
        if file.name == CONFIG:
            check_size(spec, file.size)
        receive(self, spec, self.url_of(spec, commit, file), file, into / file.name)
        self.spend("hash", file.hashing)

    def count(self, spec: AdapterSpec, received: int) -> None:
        """Count received bytes of an adapter; several connections may do so."""
        with self.lock:
            self.arrived[spec.name][0] += received

    def spend(self, step: str, seconds: float) -> None:
        """Add seconds to a step of the downloads."""
        with self.lock:
            self.spent[step] = self.spent.get(step, 0.0) + seconds

    def reserve(self, spec: AdapterSpec, size: int) -> None:
        """Raise LoadError if the volume has no space for an adapter beside running downloads."""
        with self.lock:
            rest = sum(total - done for done, total in self.arrived.values())
            if (free := find_free(self.s.root)) is not None and size + rest > free:
                others = f", and other downloads need {megabytes(rest)}" if rest else ""
                text = f"it has {megabytes(size)}{others}; the volume at {self.s.root} has {megabytes(free)} free"
                raise LoadError("disk-full", f"{spec}: {text}. Enlarge it")
            self.arrived[spec.name] = [0, size]

    def fetch(self, spec: AdapterSpec, server: Server) -> dict[str, Any]:
        """Download one adapter into staging, the small configuration first.

        A rank that is too high then fails before the weights are downloaded.
        """
        began = time.monotonic()
        commit, files = self.look_up(spec)
        self.spend("look-up", time.monotonic() - began)
        self.reserve(spec, sum(f.size for f in files))
        started, into, amount = time.monotonic(), self.s.work / spec.name, f"{len(files)} files, {megabytes(self.arrived[spec.name][1])}"
        into.mkdir(mode=0o777)
        facts: dict[str, Any] = {}
        say(f"{spec.name}: {spec.repo_id}@{spec.revision} is commit {commit[:12]}, {amount}")
        for file in files:
            self.receive(spec, commit, file, into)
            if file.name == CONFIG:
                facts = read_config(spec, into / CONFIG)
                check_fit(self.s, spec, facts, server)
            check_tensors(spec, into / file.name, facts, server)
            (into / file.name).chmod(0o777)
        took = max(time.monotonic() - started, 0.001)
        say(f"{spec.name}: {amount} verified in {took:.1f} s ({megabytes(self.arrived[spec.name][1] / took)}/s)")
        manifest = {
            "repo_id": spec.repo_id, "revision": spec.revision, "commit": commit, "wanted": spec.files and list(spec.files), **facts,
            **({"subfolder": spec.subfolder} if spec.subfolder else {}),
            "files": {f.name: {"size": f.size, "sha256": f.sha.hexdigest()} for f in files},
        }  # fmt: skip
        (into / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")  # last: its presence marks the directory complete
        return manifest

    def show_progress(self) -> None:
        """Print one line per adapter with its rate, every five seconds; body of a daemon thread."""
        block_stop_signals()
        before: dict[str, int] = {}
        while not self.stop.wait(5):
            for name, (done, size) in list(self.arrived.items()):
                if done < size:
                    say(f"{name}: {megabytes(done)} of {megabytes(size)}, {megabytes((done - before.get(name, 0)) / 5)}/s")
                before[name] = done


def retry_after(headers: Any) -> float:
    """Return the seconds to wait that a response requests.

    They come from Retry-After (seconds or a date), or from the reset time of an exhausted rate
    limit.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    with contextlib.suppress(ValueError, TypeError):
        # Use the clock of the hub from its response: that of the node may be hours off.
        now = parsedate_to_datetime(headers["Date"]).timestamp() if "Date" in headers else time.time()
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    exhausted = re.search(r";\s*r=0\s*;\s*t=(\d+)", headers.get("RateLimit", ""))
    return float(exhausted[1]) if exhausted else 0.0
