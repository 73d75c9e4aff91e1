"""huggingface_hub: found in the image, or installed into a directory of the pod.

It is never imported from the volume of the adapters, to which other pods may write: the process
has the token.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib
import importlib.metadata
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from .no_proxy import simple_no_proxy
from .outcome import LoadError, say
from .refusals import ADD_AUTHORITY
from .settings import Settings
from .volume import discard

MIN_LIBRARY_VERSION = (1, 0)
READ_BYTES = 1 << 18
"""Bytes of one read from a connection."""


def library(s: Settings) -> SimpleNamespace:
    """Return huggingface_hub.

    The version of the image is used if it is new enough. Otherwise that of the pod is used, and
    installed if it is missing or broken.
    """
    tmp = s.scratch / s.run
    tmp.mkdir(parents=True, exist_ok=True)
    os.environ.update(dict.fromkeys(("HOME", "TMPDIR", "HF_HOME", "XDG_CACHE_HOME"), str(tmp)))
    silence()
    hosts = [host] if (host := urlsplit(s.endpoint or "").hostname) else []
    try:
        version = importlib.metadata.version("huggingface_hub")
        if tuple(int(n) for n in re.findall(r"\d+", version)[:2]) >= MIN_LIBRARY_VERSION:
            return import_library(hosts)
    except LoadError:
        raise
    except Exception:  # noqa: BLE001 - a broken library may raise anything; then that of the volume is used
        pass
    pins = hashlib.sha256(s.requirements.read_bytes()).hexdigest()[:12]
    target = s.scratch / "library" / f"{pins}-{sysconfig.get_config_var('SOABI')}"
    sys.path.insert(0, str(target))
    for fresh in (False, True):
        if fresh or not target.is_dir():
            install(s, target, tmp)
        before = set(sys.modules)
        importlib.invalidate_caches()
        try:
            return import_library(hosts)
        except LoadError:
            raise
        except Exception as e:  # noqa: BLE001 - a broken library may raise anything
            for name in set(sys.modules) - before:
                del sys.modules[name]
            reason = f"{type(e).__name__}: {e}"
    raise LoadError("library", f"huggingface_hub was installed but cannot be imported ({reason}). Use another lora_image")


def silence() -> None:
    """Disable telemetry, progress bars, implicit tokens and Xet; call it before the import."""
    os.environ.update(dict.fromkeys(("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_XET"), "1"))
    os.environ.update(HF_HUB_DISABLE_IMPLICIT_TOKEN="1", HF_HUB_DISABLE_UPDATE_CHECK="1", HF_DEBUG="0")


def import_library(hosts: Sequence[str] = ()) -> SimpleNamespace:
    """Import huggingface_hub and return the parts that the loader uses.

    `hosts` are the hosts of the hub, which NO_PROXY may contain as a range of addresses.

    Raises:
        LoadError: No HTTP client can be created with the proxy of the environment.
    """
    # Not `HfApi` and `hf_hub_url`: their modules are large, and one constant is enough.
    hub, constants = importlib.import_module("huggingface_hub"), importlib.import_module("huggingface_hub.constants")
    get_session = importlib.import_module("huggingface_hub.utils").get_session
    try:
        with simple_no_proxy(hosts):
            session = get_session()
    except Exception as e:  # noqa: BLE001 - httpx raises many types for the variables of a proxy
        fix = "Correct HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY"
        raise LoadError("hub", f"no HTTP client with the proxy of the environment ({type(e).__name__}: {str(e)[:200]}). {fix}") from None
    transport = sys.modules[type(session).__module__.partition(".")[0]]  # httpx or, from 2.0 on, httpx2
    enlarge_reads()
    return SimpleNamespace(endpoint=str(constants.ENDPOINT), session=session, broken=transport.HTTPError,
                           stalled=transport.TimeoutException, version=str(hub.__version__))  # fmt: skip


def enlarge_reads() -> None:
    """Read 256 KiB at a time from a connection instead of 64 KiB.

    Each byte then takes half of the time. Without the attribute, nothing changes.
    """
    for name in ("httpcore2", "httpcore"):
        connection: Any = getattr(sys.modules.get(name), "HTTP11Connection", None)
        if isinstance(getattr(connection, "READ_NUM_BYTES", None), int):
            connection.READ_NUM_BYTES = READ_BYTES


def install(s: Settings, target: Path, tmp: Path) -> None:
    """Install the library with pip, pinned and hashed, in a directory of this run, then rename it.

    A killed installation leaves no partial library. `--no-deps` is possible because the file lists
    every dependency but hf-xet, which is large and not used here.
    """
    say(f"installing huggingface_hub into {target}")
    staged, started = tmp / "library", time.monotonic()
    command = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-deps",
               "--require-hashes", "--only-binary", ":all:", "--target", str(staged), "--requirement", str(s.requirements)]  # fmt: skip
    env = {k: v for k, v in os.environ.items() if k not in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") and not (s.token and s.token in v)}
    fix = "Give the init container a package index (PIP_INDEX_URL, proxy), or a lora_image that has the library"
    try:
        pip = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, cwd=tmp,
                               text=True, errors="replace", umask=0o022, start_new_session=True)  # fmt: skip
    except OSError as e:
        raise LoadError("library", f"pip cannot be started ({e}). {fix}") from None
    try:
        output = pip.communicate()[0]
    finally:
        if pip.poll() is None:
            os.killpg(pip.pid, signal.SIGKILL)
            pip.wait()
    if pip.returncode:
        if "No space left" in output or "Disk quota" in output:
            raise OSError(errno.ENOSPC, "No space left on device")
        fix = ADD_AUTHORITY if "CERTIFICATE_VERIFY_FAILED" in output else fix
        errors = [line for line in output.splitlines() if "ERROR" in line] or output.splitlines()[-1:] or ["no output"]
        raise LoadError("library", f"huggingface_hub could not be installed ({errors[0][:300]}). {fix}")
    target.parent.mkdir(exist_ok=True)
    for old in target.parent.iterdir():  # remove other pins and broken installs; keep other platforms
        if old == target or not old.name.startswith(target.name.partition("-")[0]):
            with contextlib.suppress(OSError):
                discard(old.rename(tmp / f"was-{old.name}"))
    staged.rename(target)
    say(f"installed in {time.monotonic() - started:.1f} s; a restart in this pod reuses it")
