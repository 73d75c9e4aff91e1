"""Types of scalar fields: a value is validated at once, an Output when it resolves.

`OrOutput` is the last item of an `Annotated`, so that it wraps every constraint before it. A model
stores an Output as it is. The component binds it to its service with
`output_validation.bind_outputs`, where the resolved value is validated. A type checker sees
`pulumi.Input[...]`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, Strict, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from .fixes import fix
from .outputs import is_output
from .validators import (
    match_pattern,
    quantity_validator,
    refuse_credential,
    refuse_key,
    refuse_user,
    validate_image,
    validate_integer,
)


class OrOutput:
    """Marker that accepts an Output; every other value is validated by the rule that it wraps."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_pass_output, handler(source))


class RequiresOutput:
    """Marker of a type whose own validator accepts only an Output."""


def _pass_output(value: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> Any:
    return value if is_output(value) else validate(value)


_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_QUALIFIED = rf"({_SUBDOMAIN}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
_object_name = match_pattern(
    _SUBDOMAIN,
    "must be a Kubernetes object name",
    fix("Use at most 253 lower-case letters, digits, '-' and '.', such as {}.", "my-name"),
    253,
)
_label_value = match_pattern(
    r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?",
    "must be a label value",
    "Use at most 63 letters, digits, '-', '_' and '.'; start and end with a letter or digit.",
)
_NAME = Annotated[str, Strict(), Field(min_length=1)]
_TEXT = Annotated[_NAME, AfterValidator(refuse_key)]

if TYPE_CHECKING:  # Types for a type checker; the rules apply at run time.
    import pulumi

    ListOf = Sequence
    MappingOf = Mapping
    Text = pulumi.Input[str]
    AnyText = pulumi.Input[str]
    Image = pulumi.Input[str]
    ObjectName = pulumi.Input[str] | pulumi.Output[str | None]  # as in the metadata of a resource
    SecretKey = pulumi.Input[str]
    Namespace = ObjectName
    LabelValue = pulumi.Input[str]
    AnnotationValue = pulumi.Input[str]
    StorageClass = ObjectName
    ResourceName = pulumi.Input[str]
    ExtendedResource = str
    ExtendedCount = pulumi.Input[int]
    AbsolutePath = pulumi.Input[str]
    RelativePath = pulumi.Input[str]
    UrlPath = pulumi.Input[str]
    Url = pulumi.Input[str]
    Memory = pulumi.Input[str]
    Storage = pulumi.Input[str]
    Port = pulumi.Input[int]
    Count = pulumi.Input[int]
    Limit = pulumi.Input[int]
    UserId = pulumi.Input[int]
    Seconds = pulumi.Input[int]
    Cores = pulumi.Input[str] | pulumi.Input[int] | pulumi.Input[float]
    AccessMode = pulumi.Input[Literal["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"]]
    LabelKey = str
    EnvName = str
    Integer = int
    Flag = bool
else:
    # Values are stored as lists and dicts. A type checker sees sequences and mappings, because a
    # variable of the type `dict[str, str]` is not a `dict[str, Input[str]]`.
    ListOf, MappingOf = list, dict
    # Strict: versions of YAML disagree about "yes", "on" and 1.
    Flag = Annotated[bool, Strict()]
    Text = Annotated[_TEXT, OrOutput()]
    AnyText = Annotated[str, Strict(), AfterValidator(refuse_key), OrOutput()]
    Image = Annotated[_TEXT, AfterValidator(validate_image), OrOutput()]
    ObjectName = Annotated[_NAME, AfterValidator(refuse_credential), _object_name, OrOutput()]
    SecretKey = Annotated[
        _NAME,
        AfterValidator(refuse_credential),
        match_pattern(
            r"[-._a-zA-Z0-9]+",
            "must be a key of a Secret",
            fix("Use at most 253 letters, digits, '-', '_' and '.', such as {}.", "NGC_API_KEY"),
            253,
        ),
        OrOutput(),
    ]
    Namespace = Annotated[
        _TEXT,
        match_pattern(
            r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", "must be the name of a namespace", "Use at most 63 lower-case letters, digits and '-'.", 63
        ),
        OrOutput(),
    ]
    LabelValue = Annotated[str, Strict(), AfterValidator(refuse_key), _label_value, OrOutput()]
    AnnotationValue = Annotated[str, Strict(), AfterValidator(refuse_key), OrOutput()]
    LabelKey = Annotated[
        _TEXT,
        match_pattern(
            _QUALIFIED, "must be a label or annotation key", fix("Write name or domain/name, such as {}.", "nvidia.com/gpu.product"), 317
        ),
    ]
    EnvName = Annotated[
        _TEXT,
        match_pattern(
            r"[-._a-zA-Z][-._a-zA-Z0-9]*",
            "must be the name of an environment variable",
            "Use letters, digits, '_', '-' and '.'; do not start with a digit.",
        ),
    ]
    # The empty text is a class too: it disables dynamic provisioning.
    StorageClass = Annotated[
        str,
        Strict(),
        match_pattern(
            rf"({_SUBDOMAIN})?",
            "must be the name of a StorageClass",
            "Use a name that `kubectl get storageclass` prints: lower-case letters, digits, '-' and '.'.",
        ),
        OrOutput(),
    ]
    ExtendedResource = Annotated[
        _TEXT,
        match_pattern(
            rf"{_SUBDOMAIN}/[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?",
            "must be the name of an extended resource",
            fix("Write domain/name, such as {} or {}.", "nvidia.com/gpu", "nvidia.com/mig-3g.40gb"),
        ),
    ]
    ResourceName = Annotated[ExtendedResource, OrOutput()]
    ExtendedCount = Annotated[int, Field(ge=1, le=2**53), BeforeValidator(validate_integer), OrOutput()]
    UrlPath = Annotated[
        _TEXT,
        match_pattern(r"/?[A-Za-z0-9._~/-]+", "must be a URL path", fix("Write it without a host, such as {}.", "v1/health/ready")),
        OrOutput(),
    ]
    Url = Annotated[
        _NAME,
        AfterValidator(refuse_user),
        AfterValidator(refuse_key),
        match_pattern(
            r"https?://[A-Za-z0-9.\-_~%:!$&'*+,;=\[\]]+(/[\x21-\x7e]*)?",
            "must be an http or https URL",
            fix("Write the whole URL, such as {}.", "https://mirror.example.com/simple"),
            2000,
        ),
        OrOutput(),
    ]
    AbsolutePath = Annotated[_TEXT, match_pattern(r"/[^\0]*", "must be an absolute path", "Start it with '/'."), OrOutput()]
    RelativePath = Annotated[
        _TEXT,
        AfterValidator(refuse_key),
        match_pattern(
            r"(?!\.\.?(/|$))[A-Za-z0-9._-]+(/(?!\.\.?(/|$))[A-Za-z0-9._-]+)*",
            "must be a path below the volume's root",
            fix("Write it without '..' and without '/' at its ends, such as {}.", "models/llama3-8b"),
        ),
        OrOutput(),
    ]
    Memory = Annotated[Any, WithJsonSchema({"type": "string"}), BeforeValidator(quantity_validator("1Mi", "20Gi")), OrOutput()]
    Storage = Annotated[Any, WithJsonSchema({"type": "string"}), BeforeValidator(quantity_validator("1Mi", "50Gi")), OrOutput()]
    Cores = Annotated[
        Any, WithJsonSchema({"type": ["string", "number"]}), BeforeValidator(quantity_validator("1m", "500m", "1024")), OrOutput()
    ]
    Integer = Annotated[int, BeforeValidator(validate_integer)]
    # A process without capabilities cannot listen on a port below 1024.
    Port = Annotated[int, Field(ge=1024, le=65535), BeforeValidator(validate_integer), OrOutput()]
    Count = Annotated[int, Field(ge=0, le=1024), BeforeValidator(validate_integer), OrOutput()]
    Limit = Annotated[int, Field(ge=1, le=1024), BeforeValidator(validate_integer), OrOutput()]
    Seconds = Annotated[int, Field(ge=0, le=86400), BeforeValidator(validate_integer), OrOutput()]
    UserId = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(validate_integer), OrOutput()]
    AccessMode = Annotated[Literal["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"], OrOutput()]
