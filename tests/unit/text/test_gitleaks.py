"""Generated secrets of the rules of gitleaks: each is redacted."""

import json
from pathlib import Path
from random import Random

import pytest
from rstr import Rstr

from nim_component.text.redaction import looks_like_credential, redact

RULES = json.loads(Path(__file__).with_name("gitleaks_forms.json").read_text(encoding="utf-8"))["forms"]
COUNT = 221
"""Rules of gitleaks with a text. The other one, `pkcs12-file`, is a name of a file."""
NOT_COVERED = {
    **dict.fromkeys(
        (
            *("adobe-client-id", "asana-client-id", "bitbucket-client-id", "discord-client-id", "linkedin-client-id", "looker-client-id"),
            *("messagebird-client-id", "new-relic-user-api-id", "plaid-client-id", "sendbird-access-id", "sumologic-access-id"),
        ),
        "an identifier of an account or of a client, which is public",
    ),
    **dict.fromkeys(("flutterwave-public-key", "mailgun-pub-key"), "a public key"),
}
"""Rules whose texts stay readable, each with its reason."""


def make_texts(rule: dict[str, str]) -> list[tuple[str, str]]:
    """Return texts with a generated secret, also in the notation of a file, and the secrets."""
    made = [Rstr(Random(seed)).xeger(rule["form"]) for seed in range(12)]
    contexts = [rule["context"]]
    name, _, rest = rule["context"].partition("=")
    if rest == "{}":
        contexts += [f'{name.lower()}: "{{}}"', f'{{"{name.lower()}": "{{}}"}}', f"export {name}='{{}}'"]
    elif rule["context"] == "{}":
        contexts += ["the key is {}.", 'X="{}"', "a: {}\nb: c\n"]
    return [(context.replace("{}", secret), secret) for context in contexts for secret in made]


def is_visible(secret: str, shown: str) -> bool:
    """Return whether half of a secret, or eight characters of it, is in a text."""
    size = max(8, len(secret) // 2)
    return any(secret[each : each + size] in shown for each in range(max(1, len(secret) - size + 1)))


def test_every_rule_is_in_the_corpus():
    assert len({each["id"] for each in RULES}) == COUNT


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["id"])
def test_secret_of_rule_is_redacted(rule: dict[str, str]):
    texts = make_texts(rule)
    if rule["id"] in NOT_COVERED:
        assert any(is_visible(secret, redact(text)) for text, secret in texts), "remove it from NOT_COVERED"
        return
    for text, secret in texts:
        assert not is_visible(secret, redact(text)), text
        assert looks_like_credential(text)
