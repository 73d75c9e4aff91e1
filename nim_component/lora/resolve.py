"""Resolution of adapters on the hub to commits, files and hashes, with the client of the loader."""

import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..args import LockedAdapter, LockedFile, LoRAAdapter
from ..extras import describe_missing_extra
from ..lora_loader.adapter import check_weights, read_config
from ..lora_loader.adapter_list import CONFIG, AdapterSpec, find_pickles
from ..lora_loader.features import add_features
from ..lora_loader.hub import Hub
from ..lora_loader.library import import_library, silence
from ..lora_loader.outcome import LoadError
from ..lora_loader.settings import Settings, read_endpoint, read_token
from ..lora_loader.tensors import SUFFIX
from .lockfile import key_of
from .weights_header import read_weights_header

DEADLINE = 600
"""Seconds until the resolution of all adapters fails."""


def resolve(adapters: Iterable[LoRAAdapter]) -> dict[str, LockedAdapter | LoadError]:
    """Resolve adapters to commit, files, hashes, rank and base model.

    `HF_TOKEN` and `HF_ENDPOINT` of the environment are used. Files whose SHA-256 the hub records
    are not downloaded: of usual weights only the header is, beside the small configuration. Pickles
    are downloaded and scanned, never loaded.

    Returns:
        By `key_of`: the locked adapter, or the LoadError that explains why it has none.

    Raises:
        LoadError: `huggingface_hub` is not installed, or the environment contains a wrong token,
            endpoint or proxy.
    """
    silence()
    token, endpoint = read_token(), read_endpoint()
    host = urlsplit(endpoint or "").hostname
    try:
        library = import_library([host] if host else [])
    except ImportError as error:
        raise LoadError("library", f"{describe_missing_extra('adapters', 'huggingface_hub')} ({error})") from None
    except AttributeError as error:
        raise LoadError("library", f"the installed huggingface_hub is too old ({error}). Install version 1 or newer") from None
    with tempfile.TemporaryDirectory(prefix="nim-adapters-") as directory:
        settings = Settings(
            adapters=Path(directory) / "adapters",
            requirements=Path(directory),
            token=token,
            endpoint=endpoint,
            deadline=time.monotonic() + DEADLINE,
            max_rank=None,
            workers=8,
            retries=4,
            backoff=0.5,
            stall=20,
            stale=30,
        )
        stop = threading.Event()
        hub = Hub(settings, library, stop)
        wanted = {key_of(adapter): adapter for adapter in adapters}
        with ThreadPoolExecutor(8) as pool:
            jobs = {key: pool.submit(_attempt, hub, adapter, settings.work) for key, adapter in wanted.items()}
            try:
                return {key: job.result() for key, job in jobs.items()}
            except BaseException:  # on Ctrl-C, the pool waits for its threads
                stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _attempt(hub: Hub, adapter: LoRAAdapter, work: Path) -> LockedAdapter | LoadError:
    try:
        return _resolve(hub, adapter, work)
    except LoadError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one adapter with a text, and never a traceback
        about = f"adapter {adapter.served_name} ({adapter.repo_id}@{adapter.revision})"
        fix = "Check the disk of the temporary directory" if isinstance(error, OSError) else "Please report this"
        return LoadError("unexpected", f"{about}: {type(error).__name__}: {str(error)[:200]}. {fix}")


def _resolve(hub: Hub, adapter: LoRAAdapter, work: Path) -> LockedAdapter:
    files = None if adapter.files is None else tuple(adapter.files)
    spec = AdapterSpec(
        adapter.served_name, adapter.repo_id, adapter.revision, files, allow_pickle=adapter.allow_pickle, subfolder=adapter.subfolder or ""
    )
    commit, incoming = hub.look_up(spec)
    into = work / str(threading.get_ident())
    into.mkdir(parents=True, exist_ok=True)
    hub.arrived[spec.name] = [0, sum(file.size for file in incoming)]
    facts: dict[str, Any] = {}
    records: dict[str, LockedFile] = {}
    for file in incoming:
        sha256 = file.sha256
        if sha256 is None or find_pickles([file.name]):
            hub.receive(spec, commit, file, into)
            sha256 = file.sha.hexdigest()
            of_tensors = check_weights(spec, into / file.name)
            if file.name == CONFIG:
                facts = read_config(spec, into / CONFIG)
            elif facts:  # the configuration is the first file
                add_features(facts, of_tensors)
        elif file.name.endswith(SUFFIX) and facts:
            add_features(facts, read_weights_header(hub, spec, commit, file))
        records[file.path] = LockedFile(size=file.size, sha256=sha256)
    if not facts:
        raise LoadError("no-match", f"{spec}: its {CONFIG} is stored as a large file, so this is not an adapter. Correct the repo id")
    weights_only = True if find_pickles(records) else None  # other pickles were refused above
    return LockedAdapter(commit=commit, files=records, weights_only=weights_only, **facts)
