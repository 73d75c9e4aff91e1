"""Verification of adapters that already exist on the volume.

They are read, and neither copied nor changed. It needs no library and no network.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from .adapter import check_fit, check_tensors, read_config
from .adapter_list import CONFIG, WEIGHTS, AdapterList, AdapterSpec
from .outcome import LoadError, clean, say
from .settings import Settings
from .volume import directories, find_damage, is_published, read_manifest, read_published


def check(s: Settings, wanted: AdapterList) -> None:
    """Verify that every required adapter is complete and within the limits of the server.

    Other directories that the server would find are reported as warnings. Beside adapters of a
    Job, which moves such directories out, an adapter that no loader published is an error.
    """
    names = list(wanted.given) if wanted.given is not None else _wait_for_published(s)
    found: dict[str, dict[str, Any]] = {}
    failures: dict[str, LoadError] = {}
    for name in names:
        try:
            found[name] = _inspect(s, name, wanted)
        except LoadError as e:
            failures[name] = e
            say(f"failed: {e}")
        except OSError as e:
            failures[name] = LoadError("volume", f"adapter {name}: {e.filename} cannot be read by uid {os.getuid()} ({e.strerror})"
                                       ". Set run_as_user or fs_group to its owner")  # fmt: skip
    for entry in sorted(directories(s.adapters)):
        if entry not in names and wanted.published and is_loadable(s.adapters / entry):
            text = f"{s.adapters / entry} was not published by this loader, and the server would serve it. Remove it from the volume"
            failures[entry] = LoadError("foreign", text)
            say(f"failed: {text}")
        elif entry not in names:
            say(f"warning: {s.adapters / entry} is not listed, and the server may serve it", sys.stderr)
    say(f"{len(found)} of {len(names)} adapters are present and valid")
    for name in names:
        line: dict[str, Any] = {"adapter": name}
        if name in failures:
            line |= {"status": "failed", "error": failures[name].kind, "message": clean(failures[name])}
        else:
            line |= {"status": "checked", **found[name]}
        say(json.dumps(line))
    if failures:
        first = next(iter(failures.values()))
        raise LoadError(first.kind, f"{first}" + (f" (and {len(failures) - 1} more, see the log)" if len(failures) > 1 else ""))


def is_loadable(directory: Path) -> bool:
    """Return True if a directory has a file by which a server recognises an adapter."""
    try:
        return any(entry.name in (CONFIG, *WEIGHTS) or entry.suffix == ".nemo" for entry in directory.iterdir())
    except OSError:  # the server, which has the same user, cannot read it either
        return False


def _wait_for_published(s: Settings) -> list[str]:
    """Return the names of the adapters that the Job has published.

    A re-pinned adapter is absent for a moment before its new version; the wait covers that time.
    """
    end = time.monotonic() + min(s.unload + 5, s.remaining)
    while not (names := sorted(name for name in directories(s.adapters) if is_published(s.adapters / name))):
        if time.monotonic() > end:
            raise LoadError("not-found", f"no adapter on the volume at {s.adapters}. Check that the Job that downloads them has succeeded")
        time.sleep(0.2)
    return names


def _compare_with_lists(directory: Path, wanted: AdapterList) -> None:
    """Raise LoadError unless an adapter is as in one of the lists.

    During an update, the volume may contain the adapters of the list before it.
    """
    listed = dict.fromkeys(spec for specs in wanted.lists for spec in specs if spec.name == directory.name)
    if not listed:
        text = "it is not in hf_repo_ids, and the server would serve it"
        raise LoadError(
            "not-listed", f"adapter {directory.name}: {text}. If an update is running, its Job removes it. Otherwise run it again"
        )
    problems = [why for facts, why in (read_published(directory, spec) for spec in listed) if facts is None]
    if len(problems) == len(listed):
        fix = "If an update is running, its Job restores the adapter. Otherwise run it again"
        raise LoadError("not-listed", f"adapter {directory.name}: it differs from the listed one ({problems[-1]}). {fix}")


def _inspect(s: Settings, name: str, wanted: AdapterList) -> dict[str, Any]:
    directory, spec = s.adapters / name, AdapterSpec(name, "on the volume", "as it is", None)
    if not directory.is_dir():
        found = ", ".join(sorted(directories(s.adapters))[:10]) or "none"
        raise LoadError(
            "not-found", f"adapter {name}: no such directory on the volume; directories: {found}. Correct lora.source or the volume"
        )
    manifest = read_manifest(directory)
    if wanted.lists:
        _compare_with_lists(directory, wanted)
    elif manifest and (damage := find_damage(directory, manifest)) is not None:
        text = f"its files differ from those that were published ({damage}). Copy it to the volume again"
        raise LoadError("damaged", f"adapter {name}: {text}")
    config, weights = directory / CONFIG, next((directory / file for file in WEIGHTS if (directory / file).is_file()), None)
    if not config.is_file() or weights is None:
        lacks = CONFIG if not config.is_file() else " or ".join(WEIGHTS)
        raise LoadError("no-match", f"adapter {name}: no {lacks} in its directory. Copy the complete adapter to the volume")
    for path in (config, weights):
        if not path.resolve().is_relative_to(s.adapters.resolve()):
            raise LoadError(
                "foreign", f"adapter {name}: {path.name} is a link that leads out of the directory. Copy the file to the volume"
            )
    facts = read_config(spec, config)
    check_fit(s, spec, facts, wanted.server)
    check_tensors(spec, weights, facts, wanted.server)
    return {**facts, "bytes": config.stat().st_size + weights.stat().st_size, "commit": manifest.get("commit")}
