"""Names of settings and variables that hold a credential, in any casing and notation.

A name is read as words: `clientSecret`, `CLIENT_SECRET`, `client-secret` and `client.secret` are
equal. The test is the same for variables, options, headers, keys of a ConfigMap, annotations and
fields of custom resources.
"""

from __future__ import annotations

import re
from functools import lru_cache


def _read_words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET = _read_words(
    "token passwd password passphrase passcode secret credential credentials creds cred apikey apitoken accesstoken authtoken "
    "accesskey secretkey privatekey privkey accountkey sharedaccesskey sessionkey jwt oauth authorization cookie dsn pwd bearer psk "
    "mnemonic storepass keypass truststorepass keystorepass"
)
_SECRET_ENDINGS = ("password", "passwd", "passphrase", "secret", "apikey", "authtoken", "accesstoken", "authorization")
"""Ends of words without a separator, such as `PGPASSWORD`."""
_SHORT_ENDINGS = ("pass", "pw", "pwd")
"""Words, and ends of words, that mean a password after another word: `db_pass`, `SSHPASS`."""
_NO_PASSWORD = _read_words(
    "pass bypass compass encompass trespass surpass overpass underpass multipass singlepass onepass twopass lowpass highpass bandpass "
    "allpass askpass gopass keepass lastpass pwd oldpwd"
)
"""Words with the same ends that mean something else."""
_PASSES = _read_words(
    "first second third last next single multi one two three by forward backward fusion compile compiler optimizer optimization "
    "render inductor graph lowering test fail"
)
"""Words before `pass` with which it is a step of a program, or a result."""
_CONNECTIONS = _read_words("connectionstring connectstring connstring connectionstr connstr")
_LOGINS = frozenset({"auth", "basic", "userpass"})
"""Words whose values may be `user:password`, or a method, a host or a program."""
_UNCLEAR = frozenset({*_LOGINS, "sig", "signature", "identitytoken", "registrytoken", "keytab", "otp", "totp", "passkey"})
"""Words whose values are redacted. Arguments with them are not refused."""
_KEY_KINDS = _read_words(
    "access account admin aes api app application auth cipher client cookie crypto datadog db dd database decrypt decryption deploy "
    "encrypt encryption fernet gpg hmac host integration jwe jwk jws jwt license licence master pgp preshared private recovery root rsa "
    "secret secretaccess service session shared sign signing ssh ssl storage subscription tls unseal vapid webhook wireguard wrapping "
    "ngc nvidia hf huggingface openai azure anthropic cohere gemini groq mistral openrouter tavily wandb langsmith langfuse pinecone "
    "sendgrid stripe twilio"
)
"""Words before `key` with which it is a credential."""
_PUBLIC_KEYS = frozenset({"public", "pub", "topology", "foreign", "label", "annotation", *_PASSES})
"""Words before `key` or `pass` with which it is no credential."""
_SUFFIXES = _read_words(
    "prod production staging stage dev development test qa uat int old new next current backup primary secondary default value data "
    "base64 b64 plain plaintext raw env dec encrypted eu us base pem der pkcs8 p12 pfx jks json"
)
"""Words after which a name keeps its meaning: `HF_TOKEN_PROD`, `client-key-data`."""
_SPECIAL_TOKENS = _read_words(
    "bos eos pad unk sep cls mask stop special image video audio vision think first last next prompt completion begin end start per "
    "max min num number total draft decoder encoder sampled accepted de"
)
"""Words before `token` with which it is a token of a language model, or a number of them."""
_PLURALS = _read_words("passwords passwds passphrases passcodes apikeys accesstokens apitokens authtokens")
"""Words for several credentials. `secrets` and `tokens` have other meanings."""
_TOKEN_KINDS = _read_words("access api auth bearer refresh hf session")
"""Words before `tokens` with which they are credentials."""
_TOKEN_PREFIXES = _read_words(
    "api auth bearer bot csrf deploy git github gitlab hf id join oauth personal refresh service session slack user vault wandb xsrf"
)
"""Beginnings of names without a separator, such as `bottoken`."""
_REFERENCES = _read_words("image pull existing tls checksum hash")
"""Words before `secret` with which the value is the name or the digest of a Secret."""
_OBJECT_NAME = re.compile(r"(?=[a-z])(?:[0-9]{0,3}+[a-z]*+[0-9]{0,3}+(?:[./-]++|\Z))++")
"""Name of an object, also with its namespace. A word with digits inside is none."""
_GENERATED = re.compile(r"[\w+/=~.-]{8,}", re.ASCII)
_ORDINARY = re.compile(r"(?:[0-9]{0,6}+[A-Za-z]*+[0-9]{0,4}+(?:[-_./]++|\Z))++|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Words that may have numbers at their ends, or a UUID."""
_SETTING_ENDS = frozenset({"key", "pat", "pass"})
"""Ends of names whose values are redacted if they are no ordinary words."""


def is_secret_name(name: str) -> bool:
    """Return whether a setting of this name holds a credential, as `token`, `db-password`."""
    return _classify(name) == 2


def is_probably_secret_name(name: str) -> bool:
    """Return whether a setting of this name may hold a credential, as `auth`."""
    return _classify(name) > 0


@lru_cache(maxsize=4096)
def is_probably_secret_variable(name: str) -> bool:
    """Return whether a variable, key or field of this name may hold a credential.

    Of unclear names, `redact_named` also reads the value.
    """
    return _classify(name) > 0 or is_unclear_name(name) or name in ("KEY", "PAT", "PASS", "pass", "pwd")


@lru_cache(maxsize=4096)
def is_unclear_name(name: str) -> bool:
    """Return whether a name of several words ends in `key`, `pat` or `pass`."""
    words = _split(name)
    return len(words) > 1 and words[-1] in _SETTING_ENDS and words[-2] not in _PUBLIC_KEYS


def is_secret_field(name: str) -> bool:
    """Return whether a number in a field of this name is a credential."""
    return name.lower() in ("pass", "pwd") or (is_secret_name(name) and not name.lower().endswith("secret"))


def is_login_name(name: str) -> bool:
    """Return whether a name ends in a word such as `auth`, whose value may be no credential."""
    return not _LOGINS.isdisjoint(_split(name)[-1:])


def is_connection_name(name: str) -> bool:
    """Return whether a name is that of a connection string, which has fields of its own."""
    words = _split(name)
    return words[-1:] == ("dsn",) or "".join(words[-2:]) in _CONNECTIONS or "".join(words[-1:]) in _CONNECTIONS


def is_plural_secret_name(name: str) -> bool:
    """Return whether a setting of this name holds several credentials, as `API_KEYS`."""
    return name[-1:] in ("s", "S") and _classify(name) == 2 and _split(name)[-1:] not in (("credentials",), ("creds",))


def is_reference(name: str, value: str) -> bool:
    """Return whether a field contains the name of a Secret: `secret: ngc-api`.

    A variable does not, nor does `clientSecret`.
    """
    words = _split(name)
    if name.isupper() or words[-1:] != ("secret",) or words[-2:] == ("client", "secret"):
        return False
    return _OBJECT_NAME.fullmatch(value) is not None


def is_ordinary(name: str, value: str) -> bool:
    """Return whether a field of an unclear name, such as `cacheKey`, has an ordinary value."""
    return not (name.isupper() or _classify(name) > 0 or name in ("pass", "pwd") or is_generated(value))


def is_generated(value: str) -> bool:
    """Return whether a value is one word that a person did not write, such as `a7b3x9k2`."""
    return _GENERATED.fullmatch(value) is not None and _ORDINARY.fullmatch(value) is None


def is_unclear_setting(name: str, value: str) -> bool:
    """Return whether a setting in a text may be a credential: `BUILD_KEY=`, `github_pat: `.

    Programs print keys such as `cache_key`, so a name in lower case is none.
    """
    return is_unclear_name(name) and (name.isupper() or not name.lower().endswith("key")) and is_generated(value)


@lru_cache(maxsize=4096)
def _split(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.findall(name[-120:]))


@lru_cache(maxsize=4096)
def _classify(name: str) -> int:
    """Return 2 for the name of a credential, 1 for a possible one, 0 for others."""
    words = list(_split(name))
    if is_connection_name(name):
        return 2
    while len(words) > 1 and (words[-1] in _SUFFIXES or words[-1].isdigit()):
        words.pop()
    if not words:
        return 0
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if (before, last) == ("secret", "id"):
        return int(name.isupper())  # in fields of AWS, it is the name of a secret
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
    if last in _SECRET or last.endswith(_SECRET_ENDINGS) or (last.endswith("key") and last[:-3] in _KEY_KINDS):
        return 2
    if last.endswith(_SHORT_ENDINGS) and (last not in _NO_PASSWORD or (last == "pass" and before not in ("", *_PASSES))):
        return 2 if before or len(last) > 3 else 0
    if last.endswith("token") and last not in _UNCLEAR:
        return 2 if last[:-5] in _TOKEN_PREFIXES else 0 if last[:-5] in _SPECIAL_TOKENS else 1
    return 1 if last in _UNCLEAR else 0
