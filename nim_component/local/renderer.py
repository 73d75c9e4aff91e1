"""Renders the stacks of one side of a comparison, as a script of its own process: `python -P render.py FOLDER RESULT [STACK …]`.

The program and everything it imports is the side's own code; the engine that runs it is this one for both sides, so that only what the
programs say can differ. The engine is therefore loaded under another name: the side may have a `nim_component` of its own.

A key stands on the first line of the standard input. Secrets are written as digests under it, so that a changed one can be told from an
unchanged one by whoever has both renders of one comparison, and by nobody else.
"""

from __future__ import annotations

import gc
import hashlib
import hmac
import importlib
import json
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

ENGINE = "nim_component_engine"
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "ns": 1e-9}


def load_engine() -> None:
    """Register this package's modules below the name `nim_component_engine`, without the public API in its `__init__`."""
    package = ModuleType(ENGINE)
    package.__path__ = [str(Path(__file__).parents[1])]
    sys.modules[ENGINE] = package


def import_engine(name: str) -> Any:
    """Import one module of the local engine under its second name."""
    return importlib.import_module(f"{ENGINE}.local.{name}")


def render_stacks(folder: Path, wanted: list[str], key: bytes) -> dict[str, Any]:
    """Each stack's render by name. A stack that is wanted and not there is left out; a project that is not there has none."""
    engine, errors = import_engine("project"), import_engine("errors")
    try:
        project = engine.find_project(folder)
    except errors.LocalError:
        return {}
    if project.folder != folder.resolve():
        return {}
    names = engine.list_stacks(project)
    return {name: render_stack(project, name, key) for name in names if not wanted or name in wanted}


def render_stack(project: Any, name: str, key: bytes) -> dict[str, Any]:
    """One stack, or the error that ended it."""
    pulumi = importlib.import_module("pulumi")
    engine, project_module, errors = map(import_engine, ("engine", "project", "errors"))
    failed: list[Any] = []
    try:
        run = project_module.run_stack(project, project_module.load_stack(project, name), on_failure=failed.append)
        return describe_run(run, key)
    except (errors.LocalError, pulumi.RunError) as error:
        text = str(error)
    except SystemExit as error:
        text = f"the program called sys.exit({error.code!r})"
    except Exception as error:  # noqa: BLE001 (the side's program may raise anything)
        text = "".join(traceback.format_exception_only(error)).strip()
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(f"{project.folder}/")]
        text += f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    for run in failed:
        text = engine.redact_secrets(text, engine.find_secret_texts(run))
    return {"error": text.replace(f"{project.folder}/", "")}


def describe_run(run: Any, key: bytes) -> dict[str, Any]:
    """What a comparison needs of a run: no secret is in it."""
    engine, manifests, markers = map(import_engine, ("engine", "manifests", "markers"))
    objects = {manifest.resource.urn: manifest.object for manifest in manifests.collect_manifests(run)}
    hidden = engine.find_secret_texts(run)

    def write(marker: Any) -> Any:
        if isinstance(marker, markers.Secret):
            content = json.dumps(markers.transform(marker.value, str), sort_keys=True, default=str)
            return {markers.SIGNATURE: markers.SECRET, "value": hmac.new(key, content.encode(), hashlib.sha256).hexdigest()}
        return markers.UNKNOWN_SENTINEL if marker is markers.UNKNOWN else markers.describe(marker)

    def describe(resource: Any) -> dict[str, Any]:
        options = resource.options
        return {
            "urn": resource.urn,
            "type": resource.type,
            "name": resource.name,
            "parent": resource.parent,
            "custom": resource.custom,
            "external": resource.read,
            "inputs": {} if resource.read else markers.transform(objects.get(resource.urn, resource.inputs), write),
            "protect": bool(options.protect),
            "retain": bool(options.retain_on_delete),
            "ignored": list(options.ignore_changes),
            "replaceOnChanges": list(options.replace_on_changes),
            "deleteBeforeReplace": options.delete_before_replace,
            "propertyDependencies": {name: list(sources) for name, sources in options.property_dependencies.items()},
            "timeouts": {name: seconds(text) for name in ("create", "update") if (text := getattr(options.custom_timeouts, name))},
            "aliases": [alias._asdict() for alias in options.aliases],
        }

    return {
        "resources": [describe(resource) for resource in run.resources],
        "outputs": markers.transform(dict(run.outputs), write),
        "log": [{"severity": each.severity, "message": engine.redact_secrets(each.message, hidden), "urn": each.urn} for each in run.log],
    }


def seconds(text: str) -> float:
    """`45m`, `1h30m`, as Go reads them."""
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|us|ns|h|m|s)", text))


def main(folder: str, result: str, *wanted: str) -> None:
    """Renders, and writes the result whole."""
    key = bytes.fromhex(sys.stdin.readline().strip())
    # As in the command line: a short life that begins with importing the SDK, where the collector finds nothing.
    gc.set_threshold(200_000, 20, 20)
    load_engine()
    renders: Mapping[str, Any] = render_stacks(Path(folder), list(wanted), key)
    Path(result).write_text(json.dumps(renders), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
