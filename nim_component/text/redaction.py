"""Patterns of keys, tokens and passwords, and their removal from text."""

import re

_CREDENTIAL = re.compile(r"nvapi-|hf_[A-Za-z0-9]{20,}|eyJ[A-Za-z0-9_-]{16,}|-----BEGIN|\"auths\"")
LOGIN = re.compile(r"://[^/\s@]*@")
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_-]{40,}")
_KEY_IN_TEXT = re.compile(
    r"nvapi-[A-Za-z0-9_.-]*|hf_[A-Za-z0-9]{8,}|eyJ[A-Za-z0-9_.-]{16,}|-----BEGIN.*?(?:-----END[^-]*-----|\Z)"
    r"|(?<=://)[^/@\s]+(?=@)|(?i:(?<=bearer )|(?<=basic ))\S+"
    r"|(?P<said>(?i:(?:token|secret|password|passwd|api_?key|credentials?|signature|auth)[\"']?\s*[:=]\s*[\"']?))[^\s\"',;&]+",
    re.DOTALL,
)


def looks_like_credential(value: str) -> bool:
    """Whether a text has the form of an NGC key (old or new), a Hugging Face token, a JWT, a PEM block or a docker config."""
    return _CREDENTIAL.search(value) is not None or any(map(_is_random, _LONG_WORD.findall(value)))


def contains_key(value: str) -> bool:
    """Whether a text holds what is certainly a key: an NGC key, a Hugging Face token, a private key, a docker config."""
    return _CREDENTIAL.search(value) is not None


def redact(text: str) -> str:
    """A text of somebody else's, a log or an event, without what looks like a key, a token or a password in it."""
    shown = _KEY_IN_TEXT.sub(lambda key: f"{key['said'] or ''}***", text)
    return _LONG_WORD.sub(lambda word: "***" if _is_random(word[0]) else word[0], shown)


def _is_random(word: str) -> bool:
    """Letters of both cases and digits without a break, as in base64; digests and commits have one case."""
    return any(map(str.isupper, word)) and any(map(str.islower, word)) and any(map(str.isdigit, word))
