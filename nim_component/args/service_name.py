"""Validation of the name of a service."""

import re

from ..names import LONGEST_SUFFIX
from ..text.redaction import looks_like_credential
from .fixes import fix
from .problems import problem_error

LONGEST_SERVICE_NAME = 63 - LONGEST_SUFFIX
"""Characters of a service name: the longest generated name must be a DNS label of at most 63."""
SERVICE_NAME_RULE = f"at most {LONGEST_SERVICE_NAME} lower-case letters, digits and '-', starting with a letter"


def is_service_name(value: str) -> bool:
    """Return whether a text is a DNS-1035 label, also with the longest suffix."""
    return len(value) <= LONGEST_SERVICE_NAME and re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", value, re.ASCII) is not None


def validate_service_name(value: str) -> str:
    """Return a service name, or raise the error of a field."""
    if not is_service_name(value):
        raise problem_error(f"must be a Kubernetes name: {SERVICE_NAME_RULE}", fix("Use a name such as {}.", suggest_service_name(value)))
    return value


def suggest_service_name(value: str) -> str:
    """Return a valid service name that resembles a text: `Llama3.1_8B` becomes `llama3-1-8b`."""
    if looks_like_credential(value):
        return "my-service"
    words = re.findall(r"[a-z0-9]+", value.lower(), re.ASCII)
    name = "-".join(words)
    if not re.match(r"[a-z]", name):
        name = f"nim-{name}"
    return name[:LONGEST_SERVICE_NAME].strip("-")
