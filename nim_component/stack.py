"""A stack's configuration becomes services: the whole of what `__main__.py` calls.

nim:defaults   fields that every service starts from
nim:services   name -> fields of `NIM`
nim:<any>      a key, set with `pulumi config set --secret`, that a service names as `secrets: {ngc_api_key: {config: <any>}}`
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pulumi
import yaml

from .args import NIM
from .args.error import ArgumentError, ArgumentValueError, describe_owner
from .args.problems import Problem
from .args.secrets import SECRET_VALUE_FIELDS
from .component.service import NIMService
from .component.validation import read_nim, service_name_of
from .lora.lockfile import Lock, LockError, apply_lock, lock_path, read_lock, unused
from .names import name_leader_worker_set
from .stack_fields import DEFAULTS, SERVICES, merge
from .text.redaction import looks_like_credential


def deploy_stack() -> dict[str, NIMService]:
    """Creates the services of the current stack and exports `services`: url, host, port and models of each, and external_url if it has one.

    Every service is checked before the first one is created; what is wrong with all of them comes in one error.
    """
    config = pulumi.Config()
    nims = read_services(config)
    services = {name: NIMService(name, nim) for name, nim in nims.items()}
    pulumi.export("services", {name: _addresses(service, nims[name]) for name, service in services.items()})
    return services


def _addresses(service: NIMService, nim: NIM) -> dict[str, Any]:
    inside = {"url": service.url, "host": service.host, "port": service.port, "models": service.model_names}
    return {**inside, "external_url": service.external_url} if nim.is_exposed else inside


def read_services(config: pulumi.Config) -> dict[str, NIM]:
    """The services of a stack, by name, each over the shared defaults."""
    defaults = _read_mapping(config, DEFAULTS) or {}
    services = _read_mapping(config, SERVICES)
    if not services:
        raise pulumi.RunError(
            f"{config.name}:{SERVICES}: must name at least one service. "
            f"Add it to the stack file: {config.name}:{SERVICES}: {{llama: {{secrets: ...}}}}."
        )
    lock = _find_lock()
    read: dict[str, NIM] = {}
    errors: dict[str, ArgumentError] = {}
    for name, fields in services.items():
        try:
            read[name] = _read_service(config, name, defaults, fields, read, lock)
        except ArgumentError as error:
            errors[name] = error
    if errors:
        raise pulumi.RunError("\n".join(_sort_out(f"{config.name}:{DEFAULTS}", defaults, services, errors)))
    for key in unused(lock, read.values()) if lock is not None else ():
        pulumi.log.warn(f"The lock file holds {key}, which no service lists any more: nim-component adapters lock takes it out.")
    return read


def _sort_out(owner: str, defaults: Mapping[str, Any], services: Mapping[str, Any], errors: Mapping[str, ArgumentError]) -> Iterator[str]:
    """The texts of what is wrong: once for the defaults what comes from there and is wrong wherever it is not overridden, then the rest."""
    shared: list[Problem] = []
    for problem in dict.fromkeys(problem for error in errors.values() for problem in error.problems):
        heirs = {name for name, fields in services.items() if not _holds(fields, problem.path)}
        having = {name for name, error in errors.items() if problem in error.problems}
        if len(having) > 1 and having == heirs and _holds(defaults, problem.path):
            shared.append(problem)
    if shared:
        yield str(ArgumentValueError(owner, shared))
    for error in errors.values():
        rest = [problem for problem in error.problems if problem not in shared]
        if rest:
            yield str(ArgumentValueError(error.owner, rest))


def _holds(fields: Any, path: tuple[str | int, ...]) -> bool:
    """Whether the value at `path` of a merged mapping may come from `fields`: lists are never merged."""
    for part in path:
        if not isinstance(fields, Mapping):
            return fields is not None
        if part not in fields:
            return False
        fields = cast("Mapping[Any, Any]", fields)[part]
    return bool(path)


def _find_lock() -> Lock | None:
    """The lock file beside the stack file; none where the program runs without a project."""
    given: str | None = pulumi.get_root_directory()
    if not given:
        return None
    root = Path(given)
    file = next((found for name in ("Pulumi.yaml", "Pulumi.yml") if (found := root / name).is_file()), None)
    content: Any = yaml.safe_load(file.read_text(encoding="utf-8")) if file is not None else None
    if not isinstance(content, dict):
        return None
    try:
        return read_lock(lock_path(root / str(cast("dict[str, Any]", content).get("stackConfigDir") or ""), pulumi.get_stack()))
    except LockError as error:
        raise pulumi.RunError(str(error)) from None


def _read_service(
    config: pulumi.Config, name: str, defaults: Mapping[str, Any], fields: Any, others: Mapping[str, NIM], lock: Lock | None
) -> NIM:
    if not isinstance(fields, Mapping | None):
        problem = Problem((), "must be a mapping", "Write the fields of NIM below the service's name.")
        raise ArgumentValueError(describe_owner(name), [problem])
    merged = merge(defaults, cast("Mapping[str, Any]", fields or {}))
    problems: list[Problem] = []
    secrets = merged.get("secrets")
    if isinstance(secrets, Mapping):
        merged["secrets"], problems = _resolve_keys(config, cast("Mapping[str, Any]", secrets))
    nim = read_nim(name, merged, problems)
    if lock is not None:
        nim, missing = apply_lock(nim, lock)
        if missing:
            raise ArgumentValueError(describe_owner(name), missing)
        nim = read_nim(name, nim)  # what is locked meets the rules too: a rank above the server's, say
    problems = [problem for other, taken in others.items() for problem in _check_apart(name, nim, other, taken)]
    if problems:
        raise ArgumentValueError(describe_owner(name), problems)
    return nim


def _check_apart(name: str, nim: NIM, other: str, taken: NIM) -> Iterator[Problem]:
    """Two services of a namespace must not have objects of one name: what they have besides begins with their names and ends in a digest,
    or holds a dot."""
    if nim.namespace != taken.namespace:
        return
    own, others = service_name_of(name, nim), service_name_of(other, taken)
    rule = None
    if own == others:
        rule = f"must not be that of service {other!r} too: both are in namespace {nim.namespace}"
    elif taken.multi_node is not None and own == name_leader_worker_set(others):
        rule = f"must not be that of the headless Service of {other!r}, which its LeaderWorkerSet makes"
    elif nim.multi_node is not None and others == name_leader_worker_set(own):
        rule = f"makes a LeaderWorkerSet whose headless Service has the name of service {other!r}"
    if rule is not None:
        yield Problem(("service_name",), rule, "Choose another name.", repr(own))


def _resolve_keys(config: pulumi.Config, secrets: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """`ngc_api_key: {config: ngcApiKey}` becomes that secret of the stack. Plain text stays, and is refused by the model."""
    resolved, problems = dict(secrets), list[Problem]()
    for field in SECRET_VALUE_FIELDS:
        reference: Any = resolved.get(field)
        if not isinstance(reference, Mapping):
            continue
        items = list(cast("Mapping[str, Any]", reference).items())
        key = items[0][1] if len(items) == 1 and items[0][0] == "config" else None
        full = f"{config.name}:{key}"
        # Stands for the key while the other problems are looked for.
        resolved[field] = pulumi.Output.secret("")
        if not isinstance(key, str) or looks_like_credential(key):
            rule = "must name a secret of the stack's configuration"
            remedy = f"Write {field}: {{config: ngcApiKey}} and set it: pulumi config set --secret ngcApiKey."
            problems.append(Problem(("secrets", field), rule, remedy))
        elif config.get(key) is None:
            rule = f"names {full}, which the stack does not have"
            problems.append(Problem(("secrets", field), rule, f"Set it: pulumi config set --secret {key}."))
        elif not pulumi.runtime.is_config_secret(full):  # pyright: ignore
            rule = f"names {full}, which stands in the stack file as plain text for everybody to read"
            problems.append(Problem(("secrets", field), rule, f"Change the key, and set it with: pulumi config set --secret {key}."))
        else:
            resolved[field] = config.require_secret(key)
    return resolved, problems


def _read_mapping(config: pulumi.Config, key: str) -> dict[str, Any] | None:
    full = f"{config.name}:{key}"
    # One `secure:` leaf makes the whole object arrive as plaintext, unmarked: it would end in the state in the clear.
    if pulumi.runtime.is_config_secret(full):  # pyright: ignore
        raise pulumi.RunError(
            f"{full}: must not hold a secure value. Move it out: pulumi config set --secret ngcApiKey, "
            "and name it in the service: secrets: {ngc_api_key: {config: ngcApiKey}}."
        )
    try:
        value: Any = config.get_object(key)
    except pulumi.ConfigTypeError:
        value = config.get(key)
    if value is not None and not isinstance(value, dict):
        raise pulumi.RunError(f"{full}: must be a mapping. Write it as name: value pairs.")
    return cast("dict[str, Any] | None", value)
