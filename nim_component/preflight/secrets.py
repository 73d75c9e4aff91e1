"""Checks of Secrets and pull Secrets.

Each Secret has one result, whatever number of services uses it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..cluster.images import registry_of
from ..cluster.objects import items_at, text_at
from ..kubernetes.kubectl import NGC_REGISTRY, create_pull_secret, create_secret, edit_secret
from ..names import PULL_SECRET_TYPE
from ..text.sanitizing import sanitize
from .facts import Facts
from .requirements import ServiceRequirements, StackRequirements
from .result import CheckResult

_UNREADABLE = "may not be read"
_GRANT = "Grant get on secrets in this namespace to check it."


@dataclass
class _Use:
    """Services that use a Secret, and the keys or registries that they need of it."""

    services: set[str] = field(default_factory=set[str])
    needs: set[str] = field(default_factory=set[str])
    others: set[str] = field(default_factory=set[str])
    """Registries of other images, such as that of the LoRA loader."""

    @property
    def by(self) -> str:
        return f"used by {', '.join(sorted(self.services))}"


def check_secrets(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    """Check that the Secrets with keys exist, with these keys."""
    uses: dict[tuple[str, str], _Use] = {}
    for service in requirements.services:
        for name, key in service.keys:
            use = uses.setdefault((service.namespace, name), _Use())
            use.services.add(service.name)
            use.needs.add(key)
    for (namespace, name), use in sorted(uses.items()):
        yield _check_keys(namespace, name, use, facts)


def _check_keys(namespace: str, name: str, use: _Use, facts: Facts) -> CheckResult:
    about, keys = f"Secret {namespace}/{name}", sorted(use.needs)
    if namespace in facts.unread_secrets:
        return CheckResult("warn", about, _UNREADABLE, _GRANT)
    found = facts.secrets.get((namespace, name))
    if found is None:
        fix = "Correct its name, or create it; this command reads the values from the terminal:"
        return CheckResult("fail", about, f"does not exist; {use.by}", fix, create_secret(namespace, name, keys))
    missing = [key for key in keys if key not in found.keys]
    if missing:
        existing = sanitize(", ".join(found.keys[:8]), 200) or "none"
        text = f"has no {_plural('key', missing)}; its keys: {existing}; {use.by}"
        fix = "Set secrets.ngc_secret_key or secrets.hf_token_key to one of its keys, or add the key:"
        return CheckResult("fail", about, text, fix, edit_secret(namespace, name))
    return CheckResult("ok", about, f"has the {_plural('key', keys)}")


def check_pull_secrets(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    """Check that the pull Secrets exist, with credentials for the images' registries."""
    uses: dict[tuple[str, str], _Use] = {}
    for service in requirements.services:
        of_server = _server_registry(service)
        covering = {name for name in service.pull_secrets if of_server in _registries_of(service.namespace, name, facts)}
        for name in service.pull_secrets:
            use = uses.setdefault((service.namespace, name), _Use())
            use.services.add(service.name)
            use.others |= {registry_of(image) for image in service.images} - {of_server}
            if not covering or name in covering:
                use.needs.add(of_server)
            else:
                use.others.add(of_server)
    for (namespace, name), use in sorted(uses.items()):
        yield _check_registries(namespace, name, use, facts)
    yield from _list_unchecked(requirements, facts)


def _list_unchecked(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    """List the registries that no readable pull Secret has credentials for."""
    users: dict[str, set[str]] = {}
    for service in requirements.services:
        if service.namespace in facts.unread_secrets:
            continue
        covered = {registry for name in service.pull_secrets for registry in _registries_of(service.namespace, name, facts)}
        for registry in {registry_of(image) for image in service.images} - covered - {_server_registry(service)}:
            users.setdefault(registry, set()).add(service.name)
    for registry, services in sorted(users.items()):
        text = f"pulled without a pull Secret; whether they are public was not checked; used by {', '.join(sorted(services))}"
        yield CheckResult("skip", f"Images of {sanitize(registry, 100)}", text)


def _server_registry(service: ServiceRequirements) -> str:
    containers = items_at(service.pod, "spec", "containers")
    return registry_of(text_at(containers[0], "image")) if containers else NGC_REGISTRY


def _registries_of(namespace: str, name: str, facts: Facts) -> tuple[str, ...]:
    found = facts.secrets.get((namespace, name))
    return () if found is None else found.registries


def _check_registries(namespace: str, name: str, use: _Use, facts: Facts) -> CheckResult:
    about, registries = f"Pull Secret {namespace}/{name}", sorted(use.needs or use.others)
    if namespace in facts.unread_secrets:
        return CheckResult("warn", about, _UNREADABLE, _GRANT)
    found = facts.secrets.get((namespace, name))
    if found is None:
        fix = "Give secrets.ngc_api_key, correct the name, or create the Secret:"
        return CheckResult("fail", about, f"does not exist; {use.by}", fix, create_pull_secret(namespace, name, registries[0]))
    replace = "Give secrets.ngc_api_key, or create a pull Secret under another name and set secrets.ngc_image_secret to it:"
    if found.type != PULL_SECRET_TYPE:
        text = f"is of type {sanitize(found.type, 60)}, not {PULL_SECRET_TYPE}; {use.by}"
        return CheckResult("fail", about, text, replace, create_pull_secret(namespace, "<name>", registries[0]))
    missing = [registry for registry in registries if registry not in found.registries]
    others = sorted(use.others & {*found.registries})
    # Nodes may pull the server's image with their own identity, but not from NVIDIA's registry.
    if missing and others and not (use.needs and NGC_REGISTRY in missing):
        return CheckResult("ok", about, f"has credentials for {', '.join(others)}")
    if missing:
        existing = sanitize(", ".join(found.registries[:4]), 120) or "no registry"
        text = f"has credentials for {existing}, not for {', '.join(missing)}; {use.by}"
        return CheckResult("fail", about, text, replace, create_pull_secret(namespace, "<name>", missing[0]))
    return CheckResult("ok", about, f"has credentials for {', '.join(registries)}")


def _plural(noun: str, names: list[str]) -> str:
    return f"{noun if len(names) == 1 else f'{noun}s'} {', '.join(names)}"
