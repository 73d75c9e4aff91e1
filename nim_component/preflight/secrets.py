"""Checks of Secrets and pull Secrets.

Each Secret has one result, whatever number of services uses it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..cluster.images import registry_of
from ..kubernetes.kubectl import NGC_REGISTRY, create_pull_secret
from ..names import PULL_SECRET_TYPE
from ..text.sanitizing import sanitize
from .facts import Facts
from .requirements import StackRequirements
from .result import CheckResult

_UNREADABLE = "may not be read"
_GRANT = "Grant get on secrets in this namespace to check it."


@dataclass
class _Use:
    """Services that use a Secret, and the keys or registries that they need of it."""

    services: set[str] = field(default_factory=set[str])
    needs: set[str] = field(default_factory=set[str])

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
        # With one key, the value is typed or piped in: it appears in no shell history.
        source = "/dev/stdin" if len(keys) == 1 else "<file>"
        options = " ".join(f"--from-file={key}={source}" for key in keys)
        command = f"kubectl -n {namespace} create secret generic {name} {options}"
        return CheckResult("fail", about, f"does not exist; {use.by}", "Correct its name, or create it:", command)
    missing = [key for key in keys if key not in found.keys]
    if missing:
        existing = sanitize(", ".join(found.keys[:8]), 200) or "none"
        text = f"has no {_plural('key', missing)}; its keys: {existing}; {use.by}"
        fix = "Set secrets.ngc_secret_key or secrets.hf_token_key to one of its keys, or add the key:"
        return CheckResult("fail", about, text, fix, f"kubectl -n {namespace} edit secret {name}")
    return CheckResult("ok", about, f"has the {_plural('key', keys)}")


def check_pull_secrets(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    """Check that the pull Secrets exist, with credentials for the images' registries."""
    uses: dict[tuple[str, str], _Use] = {}
    for service in requirements.services:
        for name in service.pull_secrets:
            use = uses.setdefault((service.namespace, name), _Use())
            use.services.add(service.name)
            use.needs.add(registry_of(service.images[-1]) if service.images else NGC_REGISTRY)
    for (namespace, name), use in sorted(uses.items()):
        yield _check_registries(namespace, name, use, facts)


def _check_registries(namespace: str, name: str, use: _Use, facts: Facts) -> CheckResult:
    about, registries = f"Pull Secret {namespace}/{name}", sorted(use.needs)
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
    if missing:
        existing = sanitize(", ".join(found.registries[:4]), 120) or "no registry"
        text = f"has credentials for {existing}, not for {', '.join(missing)}; {use.by}"
        return CheckResult("fail", about, text, replace, create_pull_secret(namespace, "<name>", missing[0]))
    return CheckResult("ok", about, f"has credentials for {', '.join(registries)}")


def _plural(noun: str, names: list[str]) -> str:
    return f"{noun if len(names) == 1 else f'{noun}s'} {', '.join(names)}"
