"""The services of a stack: read from its configuration, and validated together."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pulumi
import yaml

from ..args import NIM, LoRAAdapter
from ..args.error import ArgumentError, ArgumentValueError, describe_owner
from ..args.fixes import written_in
from ..args.namespace import NamespaceArgs
from ..args.problems import Problem
from ..component.service_names import find_equal_names
from ..component.validation import read_nim
from ..lora.lockfile import AdapterLock, LockError, apply_lock, lock_path, read_lock, unused
from ..lora.server_fit import facts_of, find_doubts
from .aliases import ALIASES, check_aliases
from .configuration import read_mapping, resolve_secrets
from .fields import DEFAULTS, SERVICES, merge_fields
from .namespaces import validate_pod_security


@written_in("yaml")
def read_services(config: pulumi.Config, namespaces: Mapping[str, NamespaceArgs]) -> dict[str, NIM]:
    """Return the validated services of a stack by name, each merged with the defaults.

    Args:
        config: Configuration of the stack.
        namespaces: Namespaces that the stack creates.

    Raises:
        RunError: With all problems of all services.
    """
    defaults = read_mapping(config, DEFAULTS) or {}
    services = read_mapping(config, SERVICES)
    if not services:
        raise pulumi.RunError(
            f"{config.name}:{SERVICES}: must contain at least one service. "
            f"Add it to the stack file: {config.name}:{SERVICES}: {{llama: {{secrets: ...}}}}."
        )
    lock = _read_lock_file()
    nims: dict[str, NIM] = {}
    errors: dict[str, ArgumentError] = {}
    for name in services:
        try:
            nim = _read_service(config, name, defaults, services, lock)
            _validate_together(name, nim, nims, namespaces)
            nims[name] = nim
        except ArgumentError as error:
            errors[name] = error
    if errors:
        raise pulumi.RunError("\n".join(_format_errors(f"{config.name}:{DEFAULTS}", defaults, services, errors)))
    for name, nim in nims.items():
        server = facts_of(nim)
        adapters = [each for each in nim.hf_repo_ids or () if isinstance(each, LoRAAdapter)]
        for doubt in find_doubts(adapters, server) if server is not None else ():
            pulumi.log.warn(f"{describe_owner(name)}: {doubt}")
    for key in unused(lock, nims.values()) if lock is not None else ():
        pulumi.log.warn(f"The adapter lock file contains {key}, which no service lists. Remove it: nim-component adapters lock.")
    return nims


def _read_service(
    config: pulumi.Config, name: str, defaults: Mapping[str, Any], services: Mapping[str, Any], lock: AdapterLock | None
) -> NIM:
    fields: Any = services[name]
    if not isinstance(fields, Mapping | None):
        raise ArgumentValueError(
            describe_owner(name), [Problem((), "must be a mapping", "Write the fields of NIM below the service's name.")]
        )
    merged = merge_fields(defaults, cast("Mapping[str, Any]", fields or {}), NIM)
    problems: list[Problem] = []
    if fields and ALIASES in fields:
        problems += check_aliases(name, merged, services)
        del merged[ALIASES]
    secrets = merged.get("secrets")
    if isinstance(secrets, Mapping):
        merged["secrets"], found = resolve_secrets(config, cast("Mapping[str, Any]", secrets))
        problems += found
    nim = read_nim(name, merged, problems)
    if lock is not None:
        nim, missing = apply_lock(nim, lock)
        if missing:
            raise ArgumentValueError(describe_owner(name), missing)
        nim = read_nim(name, nim)  # Rules apply to locked values too, such as the rank of an adapter.
    return nim


def _validate_together(name: str, nim: NIM, others: Mapping[str, NIM], namespaces: Mapping[str, NamespaceArgs]) -> None:
    """Check a service against the other services and the namespaces of the stack."""
    problems = [problem for other, taken in others.items() for problem in find_equal_names(name, nim, other, taken)]
    problems += validate_pod_security(nim, namespaces)
    if problems:
        raise ArgumentValueError(describe_owner(name), problems)


def _read_lock_file() -> AdapterLock | None:
    """Return the adapter lock file beside the stack file; None without a project."""
    given: str | None = pulumi.get_root_directory()
    if not given:
        return None
    root = Path(given)
    file = next((found for name in ("Pulumi.json", "Pulumi.yaml", "Pulumi.yml") if (found := root / name).is_file()), None)
    content: Any = yaml.safe_load(file.read_text(encoding="utf-8-sig")) if file is not None else None
    if not isinstance(content, dict):
        return None
    fields = cast("dict[str, Any]", content)
    former = fields.get("config")
    folder = root / str(fields.get("stackConfigDir") or (former if isinstance(former, str) else ""))
    try:
        return read_lock(lock_path(folder, pulumi.get_stack()))
    except LockError as error:
        raise pulumi.RunError(str(error)) from None


def _format_errors(
    owner: str, defaults: Mapping[str, Any], services: Mapping[str, Any], errors: Mapping[str, ArgumentError]
) -> Iterator[str]:
    """Yield the texts of all errors.

    A problem of the defaults is reported once, for the defaults.
    """
    shared: list[Problem] = []
    for problem in dict.fromkeys(problem for error in errors.values() for problem in error.problems):
        inheriting = {name for name, fields in services.items() if not _has_value(fields, problem.path)}
        affected = {name for name, error in errors.items() if problem in error.problems}
        if len(affected) > 1 and affected == inheriting and _has_value(defaults, problem.path):
            shared.append(problem)
    if shared:
        yield str(ArgumentValueError(owner, shared))
    for error in errors.values():
        own = [problem for problem in error.problems if problem not in shared]
        if own:
            yield str(ArgumentValueError(error.owner, own))


def _has_value(fields: Any, path: tuple[str | int, ...]) -> bool:
    """Return whether the value at `path` of a merged mapping may come from `fields`.

    Lists never merge.
    """
    for step in path:
        if not isinstance(fields, Mapping):
            return fields is not None
        if step not in fields:
            return False
        fields = cast("Mapping[Any, Any]", fields)[step]
    return bool(path)
