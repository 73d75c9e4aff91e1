"""Commands that continue or undo an interrupted update."""

import re
from collections.abc import Sequence

from ...text.links import AFTER_CTRL_C, AFTER_FAILED_CHANGE, AFTER_TIME_OUT

_LINKS = ((r"context cancell?ed|operation was cancell?ed|interrupted", AFTER_CTRL_C), (r"timed out|time-?out", AFTER_TIME_OUT))
"""Text of an engine's error to the page that describes the recovery."""


def find_link(errors: Sequence[str]) -> str:
    """Return the link to the recovery from a failed update with these errors."""
    text = "\n".join(errors)
    return next((link for pattern, link in _LINKS if re.search(pattern, text, re.IGNORECASE)), AFTER_FAILED_CHANGE)


def is_interrupted(errors: Sequence[str]) -> bool:
    """Return True if the errors of a resource are those of an interrupted update."""
    return find_link(errors) == AFTER_CTRL_C


def describe_recovery(stack: str) -> str:
    """Return the commands that continue or undo an interrupted update of a stack."""
    return (
        "The update was interrupted. The cluster already has a part of the change; Pulumi's state may not.\n"
        f"  to continue: `pulumi up --stack {stack}`\n"
        f"  to go back: restore the previous arguments, then `pulumi up --refresh --stack {stack}`\n"
        f"  see: {AFTER_CTRL_C}"
    )
