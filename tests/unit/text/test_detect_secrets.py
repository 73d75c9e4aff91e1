"""Generated secrets that the detectors of detect-secrets find: each is redacted."""

from collections.abc import Iterator
from random import Random

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector
from rstr import Rstr

from nim_component.text.redaction import redact

NOT_COMPARED = {
    "Private Key": "their pattern is the first line, which is no secret",
    "Public IP (ipv4)": "an address is no credential",
    "Twilio API Key": "their pattern accepts names of accounts; the key has hexadecimal digits only",
    "Artifactory Credentials": "their pattern accepts words of 11 letters; the key has 73 characters",
    "Telegram Bot Token": "their pattern accepts any number with a word; the signature begins with AA",
    "Basic Auth Credentials": "their pattern accepts quotes and spaces in a password",
    "Square OAuth Secret": "their pattern accepts a backslash",
    "Slack Token": "their pattern accepts `xoxa-0-0`",
    "NPM tokens": "their pattern accepts any text after npm_",
    "Cloudant Credentials": "their pattern accepts quotes and brackets that do not match",
    "SoftLayer Credentials": "their pattern accepts quotes and brackets that do not match",
    "IBM COS HMAC Credentials": "their pattern accepts quotes and brackets that do not match",
    "Mailchimp Access Key": "their pattern accepts any letter; the key has hexadecimal digits only",
}
"""Detectors whose patterns accept ordinary texts, each with its reason."""
DETECTORS = {
    name: kind
    for name, kind in get_mapping_from_secret_type_to_class().items()
    if issubclass(kind, RegexBasedDetector) and name not in NOT_COMPARED
}


def list_patterns() -> Iterator[tuple[str, int]]:
    for name, kind in DETECTORS.items():
        yield from ((name, index) for index in range(len(list(kind().denylist))))


@pytest.mark.parametrize(("name", "index"), list_patterns())
def test_found_secret_is_redacted(name: str, index: int):
    pattern = list(DETECTORS[name]().denylist)[index]
    made = pattern.pattern.replace("(?: *)", "(?: ?)").replace("| +|::)", ")")  # A space alone is common in prose.
    texts = [Rstr(Random(seed)).xeger(made) for seed in range(40)]
    found = [(text, max(("", *filter(None, each.groups())), key=len)) for text in texts if (each := pattern.search(text))]
    keys = [(text, key if len(key) >= 16 else text) for text, key in found]
    assert len(keys) >= 20
    assert [(text, key) for text, key in keys if key in redact(text)] == []
