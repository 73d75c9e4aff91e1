"""Validators of scalar fields, with the error of each."""

import re
from collections.abc import Callable
from typing import Any

from pydantic import AfterValidator

from ..kubernetes.quantities import parse_quantity
from ..text.redaction import contains_key, looks_like_credential
from .fixes import Fix, fix
from .problems import problem_error, redacted_problem_error


def match_pattern(pattern: str, message: str, action: Fix | str, longest: int | None = None) -> AfterValidator:
    """Return a validator of texts that match a pattern as a whole.

    Args:
        pattern: Regular expression. It is not part of the error, which describes it in `message`.
        message: Rule, without a final full stop.
        action: Fix of a text that does not match.
        longest: Characters of the longest valid text.
    """
    form = re.compile(pattern, re.ASCII)

    def validate(value: str) -> str:
        if not form.fullmatch(value) or (longest is not None and len(value) > longest):
            raise problem_error(message, action)
        return value

    return AfterValidator(validate)


def refuse_credential(value: str) -> str:
    """Return the name of a Secret or of a key in it, or raise if it looks like a credential."""
    if looks_like_credential(value):
        raise problem_error(
            "must be a name, and this value looks like a credential",
            "Store the credential in a Secret, and set the Secret's name and key here.",
        )
    return value


_USER = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?[/\\\\]{2}([^\s/\\\\\"'<>`?#@]+)@")
"""User and password of a URL, after its scheme."""
_REFERENCE = re.compile(r"\$\([\w.-]+\)|\$\{\w+\}|\$\w+")


def contains_user(text: str) -> bool:
    """Return whether a text contains a URL with a password, or an http URL with a user.

    A reference, such as `$(PASSWORD)` of Kubernetes or `$PASSWORD` of a shell, is no credential.
    """
    for scheme, credentials in _USER.findall(text):
        user, _, password = credentials.partition(":")
        if (password and not _REFERENCE.fullmatch(password)) or (scheme.lower() in ("http", "https") and not _REFERENCE.fullmatch(user)):
            return True
    return False


def refuse_key(value: str) -> str:
    """Return a text that reaches the pod, or raise if it contains a credential.

    The credential would be part of the manifest, the state and every diff.
    """
    if contains_user(value):
        raise redacted_problem_error(
            "must not contain a URL with a user or password",
            "Store the whole URL in a Kubernetes Secret, and refer to it with `valueFrom` in `env`.",
        )
    if contains_key(value):
        raise problem_error(
            "must not contain a credential",
            "Store it in a Kubernetes Secret: name the Secrets of NGC and Hugging Face in `secrets`, and refer to any other "
            "with `valueFrom` in `env`. Revoke the credential if it was committed or shown.",
        )
    return value


def refuse_user(value: str) -> str:
    """Return a URL without user and password, or raise."""
    if "@" in value:
        raise redacted_problem_error(
            "must not contain a user or password: it would be part of the pod spec",
            "Store the whole URL in a Kubernetes Secret, and refer to it with `valueFrom` in `lora.env`.",
        )
    return value


def validate_integer(value: Any) -> Any:
    """Return an integer in the form in which pydantic validates it, or raise."""
    # Component hosts and JSON pass integers as floats: 2.0 is 2. A bool is an int in Python only.
    if isinstance(value, bool | str):
        raise problem_error("must be an integer", "Write it without quotes and without a fraction.")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def quantity_validator(smallest: str, example: str, largest: str = "1Ei") -> Callable[[Any], str]:
    """Return a validator of Kubernetes quantities in a range."""
    minimum, maximum = parse_quantity(smallest), parse_quantity(largest)

    def validate(value: Any) -> str:
        text: str = repr(value).removesuffix(".0") if isinstance(value, int | float) else value
        try:
            number = parse_quantity(text)
        except (ValueError, TypeError):
            action = fix("Write a number and a unit without a space, such as {}.", example)
            raise problem_error("must be a Kubernetes quantity", action) from None
        if number < minimum:
            action = fix("Use a larger value with a unit, such as {}: a number alone is bytes or whole cores.", example)
            raise problem_error(f"must be at least {smallest}", action)
        if number > maximum:
            raise problem_error(f"must be at most {largest}", fix("Correct the unit, such as {}.", example))
        return text

    return validate


# Grammar of https://pkg.go.dev/github.com/distribution/reference: a host with an optional port,
# lower-case path components, a tag, a digest.
_HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]+)?"
_COMPONENT = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(rf"({_HOST}/)?{_COMPONENT}(/{_COMPONENT})*(:[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}})?(@sha256:[a-f0-9]{{64}})?", re.ASCII)
_IMAGE_EXAMPLE = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"


def validate_image(value: str) -> str:
    """Return a container image reference, or raise."""
    # The length first: on a long invalid text the repetitions of the pattern are slow.
    if len(value) > 500 or not _IMAGE.fullmatch(value):
        raise problem_error(
            "must be a container image reference",
            fix(
                "Write registry/repository:tag or registry/repository@sha256:digest, such as {}.",
                "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0",
            ),
        )
    return value
