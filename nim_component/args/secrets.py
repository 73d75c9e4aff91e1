"""Where the keys come from: Secrets that are there, Secrets to be made, or none."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BeforeValidator, WithJsonSchema

from .arguments import Arguments, Rule
from .field_types import Flag, ObjectName, SecretKey, match_pattern
from .outputs import is_output, is_resource
from .problems import Problem, problem_error

SECRET_VALUE_FIELDS = ("hf_token", "ngc_api_key")
"""Fields of `NIMSecrets` that hold a secret itself, not the name of a Secret."""

_SECRET_TYPE = "kubernetes:core/v1:Secret"


def _name_of(value: Any) -> Any:
    """A Secret resource of the same program stands for its name."""
    if not is_resource(value):
        return value
    if value.pulumi_resource_type != _SECRET_TYPE:
        raise problem_error("must be the name of a Secret or a Secret resource", f"This resource is a {value.pulumi_resource_type}.")
    return value.metadata.apply(lambda metadata: metadata["name"])  # pyright: ignore


def _only_output(value: Any) -> Any:
    if is_output(value):
        import pulumi

        return pulumi.Output.secret(value)  # pyright: ignore[reportUnknownArgumentType]
    raise problem_error(
        "must be a Pulumi secret, not plain text: plain text stands in the program or the stack file for everybody to read",
        "Use pulumi.Config().require_secret(...), in a stack file {config: <key>}, set by `pulumi config set --secret <key>`.",
    )


if TYPE_CHECKING:
    import pulumi

    SecretReference = pulumi.Input[str] | pulumi.Resource
    SecretValue = pulumi.Output[str]
    Prefix = str
else:
    SecretReference = Annotated[ObjectName, BeforeValidator(_name_of)]
    SecretValue = Annotated[Any, BeforeValidator(_only_output), WithJsonSchema({"not": {}})]
    Prefix = Annotated[
        str,
        match_pattern(
            r"[A-Za-z_][A-Za-z0-9_]*",
            "must be the beginning of an environment variable's name",
            "Use letters, digits and '_', such as _FSEC_.",
        ),
    ]


def _validate_source(api_key: Any, image: Any, key: Any, group: Any, without_key: bool) -> Iterator[Problem]:
    """By reference, by value or keyless: exactly one. A mirror may want a login also where no key is needed."""
    if without_key:
        for name, value in {"ngc_secret_key": key, "ngc_secret_group": group, "ngc_api_key": api_key}.items():
            if value is not None:
                yield Problem((name,), "must not be given together with keyless()", "Leave it out, or leave keyless() out.")
    elif api_key is not None:
        for name, value in {"ngc_image_secret": image, "ngc_secret_group": group}.items():
            if value is not None:
                yield Problem(
                    (name,),
                    "must not be given together with ngc_api_key",
                    "Give a reference or a value: with the value the Secrets are made for you.",
                )
    else:
        remedy = "Name the Secret in the cluster, or give ngc_api_key as a Pulumi secret, or use NIMSecrets.keyless() for public images."
        for name, value in {"ngc_image_secret": image, "ngc_secret_key": key}.items():
            if value is None:
                yield Problem((name,), "is required", remedy)


def _validate_token(token: Any, key: Any, group: Any, api_key: Any, without_key: bool) -> Iterator[Problem]:
    if token is not None and group is not None:
        yield Problem(
            ("hf_token_group",),
            "must not be given together with hf_token",
            "Give a reference or a value: with the value the Secret is made for you.",
        )
    if group is not None and key is None and token is None:
        yield Problem(("hf_token_key",), "is required with hf_token_group", "Name the key, within that Secret, that holds the token.")
    if key is not None and token is None and group is None and (without_key or api_key is not None):
        yield Problem(
            ("hf_token_group",),
            "is required with hf_token_key when there is no Secret of the NGC key to look in",
            "Name the Secret, or give hf_token.",
        )


class NIMSecrets(Arguments):
    """The keys of a NIM: by reference to Secrets in the cluster (the default), by value, or none (`NIMSecrets.keyless()`).

    By reference, `ngc_image_secret` and `ngc_secret_key` are required. By value, give `ngc_api_key` (and `hf_token`) as Pulumi secrets,
    and the component makes the Secrets. A value never stands in a pod spec, an argv, a log, an error or a diff.
    """

    ngc_image_secret: SecretReference | None = None
    """Name of the Secret (type `kubernetes.io/dockerconfigjson`) for nvcr.io, or the Secret resource itself. It becomes the pod's
    `imagePullSecrets`. Required by reference; by value the component makes it."""

    ngc_secret_key: SecretKey | None = None
    """Key, within a Secret, that holds the NGC API key. Required by reference; by value it defaults to `NGC_API_KEY`."""

    ngc_secret_group: SecretReference | None = None
    """Name of the Secret that holds `ngc_secret_key`, or the Secret resource itself. Default: the Secret `ngc_image_secret`."""

    secrets_prefix: Prefix | None = None
    """When given (`_FSEC_`, `_UNION_`), each secret is also mounted as the variable `<PREFIX><GROUP>_<KEY>`, as Flyte names it, and
    `NGC_API_KEY` refers to it. Default: none, `NGC_API_KEY` is read from the Secret directly."""

    hf_token_key: SecretKey | None = None
    """Key, within a Secret, that holds the Hugging Face token, for gated or private adapters. By value it defaults to `HF_TOKEN`."""

    hf_token_group: SecretReference | None = None
    """Name of the Secret that holds `hf_token_key`, or the Secret resource itself. Default: the Secret that holds the NGC key."""

    ngc_api_key: SecretValue | None = None
    """The NGC API key itself, as a Pulumi secret. The component then makes the pull Secret for nvcr.io and the Secret for the key; a
    rotated value rolls the pods. Default: none, by reference."""

    hf_token: SecretValue | None = None
    """The Hugging Face token itself, as a Pulumi secret. Default: none, by reference."""

    verify: Flag = True
    """Whether preview reads the referred Secrets and checks their keys, so that a missing one fails there and not in a pod. Needs the
    right to get Secrets. Names that are Outputs belong to the same program and are never read."""

    without_key: Flag = False
    """Set by `keyless()`: no NGC key. Public images need none from NIM 2.0.10 on, and a filled cache needs none at all. `ngc_image_secret`
    may be given all the same, for a mirror that asks for a login."""

    rules = (
        Rule(("ngc_api_key", "ngc_image_secret", "ngc_secret_key", "ngc_secret_group", "without_key"), _validate_source, waits=False),
        Rule(("hf_token", "hf_token_key", "hf_token_group", "ngc_api_key", "without_key"), _validate_token, waits=False),
    )

    @classmethod
    def keyless(cls, **others: Any) -> Self:
        """No NGC key, for public images (NIM 2.0.10 and later) and for filled caches. `ngc_image_secret`, for a mirror that asks for a
        login, and the Hugging Face fields may be given."""
        return cls(without_key=True, **others)

    @property
    def makes_key(self) -> bool:
        """Whether the component makes the Secret of the NGC key."""
        return self.ngc_api_key is not None

    @property
    def makes_token(self) -> bool:
        """Whether the component makes the Secret of the Hugging Face token."""
        return self.hf_token is not None

    @property
    def key_name(self) -> "pulumi.Input[str] | None":
        """Key of the NGC API key within its Secret; none without a key."""
        return None if self.without_key else self.ngc_secret_key or "NGC_API_KEY"

    @property
    def token_name(self) -> "pulumi.Input[str] | None":
        """Key of the Hugging Face token within its Secret; none when there is no token."""
        return self.hf_token_key or ("HF_TOKEN" if self.hf_token is not None else None)
