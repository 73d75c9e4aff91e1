"""Whether what a stack needs is there: pure functions from need and facts to verdicts."""

import re
from collections.abc import Collection, Iterator

from ..cluster.objects import Object, at, items_at, mapping_at, number_at, texts_at
from ..cluster.scheduling import gpu_resource_of, requests_of
from ..diagnose.rules.images import PULL_TYPE, registry_of
from ..text.sanitizing import sanitize
from .capacity import judge_gpus, judge_quotas
from .facts import Facts
from .requirements import Need, ServiceNeed
from .result import Verdict
from .storage import judge_claims

OLDEST_VERSION = (1, 27)
"""The oldest Kubernetes whose schemas the stacks are checked against."""


def judge(need: Need, facts: Facts, known: Collection[tuple[str, str, str]] | None = None) -> list[Verdict]:
    """Every verdict, in a fixed order. `known`: (kind, namespace, name) of what the stack's state has; none when that is not known."""
    verdicts = [*_judge_version(facts), *_judge_namespaces(need, facts), *_judge_kinds(need, facts), *_judge_permissions(facts)]
    for service in need.services:
        verdicts += [*_judge_keys(service, facts), *_judge_pull_secrets(service, facts), *judge_claims(service, facts)]
    return [*verdicts, *judge_gpus(need, facts), *judge_quotas(need, facts), *_judge_orphans(need, facts, known)]


def _judge_version(facts: Facts) -> Iterator[Verdict]:
    match = re.match(r"v?(\d+)\.(\d+)", facts.version)
    if match and (int(match[1]), int(match[2])) < OLDEST_VERSION:
        yield Verdict(
            "warn", "Kubernetes", f"{facts.version} is older than 1.{OLDEST_VERSION[1]}, the oldest that is checked", "Upgrade the cluster."
        )
    else:
        yield Verdict("ok", "Kubernetes", sanitize(facts.version, 40))


def _judge_namespaces(need: Need, facts: Facts) -> Iterator[Verdict]:
    for name in need.namespaces:
        about = f"Namespace {name}"
        if name not in facts.namespaces:
            yield Verdict("warn", about, "may not be read", "Grant get on namespaces, or make sure that it is there.")
        elif (found := facts.namespaces[name]) is None:
            yield Verdict("fail", about, "is not there", f"Make it in the program, or: kubectl create namespace {name}.")
        elif at(found, "metadata", "deletionTimestamp"):
            yield Verdict("fail", about, "is being deleted", "Wait until it is gone and make it anew, or use another.")
        else:
            level = texts_at(found, "metadata", "labels").get("pod-security.kubernetes.io/enforce", "none")
            paths = [each.name for each in need.services if each.namespace == name and _uses_host_path(each)]
            if level in ("restricted", "baseline") and paths:
                cure = "Use a claim (cache.existing_claim) in place of cache.host_path, or another namespace."
                yield Verdict("fail", about, f"enforces Pod Security {level}, which refuses the host path of {', '.join(paths)}", cure)
            else:
                yield Verdict("ok", about, f"enforces Pod Security: {sanitize(level, 40)}")


def _uses_host_path(service: ServiceNeed) -> bool:
    return any("hostPath" in volume for volume in items_at(service.pod, "spec", "volumes"))


def _judge_kinds(need: Need, facts: Facts) -> Iterator[Verdict]:
    for version, kind in sorted(need.kinds):
        if facts.kinds is not None and (version, kind) not in facts.kinds:
            cure = "Install the operator that brings it, or leave the group of arguments out that makes such objects."
            yield Verdict("fail", f"Kind {kind}", f"the cluster has no {version} {kind}", cure)


def _judge_permissions(facts: Facts) -> Iterator[Verdict]:
    if facts.denied is None:
        yield Verdict("warn", "Permissions", "cannot be asked for", "Nothing, if the deployer is another user than this one.")
        return
    if not facts.denied:
        yield Verdict("ok", "Permissions", "the deployer may do what the stack needs")
    lacking: dict[tuple[str, str, str], list[str]] = {}
    for verb, group, resource, namespace in facts.denied:
        lacking.setdefault((group, resource, namespace), []).append(verb)
    for (group, resource, namespace), verbs in lacking.items():
        where = f"in namespace {namespace}" if namespace else "cluster-wide"
        rule = f'{{apiGroups: ["{group}"], resources: [{resource}], verbs: [{", ".join(verbs)}]}}'
        yield Verdict("fail", "Permissions", f"may not {', '.join(verbs)} {resource} {where}", f"Add to its role: {rule}.")


def _judge_keys(service: ServiceNeed, facts: Facts) -> Iterator[Verdict]:
    for name, key in sorted(service.keys):
        about = f"Secret {service.namespace}/{name}"
        if service.namespace in facts.unread_secrets:
            yield Verdict("warn", about, "may not be read", "Grant get on secrets in this namespace to have it checked.")
        elif (found := facts.secrets.get((service.namespace, name))) is None:
            cure = (
                f"Make it: kubectl -n {service.namespace} create secret generic {name} --from-file={key}=/dev/stdin, or correct its name."
            )
            yield Verdict("fail", about, f"is not there ({service.name})", cure)
        elif key not in found.keys:
            has = sanitize(", ".join(found.keys[:8]), 200) or "none"
            cure = f"Name one of these in secrets.ngc_secret_key or hf_token_key, or: kubectl -n {service.namespace} edit secret {name}."
            yield Verdict("fail", about, f"has no key {key}; its keys are: {has} ({service.name})", cure)
        else:
            yield Verdict("ok", about, f"has the key {key}")


def _judge_pull_secrets(service: ServiceNeed, facts: Facts) -> Iterator[Verdict]:
    registry = registry_of(service.images[-1]) if service.images else "nvcr.io"
    for name in sorted(service.pull_secrets):
        about = f"Pull Secret {service.namespace}/{name}"
        cure = (
            f"Make it: kubectl -n {service.namespace} create secret docker-registry {name} --docker-server={registry} "
            "--docker-username='$oauthtoken' --docker-password=<NGC API key>, or give secrets.ngc_api_key."
        )
        if service.namespace in facts.unread_secrets:
            yield Verdict("warn", about, "may not be read", "Grant get on secrets in this namespace to have it checked.")
        elif (found := facts.secrets.get((service.namespace, name))) is None:
            yield Verdict("fail", about, f"is not there ({service.name})", cure)
        elif found.type != PULL_TYPE:
            yield Verdict("fail", about, f"is of type {sanitize(found.type, 60)}, not {PULL_TYPE}", cure)
        elif registry not in found.registries:
            yield Verdict(
                "fail", about, f"logs in to {sanitize(', '.join(found.registries[:4]), 120) or 'nothing'}, not to {registry}", cure
            )
        else:
            yield Verdict("ok", about, f"logs in to {registry}")


def _judge_orphans(need: Need, facts: Facts, known: Collection[tuple[str, str, str]] | None) -> Iterator[Verdict]:
    """Objects with our labels that the state does not have. Those that the stack would make stop the next `up`; the others only cost."""
    if known is None:
        return
    for kind, namespace, name in sorted(set(facts.ours) - set(known)):
        about = f"{kind} {namespace}/{name}"
        if (kind, namespace, name) in need.names:
            text = "is in the cluster and not in the stack's state: an update was killed, and the next would say that it exists already"
            yield Verdict("fail", about, text, "Take it back, with unchanged arguments: PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true pulumi up.")
        elif kind in ("Deployment", "LeaderWorkerSet"):
            gpus = _gpus_of(kind, facts.ours[kind, namespace, name])
            text = f"has the component's labels and is not in this stack's state{f'; it holds {gpus}' if gpus else ''}"
            yield Verdict("warn", about, text, f"If it is no other stack's: kubectl -n {namespace} delete {kind.lower()} {name}.")


def _gpus_of(kind: str, object_: Object) -> str:
    group = mapping_at(object_, "spec", "leaderWorkerTemplate")
    template = mapping_at(group, "leaderTemplate") if kind == "LeaderWorkerSet" else mapping_at(object_, "spec", "template")
    pod: Object = {"spec": mapping_at(template, "spec")}
    resource = gpu_resource_of(pod)
    replicas = at(object_, "spec", "replicas")
    number = (replicas if isinstance(replicas, int) else 1) * (number_at(group, "size") or 1)
    return f"{requests_of(pod, resource) * number} {resource}" if resource else ""
