"""Bring the wanted LoRA adapters to the directory that NIM scans: each whole and verified, or not at all.

Runs in the init container as `python3 loader.py adapters.json`, with `requirements.txt` beside it; the standard library and
`huggingface_hub` (the image's own, or installed once into the volume) are all it needs. Python 3.10 or newer.

On the volume   <root>/adapters/<name>/  what NIM scans ($NIM_PEFT_SOURCE; <root> is its parent), nothing but published adapters
                <root>/staging/<run>/    downloads under way, removed or taken up by the next start
                <root>/library/<key>/    the installed library, kept      <root>/lock/  who is at work
Environment     NIM_PEFT_SOURCE  HF_TOKEN?  HF_ENDPOINT?  LORA_DEADLINE_SECONDS=1500  NIM_MAX_LORA_RANK?  LORA_WORKERS=8
                LORA_RETRIES=6  LORA_BACKOFF_SECONDS=0.5  LORA_STALL_SECONDS=20  LORA_STALE_SECONDS=30  LORA_TERMINATION_LOG
Exit codes      see EXIT_CODES; the last line of stderr, and the termination message, say what failed and what to do about it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib
import importlib.metadata
import json
import math
import os
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

EXIT_CODES = {
    "unexpected": 1, "wish-list": 2, "foreign": 3, "library": 10, "unauthorized": 11, "gated": 12, "not-found": 13, "no-match": 14,
    "disk-full": 15, "volume": 16, "damaged": 17, "rate-limited": 18, "hub": 19, "rank": 20, "lock-lost": 21,
    "time-out": 124, "interrupted": 143,
}  # fmt: skip
MANIFEST = ".nim-lora.json"  # in each published directory; a directory without it was not made here and is never touched
CONFIG, WEIGHTS = "adapter_config.json", ("adapter_model.safetensors", "adapter_model.bin")
LARGEST_HEADER = 16 << 20  # a safetensors header above this is refused: it would have to be held in memory
DTYPE_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
              "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64}  # fmt: skip
OLDEST_LIBRARY = (1, 0)
WORD = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
GRAMMAR = {  # the hub's own, ASCII only; `..` is refused everywhere on top
    "name": re.compile(WORD),
    "repo_id": re.compile(rf"(?!.*--)(?!.*\.git$)(?:{WORD}/)?{WORD}"),
    "revision": re.compile(r"(?!.*//)(?!.*(?:/|\.|\.lock)$)[A-Za-z0-9_][A-Za-z0-9_./+-]{0,254}"),
    "files": re.compile(rf"(?:{WORD}/){{0,4}}{WORD}"),
}
secret_values: list[str] = []
speaking = threading.Lock()


class LoadError(Exception):
    """What went wrong, in one line with its cure; `kind` is a key of EXIT_CODES."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Ended(BaseException):
    """Raised in the main thread by a signal: the deadline or a request to stop. No library's `except Exception` may swallow it."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def clean(text: object) -> str:
    """One line without the token, without credentials or signatures in URLs: everything printed passes through here."""
    line = " ".join(str(text).split())
    for value in secret_values:
        line = line.replace(value, "***")
    return re.sub(r"(https?://[^\s?'\"]+)\?[^\s'\"]+", r"\1?***", re.sub(r"://[^/@\s]+@", "://***@", line))


def say(text: object, stream: Any = None) -> None:
    with speaking, contextlib.suppress(OSError):
        print(clean(text), file=stream or sys.stdout, flush=True)


def megabytes(count: float) -> str:
    return f"{count / 1e6:.1f} MB"


# --- what is wanted ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    name: str
    repo_id: str
    revision: str
    files: tuple[str, ...] | None

    def __str__(self) -> str:
        return f"adapter {self.name} ({self.repo_id}@{self.revision})"


@dataclass(frozen=True)
class Settings:
    adapters: Path
    requirements: Path
    token: str | None
    endpoint: str | None
    deadline: float
    max_rank: int | None
    workers: int
    retries: int
    backoff: float
    stall: float
    stale: float
    run: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def root(self) -> Path:
        return self.adapters.parent

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def work(self) -> Path:
        """This run's part of staging. Adapter names never start with a dot, so `.tmp` and `.old` in it are free for us."""
        return self.staging / self.run

    @property
    def remaining(self) -> float:
        return self.deadline - time.monotonic()


def read_settings(requirements: Path) -> Settings:
    env = os.environ

    def number(name: str, default: float | None) -> Any:
        text = env.get(name, "").strip() or default
        try:
            value = None if text is None else float(text)
        except ValueError:
            value = math.nan
        if value is not None and not 0 < value < 1e9:
            raise LoadError("wish-list", f"{name}={text!a} is not a positive number: correct it in the pod's environment")
        return value

    token = (env.get("HF_TOKEN") or "").strip() or None
    if token:
        secret_values.append(token)
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise LoadError("wish-list", "HF_TOKEN holds characters no token has: check the Secret's key (value not shown)")
    endpoint = env.get("HF_ENDPOINT", "").strip().rstrip("/") or None
    if endpoint and not re.fullmatch(r"https?://[^\s/?#\\]+(/[\x21-\x7e]*)?", endpoint):
        raise LoadError("wish-list", f"HF_ENDPOINT={endpoint[:80]!a} is not an http(s) URL: correct it in the pod's environment")
    source = Path(env.get("NIM_PEFT_SOURCE", ""))
    if not source.is_absolute() or ".." in source.parts or len(source.parts) < 3:
        raise LoadError("wish-list", f"NIM_PEFT_SOURCE={str(source)[:80]!a}: give an absolute path below the volume's root: /lora/adapters")
    rank = number("NIM_MAX_LORA_RANK", None)
    return Settings(
        adapters=source, requirements=requirements, token=token, endpoint=endpoint,
        deadline=time.monotonic() + number("LORA_DEADLINE_SECONDS", 1500), max_rank=None if rank is None else int(rank),
        workers=int(max(1, number("LORA_WORKERS", 8))), retries=int(number("LORA_RETRIES", 6)), backoff=number("LORA_BACKOFF_SECONDS", 0.5),
        stall=number("LORA_STALL_SECONDS", 20), stale=number("LORA_STALE_SECONDS", 30),
    )  # fmt: skip


def read_wishes(path: Path) -> tuple[str, list[Wish]]:
    """The wish list, checked again: the loader trusts nobody that what becomes a path or a URL was checked before."""
    try:
        data: Any = json.loads(path.read_text("utf-8"))
        served = str(data.get("served_model") or "")
        if not isinstance(data["adapters"], list):
            raise TypeError("adapters is no list")
        entries: list[dict[str, Any]] = data["adapters"]
        wishes = [Wish(e["name"], e["repo_id"], e.get("revision") or "main", e.get("files") and tuple(e["files"])) for e in entries]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise LoadError("wish-list", f"the wish list {path} cannot be read ({type(e).__name__}: {e}): render the ConfigMap again") from None
    problems: list[str] = []
    for i, wish in enumerate(wishes):
        values: list[tuple[str, Any]] = [("name", wish.name), ("repo_id", wish.repo_id), ("revision", wish.revision)]
        for part, value in values + [("files", path) for path in wish.files or ()]:
            if not isinstance(value, str) or ".." in value or not GRAMMAR[part].fullmatch(value):
                problems.append(f"adapters[{i}].{part}: {ascii(value)[:100]} is not what the hub allows")
        if wish.files is not None:
            flat = [str(f).rsplit("/", 1)[-1] for f in wish.files]
            if CONFIG not in flat or not any(f.startswith("adapter_model.") for f in flat) or len(set(flat)) < len(flat):
                problems.append(f"adapters[{i}].files: needs {CONFIG} and an adapter_model file, each name once")
        if wish.name == served:
            problems.append(f"adapters[{i}].name: {wish.name!a} is the served model's own name")
        if wish.name in [w.name for w in wishes[:i]]:
            problems.append(f"adapters[{i}].name: {ascii(wish.name)[:100]} is there twice")
    if problems:
        raise LoadError("wish-list", "; ".join(problems) + ": correct hf_repo_ids")
    return served, wishes


# --- what is on the volume --------------------------------------------------------------------------------------------


def digest(path: Path) -> str:
    seen = hashlib.sha256()
    with path.open("rb") as f:
        while block := f.read(1 << 20):
            seen.update(block)
    return seen.hexdigest()


def read_manifest(directory: Path) -> dict[str, Any]:
    try:
        data: Any = json.loads((directory / MANIFEST).read_text("utf-8"))
        return dict(data)
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def ours(directory: Path) -> bool:
    return not directory.is_symlink() and (directory / MANIFEST).is_file()


def matches(manifest: dict[str, Any], wish: Wish) -> bool:
    """A branch that was resolved once stays resolved: the wish list is what changes, not what it meant on the day."""
    files = None if wish.files is None else list(wish.files)
    return (manifest.get("repo_id"), manifest.get("wanted")) == (wish.repo_id, files) and wish.revision in (
        manifest.get("revision"), manifest.get("commit"))  # fmt: skip


def intact(directory: Path, manifest: dict[str, Any]) -> bool:
    """Every file of the manifest is there, a plain file, of its size and sha256."""
    try:
        for name, record in manifest["files"].items():
            path = directory / name
            if path.is_symlink() or path.stat().st_size != record["size"] or digest(path) != record["sha256"]:
                return False
        return bool(manifest["files"])
    except (OSError, KeyError, TypeError, AttributeError):
        return False


def good(directory: Path, wish: Wish) -> dict[str, Any] | None:
    manifest = read_manifest(directory)
    return manifest if matches(manifest, wish) and intact(directory, manifest) else None


def discard(path: Path) -> None:
    """Remove a tree that may be half gone, and may still be written to by a thread that is about to die."""
    shutil.rmtree(path, ignore_errors=True)


def take_out(s: Settings, name: str) -> None:
    """Out of what NIM scans in one step, and only then delete."""
    aside = s.work / ".old" / name
    aside.parent.mkdir(exist_ok=True)
    (s.adapters / name).rename(aside)
    discard(aside)


def recover(s: Settings, wish: Wish) -> dict[str, Any] | None:
    """A killed run may have left this adapter complete in staging, or moved aside between the two renames of `publish`."""
    for found in (*s.staging.glob(f"*/{wish.name}"), *s.staging.glob(f"*/.old/{wish.name}")):
        if found.parent != s.work and (manifest := good(found, wish)):
            found.rename(s.work / wish.name)
            return manifest
    return None


def publish(s: Settings, wish: Wish) -> None:
    """Two renames on one file system; what is moved aside is whole, so a crash between them loses nothing (see `recover`)."""
    target = s.adapters / wish.name
    if target.exists():
        (s.work / ".old").mkdir(exist_ok=True)
        target.rename(s.work / ".old" / wish.name)
    (s.work / wish.name).rename(target)


def sweep(s: Settings, keep_complete: bool) -> None:
    """Empty staging. After a failure, adapters that arrived whole stay for the next start, which then needs no request for them."""
    for run in s.staging.iterdir():
        for entry in run.iterdir() if run.is_dir() and keep_complete else ():
            if not (run == s.work and ours(entry)):
                discard(entry)
        if not keep_complete:
            discard(run)
        with contextlib.suppress(OSError):
            run.rmdir()


# --- one loader at a time ---------------------------------------------------------------------------------------------


class Lock:
    """Mutual exclusion by exclusive creation alone, for volumes where flock does nothing (some NFS, Lustre, object stores).

    `lock/<n>` with the highest n is the lock. It is free when it says so, when its owner is seen dead, or when its beat has not
    changed for `stale` seconds on the *waiter's* clock. Whoever creates `<n+1>` first has it, so a take-over has one winner.
    """

    def __init__(self, s: Settings) -> None:
        self.directory, self.stale, self.number = s.root / "lock", s.stale, 0
        self.me = f"{socket.gethostname()} {self._namespace()} {os.getpid()} {self._started(os.getpid())} {s.run}"
        self.released = threading.Event()

    @staticmethod
    def _namespace() -> str:
        try:
            return os.readlink("/proc/self/ns/pid")  # noqa: PTH115
        except OSError:
            return "-"

    @staticmethod
    def _started(pid: int | str) -> str:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        except (OSError, IndexError):
            return "gone"

    def _dead(self, text: str) -> bool:
        """Seen dead only by a process that would see it alive: same host, same pid namespace."""
        mine, owner = self.me.split(), text.split()
        return len(owner) >= 4 and owner[:2] == mine[:2] and self._started(owner[2]) != owner[3]

    def _newest(self) -> tuple[int, str]:
        number = max((int(p.name) for p in self.directory.iterdir() if p.name.isdecimal()), default=0)
        try:
            return number, (self.directory / str(number)).read_text("ascii", "replace")
        except FileNotFoundError:
            return number, "free" if number == 0 else ""

    def _write(self, text: str, flags: int = 0) -> None:
        handle = os.open(self.directory / str(self.number), os.O_WRONLY | flags, 0o666)
        try:
            os.pwrite(handle, text.ljust(200).encode(), 0)
        finally:
            os.close(handle)

    def _create(self, number: int) -> bool:
        self.number = number
        try:
            self._write(f"{self.me} 0", os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            return False
        except OSError:
            (self.directory / str(number)).unlink(missing_ok=True)
            raise
        if self._newest()[0] != number:  # we slept while this number came, went and was swept
            (self.directory / str(number)).unlink(missing_ok=True)
            return False
        for path in self.directory.iterdir():
            if path.name.isdecimal() and int(path.name) < number:
                path.unlink(missing_ok=True)
        return True

    def _beat(self) -> None:
        count = 0
        while not self.released.wait(self.stale / 10):
            count += 1
            with contextlib.suppress(OSError):
                number, text = self._newest()
                if self.released.is_set():
                    return
                if number != self.number or not text.startswith(self.me):
                    leave(
                        LoadError("lock-lost", "another loader took the lock while this one slept: it does the work, start this one again")
                    )
                self._write(f"{self.me} {count}")

    def __enter__(self) -> Lock:
        self.directory.mkdir(mode=0o777, parents=True, exist_ok=True)
        seen: tuple[int, str] = (0, "")
        since = told = time.monotonic()
        while True:
            newest, now = self._newest(), time.monotonic()
            if newest != seen:
                seen, since = newest, now
            if newest[1].startswith("free") or self._dead(newest[1]) or now - since > self.stale:
                if self._create(newest[0] + 1):
                    break
                continue
            if now >= told:
                say(f"waiting for the loader on {newest[1].split(' ')[0] or 'another pod'}, which is at work on this volume")
                told = now + 30
            time.sleep(0.1)
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        with contextlib.suppress(OSError):
            self._write("free")


# --- the library ------------------------------------------------------------------------------------------------------


def library(s: Settings) -> SimpleNamespace:
    """huggingface_hub: the image's own when it is new enough, else the volume's, installed there when it is missing or broken."""
    tmp = s.work / ".tmp"
    tmp.mkdir(exist_ok=True)
    os.environ.update(dict.fromkeys(("HOME", "TMPDIR", "HF_HOME", "XDG_CACHE_HOME"), str(tmp)))
    os.environ.update(dict.fromkeys(("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_XET"), "1"))
    os.environ.update(HF_HUB_DISABLE_IMPLICIT_TOKEN="1", HF_HUB_DISABLE_UPDATE_CHECK="1", HF_DEBUG="0")
    with contextlib.suppress(Exception):
        version = importlib.metadata.version("huggingface_hub")
        if tuple(int(n) for n in re.findall(r"\d+", version)[:2]) >= OLDEST_LIBRARY:
            return import_library()
    pins = hashlib.sha256(s.requirements.read_bytes()).hexdigest()[:12]
    target = s.root / "library" / f"{pins}-{sysconfig.get_config_var('SOABI')}"
    sys.path.insert(0, str(target))
    for fresh in (False, True):
        if fresh or not target.is_dir():
            install(s, target, tmp)
        before = set(sys.modules)
        importlib.invalidate_caches()
        try:
            return import_library()
        except Exception as e:  # noqa: BLE001 - a broken library may raise anything
            for name in set(sys.modules) - before:
                del sys.modules[name]
            reason = f"{type(e).__name__}: {e}"
    raise LoadError("library", f"huggingface_hub was installed but cannot be imported ({reason}): use another lora_image")


def import_library() -> SimpleNamespace:
    hub, utils = importlib.import_module("huggingface_hub"), importlib.import_module("huggingface_hub.utils")
    session = hub.get_session()
    transport = sys.modules[type(session).__module__.partition(".")[0]]  # httpx or, from 2.0 on, httpx2
    return SimpleNamespace(api=hub.HfApi, url=hub.hf_hub_url, session=session, headers=utils.build_hf_headers,
                           check=utils.hf_raise_for_status, refused=utils.HfHubHTTPError, broken=transport.HTTPError,
                           stalled=transport.TimeoutException, version=hub.__version__)  # fmt: skip


def install(s: Settings, target: Path, tmp: Path) -> None:
    """pip, pinned and hashed, into a directory of this run, then one rename: a killed install leaves no half library.

    `--no-deps`: the file lists the whole closure except hf-xet, which is large and not used here.
    """
    say(f"installing huggingface_hub into {target}")
    staged, started = tmp / "library", time.monotonic()
    command = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-deps",
               "--require-hashes", "--only-binary", ":all:", "--target", str(staged), "--requirement", str(s.requirements)]  # fmt: skip
    env = {k: v for k, v in os.environ.items() if k not in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") and not (s.token and s.token in v)}
    cure = "give the init container a package index (PIP_INDEX_URL, proxy) or a lora_image that has the library"
    try:
        pip = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, cwd=tmp,
                               text=True, errors="replace", umask=0o022, start_new_session=True)  # fmt: skip
    except OSError as e:
        raise LoadError("library", f"pip cannot be started ({e}): {cure}") from None
    try:
        output = pip.communicate()[0]
    finally:
        if pip.poll() is None:
            os.killpg(pip.pid, signal.SIGKILL)
            pip.wait()
    if pip.returncode:
        if "No space left" in output or "Disk quota" in output:
            raise OSError(errno.ENOSPC, "No space left on device")
        errors = [line for line in output.splitlines() if "ERROR" in line] or output.splitlines()[-1:] or ["no output"]
        raise LoadError("library", f"huggingface_hub could not be installed ({errors[0][:300]}): {cure}")
    target.parent.mkdir(exist_ok=True)
    for old in target.parent.iterdir():  # other pins, or a broken one; other platforms' libraries of the same pins stay
        if old == target or not old.name.startswith(target.name.partition("-")[0]):
            with contextlib.suppress(OSError):
                discard(old.rename(tmp / f"was-{old.name}"))
    staged.rename(target)
    say(f"installed in {time.monotonic() - started:.1f} s; the next start finds it here")


# --- the hub ----------------------------------------------------------------------------------------------------------


@dataclass
class Incoming:
    """One file on its way: where it stands, and the two hashes the hub may know it by."""

    path: str
    size: int
    sha256: str | None
    blob_id: str | None
    done: int = 0

    def __post_init__(self) -> None:
        self.restart()

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    def restart(self) -> None:
        self.done, self.sha = 0, hashlib.sha256()
        self.blob = hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)  # git's id of a small file

    def add(self, block: bytes) -> None:
        self.done += len(block)
        self.sha.update(block)
        if not self.sha256:
            self.blob.update(block)

    def as_recorded(self) -> bool:
        return self.done == self.size and (self.sha.hexdigest() == self.sha256 if self.sha256 else self.blob.hexdigest() == self.blob_id)


class Hub:
    """What huggingface_hub's own download does not do: verify hashes, resume byte-exactly, heed Retry-After, end on time."""

    def __init__(self, s: Settings, lib: SimpleNamespace, stop: threading.Event) -> None:
        self.s, self.lib, self.stop = s, lib, stop
        self.api = lib.api(endpoint=s.endpoint, token=s.token or False, library_name="nim-component")
        self.headers = lib.headers(token=s.token or False, library_name="nim-component") | {"Accept-Encoding": "identity"}
        self.host = str(self.api.endpoint).partition("://")[2].rpartition("@")[2]
        self.arrived: dict[str, list[int]] = {}  # adapter -> [bytes so far, bytes in all], for the progress lines

    def patiently(self, wish: Wish, attempt: Callable[[], Any], progress: Callable[[], int] = lambda: 0) -> Any:
        """Try again while the trouble is of a kind that passes; a try that got further than any before starts the count anew."""
        tries, furthest = 0, 0
        while True:
            pause = 0.0
            try:
                return attempt()
            except self.lib.refused as e:
                status, headers = e.response.status_code, e.response.headers
                if status not in (408, 429) and status < 500:
                    raise self.explain(wish, status, headers.get("X-Error-Code", "")) from None
                kind, reason, pause = "rate-limited" if status == 429 else "hub", f"the hub answered {status}", wanted_pause(headers)
            except self.lib.stalled:
                kind, reason = "hub", f"the hub sent nothing for {self.s.stall:g} s"
            except (self.lib.broken, ConnectionError, ValueError, KeyError, TypeError) as e:
                kind, reason = "hub", f"{type(e).__name__}: {str(e)[:200]}"
            if self.stop.is_set():
                raise LoadError("interrupted", f"{wish}: stopped")
            tries, furthest = (1 if progress() > furthest else tries + 1), max(furthest, progress())
            delay = max(pause, min(30.0, self.s.backoff * 2 ** (tries - 1))) * random.uniform(1, 1.25)
            if tries > self.s.retries or delay > self.s.remaining:
                cure = (
                    "rate-limited, start later or give a token (hf_token_key)"
                    if kind == "rate-limited"
                    else "check HF_ENDPOINT, proxy and network"
                )
                asked = f" and asks to wait {pause:.0f} s" if pause else ""
                raise LoadError(kind, f"{wish}: {reason}{asked} at {self.host}, after {tries} tries: {cure}")
            say(f"{wish.name}: {reason}, trying again in {delay:.1f} s")
            self.stop.wait(delay)

    def explain(self, wish: Wish, status: int, code: str) -> LoadError:
        """The hub's refusals that no patience cures."""
        token = "" if self.s.token else "give a token (hf_token_key)"
        if code == "GatedRepo":
            cure = "accept its terms on its page, with the token's account" + (f", and {token}" if token else "")
            return LoadError("gated", f"{wish}: the repo is gated ({status}): {cure}")
        if status == 401 and token:
            return LoadError("unauthorized", f"{wish}: private or missing, and no token given (401): check the repo id, or {token}")
        if status == 401:
            return LoadError("unauthorized", f"{wish}: the hub refused the token (401): renew it in its Secret, or check the repo id")
        if status == 403:
            return LoadError("gated", f"{wish}: access denied (403): {token or 'give the token read access to this repo'}")
        if status == 404 and code == "RevisionNotFound":
            return LoadError("not-found", f"{wish}: the repo has no revision {wish.revision} (404): correct the revision")
        if status == 404:
            cure = f"correct the repo id, or {token or 'give the token access to it'}"
            return LoadError("not-found", f"{wish}: no such repo, or a private one ({code or '404'}): {cure}")
        return LoadError("hub", f"{wish}: {self.host} answered {status} {code}: check HF_ENDPOINT and proxy")

    def look_up(self, wish: Wish) -> tuple[str, list[Incoming]]:
        """Branch or tag to commit, and the hub's record of each wanted file: one request, so both speak of the same commit."""

        def ask() -> Any:
            info = self.api.model_info(wish.repo_id, revision=wish.revision, files_metadata=True, timeout=self.s.stall)
            if not re.fullmatch(r"[0-9a-f]{40}", info.sha or ""):
                raise ValueError("no commit in the hub's answer")
            return info

        info = self.patiently(wish, ask)
        there = {f.rfilename: f for f in info.siblings or ()}
        wanted = wish.files or (CONFIG, next((w for w in WEIGHTS if w in there), WEIGHTS[0]))
        if missing := [path for path in wanted if path not in there]:
            what = f"no {' and no '.join(missing)} among the repo's {len(there)} files"
            raise LoadError("no-match", f"{wish}: {what}: if this is a LoRA adapter, correct its revision or files, else the repo id")
        files: list[Incoming] = []
        for record in sorted((there[path] for path in wanted), key=lambda f: not f.rfilename.endswith(CONFIG)):
            sha256, size = (record.lfs.sha256, record.lfs.size) if record.lfs else (None, record.size)
            if size is None or not (sha256 or record.blob_id):
                raise LoadError(
                    "damaged", f"{wish}: no size or hash for {record.rfilename} from {self.host}, so nothing to verify by: use a full hub"
                )
            files.append(Incoming(record.rfilename, size, sha256, record.blob_id))
        return info.sha, files

    def receive(self, wish: Wish, commit: str, file: Incoming, into: Path) -> None:
        """Stream to disk, hashing on the way; after a cut go on at the exact byte. Wrong content gets one more chance."""
        url, counter = self.lib.url(wish.repo_id, file.path, revision=commit, endpoint=self.s.endpoint), self.arrived[wish.name]
        with (into / file.name).open("wb", buffering=0) as out:

            def restart() -> None:
                counter[0] -= file.done
                file.restart()
                out.seek(0)
                out.truncate()

            def attempt() -> None:
                headers = self.headers | ({"Range": f"bytes={file.done}-"} if file.done else {})
                with self.lib.session.stream("GET", url, headers=headers, timeout=self.s.stall) as answer:
                    self.lib.check(answer)
                    if file.done and not answer.headers.get("content-range", "").startswith(f"bytes {file.done}-"):
                        restart()
                    for block in answer.iter_bytes():
                        if self.stop.is_set():
                            raise LoadError("interrupted", f"{wish}: stopped")
                        view = memoryview(block)
                        while view:
                            view = view[out.write(view) :]
                        file.add(block)
                        counter[0] += len(block)
                        if file.done > file.size:
                            break
                if file.done < file.size:
                    raise ConnectionError(f"{file.name} ended at byte {file.done} of {file.size}")

            for _ in range(2):
                self.patiently(wish, attempt, lambda: file.done)
                if file.as_recorded():
                    return
                say(f"{wish.name}: {file.name} is not what the hub's record says, once more from the start")
                restart()
        raise LoadError("damaged", f"{wish}: {file.name} arrived damaged twice (size or hash differs from the hub's record): "
                                 "look for a proxy or mirror that alters files")  # fmt: skip

    def fetch(self, wish: Wish, served: str) -> dict[str, Any]:
        """One adapter into staging, the small config first: a rank that is too high ends it before the weights are moved."""
        commit, files = self.look_up(wish)
        self.arrived[wish.name] = [0, sum(f.size for f in files)]
        started, into, amount = time.monotonic(), self.s.work / wish.name, f"{len(files)} files, {megabytes(self.arrived[wish.name][1])}"
        into.mkdir(mode=0o777)
        facts: dict[str, Any] = {}
        say(f"{wish.name}: {wish.repo_id}@{wish.revision} is commit {commit[:12]}, {amount}")
        for file in files:
            self.receive(wish, commit, file, into)
            if file.name == CONFIG:
                facts = read_config(wish, into / CONFIG)
                check_rank(self.s, wish, facts)
                check_base(wish, facts, served)
            check_weights(wish, into / file.name)
            (into / file.name).chmod(0o777)
        took = max(time.monotonic() - started, 0.001)
        say(f"{wish.name}: {amount} verified in {took:.1f} s ({megabytes(self.arrived[wish.name][1] / took)}/s)")
        manifest = {
            "repo_id": wish.repo_id, "revision": wish.revision, "commit": commit, "wanted": wish.files and list(wish.files), **facts,
            "files": {f.name: {"size": f.size, "sha256": f.sha.hexdigest()} for f in files},
        }  # fmt: skip
        (into / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")  # last: its presence says the directory is whole
        return manifest

    def show_progress(self) -> None:
        """Daemon thread: what moved in the last five seconds, a line per adapter."""
        before: dict[str, int] = {}
        while not self.stop.wait(5):
            for name, (done, size) in list(self.arrived.items()):
                if done < size:
                    say(f"{name}: {megabytes(done)} of {megabytes(size)}, {megabytes((done - before.get(name, 0)) / 5)}/s")
                before[name] = done


def wanted_pause(headers: Any) -> float:
    """Seconds the hub asks for: Retry-After (seconds or a date), or the reset time of an exhausted rate-limit window."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    exhausted = re.search(r";\s*r=0\s*;\s*t=(\d+)", headers.get("RateLimit", ""))
    return float(exhausted[1]) if exhausted else 0.0


# --- what is in an adapter --------------------------------------------------------------------------------------------


def read_config(wish: Wish, path: Path) -> dict[str, Any]:
    try:
        config: Any = json.loads(path.read_bytes())
        ranks: list[Any] = [config.get("r"), *(config.get("rank_pattern") or {}).values()]
        base = config.get("base_model_name_or_path")
    except (ValueError, AttributeError, RecursionError) as e:
        raise LoadError("damaged", f"{wish}: {CONFIG} is not a JSON object as in the repo ({type(e).__name__}): correct it there") from None
    rank = max((r for r in ranks if isinstance(r, int)), default=None)
    return {"rank": rank, "base_model": base if isinstance(base, str) else None}


def check_rank(s: Settings, wish: Wish, facts: dict[str, Any]) -> None:
    if s.max_rank and (facts.get("rank") or 0) > s.max_rank:
        cure = "raise that, or drop the adapter"
        raise LoadError("rank", f"{wish}: its rank {facts['rank']} is above the server's NIM_MAX_LORA_RANK={s.max_rank}: {cure}")


def check_base(wish: Wish, facts: dict[str, Any], served: str) -> None:
    """A warning only: NIM's and the hub's names of one model differ (meta/llama3-8b-instruct, meta-llama/Meta-Llama-3-8B-Instruct)."""
    base, model = (re.sub(r"[^a-z0-9]", "", (n or "").rsplit("/", 1)[-1].lower()) for n in (facts.get("base_model"), served))
    if base and model and base not in model and model not in base:
        say(f"warning: {wish} was trained on {facts['base_model']}, the server's model is {served}")


def check_weights(wish: Wish, path: Path) -> None:
    """The hub's record only says the bytes are the repo's; this says the repo's bytes are weights (and not an LFS pointer, say)."""
    size, why = path.stat().st_size, ""
    with path.open("rb") as f:
        if path.suffix == ".safetensors":
            try:
                length = int.from_bytes(f.read(8), "little")
                if not 2 <= length <= min(size - 8, LARGEST_HEADER):
                    raise ValueError("header length")
                header = json.loads(f.read(length))
                header.pop("__metadata__", None)
                end = 0
                for tensor in sorted(header.values(), key=lambda t: t["data_offsets"]):
                    start, stop = tensor["data_offsets"]
                    bits = DTYPE_BITS.get(tensor["dtype"])
                    if start != end or stop < start or (bits and math.prod(tensor["shape"]) * bits != (stop - start) * 8):
                        raise ValueError("tensor offsets")
                    end = stop
                if end != size - 8 - length:
                    raise ValueError("tensors do not fill the file")
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
                why = f"not a safetensors file ({e})"
        elif path.suffix == ".bin" and f.read(2) not in (b"PK", b"\x80\x02"):
            why = "not a PyTorch file"
    if why:
        raise LoadError("damaged", f"{wish}: {path.name} is {why} in the repo itself: pin another revision or repair the repo")


# --- the run ----------------------------------------------------------------------------------------------------------


def stock(s: Settings, wishes: list[Wish]) -> dict[Wish, tuple[str, dict[str, Any]]]:
    """What needs no request: published and intact, or whole in an older run's staging. What is damaged leaves the scanned directory."""
    pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1))
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


def fetch_all(s: Settings, served: str, wishes: list[Wish]) -> dict[Wish, dict[str, Any] | LoadError]:
    """Every missing adapter, a few at a time. One that fails does not stop the others: the next start has less to do."""
    stop = threading.Event()
    hub = Hub(s, library(s), stop)
    if s.token and hub.api.endpoint.startswith("http://"):
        say(f"warning: the token goes to {hub.host} over plain http")
    say(f"fetching {len(wishes)} adapters from {hub.host} with huggingface_hub {hub.lib.version}")
    pool = ThreadPoolExecutor(min(s.workers, len(wishes)))
    jobs = {pool.submit(hub.fetch, wish, served): wish for wish in wishes}
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


def run(s: Settings, served: str, wishes: list[Wish]) -> None:
    started = time.monotonic()
    for directory in (s.adapters, s.staging):
        directory.mkdir(mode=0o777, parents=True, exist_ok=True)
    with contextlib.suppress(PermissionError):
        s.adapters.chmod(0o777)
    with Lock(s):
        s.work.mkdir(mode=0o777)
        try:
            found = stock(s, wishes)
            sweep(s, keep_complete=True)  # not what `stock` recovered: that is this run's by now
            s.work.mkdir(mode=0o777, exist_ok=True)
            for wish, (_, facts) in found.items():
                check_rank(s, wish, facts)
                check_base(wish, facts, served)
            missing = [w for w in wishes if w not in found]
            outcomes = fetch_all(s, served, missing) if missing else {}
            failures = {w: o for w, o in outcomes.items() if isinstance(o, LoadError)}
            found |= {w: ("downloaded", o) for w, o in outcomes.items() if not isinstance(o, LoadError)}
            if not failures:  # all, or nothing changes for those who serve from this directory now
                for wish, (how, _) in found.items():
                    if how != "reused":
                        publish(s, wish)
                remove_unlisted(s, wishes)
                sweep(s, keep_complete=False)
        finally:
            with contextlib.suppress(OSError):
                sweep(s, keep_complete=True)
    say(f"{len(found)} of {len(wishes)} adapters are there, after {time.monotonic() - started:.1f} s")
    report(wishes, found, failures)
    if failures:
        first = next(failures[w] for w in wishes if w in failures)
        raise LoadError(first.kind, f"{first}" + (f" (and {len(failures) - 1} more, see the log)" if len(failures) > 1 else ""))


def as_is(s: Settings, served: str, wishes: list[Wish]) -> bool:
    """A volume that is mounted read-only will do when every adapter is on it and intact."""
    for wish in wishes:
        if not (facts := good(s.adapters / wish.name, wish)):
            return False
        check_rank(s, wish, facts)
        check_base(wish, facts, served)
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
            free = f", {megabytes(shutil.disk_usage(s.root).free)} free"
        return LoadError("disk-full", f"{what}: the volume at {s.root} is full ({e.strerror}{free}): give it more space")
    if e.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        cure = "mount the volume writable, set fs_group"
        return LoadError("volume", f"{what}: {e.filename or s.root} cannot be written by uid {os.getuid()} ({e.strerror}): {cure}")
    return LoadError("unexpected", f"{what}: {type(e).__name__}: {e}")


def leave(failure: LoadError | None) -> None:
    """The only way out: threads that hang in a read cannot hold the process."""
    if failure:
        line = clean(failure)
        say(line, sys.stderr)
        with contextlib.suppress(OSError):
            log = os.open(os.environ.get("LORA_TERMINATION_LOG", "/dev/termination-log"), os.O_WRONLY | os.O_TRUNC)
            os.write(log, line.encode()[:4000])
    os._exit(EXIT_CODES[failure.kind] if failure else 0)


def end_on_signals(s: Settings) -> None:
    """SIGTERM and the deadline raise in the main thread; should that hang in the kernel, a timer ends the process regardless."""

    def end(number: int, _: object) -> None:
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGALRM:
            raise Ended("time-out", "LORA_DEADLINE_SECONDS is over: look at the rates above; raise startup_timeout, or list fewer adapters")
        raise Ended("interrupted", f"stopped by {signal.Signals(number).name}: staging was cleaned, the next start goes on from here")

    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(each, end)
    signal.setitimer(signal.ITIMER_REAL, max(0.001, s.remaining))
    late = LoadError("time-out", "LORA_DEADLINE_SECONDS is over and the volume does not answer: look at the storage behind it")
    timer = threading.Timer(s.remaining + 5, lambda: leave(late))
    timer.daemon = True
    timer.start()


def main(argv: list[str]) -> None:
    os.umask(0)  # what is published must be writable for whatever uid the server runs as
    try:
        if len(argv) != 2:
            raise LoadError("wish-list", "usage: loader.py adapters.json")
        s = read_settings(Path(argv[0]).resolve().with_name("requirements.txt"))
        end_on_signals(s)
        served, wishes = read_wishes(Path(argv[1]))
        try:
            run(s, served, wishes)
        except OSError as e:
            failure = explain_os(s, e, "the volume")
            if failure.kind != "volume" or not as_is(s, served, wishes):
                raise failure from None
            say(f"warning: {failure}; not needed today, all adapters are there and intact")
    except LoadError as e:
        leave(e)
    except Ended as e:
        leave(LoadError(e.kind, str(e)))
    except Exception as e:  # noqa: BLE001 - the last line of the log must be a sentence, not a traceback
        leave(LoadError("unexpected", f"{type(e).__name__}: {e}: please report this"))
    leave(None)


if __name__ == "__main__":
    main(sys.argv)
