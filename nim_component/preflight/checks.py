"""Preflight checks of the cluster as a whole, and the list of all checks."""

import re
from collections.abc import Iterator

from ..cluster.objects import at, items_at, texts_at
from ..kubernetes.version import OLDEST_VERSION
from ..text.sanitizing import sanitize
from .capacity import check_gpus, check_quotas
from .facts import Facts
from .live_state import check_live_state, check_pending_deletions
from .monitors import check_monitors
from .orphans import check_orphans
from .requirements import ServiceRequirements, StackRequirements
from .result import CheckResult
from .route_timeouts import check_route_timeouts
from .secrets import check_pull_secrets, check_secrets
from .stack_state import StackState
from .storage import check_pvcs


def run_checks(requirements: StackRequirements, facts: Facts, state: StackState | None = None) -> list[CheckResult]:
    """Return the results of all checks, in a fixed order.

    Args:
        requirements: The requirements of the stack.
        facts: The facts of the cluster.
        state: The objects in the stack's state; None if it is unknown.
    """
    return [
        *_check_version(facts),
        *_check_namespaces(requirements, facts),
        *_check_kinds(requirements, facts),
        *_check_permissions(facts),
        *_check_references(requirements, facts),
        *check_secrets(requirements, facts),
        *check_pull_secrets(requirements, facts),
        *(result for service in requirements.services for result in check_pvcs(service, facts)),
        *check_gpus(requirements, facts),
        *check_quotas(requirements, facts),
        *check_monitors(requirements, facts),
        *check_route_timeouts(requirements.timed_gateways, facts.features),
        *check_live_state(facts, state),
        *check_pending_deletions(requirements, state),
        *check_orphans(requirements, facts, state),
    ]


def _check_version(facts: Facts) -> Iterator[CheckResult]:
    match = re.match(r"v?(\d+)\.(\d+)", facts.version)
    if match and (int(match[1]), int(match[2])) < tuple(map(int, OLDEST_VERSION.split("."))):
        text = f"{facts.version} is older than {OLDEST_VERSION}, the oldest supported version"
        yield CheckResult("warn", "Kubernetes", text, "Upgrade the cluster.")
    else:
        yield CheckResult("ok", "Kubernetes", sanitize(facts.version, 40))


def _check_namespaces(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    for name in requirements.namespaces:
        about = f"Namespace {name}"
        if name not in facts.namespaces:
            yield CheckResult("warn", about, "may not be read", "Grant get on namespaces to check it, or make sure that it exists.")
        elif (found := facts.namespaces[name]) is None:
            yield CheckResult("fail", about, "does not exist", "Create it in the program, or run:", f"kubectl create namespace {name}")
        elif at(found, "metadata", "deletionTimestamp"):
            fix = "Wait until it is deleted and create it again, or use another namespace."
            yield CheckResult("fail", about, "is being deleted", fix)
        else:
            level = texts_at(found, "metadata", "labels").get("pod-security.kubernetes.io/enforce", "none")
            services = [each.name for each in requirements.services if each.namespace == name and _uses_host_path(each)]
            if level in ("restricted", "baseline") and services:
                text = f"enforces Pod Security {level}, which refuses the host path of {', '.join(services)}"
                fix = "Use a PVC (cache.existing_claim) in place of cache.host_path, or another namespace."
                yield CheckResult("fail", about, text, fix)
            else:
                yield CheckResult("ok", about, f"enforces Pod Security: {sanitize(level, 40)}")


def _uses_host_path(service: ServiceRequirements) -> bool:
    return any("hostPath" in volume for volume in items_at(service.pod, "spec", "volumes"))


def _check_kinds(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    for version, kind in sorted(requirements.kinds):
        if facts.kinds is not None and (version, kind) not in facts.kinds:
            fix = "Install the operator that provides it, or remove the option set that creates such objects."
            yield CheckResult("fail", f"Kind {kind}", f"the cluster has no {version} {kind}", fix)


def _check_references(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    for each, services in requirements.references.items():
        used = f"used by {', '.join(services)}"
        if each not in facts.references:
            fix = f"Make sure that it exists ({each.argument}), or grant get on it to check it."
            yield CheckResult("warn", each.about, f"may not be read, so it was not checked; {used}", fix)
        elif facts.references[each]:
            yield CheckResult("ok", each.about, "exists")
        elif each.kind == "ServiceAccount":
            fix = f"Correct {each.argument}, remove it so that the component creates one, or create it:"
            command = f"kubectl -n {each.namespace} create serviceaccount {each.name}"
            yield CheckResult("fail", each.about, f"does not exist, {each.effect}; {used}", fix, command)
        else:
            fix = f"Correct {each.argument}, or create the {each.kind}."
            yield CheckResult("fail", each.about, f"does not exist, {each.effect}; {used}", fix)


def _check_permissions(facts: Facts) -> Iterator[CheckResult]:
    if facts.denied is None:
        yield CheckResult("warn", "Permissions", "cannot be checked", "If another user deploys, no action is necessary.")
        return
    if not facts.denied:
        yield CheckResult("ok", "Permissions", "sufficient for an update by this user")
    missing: dict[tuple[str, str, str], list[str]] = {}
    for verb, group, resource, namespace in facts.denied:
        missing.setdefault((group, resource, namespace), []).append(verb)
    for (group, resource, namespace), verbs in missing.items():
        where = f"in namespace {namespace}" if namespace else "cluster-wide"
        rule = f'{{apiGroups: ["{group}"], resources: [{resource}], verbs: [{", ".join(verbs)}]}}'
        yield CheckResult("fail", "Permissions", f"missing: {', '.join(verbs)} {resource} {where}", "Add to the user's role:", rule)
