"""The Secrets of a service: read and checked, or made from values. A value is only ever handed to a Secret."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from .args import NIM
from .args.error import ArgumentError
from .args.problems import Path, Problem
from .manifests.inputs import lift_all
from .manifests.references import SecretKey
from .names import DIGEST_LENGTH, labels

REGISTRY = "nvcr.io"
REGISTRY_USER = "$oauthtoken"
PULL_KEY = ".dockerconfigjson"
PULL_TYPE = "kubernetes.io/dockerconfigjson"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass
class ServiceSecrets:
    """What the pod needs to know of the Secrets, and the children that stand for them."""

    pull_secret: "pulumi.Input[str] | None" = None
    ngc_key: SecretKey | None = None
    hf_token: SecretKey | None = None
    digest: "pulumi.Output[str] | None" = None
    """Over the values of the Secrets that were made; none by reference."""
    children: dict[str, k8s.core.v1.Secret] = field(default_factory=dict)
    """By the name of the part (made) or of the Secret (read)."""
    checked: "list[pulumi.Input[pulumi.Resource]]" = field(default_factory=list)
    """Resolve when the read Secrets hold what they must: the Deployment waits for them."""


def provide_secrets(component: str, service_name: str, nim: NIM, child: pulumi.ResourceOptions) -> ServiceSecrets:
    """Makes or reads the Secrets of a service as children, and says where its keys stand."""
    provided = ServiceSecrets()
    _make(component, service_name, nim, child, provided)
    _refer(nim, provided)
    _read(component, nim, child, provided)
    return provided


def _make(component: str, service_name: str, nim: NIM, child: pulumi.ResourceOptions, provided: ServiceSecrets) -> None:
    """By value: the pull Secret and one Opaque Secret for the keys, each named by a digest of what it holds."""
    secrets = nim.secrets
    owner = owner_of(component)
    keys: dict[str, pulumi.Output[str]] = {}
    if secrets.ngc_api_key is not None:
        api_key = _credential(secrets.ngc_api_key, owner, ("secrets", "ngc_api_key"))
        pull = api_key.apply(docker_config)
        provided.pull_secret = _make_secret("pull", PULL_TYPE, {PULL_KEY: pull}, component, service_name, nim, child, provided)
        keys["ngc"] = api_key
    if secrets.hf_token is not None:
        keys["hf"] = _credential(secrets.hf_token, owner, ("secrets", "hf_token"))
    if not keys:
        return
    names = {"ngc": secrets.key_name, "hf": secrets.token_name}
    data = lift_all(
        lambda *pairs: dict(zip(pairs[::2], pairs[1::2], strict=True)), *(each for key in keys for each in (names[key], keys[key]))
    )
    name = _make_secret("keys", "Opaque", data, component, service_name, nim, child, provided)
    if "ngc" in keys:
        provided.ngc_key = SecretKey(name, secrets.key_name or "")
    if "hf" in keys:
        provided.hf_token = SecretKey(name, secrets.token_name or "")
    provided.digest = value_digest(*keys.values())


def _make_secret(
    part: str,
    kind: str,
    data: Any,
    component: str,
    service_name: str,
    nim: NIM,
    child: pulumi.ResourceOptions,
    provided: ServiceSecrets,
) -> "pulumi.Output[str]":
    resolved = pulumi.Output.from_input(data)
    name = value_digest(resolved.apply(lambda data: json.dumps(data, sort_keys=True))).apply(
        lambda digest: f"{service_name}-{part}-{digest}"
    )
    secret = k8s.core.v1.Secret(
        f"{component}-{part}",
        metadata={"name": name, "namespace": nim.namespace, "labels": labels(service_name)},
        type=kind,
        immutable=True,
        string_data=pulumi.Output.secret(resolved),
        opts=child,
    )
    provided.children[part] = secret
    return secret.metadata.apply(lambda metadata: metadata["name"])


def _refer(nim: NIM, provided: ServiceSecrets) -> None:
    """By reference: which key of which Secret, with the spec's defaults for the groups that are not named."""
    secrets = nim.secrets
    if secrets.ngc_image_secret is not None:
        provided.pull_secret = secrets.ngc_image_secret  # pyright: ignore
        holder = secrets.ngc_secret_group if secrets.ngc_secret_group is not None else secrets.ngc_image_secret
        provided.ngc_key = SecretKey(holder, secrets.ngc_secret_key or "")  # pyright: ignore
    if secrets.hf_token_key is not None and provided.hf_token is None:
        holder = secrets.hf_token_group if secrets.hf_token_group is not None else provided.ngc_key.name if provided.ngc_key else ""
        provided.hf_token = SecretKey(holder, secrets.hf_token_key)  # pyright: ignore


def _read(component: str, nim: NIM, child: pulumi.ResourceOptions, provided: ServiceSecrets) -> None:
    """Reads each Secret whose name and namespace are plain: a missing one fails the preview, with its name.

    A name that is an Output belongs to a Secret of the same program, which is not there yet at the first preview.
    """
    namespace = nim.namespace
    if not nim.secrets.verify or not isinstance(namespace, str) or _renders_to_files():
        return
    wanted: dict[str, list[tuple[str, Any, Path]]] = {}
    fields = (
        ("ngc_image_secret", nim.secrets.ngc_image_secret, PULL_KEY),
        ("ngc_secret_key", provided.ngc_key and provided.ngc_key.name, nim.secrets.ngc_secret_key),
        ("hf_token_key", provided.hf_token and provided.hf_token.name, nim.secrets.hf_token_key),
    )
    for name, secret, key in fields:
        if isinstance(secret, str) and key is not None:
            wanted.setdefault(secret, []).append((name, key, ("secrets", name)))
    for secret_name, keys in wanted.items():
        secret = k8s.core.v1.Secret.get(
            f"{component}-secret-{secret_name}",
            f"{namespace}/{secret_name}",
            # `kubectl apply` leaves the plaintext in an annotation: without this it would stand in the state.
            pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(additional_secret_outputs=["metadata"])),
        )
        provided.children[secret_name] = secret
        checks = [key for _, key, _ in keys]
        paths = [path for _, _, path in keys]
        where = f"{namespace}/{secret_name}"
        provided.checked.append(
            pulumi.Output.all(secret.data, secret.type, *checks).apply(
                lambda read, where=where, paths=paths, secret=secret: _require_keys(component, where, paths, read, secret)
            )
        )


def _renders_to_files() -> bool:
    """Whether the stack's default provider writes files: it has no cluster to read from, and without a kubeconfig a read fails."""
    return bool(pulumi.Config("kubernetes").get("renderYamlToDirectory"))


def _require_keys(component: str, where: str, paths: list[Path], read: list[Any], secret: k8s.core.v1.Secret) -> pulumi.Resource:
    data, kind, *keys = read
    if kind is None and data is None:
        return secret  # nothing was read: rendering to files asks no cluster
    problems = find_missing(where, data or {}, kind, dict(zip(paths, keys, strict=True)))
    if problems:
        raise ArgumentError(owner_of(component), problems)
    return secret


def find_missing(where: str, data: Mapping[str, Any], kind: str | None, keys: Mapping[Path, str]) -> "list[Problem]":
    """Which of the keys the Secret `where` lacks, and whether a pull Secret is one. Names keys, never values."""
    problems: list[Problem] = []
    for path, key in keys.items():
        if key == PULL_KEY and kind not in (None, PULL_TYPE):
            problems.append(Problem(path, f"Secret {where} must be of type {PULL_TYPE}, and it is of type {kind}", _PULL_REMEDY))
        elif key not in data:
            has = ", ".join(sorted(data)) or "none"
            remedy = (
                _PULL_REMEDY if key == PULL_KEY else f"Name one of these, or add the key: kubectl -n {where.replace('/', ' edit secret ')}."
            )
            problems.append(Problem(path, f"Secret {where} must hold the key {key!r}; its keys are: {has}", remedy))
    return problems


_PULL_REMEDY = (
    f"Make it with: kubectl create secret docker-registry NAME --docker-server={REGISTRY} "
    f"--docker-username='{REGISTRY_USER}' --docker-password=<NGC API key>."
)


def docker_config(api_key: str) -> str:
    """The docker config that logs in to nvcr.io with an NGC API key."""
    login = base64.b64encode(f"{REGISTRY_USER}:{api_key}".encode()).decode()
    return json.dumps({"auths": {REGISTRY: {"username": REGISTRY_USER, "password": api_key, "auth": login}}})


def value_digest(*values: "pulumi.Input[str]") -> "pulumi.Output[str]":
    """A digest that may be seen, of values that may not: ten hex digits of a key of more than 60 random characters give nothing away."""
    digest = pulumi.Output.all(*values).apply(lambda texts: hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:DIGEST_LENGTH])
    return pulumi.Output.unsecret(digest)


def owner_of(component: str) -> str:
    """How errors name a service."""
    return f"NIMService {component!r}"


def _credential(value: "pulumi.Output[str]", owner: str, path: Path) -> "pulumi.Output[str]":
    """A key without the line end that a file or a shell leaves behind it; empty or broken over lines is an error that does not show it."""

    def check(text: Any) -> str:
        stripped = text.strip() if isinstance(text, str) else ""
        if not stripped or len(stripped.split()) != 1:
            raise ArgumentError(
                owner,
                [
                    Problem(
                        path, "must be a key in one word, and it is empty or holds white space", "Set it again: pulumi config set --secret."
                    )
                ],
            )
        return stripped

    return pulumi.Output.secret(value).apply(check)
