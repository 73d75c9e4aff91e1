"""Search for secrets in a text, in plain or in Base64 at any offset, also encoded several times."""

import base64
from collections.abc import Iterator

DEPTH = 4
"""Number of encodings that are searched.

The value of a Secret is encoded once, the password in a pull Secret twice, and a Secret that is
encoded as a whole once more.
"""


def find_in(text: str, secrets: list[str]) -> list[str]:
    """Return the secrets that a text contains, in plain or encoded."""
    return sorted(secret for secret in secrets if any(form in text for form in list_forms(secret, DEPTH)))


def list_forms(secret: str, depth: int) -> Iterator[str]:
    """Yield the secret, and the part that every Base64 text with the secret inside contains."""
    yield secret
    if depth:
        # Base64 encodes blocks of three bytes. With `before` bytes of another text in the first
        # block, the first `cut` characters also depend on that text.
        for before, cut in enumerate((0, 2, 3)):
            encoded = b"\0" * before + secret.encode()
            yield from list_forms(base64.b64encode(encoded).decode()[cut : len(encoded) * 8 // 6], depth - 1)
