"""Script that renders the stacks of a project to JSON.

Usage: `python -P renderer.py FOLDER [STACK …]`. The result is the standard output. What the program
prints there is discarded.

`nim-component diff` starts it once for the base and then once for the head. Each process imports
the program and the packages of its own folder, but both use this engine, so only the programs can
cause differences. The engine is loaded under a second name, because the folder may contain another
`nim_component`.

The first line of standard input is a key. Secrets are written as keyed hashes: within one
comparison, equal secrets have equal hashes. Without the key, a secret cannot be guessed from its
hash.
"""

from __future__ import annotations

import gc
import hashlib
import hmac
import importlib
import json
import os
import re
import sys
import traceback
from collections.abc import Collection, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

ENGINE = "nim_component_engine"
PROVIDER_KEYS = "kubernetes:"
"""Beginning of the configuration of the default provider of Kubernetes."""
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "ns": 1e-9}


def load_engine() -> None:
    """Make the modules of this package importable below the name `nim_component_engine`."""
    package = ModuleType(ENGINE)
    package.__path__ = [str(Path(__file__).parents[1])]
    sys.modules[ENGINE] = package


def import_engine(name: str) -> Any:
    """Import one module of the local engine under its second name."""
    return importlib.import_module(f"{ENGINE}.local.{name}")


def render_stacks(folder: Path, wanted: list[str], key: bytes) -> dict[str, Any]:
    """Return the renders by stack. Missing stacks are skipped; a missing project has no stacks."""
    engine, errors, paths = map(import_engine, ("project", "errors", "paths"))
    try:
        project = engine.find_project(folder)
    except errors.LocalError:
        return {}
    if project.folder != paths.resolve_path(folder):
        return {}
    names = engine.list_stacks(project)
    return {name: render_stack(project, name, key) for name in names if not wanted or name in wanted}


def render_stack(project: Any, name: str, key: bytes) -> dict[str, Any]:
    """Return the render of a stack, or its error."""
    pulumi = importlib.import_module("pulumi")
    engine, program, project_files, errors = map(import_engine, ("engine", "program", "project", "errors"))
    failed: list[Any] = []
    unsupported = False
    try:
        stack = project_files.load_stack(project, name)
        run = program.run_stack(project, stack, on_failure=failed.append)
        return describe_run(run, key, stack.config, stack.secret_keys)
    except (errors.LocalError, pulumi.RunError) as error:
        text, unsupported = str(error), isinstance(error, errors.UnsupportedError)
    except SystemExit as error:
        text = f"the program called sys.exit({error.code!r})"
    except Exception as error:  # noqa: BLE001 (the program may raise anything)
        text = "".join(traceback.format_exception_only(error)).strip()
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(f"{project.folder}/")]
        text += f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    secrets = {each for run in failed for each in engine.find_secret_texts(run)}
    text = engine.redact_secrets(text, secrets)
    return {"error": text.replace(f"{project.folder}/", ""), "unsupported": unsupported}


def describe_run(run: Any, key: bytes, config: Mapping[str, str] | None = None, secret_keys: Collection[str] = ()) -> dict[str, Any]:
    """Return the data of a run that a comparison needs, without secrets."""
    engine, manifests, markers, shown = map(import_engine, ("engine", "manifests", "markers", "shown_values"))
    objects = {manifest.resource.urn: manifest.object for manifest in manifests.collect_manifests(run)}
    secrets = engine.find_secret_texts(run)

    def encode(marker: Any) -> Any:
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
            "provider": resource.provider,
            "custom": resource.custom,
            "external": resource.read,
            "mutable": resource.mutable,
            "inputs": {} if resource.read else markers.transform(objects.get(resource.urn, resource.inputs), encode),
            "protect": bool(options.protect),
            "retain": bool(options.retain_on_delete),
            "ignored": list(options.ignore_changes),
            "replaceOnChanges": list(options.replace_on_changes),
            "deleteBeforeReplace": options.delete_before_replace,
            "propertyDependencies": {name: list(sources) for name, sources in options.property_dependencies.items()},
            "timeouts": {name: parse_seconds(text) for name in ("create", "update") if (text := getattr(options.custom_timeouts, name))},
            "aliases": [alias._asdict() for alias in options.aliases],
        }

    return {
        "resources": [describe(resource) for resource in run.resources],
        "outputs": markers.transform(dict(run.outputs), encode),
        "defaultProvider": markers.transform(
            {
                name.removeprefix(PROVIDER_KEYS): markers.Secret(value) if name in secret_keys else value
                for name, value in (config or {}).items()
                if name.startswith(PROVIDER_KEYS)
            },
            encode,
        ),
        "log": [{"severity": each.severity, "message": each.message, "urn": each.urn} for each in shown.redact_log(run.log, secrets)],
    }


def parse_seconds(text: str) -> float:
    """Return a Go duration such as `1h30m` in seconds."""
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|us|ns|h|m|s)", text))


def main(folder: str, *wanted: str) -> None:
    """Render the stacks and write the result."""
    key = bytes.fromhex(sys.stdin.readline().strip())
    result = redirect_output()
    # Fewer collections: the process is short and begins with the import of the SDK, which creates
    # no garbage.
    gc.set_threshold(200_000, 20, 20)
    load_engine()
    renders: Mapping[str, Any] = render_stacks(Path(folder), list(wanted), key)
    with os.fdopen(result, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(renders))  # `json.dump` encodes without the accelerator


def redirect_output() -> int:
    """Return a descriptor of the standard output, and discard what is printed from now on."""
    result = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return result


if __name__ == "__main__":
    main(*sys.argv[1:])
