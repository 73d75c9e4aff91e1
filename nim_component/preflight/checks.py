"""Whether what a stack needs is there: pure functions from requirements and facts to results."""

import re
from collections.abc import Collection, Iterator

from ..cluster.objects import Object, at, items_at, mapping_at, number_at, texts_at
from ..cluster.scheduling import gpu_resource_of, requests_of
from ..diagnose.rules.images import PULL_TYPE, registry_of
from ..text.sanitizing import sanitize
from .capacity import check_gpus, check_quotas
from .facts import Facts
from .requirements import ServiceRequirements, StackRequirements
from .result import CheckResult
from .storage import check_pvcs

OLDEST_VERSION = (1, 27)
"""The oldest Kubernetes whose schemas the stacks are checked against."""


def run_checks(requirements: StackRequirements, facts: Facts, known: Collection[tuple[str, str, str]] | None = None) -> list[CheckResult]:
    """Every result, in a fixed order. `known`: (kind, namespace, name) of what the stack's state has; none when that is not known."""
    results = [
        *_check_version(facts),
        *_check_namespaces(requirements, facts),
        *_check_kinds(requirements, facts),
        *_check_permissions(facts),
    ]
    for service in requirements.services:
        results += [*_check_keys(service, facts), *_check_pull_secrets(service, facts), *check_pvcs(service, facts)]
    return [*results, *check_gpus(requirements, facts), *check_quotas(requirements, facts), *_check_orphans(requirements, facts, known)]


def _check_version(facts: Facts) -> Iterator[CheckResult]:
    match = re.match(r"v?(\d+)\.(\d+)", facts.version)
    if match and (int(match[1]), int(match[2])) < OLDEST_VERSION:
        yield CheckResult(
            "warn", "Kubernetes", f"{facts.version} is older than 1.{OLDEST_VERSION[1]}, the oldest that is checked", "Upgrade the cluster."
        )
    else:
        yield CheckResult("ok", "Kubernetes", sanitize(facts.version, 40))


def _check_namespaces(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    for name in requirements.namespaces:
        about = f"Namespace {name}"
        if name not in facts.namespaces:
            yield CheckResult("warn", about, "may not be read", "Grant get on namespaces, or make sure that it is there.")
        elif (found := facts.namespaces[name]) is None:
            yield CheckResult("fail", about, "is not there", f"Make it in the program, or: kubectl create namespace {name}.")
        elif at(found, "metadata", "deletionTimestamp"):
            yield CheckResult("fail", about, "is being deleted", "Wait until it is gone and make it anew, or use another.")
        else:
            level = texts_at(found, "metadata", "labels").get("pod-security.kubernetes.io/enforce", "none")
            paths = [each.name for each in requirements.services if each.namespace == name and _uses_host_path(each)]
            if level in ("restricted", "baseline") and paths:
                fix = "Use a claim (cache.existing_claim) in place of cache.host_path, or another namespace."
                yield CheckResult("fail", about, f"enforces Pod Security {level}, which refuses the host path of {', '.join(paths)}", fix)
            else:
                yield CheckResult("ok", about, f"enforces Pod Security: {sanitize(level, 40)}")


def _uses_host_path(service: ServiceRequirements) -> bool:
    return any("hostPath" in volume for volume in items_at(service.pod, "spec", "volumes"))


def _check_kinds(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    for version, kind in sorted(requirements.kinds):
        if facts.kinds is not None and (version, kind) not in facts.kinds:
            fix = "Install the operator that brings it, or leave the group of arguments out that makes such objects."
            yield CheckResult("fail", f"Kind {kind}", f"the cluster has no {version} {kind}", fix)


def _check_permissions(facts: Facts) -> Iterator[CheckResult]:
    if facts.denied is None:
        yield CheckResult("warn", "Permissions", "cannot be asked for", "Nothing, if the deployer is another user than this one.")
        return
    if not facts.denied:
        yield CheckResult("ok", "Permissions", "the deployer may do what the stack needs")
    lacking: dict[tuple[str, str, str], list[str]] = {}
    for verb, group, resource, namespace in facts.denied:
        lacking.setdefault((group, resource, namespace), []).append(verb)
    for (group, resource, namespace), verbs in lacking.items():
        where = f"in namespace {namespace}" if namespace else "cluster-wide"
        rule = f'{{apiGroups: ["{group}"], resources: [{resource}], verbs: [{", ".join(verbs)}]}}'
        yield CheckResult("fail", "Permissions", f"may not {', '.join(verbs)} {resource} {where}", f"Add to its role: {rule}.")


def _check_keys(service: ServiceRequirements, facts: Facts) -> Iterator[CheckResult]:
    for name, key in sorted(service.keys):
        about = f"Secret {service.namespace}/{name}"
        if service.namespace in facts.unread_secrets:
            yield CheckResult("warn", about, "may not be read", "Grant get on secrets in this namespace to have it checked.")
        elif (found := facts.secrets.get((service.namespace, name))) is None:
            fix = f"Make it: kubectl -n {service.namespace} create secret generic {name} --from-file={key}=/dev/stdin, or correct its name."
            yield CheckResult("fail", about, f"is not there ({service.name})", fix)
        elif key not in found.keys:
            has = sanitize(", ".join(found.keys[:8]), 200) or "none"
            fix = f"Name one of these in secrets.ngc_secret_key or hf_token_key, or: kubectl -n {service.namespace} edit secret {name}."
            yield CheckResult("fail", about, f"has no key {key}; its keys are: {has} ({service.name})", fix)
        else:
            yield CheckResult("ok", about, f"has the key {key}")


def _check_pull_secrets(service: ServiceRequirements, facts: Facts) -> Iterator[CheckResult]:
    registry = registry_of(service.images[-1]) if service.images else "nvcr.io"
    for name in sorted(service.pull_secrets):
        about = f"Pull Secret {service.namespace}/{name}"
        fix = (
            f"Make it: kubectl -n {service.namespace} create secret docker-registry {name} --docker-server={registry} "
            "--docker-username='$oauthtoken' --docker-password=<NGC API key>, or give secrets.ngc_api_key."
        )
        if service.namespace in facts.unread_secrets:
            yield CheckResult("warn", about, "may not be read", "Grant get on secrets in this namespace to have it checked.")
        elif (found := facts.secrets.get((service.namespace, name))) is None:
            yield CheckResult("fail", about, f"is not there ({service.name})", fix)
        elif found.type != PULL_TYPE:
            yield CheckResult("fail", about, f"is of type {sanitize(found.type, 60)}, not {PULL_TYPE}", fix)
        elif registry not in found.registries:
            yield CheckResult(
                "fail", about, f"logs in to {sanitize(', '.join(found.registries[:4]), 120) or 'nothing'}, not to {registry}", fix
            )
        else:
            yield CheckResult("ok", about, f"logs in to {registry}")


def _check_orphans(requirements: StackRequirements, facts: Facts, known: Collection[tuple[str, str, str]] | None) -> Iterator[CheckResult]:
    """Objects with our labels that the state does not have. Those that the stack would make stop the next `up`; the others only cost."""
    if known is None:
        return
    for kind, namespace, name in sorted(set(facts.ours) - set(known)):
        about = f"{kind} {namespace}/{name}"
        if (kind, namespace, name) in requirements.names:
            text = "is in the cluster and not in the stack's state: an update was killed, and the next would say that it exists already"
            yield CheckResult(
                "fail", about, text, "Take it back, with unchanged arguments: PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true pulumi up."
            )
        elif kind in ("Deployment", "LeaderWorkerSet"):
            gpus = _gpus_of(kind, facts.ours[kind, namespace, name])
            text = f"has the component's labels and is not in this stack's state{f'; it holds {gpus}' if gpus else ''}"
            yield CheckResult("warn", about, text, f"If it is no other stack's: kubectl -n {namespace} delete {kind.lower()} {name}.")


def _gpus_of(kind: str, object_: Object) -> str:
    group = mapping_at(object_, "spec", "leaderWorkerTemplate")
    template = mapping_at(group, "leaderTemplate") if kind == "LeaderWorkerSet" else mapping_at(object_, "spec", "template")
    pod: Object = {"spec": mapping_at(template, "spec")}
    resource = gpu_resource_of(pod)
    replicas = at(object_, "spec", "replicas")
    number = (replicas if isinstance(replicas, int) else 1) * (number_at(group, "size") or 1)
    return f"{requests_of(pod, resource) * number} {resource}" if resource else ""
