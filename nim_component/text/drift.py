"""Fix of live objects that differ from the program.

Pulumi compares the program with its state, not with the cluster. Without `--refresh`, an update of
an unchanged program changes nothing.
"""

APPLY_TO_LIVE = "Apply the program to the live objects:"
REFRESH = "pulumi up --refresh"


def describe_refresh(stack: str = "") -> str:
    """Return the fix as a sentence, for a stack if its name is known."""
    return f"{APPLY_TO_LIVE} `{REFRESH}{f' --stack {stack}' if stack else ''}`."
