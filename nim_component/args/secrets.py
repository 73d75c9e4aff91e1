"""Credentials of a NIM: Secrets in the cluster, values from which Secrets are created, or none."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, WithJsonSchema

from .arguments import Arguments
from .field_types import Flag, ListOf, ObjectName, RequiresOutput, SecretKey
from .fixes import fix
from .outputs import is_output, is_resource
from .problems import Problem, problem_error
from .rule import Rule
from .validators import match_pattern

SECRET_VALUE_FIELDS = ("hf_token", "ngc_api_key")
"""Fields of `NIMSecrets` that contain a secret itself, not the name of a Secret."""

_SECRET_TYPE = "kubernetes:core/v1:Secret"


def _name_of(value: Any) -> Any:
    """Return the name of a Secret resource of the same program; return other values unchanged."""
    if not is_resource(value):
        return value
    if value.pulumi_resource_type != _SECRET_TYPE:
        action = f"Pass a Secret: this resource is a {value.pulumi_resource_type}."
        raise problem_error("must be the name of a Secret or a Secret resource", action)
    return value.metadata.apply(lambda metadata: metadata["name"])  # pyright: ignore


def _require_output(value: Any) -> Any:
    if is_output(value):
        import pulumi

        return pulumi.Output.secret(value)  # pyright: ignore[reportUnknownArgumentType]
    raise problem_error(
        "must be a Pulumi secret: anyone can read plain text in a program or a stack file",
        fix(
            'Use pulumi.Config().require_secret("ngcApiKey"), and set it: pulumi config set --secret ngcApiKey.',
            yaml="Write {config: ngcApiKey}, and set it: pulumi config set --secret ngcApiKey.",
        ),
    )


if TYPE_CHECKING:
    import pulumi

    SecretReference = ObjectName | pulumi.Resource
    SecretValue = pulumi.Output[str]
    Prefix = str
else:
    SecretReference = Annotated[ObjectName, BeforeValidator(_name_of)]
    SecretValue = Annotated[Any, BeforeValidator(_require_output), RequiresOutput(), WithJsonSchema({"not": {}})]
    Prefix = Annotated[
        str,
        match_pattern(
            r"[A-Za-z_][A-Za-z0-9_]*",
            "must be a prefix of environment variables",
            fix("Use letters, digits and '_', such as {}.", "_FSEC_"),
        ),
    ]


_SOURCE = fix(
    "Name the Secrets in the cluster, {}; or use {} for public images, or ngc_api_key with a Pulumi secret.",
    {"ngc_image_secret": "ngc-pull", "ngc_secret_group": "ngc-api", "ngc_secret_key": "NGC_API_KEY"},
    {"without_key": True},
)


_KEY_SOURCE = fix(
    "Name the Secret of the NGC key, {}; or use {} for public images, or ngc_api_key with a Pulumi secret.",
    {"ngc_secret_group": "ngc-api", "ngc_secret_key": "NGC_API_KEY"},
    {"without_key": True},
)
_NODES_PULL = fix(
    "Name the pull Secret, such as {}; or use {} if the nodes pull with their own identity, or ngc_api_key with a Pulumi secret.",
    {"ngc_image_secret": "ngc-pull"},
    {"image_pull": "node_identity"},
)


def _validate_source(api_key: Any, image: Any, key: Any, group: Any, without_key: bool, image_pull: str) -> Iterator[Problem]:
    """Require exactly one of a reference, a value and keyless.

    A mirror may require a login also without a key, so `ngc_image_secret` is allowed.
    """
    if image_pull == "node_identity" and image is not None:
        action = "Remove one of the two. Name Secrets of other registries in extra_image_secrets."
        yield Problem(("ngc_image_secret",), "must not be combined with image_pull 'node_identity'", action)
    if without_key:
        for name, value in {"ngc_secret_key": key, "ngc_secret_group": group, "ngc_api_key": api_key}.items():
            if value is not None:
                yield Problem((name,), "must not be combined with keyless() (without_key)", "Remove one of the two.")
    elif api_key is not None:
        for name, value in {"ngc_image_secret": image, "ngc_secret_group": group}.items():
            if value is not None:
                action = "Remove one of the two: from ngc_api_key the component creates the Secrets."
                yield Problem((name,), "must not be combined with ngc_api_key", action)
    elif image_pull == "node_identity":
        for name, value in {"ngc_secret_group": group, "ngc_secret_key": key}.items():
            if value is None:
                yield Problem((name,), "is required with image_pull 'node_identity'", _KEY_SOURCE)
    else:
        if image is None:
            yield Problem(("ngc_image_secret",), "is required", _SOURCE if key is None else _NODES_PULL)
        if key is None:
            yield Problem(("ngc_secret_key",), "is required", _SOURCE)


def _validate_token(token: Any, key: Any, group: Any, api_key: Any, without_key: bool) -> Iterator[Problem]:
    if token is not None and group is not None:
        action = "Remove one of the two: from hf_token the component creates the Secret."
        yield Problem(("hf_token_group",), "must not be combined with hf_token", action)
    if group is not None and key is None and token is None:
        action = fix("Set the key of the Secret that contains the token, such as {}.", {"hf_token_key": "HF_TOKEN"})
        yield Problem(("hf_token_key",), "is required with hf_token_group", action)
    if key is not None and token is None and group is None and (without_key or api_key is not None):
        message = "is required with hf_token_key if no Secret of the NGC key exists that could contain the token"
        action = fix("Name the Secret, such as {}, or use hf_token with a Pulumi secret.", {"hf_token_group": "hf-token"})
        yield Problem(("hf_token_group",), message, action)


class NIMSecrets(Arguments):
    """Credentials of a NIM, in one of three ways.

    - By reference to Secrets in the cluster: `ngc_image_secret` and `ngc_secret_key` are required.
      With `image_pull: node_identity`, `ngc_secret_group` and `ngc_secret_key`.
    - By value: `ngc_api_key` (and `hf_token`) as Pulumi secrets; the component creates the Secrets.
    - Without a key: `NIMSecrets.keyless()`.

    A value is never part of a pod spec, a command line, a log, an error or a diff.
    """

    ngc_image_secret: SecretReference | None = None
    """Name of the Secret (type `kubernetes.io/dockerconfigjson`) for nvcr.io, or the Secret
    resource. It becomes the first of the pod's `imagePullSecrets`. Required by reference, unless
    `image_pull` is `node_identity`; by value the component creates it."""

    image_pull: Literal["secret", "node_identity"] = "secret"
    """Credential with which nodes pull the image. `secret`: the pull Secret. `node_identity`: the
    identity of the node, for a mirror in a registry such as ECR, Artifact Registry or ACR, whose
    credential provider the kubelet has. The pods then have no pull Secret for NGC."""

    extra_image_secrets: ListOf[SecretReference] | None = None
    """Further pull Secrets, by name or as resources: for other registries, such as that of
    `lora_image` or of a sidecar. The kubelet tries all Secrets that match the registry."""

    ngc_secret_key: SecretKey | None = None
    """Key of the Secret that contains the NGC API key. Required by reference. Unset, by value:
    `NGC_API_KEY`."""

    ngc_secret_group: SecretReference | None = None
    """Name of the Secret with the key `ngc_secret_key`, or the Secret resource. Unset: the Secret
    `ngc_image_secret`."""

    secrets_prefix: Prefix | None = None
    """Prefix such as `_FSEC_` or `_UNION_`: each secret is also set as the variable
    `<PREFIX><GROUP>_<KEY>`, as Flyte names it, and `NGC_API_KEY` refers to it. Unset: `NGC_API_KEY`
    is read from the Secret directly."""

    hf_token_key: SecretKey | None = None
    """Key of the Secret with the Hugging Face token, for gated or private adapters and models
    (`hf://`). Only containers that download from the hub get it. Unset, by value: `HF_TOKEN`."""

    hf_token_group: SecretReference | None = None
    """Name of the Secret with the key `hf_token_key`, or the Secret resource. Unset: the Secret
    with the NGC key."""

    ngc_api_key: SecretValue | None = None
    """NGC API key, as a Pulumi secret. The component creates the pull Secret for nvcr.io and the
    Secret with the key. A rotated value rolls the pods."""

    hf_token: SecretValue | None = None
    """Hugging Face token, as a Pulumi secret. The component creates the Secret with the token."""

    verify: Flag = True
    """Verification of the referenced Secrets and their keys in a preview, so that a missing one
    fails the preview and not a pod. Requires permission to get Secrets. Names that are Outputs
    belong to the same program and are never read."""

    without_key: Flag = False
    """Absence of an NGC key; `keyless()` sets it. Public images need no key from NIM 2.0.10 on; a
    filled cache needs none at all. `ngc_image_secret` is allowed, for a mirror with a login."""

    rules = (
        Rule(
            ("ngc_api_key", "ngc_image_secret", "ngc_secret_key", "ngc_secret_group", "without_key", "image_pull"),
            _validate_source,
            waits=False,
        ),
        Rule(("hf_token", "hf_token_key", "hf_token_group", "ngc_api_key", "without_key"), _validate_token, waits=False),
    )

    constructors: ClassVar[Mapping[str, str]] = {"without_key": "keyless"}

    @classmethod
    def keyless(cls, **others: Any) -> Self:
        """Return secrets without an NGC key.

        For public images (NIM 2.0.10 and later) and filled caches.

        Args:
            others: `ngc_image_secret`, for a mirror with a login, and the Hugging Face fields.
        """
        return cls(without_key=True, **others)

    @property
    def creates_key_secret(self) -> bool:
        """True if the component creates the Secret of the NGC key."""
        return self.ngc_api_key is not None

    @property
    def creates_pull_secret(self) -> bool:
        """True if the component creates the pull Secret."""
        return self.creates_key_secret and self.image_pull == "secret"

    @property
    def creates_token_secret(self) -> bool:
        """True if the component creates the Secret of the Hugging Face token."""
        return self.hf_token is not None

    @property
    def key_name(self) -> "pulumi.Input[str] | None":
        """Key of the NGC API key in its Secret, or None without a key."""
        return None if self.without_key else self.ngc_secret_key or "NGC_API_KEY"

    @property
    def token_name(self) -> "pulumi.Input[str] | None":
        """Key of the Hugging Face token in its Secret, or None without a token."""
        return self.hf_token_key or ("HF_TOKEN" if self.hf_token is not None else None)
