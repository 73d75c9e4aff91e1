"""Names of settings and variables that hold a credential, in any casing and notation.

A name is read as words: `clientSecret`, `CLIENT_SECRET` and `client-secret` are equal.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET = frozenset(
    [
        "token",
        "passwd",
        "password",
        "passphrase",
        "passcode",
        "secret",
        "credential",
        "credentials",
        "creds",
        "apikey",
        "apitoken",
        "accesstoken",
        "authtoken",
        "accesskey",
        "secretkey",
        "privatekey",
        "accountkey",
        "sharedaccesskey",
        "sessionkey",
        "jwt",
        "oauth",
        "authorization",
        "cookie",
        "dsn",
        "pwd",
    ]
)
_SECRET_ENDINGS = ("password", "passwd", "passphrase", "secret", "apikey", "authtoken", "accesstoken", "authorization")
"""Ends of words without a separator, such as `PGPASSWORD`."""
_LOGINS = frozenset({"auth", "basic", "userpass"})
"""Words whose values may be `user:password`, or a method, a host or a program."""
_UNCLEAR = frozenset({*_LOGINS, "sig", "signature", "identitytoken", "registrytoken"})
"""Words whose values are redacted. Arguments with them are not refused."""
_UNCLEAR_ENDS = frozenset({"pass", "pw"})
"""The same for words that mean a password only after another word: `db_pass`."""
_UNCLEAR_VARIABLES = frozenset({"key", "pat", "pass"})
"""Ends of names of variables whose values are redacted. In prose they have other meanings."""
_KEY_KINDS = frozenset(
    [
        "access",
        "account",
        "api",
        "auth",
        "client",
        "db",
        "database",
        "deploy",
        "encryption",
        "hmac",
        "host",
        "license",
        "master",
        "private",
        "root",
        "secret",
        "secretaccess",
        "service",
        "session",
        "shared",
        "signing",
        "ssh",
        "ssl",
        "storage",
        "subscription",
        "tls",
        "webhook",
        "ngc",
        "openai",
        "azure",
    ]
)
"""Words before `key` with which it is a credential."""
_SUFFIXES = frozenset(
    [
        "prod",
        "production",
        "staging",
        "stage",
        "dev",
        "development",
        "test",
        "qa",
        "uat",
        "int",
        "old",
        "new",
        "next",
        "current",
        "backup",
        "primary",
        "secondary",
        "default",
        "value",
        "data",
        "base64",
        "b64",
        "plain",
        "raw",
        "env",
        "dec",
        "encrypted",
        "eu",
        "us",
    ]
)
"""Words after which a name keeps its meaning: `HF_TOKEN_PROD`, `client-key-data`."""
_SPECIAL_TOKENS = frozenset(
    [
        "bos",
        "eos",
        "pad",
        "unk",
        "sep",
        "cls",
        "mask",
        "stop",
        "special",
        "image",
        "first",
        "last",
        "next",
        "prompt",
        "completion",
        "begin",
        "end",
        "per",
        "max",
        "min",
        "num",
        "number",
        "total",
    ]
)
"""Words before `token` with which it is a token of a language model, or a number of them."""
_PLURALS = frozenset(["passwords", "passwds", "passphrases", "passcodes", "apikeys", "accesstokens", "apitokens", "authtokens"])
"""Words for several credentials. `secrets` and `tokens` have other meanings."""
_TOKEN_KINDS = frozenset(["access", "api", "auth", "bearer", "refresh", "hf", "session"])
"""Words before `tokens` with which they are credentials."""
_REFERENCES = frozenset(["image", "pull", "existing", "tls"])
"""Words before `secret` with which the value is the name of a Secret."""


def is_secret_name(name: str) -> bool:
    """Return whether a setting of this name holds a credential, as `token`, `db-password`."""
    return _classify(name) == 2


def is_probably_secret_name(name: str) -> bool:
    """Return whether a setting of this name may hold a credential, as `auth`."""
    return _classify(name) > 0


def is_probably_secret_variable(name: str) -> bool:
    """Return whether an environment variable of this name may hold a credential."""
    words = _split(name)
    return _classify(name) > 0 or (len(words) > 1 and words[-1] in _UNCLEAR_VARIABLES) or name.upper() in ("KEY", "PAT", "PASS")


def is_secret_field(name: str) -> bool:
    """Return whether a field of an object contains a credential.

    In Kubernetes, fields such as `secret` and `tlsSecret` contain the name of a Secret.
    """
    if name.lower() in ("pass", "pwd"):
        return True
    return is_secret_name(name) and (not name.lower().endswith("secret") or name.lower().replace("_", "") == "clientsecret")


def is_login_name(name: str) -> bool:
    """Return whether a name ends in a word such as `auth`, whose value may be no credential."""
    return not _LOGINS.isdisjoint(_split(name)[-1:])


def is_plural_secret_name(name: str) -> bool:
    """Return whether a setting of this name holds several credentials, as `API_KEYS`."""
    return name[-1:] in ("s", "S") and _classify(name) == 2 and _split(name)[-1:] != ("credentials",)


@lru_cache(maxsize=4096)
def _split(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.findall(name[-120:]))


@lru_cache(maxsize=4096)
def _classify(name: str) -> int:
    """Return 2 for the name of a credential, 1 for a possible one, 0 for others."""
    words = list(_split(name))
    while len(words) > 1 and (words[-1] in _SUFFIXES or words[-1].isdigit()):
        words.pop()
    if not words:
        return 0
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _PLURALS or (last == "keys" and before in _KEY_KINDS) or (last == "tokens" and before in _TOKEN_KINDS):
        return 2
    if last == "key":
        # `ngc_secret_key` is the key in a Secret that holds the NGC key.
        return 2 if before in _KEY_KINDS and words[-3:] != ["ngc", "secret", "key"] else 0
    if last == "token" and before in _SPECIAL_TOKENS:
        return 0
    if last == "secret" and before in _REFERENCES:
        return 0
    if last == "pwd" and (not before or before == "old"):
        return 0 if name.isupper() else 1  # PWD and OLDPWD are the working directory
    if last in _SECRET or last.endswith(_SECRET_ENDINGS):
        return 2
    return 1 if last in _UNCLEAR or (before and last in _UNCLEAR_ENDS) else 0
