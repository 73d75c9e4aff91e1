"""Forms of credentials, and their removal from text.

Two functions use two lists, because their mistakes have different costs:

- `contains_key` is true only for keys of a known issuer. Arguments and policies refuse these, and a
  false positive would refuse a valid stack.
- `redact` also removes text that is probably a credential: the value of `password=`, a long random
  word. A false positive removes a detail of an output; a false negative publishes a key.

`lora_loader/redaction.py` and `policies/redaction.py` are copies of this file: the loader and the
policy pack run without this package. `tests/unit/text/test_redaction.py` compares the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MARK = "***"

_KEY = re.compile(
    r"nvapi-[\w-]{8,}"  # NGC
    r"|hf_[A-Za-z0-9]{20,}"  # Hugging Face
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}"  # GitHub
    r"|glpat-[\w-]{20,}"  # GitLab
    r"|pul-[0-9a-f]{40}"  # Pulumi Cloud
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS
    r"|xox[abp]-[\w-]{20,}"  # Slack
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}"  # JSON Web Token: header and payload, both JSON in base64
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    # Registry login of Docker: JSON, or base64 of it, compact or indented as by `docker login`.
    # The ConfigMap of the loader contains this file. With the capture groups, it contains no match.
    r"|\"auths\"\s*:|eyJ(?:hdXRocyI)|ewoJ(?:ImF1dGhzI)",
    re.ASCII,
)

_SETTING = (
    r"(?:token|(?<!image_)(?<!imagePull)secret|passw(?:or)?d|passphrase"
    r"|(?:api|access|private)[_-]?key|credentials?|signature|auth)"
)
"""End of the name of a setting that holds a credential.

`ngc_image_secret` and `imagePullSecret` hold the name of a Secret.
"""
_NO_VALUE = r"\s+(?:an?|anyone|are|can|cannot|could|does|has|is|may|must|names?|needs?|not|requires?|the|unknown|was)\s|\s*[{\[]"
"""Text after a colon that is no value: a structure, or a sentence (`ngc_api_key: must be ...`)."""
_PROBABLE: tuple[tuple[str, str], ...] = (
    ("-----begin", r"-----BEGIN.*?(?:-----END[^-]*-----|\Z)"),
    ("nvapi-", r"nvapi-[\w.-]*"),
    ("hf_", r"hf_[A-Za-z0-9]{8,}"),
    ("gh", r"gh[pousr]_\w{16,}|github_pat_\w{16,}"),
    ("glpat-", r"glpat-[\w-]{12,}"),
    ("pul-", r"pul-[0-9a-f]{16,}"),
    ("akia", r"AKIA[A-Z0-9]{16}"),
    ("asia", r"ASIA[A-Z0-9]{16}"),
    ("xox", r"xox[abp]-[\w-]{10,}"),
    ("eyj", r"eyJ[\w+/=-]{16,}(?:\.[\w-]*)*"),
    ("ewoj", r"ewoJ[\w+/=-]{16,}"),
    # Registry logins are nested objects. What follows the first one is removed as well.
    ("auths", r"(?P<kept>[\"']auths\\*[\"']\s*:\s*).+"),
    # User and password of an address; its query, because a signed address is a credential.
    ("://", r"(?<=://)[^/\s\"'<>]*(?=@)"),
    ("?", r"(?P<kept>://[^\s?\"']+\?)[^\s\"']+"),
    (
        "authorization",
        r"(?i:(?P<kept>authorization[\s\"':=\\]{1,8}(?:(?:basic|bearer|digest|token)\s+)?))[^\s\"'\\]+",
    ),
    ("bearer", r"(?i:(?P<kept>bearer\s+)(?!auth|token))[^\s\"']+"),
    ("basic", r"(?i:(?P<kept>basic\s+))(?=\w*?[A-Z0-9=])[\w+/=-]{6,}"),
    *(
        (
            needle,
            rf"(?i:(?P<kept>{_SETTING}\\*[\"']?\s*(?:=|:(?!{_NO_VALUE}))\s*(?P<quote>\\*[\"'])?))"
            r"(?(quote)[^\"'\\]+|(?!\.{3})[^\s\"',;&\\]+)",
        )
        for needle in ("token", "secret", "passw", "passphrase", "key", "credential", "signature", "auth")
    ),
)
"""Texts that every match contains, in lower case, and the patterns.

The capture group `kept` precedes the credential and stays.
"""
# The search for a constant text is a hundred times faster than the pattern.
_NEEDLES = [(needle, re.compile(pattern, re.ASCII | re.DOTALL)) for needle, pattern in _PROBABLE]

_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_-]{40,}")
_PIECES = re.compile(r"[A-Za-z0-9]+")
_RUNS = re.compile(r"[A-Z]+|[a-z]+|[0-9]+")

_SECRET_VARIABLE = re.compile(r"(^|_)(API_?KEY|ACCESS_KEY|PRIVATE_KEY|TOKEN|PASSWORD|PASSWD|SECRET|CREDENTIALS?)$", re.IGNORECASE)
_PROBABLY_SECRET_VARIABLE = re.compile(r"(^|[_.-])(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|CREDENTIALS?|PAT|AUTH)$", re.IGNORECASE)
_SECRET_FLAG = re.compile(r"--?[\w-]*(?:api-?key|token|password|passwd|secret)", re.IGNORECASE)


def contains_key(text: str) -> bool:
    """Return whether a text contains a key of a known issuer, a private key or a registry login."""
    return _KEY.search(text) is not None


def looks_like_credential(text: str) -> bool:
    """Return whether a text is or contains what is probably a credential."""
    return redact(text) != text


def redact(text: str, values: Iterable[str] = (), mark: str = MARK) -> str:
    """Return a text with every probable credential replaced by a mark.

    Args:
        text: Text from a program, a cluster or a user.
        values: Known secret values. They are replaced whatever their form is.
        mark: Replacement.
    """
    for value in sorted(filter(None, values), key=len, reverse=True):
        text = text.replace(value, mark)
    lowered = text.lower()
    for pattern in dict.fromkeys([pattern for needle, pattern in _NEEDLES if needle in lowered]):
        text = pattern.sub(lambda found: found.groupdict().get("kept", "") + mark, text)
    return _LONG_WORD.sub(lambda word: mark if _is_random(word[0]) else word[0], text)


def is_secret_variable(name: str) -> bool:
    """Return whether an environment variable of this name holds a credential."""
    return _SECRET_VARIABLE.search(name) is not None


def is_probably_secret_variable(name: str) -> bool:
    """Return whether an environment variable of this name may hold a credential."""
    return _PROBABLY_SECRET_VARIABLE.search(name) is not None


def is_secret_flag(argument: str) -> bool:
    """Return whether the argument after this one is a credential, as after `--api-key`."""
    return _SECRET_FLAG.fullmatch(argument) is not None


def _is_random(word: str) -> bool:
    """Return whether a long word is random, such as a key in base64.

    Random words mix upper case, lower case and digits: the class changes at every second character.
    In names of models and files it changes rarely. Digests and commits have one case.
    """
    if not (any(map(str.isupper, word)) and any(map(str.islower, word)) and any(map(str.isdigit, word))):
        return False
    pieces = (piece for piece in _PIECES.findall(word) if piece not in (piece.upper(), piece.lower()))
    return 4 * sum(len(_RUNS.findall(piece)) - 1 for piece in pieces) >= len(word)
