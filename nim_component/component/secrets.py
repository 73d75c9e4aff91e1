"""The Secrets of a service: read and checked, or made from values. A value is only ever handed to a Secret."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.error import ArgumentError, owner_of
from ..args.problems import Problem
from ..manifests.overrides import override
from ..manifests.references import SecretKey
from ..names import digest, labels
from ..text.field_paths import Path

REGISTRY = "nvcr.io"
REGISTRY_USER = "$oauthtoken"
PULL_KEY = ".dockerconfigjson"
PULL_TYPE = "kubernetes.io/dockerconfigjson"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True)
class ServiceSecrets:
    """What the pod needs to know of the Secrets, and the children that stand for them."""

    pull_secret: "pulumi.Input[str] | None" = None
    ngc_key: SecretKey | None = None
    hf_token: SecretKey | None = None
    digest: "pulumi.Output[str] | None" = None
    """Over the values of the Secrets that were made; none by reference."""
    children: Mapping[str, k8s.core.v1.Secret] = field(default_factory=dict[str, k8s.core.v1.Secret])
    """By logical name."""
    checked: "Sequence[pulumi.Input[pulumi.Resource]]" = ()
    """Resolve when the read Secrets hold what they must: the Deployment waits for them."""


def provide_secrets(parent: pulumi.Resource, component: str, service_name: str, nim: NIM) -> ServiceSecrets:
    """Makes or reads the Secrets of a service as children of `parent`, and says where its keys stand."""
    made = make_secrets(parent, component, service_name, nim)
    referred = refer(nim, made)
    read, checked = read_secrets(parent, component, nim, referred)
    return replace(referred, children={**made.children, **read}, checked=checked)


def make_secrets(parent: pulumi.Resource, component: str, service_name: str, nim: NIM) -> ServiceSecrets:
    """By value: the pull Secret and one Opaque Secret for the keys, each named by a digest of what it holds."""
    secrets = nim.secrets
    children: dict[str, k8s.core.v1.Secret] = {}

    def make(part: str, kind: str, data: "pulumi.Output[dict[str, str]]") -> "pulumi.Output[str]":
        name = value_digest(data).apply(lambda digest: f"{service_name}-{part}-{digest}")
        rendered: dict[str, Any] = {
            "metadata": {"name": name, "namespace": nim.namespace, "labels": labels(service_name)},
            "type": kind,
            "immutable": True,
            "string_data": data,
        }
        children[f"{component}-{part}"] = secret = k8s.core.v1.Secret(
            f"{component}-{part}",
            **override(nim, part, rendered),
            # Not protected with the component: a rotation replaces it.
            opts=pulumi.ResourceOptions(parent=parent, protect=False),
        )
        return secret.metadata.apply(lambda metadata: metadata["name"])

    pull_secret = None
    keys: list[tuple[Any, pulumi.Output[str]]] = []
    if secrets.ngc_api_key is not None:
        api_key = _credential(secrets.ngc_api_key, owner_of(component), ("secrets", "ngc_api_key"))
        pull_secret = make("pull", PULL_TYPE, api_key.apply(lambda key: {PULL_KEY: docker_config(key)}))
        keys.append((secrets.key_name, api_key))
    if secrets.hf_token is not None:
        keys.append((secrets.token_name, _credential(secrets.hf_token, owner_of(component), ("secrets", "hf_token"))))
    if not keys:
        return ServiceSecrets()
    data = pulumi.Output.all(*(pulumi.Output.all(*pair) for pair in keys)).apply(dict)
    name = make("keys", "Opaque", data)
    return ServiceSecrets(
        pull_secret=pull_secret,
        ngc_key=SecretKey(name, secrets.key_name or "") if secrets.makes_key else None,
        hf_token=SecretKey(name, secrets.token_name or "") if secrets.makes_token else None,
        digest=value_digest(data),
        children=children,
    )


def refer(nim: NIM, made: ServiceSecrets) -> ServiceSecrets:
    """By reference: which key of which Secret, for what was not made. A group that is not named is the Secret of the key before it."""
    secrets, found = nim.secrets, made
    if secrets.ngc_image_secret is not None:
        image: Any = secrets.ngc_image_secret
        holder: Any = secrets.ngc_secret_group if secrets.ngc_secret_group is not None else image
        key = None if secrets.without_key else SecretKey(holder, secrets.ngc_secret_key or "")
        found = replace(found, pull_secret=image, ngc_key=key)
    if secrets.hf_token_key is not None and found.hf_token is None:
        group: Any = secrets.hf_token_group
        if group is None and found.ngc_key is not None:
            group = found.ngc_key.name
        found = replace(found, hf_token=SecretKey("" if group is None else group, secrets.hf_token_key))
    return found


def read_secrets(
    parent: pulumi.Resource, component: str, nim: NIM, referred: ServiceSecrets
) -> "tuple[dict[str, k8s.core.v1.Secret], list[pulumi.Input[pulumi.Resource]]]":
    """Reads each Secret whose name and namespace are plain: a missing one fails the preview, with its name.

    A name that is an Output belongs to a Secret of the same program, which is not there yet at the first preview.
    """
    namespace = nim.namespace
    if not nim.secrets.verify or not isinstance(namespace, str) or renders_to_files(parent):
        return {}, []
    wanted: dict[str, dict[Path, Any]] = {}
    for name, secret, key in (
        ("ngc_image_secret", nim.secrets.ngc_image_secret, PULL_KEY),
        ("ngc_secret_key", referred.ngc_key and referred.ngc_key.name, nim.secrets.ngc_secret_key),
        ("hf_token_key", referred.hf_token and referred.hf_token.name, nim.secrets.hf_token_key),
    ):
        if isinstance(secret, str) and key is not None:
            wanted.setdefault(secret, {})[("secrets", name)] = key
    children: dict[str, k8s.core.v1.Secret] = {}
    checked: list[pulumi.Input[pulumi.Resource]] = []
    for secret_name, keys in wanted.items():
        logical, where = f"{component}-secret-{secret_name}", f"{namespace}/{secret_name}"
        # `kubectl apply` leaves the plaintext in an annotation: without `metadata` here it would stand in the state.
        masked = pulumi.ResourceOptions(parent=parent, additional_secret_outputs=["metadata"])
        children[logical] = secret = k8s.core.v1.Secret.get(logical, where, masked)
        checked.append(_require_keys(owner_of(component), where, secret, keys))
    return children, checked


def renders_to_files(parent: pulumi.Resource) -> bool:
    """Whether the stack's default provider writes files: it has no cluster to read from, and without a kubeconfig a read fails.

    What an explicit provider does cannot be seen from here: with one that renders, `verify=False` leaves the reads out.
    """
    explicit = parent.get_provider("kubernetes:core/v1:Secret") is not None
    return not explicit and bool(pulumi.Config("kubernetes").get("renderYamlToDirectory"))


def _require_keys(owner: str, where: str, secret: k8s.core.v1.Secret, keys: "Mapping[Path, Any]") -> "pulumi.Output[pulumi.Resource]":
    def check(read: list[Any]) -> pulumi.Resource:
        data, kind, *names = read
        if kind is None and data is None:
            return secret  # nothing was read: rendering to files asks no cluster
        if problems := find_missing(where, data or {}, kind, dict(zip(keys, names, strict=True))):
            raise ArgumentError(owner, problems)
        return secret

    return pulumi.Output.all(secret.data, secret.type, *keys.values()).apply(check)


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


def value_digest(data: "pulumi.Output[dict[str, str]]") -> "pulumi.Output[str]":
    """A digest that may be seen, of values that may not: a few digits of the hash of a long random key give nothing away."""
    return pulumi.Output.unsecret(data.apply(digest))


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
