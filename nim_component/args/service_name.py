"""Validation of the name of a service."""

import re

from ..names import LONGEST_SUFFIX
from .problems import problem_error

_LONGEST_LABEL = 63


def validate_service_name(value: str) -> str:
    """A DNS-1035 label that still is one with the longest suffix behind it."""
    longest = _LONGEST_LABEL - LONGEST_SUFFIX
    if not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", value, re.ASCII) or len(value) > longest:
        raise problem_error(
            f"must be a DNS label of at most {longest} characters (63 less the longest suffix)",
            "Use lower-case letters, digits and '-', starting with a letter; set service_name when the component's name is none.",
        )
    return value
