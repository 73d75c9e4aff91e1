"""Scalars that a caller gives plainly or as an Output: one rule, checked at once when plain and on resolution when not.

`OrOutput` stands last in an `Annotated`, so that it wraps every constraint before it. A model keeps an Output as it is; the component
binds it to its service with `late.bind`, which is where the rule meets the resolved value. A type checker sees `pulumi.Input[...]`.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, Strict, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from ..kubernetes.quantities import parse_quantity
from ..text.redaction import contains_key, looks_like_credential
from .outputs import is_output
from .problems import problem_error, redacted_problem_error


class OrOutput:
    """Lets an Output through; everything else meets the rule that the marker wraps."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_pass_output, handler(source))


def _pass_output(value: Any, check: core_schema.ValidatorFunctionWrapHandler) -> Any:
    return value if is_output(value) else check(value)


def match_pattern(pattern: str, rule: str, remedy: str, longest: int | None = None) -> AfterValidator:
    """A text that matches a pattern as a whole, said in words and not as a regular expression."""
    form = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not form.fullmatch(value) or (longest is not None and len(value) > longest):
            raise problem_error(rule, remedy)
        return value

    return AfterValidator(check)


def _refuse_credential(value: str) -> str:
    if looks_like_credential(value):
        raise problem_error(
            "must be a name, and this looks like a key itself", "Store the key in a Secret and name the Secret and its key here."
        )
    return value


def refuse_key(value: str) -> str:
    """A key in the clear in what reaches the pod would stand in the manifest, the state and every diff."""
    if contains_key(value):
        remedy = (
            "Put it into a Kubernetes Secret: `secrets` names that of NGC and the hub, `valueFrom` in `env` any other. "
            "Where it was committed or shown, revoke it."
        )
        raise problem_error("must not hold a key in the clear", remedy)
    return value


def _refuse_user(value: str) -> str:
    if "@" in value:
        raise redacted_problem_error(
            "must not hold a user or password: it would stand in the pod spec",
            "Put the whole address into a Kubernetes Secret and refer to that.",
        )
    return value


def _whole_number(value: Any) -> Any:
    # A component host and JSON hand ints over as floats: 2.0 is 2. A bool is no number, whatever Python says.
    if isinstance(value, bool | str):
        raise problem_error("must be a whole number", "Write it without quotes and without a fraction.")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _quantity(at_least: str, example: str, at_most: str = "1Ei") -> Callable[[Any], str]:
    smallest, largest = parse_quantity(at_least), parse_quantity(at_most)

    def check(value: Any) -> str:
        text: str = repr(value).removesuffix(".0") if isinstance(value, int | float) else value
        try:
            number = parse_quantity(text)
        except (ValueError, TypeError):
            raise problem_error("must be a Kubernetes quantity", f"Write a number and a unit without a space, such as {example}.") from None
        if number < smallest:
            raise problem_error(
                f"must be at least {at_least}", f"Give the unit too, such as {example}: a number alone counts bytes or whole cores."
            )
        if number > largest:
            raise problem_error(f"must be at most {at_most}", f"Check the unit: {example}, for example.")
        return text

    return check


# The grammar of github.com/distribution/reference: a host (with its port), lower-case path components, a tag, a digest.
_HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]+)?"
_COMPONENT = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(rf"({_HOST}/)?{_COMPONENT}(/{_COMPONENT})*(:[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}})?(@sha256:[a-f0-9]{{64}})?", re.ASCII)


def _image(value: str) -> str:
    # The longest first: the pattern's repetitions could take long over a text that is none.
    if len(value) > 500 or not _IMAGE.fullmatch(value):
        raise problem_error(
            "must be a container image reference",
            "Write registry/repository:tag or registry/repository@sha256:digest, such as nvcr.io/nim/meta/llama3-8b-instruct:1.0.0.",
        )
    return value


_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_QUALIFIED = rf"({_SUBDOMAIN}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
_object_name = match_pattern(
    _SUBDOMAIN, "must be a Kubernetes object name", "Use lower-case letters, digits, '-' and '.', at most 253, such as my-secret.", 253
)
_label_value = match_pattern(
    r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?",
    "must be a label value",
    "Use letters, digits, '-', '_' and '.', at most 63, starting and ending with a letter or digit.",
)
_NAME = Annotated[str, Strict(), Field(min_length=1)]
_TEXT = Annotated[_NAME, AfterValidator(refuse_key)]

if TYPE_CHECKING:  # what a type checker sees; the rules hold at run time
    import pulumi

    Text = pulumi.Input[str]
    Words = pulumi.Input[str]
    Image = pulumi.Input[str]
    ObjectName = pulumi.Input[str]
    SecretKey = pulumi.Input[str]
    Namespace = pulumi.Input[str]
    LabelValue = pulumi.Input[str]
    AnnotationValue = pulumi.Input[str]
    StorageClass = pulumi.Input[str]
    ResourceName = pulumi.Input[str]
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
    WholeNumber = int
    Flag = bool
else:
    # Not "yes", "on" or 1, which YAML's versions read differently.
    Flag = Annotated[bool, Strict()]
    Text = Annotated[_TEXT, OrOutput()]
    Words = Annotated[str, Strict(), AfterValidator(refuse_key), OrOutput()]
    Image = Annotated[_TEXT, AfterValidator(_image), OrOutput()]
    ObjectName = Annotated[_NAME, AfterValidator(_refuse_credential), _object_name, OrOutput()]
    SecretKey = Annotated[
        _NAME,
        AfterValidator(_refuse_credential),
        match_pattern(
            r"[-._a-zA-Z0-9]+", "must be a key of a Secret", "Use letters, digits, '-', '_' and '.', at most 253, such as NGC_API_KEY.", 253
        ),
        OrOutput(),
    ]
    Namespace = Annotated[
        _TEXT,
        match_pattern(
            r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", "must be a namespace's name", "Use lower-case letters, digits and '-', at most 63.", 63
        ),
        OrOutput(),
    ]
    LabelValue = Annotated[str, Strict(), AfterValidator(refuse_key), _label_value, OrOutput()]
    AnnotationValue = Annotated[str, Strict(), AfterValidator(refuse_key), OrOutput()]
    LabelKey = Annotated[
        _TEXT,
        match_pattern(_QUALIFIED, "must be a label or annotation key", "Write name or domain/name, such as nvidia.com/gpu.product.", 317),
    ]
    EnvName = Annotated[
        _TEXT,
        match_pattern(
            r"[-._a-zA-Z][-._a-zA-Z0-9]*",
            "must be an environment variable's name",
            "Use letters, digits, '_', '-' and '.', no digit first.",
        ),
    ]
    # "" is a class too: it means no dynamic provisioning.
    StorageClass = Annotated[
        str,
        Strict(),
        match_pattern(
            rf"({_SUBDOMAIN})?",
            "must be a StorageClass's name",
            "Use lower-case letters, digits, '-' and '.', as `kubectl get sc` lists it.",
        ),
        OrOutput(),
    ]
    ResourceName = Annotated[
        _TEXT,
        match_pattern(
            rf"{_SUBDOMAIN}/[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?",
            "must be an extended resource's name",
            "Write domain/name, such as nvidia.com/gpu or nvidia.com/mig-3g.40gb.",
        ),
        OrOutput(),
    ]
    UrlPath = Annotated[
        _TEXT, match_pattern(r"/?[A-Za-z0-9._~/-]+", "must be a path", "Write it without a host, such as v1/health/ready."), OrOutput()
    ]
    Url = Annotated[
        _TEXT,
        AfterValidator(_refuse_user),
        match_pattern(
            r"https?://[A-Za-z0-9.\-_~%:!$&'*+,;=\[\]]+(/[\x21-\x7e]*)?",
            "must be an http or https address",
            "Write it whole, such as https://mirror.example.com/simple.",
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
            "Write it without '..' and without a '/' at its ends, such as models/llama3-8b.",
        ),
        OrOutput(),
    ]
    Memory = Annotated[Any, WithJsonSchema({"type": "string"}), BeforeValidator(_quantity("1Mi", "20Gi")), OrOutput()]
    Storage = Annotated[Any, WithJsonSchema({"type": "string"}), BeforeValidator(_quantity("1Mi", "50Gi")), OrOutput()]
    Cores = Annotated[
        Any, WithJsonSchema({"type": ["string", "number"]}), BeforeValidator(_quantity("1m", "2 or 500m", "1024")), OrOutput()
    ]
    WholeNumber = Annotated[int, BeforeValidator(_whole_number)]
    # Below 1024 a server without capabilities cannot listen.
    Port = Annotated[int, Field(ge=1024, le=65535), BeforeValidator(_whole_number), OrOutput()]
    Count = Annotated[int, Field(ge=0, le=1024), BeforeValidator(_whole_number), OrOutput()]
    Limit = Annotated[int, Field(ge=1, le=1024), BeforeValidator(_whole_number), OrOutput()]
    Seconds = Annotated[int, Field(ge=0, le=86400), BeforeValidator(_whole_number), OrOutput()]
    UserId = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(_whole_number), OrOutput()]
    AccessMode = Annotated[Literal["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"], OrOutput()]
