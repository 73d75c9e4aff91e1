"""The Secrets of a service: existing Secrets are read and checked, others are created from values.

A secret value is passed only to a Secret, and never to another object, a log or an error.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.error import ArgumentError, describe_owner
from ..args.problems import Problem
from ..kubernetes.generated_names import hash_content
from ..kubernetes.kubectl import NGC_REGISTRY, create_pull_secret, edit_secret
from ..manifests.references import SecretKey
from ..names import PULL_SECRET_TYPE, make_labels
from ..text.field_paths import Path
from .context import ComponentContext
from .generated_children import create_generated_child

REGISTRY_USER = "$oauthtoken"
PULL_KEY = ".dockerconfigjson"


@dataclass(frozen=True)
class ServiceSecrets:
    """Names and keys of the Secrets that the pods use, and the children for them."""

    pull_secrets: "Sequence[pulumi.Input[str]]" = ()
    ngc_key: SecretKey | None = None
    hf_token: SecretKey | None = None
    digest: "pulumi.Output[str] | None" = None
    """Digest of the values of created Secrets; None if all Secrets exist already."""
    children: "Mapping[str, pulumi.Input[k8s.core.v1.Secret]]" = field(default_factory=dict[str, "pulumi.Input[k8s.core.v1.Secret]"])
    """By logical name, without the content hash of a created Secret."""
    created: "Sequence[pulumi.Input[pulumi.Resource]]" = ()
    """Secrets that the component creates."""
    checked: "Sequence[pulumi.Input[pulumi.Resource]]" = ()
    """Resources that resolve after the keys of existing Secrets are checked.

    The workload waits for them.
    """


def provide_secrets(context: ComponentContext) -> ServiceSecrets:
    """Create or read the Secrets of a service, and return the Secret keys that its pods use."""
    created = create_secrets(context)
    referenced = add_references(context.nim, created)
    read, checked = read_secrets(context, referenced)
    return replace(referenced, children={**created.children, **read}, checked=checked)


def create_secrets(context: ComponentContext) -> ServiceSecrets:
    """Create Secrets from values: the pull Secret, and one Opaque Secret for the keys.

    The name of each contains a hash of its data.
    """
    secrets, owner = context.nim.secrets, describe_owner(context.name)
    children: dict[str, pulumi.Input[k8s.core.v1.Secret]] = {}

    def create(suffix: str, type_: str, data: "pulumi.Output[dict[str, str]]") -> "pulumi.Input[str]":
        rendered: dict[str, Any] = {
            "metadata": {
                "name": hash_values(data).apply(lambda digest: f"{context.service_name}-{suffix}-{digest}"),
                "namespace": context.nim.namespace,
                "labels": make_labels(context.service_name),
            },
            "type": type_,
            "immutable": True,
            "string_data": data,
        }
        secret = create_generated_child(context, k8s.core.v1.Secret, suffix, rendered)
        children[context.child_name(suffix)] = secret.resource
        return secret.object_name

    pull_secrets: list[pulumi.Input[str]] = []
    keys: list[tuple[Any, pulumi.Output[str]]] = []
    if secrets.ngc_api_key is not None:
        api_key = _read_credential(secrets.ngc_api_key, owner, ("secrets", "ngc_api_key"))
        if secrets.creates_pull_secret:
            pull_secrets.append(create("pull", PULL_SECRET_TYPE, api_key.apply(lambda key: {PULL_KEY: make_docker_config(key)})))
        keys.append((secrets.key_name, api_key))
    if secrets.hf_token is not None:
        keys.append((secrets.token_name, _read_credential(secrets.hf_token, owner, ("secrets", "hf_token"))))
    if not keys:
        return ServiceSecrets()
    data = pulumi.Output.all(*(pulumi.Output.all(*pair) for pair in keys)).apply(dict)
    name = create("keys", "Opaque", data)
    return ServiceSecrets(
        pull_secrets=pull_secrets,
        ngc_key=SecretKey(name, secrets.key_name or "") if secrets.creates_key_secret else None,
        hf_token=SecretKey(name, secrets.token_name or "") if secrets.creates_token_secret else None,
        digest=hash_values(data),
        children=children,
        created=list(children.values()),
    )


def add_references(nim: NIM, created: ServiceSecrets) -> ServiceSecrets:
    """Return `created` with the keys of existing Secrets added.

    Without `ngc_secret_group`, the NGC key is in the pull Secret; without `hf_token_group`, the
    token is in the Secret of the NGC key.
    """
    secrets, found = nim.secrets, created
    image: list[Any] = [] if secrets.ngc_image_secret is None else [secrets.ngc_image_secret]
    found = replace(found, pull_secrets=[*found.pull_secrets, *image, *(secrets.extra_image_secrets or ())])
    if not secrets.creates_key_secret and not secrets.without_key:
        named: Any = secrets.ngc_secret_group
        (holder,) = image if named is None else [named]
        found = replace(found, ngc_key=SecretKey(holder, secrets.ngc_secret_key or ""))
    if secrets.hf_token_key is not None and found.hf_token is None:
        group: Any = secrets.hf_token_group
        if group is None and found.ngc_key is not None:
            group = found.ngc_key.name
        found = replace(found, hf_token=SecretKey("" if group is None else group, secrets.hf_token_key))
    return found


def read_secrets(
    context: ComponentContext, referenced: ServiceSecrets
) -> "tuple[dict[str, pulumi.Input[k8s.core.v1.Secret]], list[pulumi.Input[pulumi.Resource]]]":
    """Read each Secret whose name and namespace are plain. A missing Secret fails the preview.

    A name that is an Output belongs to a Secret of the same program. That Secret does not exist at
    the first preview, so it is not read.
    """
    nim, namespace = context.nim, context.nim.namespace
    if not nim.secrets.verify or not isinstance(namespace, str) or renders_to_files(context.parent):
        return {}, []
    required: dict[str, dict[Path, Any]] = {}
    paths: list[tuple[Path, Any, Any]] = [
        (("ngc_image_secret",), nim.secrets.ngc_image_secret, PULL_KEY),
        *((("extra_image_secrets", index), each, PULL_KEY) for index, each in enumerate(nim.secrets.extra_image_secrets or ())),
        (("ngc_secret_key",), referenced.ngc_key and referenced.ngc_key.name, nim.secrets.ngc_secret_key),
        (("hf_token_key",), referenced.hf_token and referenced.hf_token.name, nim.secrets.hf_token_key),
    ]
    for path, secret, key in paths:
        if isinstance(secret, str) and key is not None:
            required.setdefault(secret, {})[("secrets", *path)] = key
    children: dict[str, pulumi.Input[k8s.core.v1.Secret]] = {}
    checked: list[pulumi.Input[pulumi.Resource]] = []
    for secret_name, keys in required.items():
        name, id_ = context.child_name(f"secret-{secret_name}"), f"{namespace}/{secret_name}"
        # `kubectl apply` copies the plaintext to an annotation. Without this option, the state of
        # the stack would contain it.
        masked = context.options(additional_secret_outputs=["metadata"])
        children[name] = secret = k8s.core.v1.Secret.get(name, id_, masked)
        checked.append(_require_keys(describe_owner(context.name), id_, secret, keys))
    return children, checked


def renders_to_files(parent: pulumi.Resource) -> bool:
    """Return whether the stack's default provider renders to files, so that no Secret can be read.

    The configuration of an explicit provider is not readable here. With an explicit provider that
    renders to files, set `verify=False`.
    """
    has_explicit_provider = parent.get_provider("kubernetes:core/v1:Secret") is not None
    return not has_explicit_provider and bool(pulumi.Config("kubernetes").get("renderYamlToDirectory"))


def _require_keys(owner: str, id_: str, secret: k8s.core.v1.Secret, keys: "Mapping[Path, Any]") -> "pulumi.Output[pulumi.Resource]":
    def check(read: list[Any]) -> pulumi.Resource:
        data, type_, *names = read
        if type_ is None and data is None:
            return secret  # Nothing was read: the local engine has no cluster.
        if problems := find_missing_keys(id_, data or {}, type_, dict(zip(keys, names, strict=True))):
            raise ArgumentError(owner, problems)
        return secret

    return pulumi.Output.all(secret.data, secret.type, *keys.values()).apply(check)


def find_missing_keys(id_: str, data: Mapping[str, Any], type_: str | None, keys: Mapping[Path, str]) -> "list[Problem]":
    """Find required keys that a Secret does not have, and a pull Secret of another type.

    Args:
        id_: `<namespace>/<name>` of the Secret.
        data: Its data. The problems contain its keys and never its values.
        type_: Its type, if known.
        keys: Required keys, by the fields that require them.
    """
    namespace, _, name = id_.partition("/")
    problems: list[Problem] = []
    another = f"Create another Secret: {create_pull_secret(namespace, '<name>', NGC_REGISTRY)}."
    for path, key in keys.items():
        if key == PULL_KEY and type_ not in (None, PULL_SECRET_TYPE):
            problems.append(Problem(path, f"Secret {id_} is of type {type_}, not {PULL_SECRET_TYPE}", another))
        elif key not in data:
            existing = ", ".join(sorted(data)) or "none"
            add = f"Use one of its keys, or add the key: {edit_secret(namespace, name)}."
            fix = another if key == PULL_KEY else add
            problems.append(Problem(path, f"Secret {id_} has no key {key!r}; its keys are: {existing}", fix))
    return problems


def make_docker_config(api_key: str) -> str:
    """Return the docker config with the login for nvcr.io."""
    login = base64.b64encode(f"{REGISTRY_USER}:{api_key}".encode()).decode()
    return json.dumps({"auths": {NGC_REGISTRY: {"username": REGISTRY_USER, "password": api_key, "auth": login}}})


def hash_values(data: "pulumi.Output[dict[str, str]]") -> "pulumi.Output[str]":
    """Return a digest of secret values that is not secret itself.

    Eight digits of the hash of a long random key do not reveal the key.
    """
    return pulumi.Output.unsecret(data.apply(hash_content))


def _read_credential(value: "pulumi.Output[str]", owner: str, path: Path) -> "pulumi.Output[str]":
    """Return a key without surrounding white space, such as the newline at the end of a file.

    An empty key, and a key with white space inside, is an error. The error does not contain the
    key.
    """

    def check(text: Any) -> str:
        stripped = text.strip() if isinstance(text, str) else ""
        if not stripped or len(stripped.split()) != 1:
            problem = "must be a key without white space, and it is empty or contains white space"
            raise ArgumentError(owner, [Problem(path, problem, "Set it again: pulumi config set --secret.")])
        return stripped

    return pulumi.Output.secret(value).apply(check)
