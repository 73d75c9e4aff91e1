"""Names of credentials in each notation and place, and names that resemble them."""

import json
from collections.abc import Callable

import pytest

from nim_component.local import shown_values
from nim_component.review.values import redact_inputs
from nim_component.text.redaction import redact

WORD = "hunter2word9"
PLACES: dict[str, Callable[[str, str], object]] = {
    "variable": lambda name, value: {"spec": {"env": [{"name": name, "value": value}]}},
    "entry of a ConfigMap": lambda name, value: {"kind": "ConfigMap", "data": {name: value}},
    "annotation": lambda name, value: {"metadata": {"annotations": {f"example.com/{name}": value}}},
    "field": lambda name, value: {"kind": "X", "spec": {"a": {name: value}}},
    "field with a value": lambda name, value: {"spec": {name: {"value": value}}},
    "header of a probe": lambda name, value: {"httpGet": {"httpHeaders": [{"name": name, "value": value}]}},
    "YAML": lambda name, value: {"data": {"a.yaml": f"x:\n  {name}: {value}\n  y: 1\n"}},
    "JSON": lambda name, value: {"data": {"a.json": json.dumps({name: value})}},
    "properties": lambda name, value: {"data": {"a.properties": f"my.app.{name}={value}\n"}},
    "pair in YAML": lambda name, value: {"data": {"a": f"- name: {name}\n  value: {value}\n"}},
    "shell": lambda name, value: {"args": [f"export {name}={value}"]},
    "option with =": lambda name, value: {"args": [f"--{name}={value}"]},
    "option": lambda name, value: {"args": [f"--{name}", value]},
    "option in a list": lambda name, value: {"data": {"a.yaml": f"args:\n- --{name}\n- {value}\n"}},
}
SECRETS = [
    *("FERNET_KEY", "JWT_KEY", "KEYSTORE_PASS", "LDAP_BIND_PW", "SSHPASS", "PGPASS", "KEYPASS", "SECRET_KEY_BASE", "bearer"),
    *("connectionString", "CONNECTION_STRING", "redisConnStr", "dsn", "authToken", "privateKeyPem", "private_key_pem", "passphrase"),
    *("signingKey", "signing-key", "signing.key", "api.key", "db.password", "clientSecret", "client_secret", "CLIENT-SECRET"),
    *("adminPass", "rootPw", "user_pwd", "storepass", "TRUSTSTORE_PASS", "BINDPW", "DBPWD", "MASTER_KEY", "masterKey"),
    *("encryptionKey", "cookie-secret", "webhookSecret", "hmacSecret", "hfToken", "bottoken", "GITHUBTOKEN", "wandbApiKey"),
    *("NVIDIA_KEY", "huggingfaceKey", "APP_KEY", "appKey", "datadog-application-key", "preSharedKey", "wireguardPrivateKey"),
    *("credentialsJson", "DB_CREDS", "dbCred", "vapidPrivateKey", "licenseKey", "sasToken", "JWT_SECRET_BASE64", "sshKey"),
]
"""Names that show a credential, in several notations."""
LOOK_ALIKES = {
    "max_tokens": "abc4096xyz9",
    "maxTokens": "a1b2c3d4",
    **dict.fromkeys(("max_tokens_per_request", "maxNewTokens", "max-num-batched-tokens", "NIM_MAX_TOKENS", "tokens_per_second"), "4096"),
    **dict.fromkeys(
        ("tokenizer", "TOKENIZER", "tokenizer_mode", "tokenizerRevision", "tokenizer-pool-size", "NIM_TOKENIZER_MODE"), "slow7x1a"
    ),
    **dict.fromkeys(("key_cache_size", "kv_cache", "kv-cache-dtype", "kvCacheFreeGpuMemFraction", "kv_cache_dtype", "keyCache"), "fp8e5m2"),
    **dict.fromkeys(
        ("pad_token_id", "eos_token_id", "bosTokenId", "stop_token_ids", "image_token_index", "think_start_token_id"), "128009"
    ),
    **dict.fromkeys(("eos_token", "padToken", "special_token", "image_token", "draft_token", "mask-token"), "<|end1of2text3|>"),
    **dict.fromkeys(("AUTH_MODE", "authMode", "auth-type", "AUTH_ENABLED", "authProvider", "AUTHOR", "authority"), "none7x1"),
    **dict.fromkeys(("publicKey", "PUBLIC_KEY", "public-key-pem", "ssh.public.key", "cosignPublicKey"), "MCowBQYDK2VwAyEA"),
    **dict.fromkeys(("secretName", "secretKeyRef", "SECRET_NAME", "tlsSecretName", "secretStoreRef", "secret-namespace"), "ngc-api"),
    **dict.fromkeys(
        ("passthrough", "bypass", "NO_PROXY_BYPASS", "compass", "COMPASS", "sslPassthrough", "pass-through", "twoPass"), "yes2no3x"
    ),
    **dict.fromkeys(("first_pass", "fusion_pass", "compile-pass", "SSH_ASKPASS", "passes", "PASSENGER_APP_ENV", "passive"), "abc1x2y3"),
    **dict.fromkeys(("keyboard", "monkey", "turkey", "keynote", "KEYCLOAK_URL", "hockey", "keyspace", "KEYS", "keyField"), "qwerty1a2"),
    **dict.fromkeys(("topologyKey", "labelKey", "partitionKey", "sortKey", "routingKey", "objectKey"), "kubernetes.io/hostname"),
    **dict.fromkeys(("idempotencyKey", "cacheKey"), "3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
    **dict.fromkeys(
        ("secretariat", "undersecretary", "tokenCount", "prompt_tokens", "completionTokens", "token_budget", "TOKENIZERS_PARALLELISM"),
        "a1b2c3d4e5",
    ),
    **dict.fromkeys(
        ("passwordPolicy", "password_min_length", "passwordFile", "TOKEN_FILE", "tokenPath", "credentialsProvider"), "strict1x2y"
    ),
    **dict.fromkeys(
        ("signatureAlgorithm", "signatureVersion", "cookieDomain", "cookiePolicy", "jwtIssuer", "oauthScopes", "bearerFormat"), "rs256a1b2"
    ),
    **dict.fromkeys(
        ("cookie-name", "cookiePath", "sessionAffinity", "sessionTimeout", "credentialsMode", "secretProviderClass"), "session1a2b"
    ),
    **dict.fromkeys(
        ("VLLM_ATTENTION_BACKEND", "NIM_MODEL_PROFILE", "NIM_CACHE_PATH", "SGLANG_DISABLE_PASS_MANAGER", "ssl-keyfile"), "flash2attn3"
    ),
    **dict.fromkeys(("ssl-certfile", "SSL_CERT_FILE", "lora-modules", "max-lora-rank", "served-model-name", "hf-overrides"), "llama3x1b2"),
    **dict.fromkeys(("tokenReview", "automountServiceAccountToken", "serviceAccountTokenProjection", "expirationSeconds"), "true"),
    **dict.fromkeys(("checksum/secret", "checksum/config"), "9f86d081884c7d659a2feaa0c55ad015"),
}
"""Names of model servers and of Kubernetes that resemble those of credentials, with a value."""
FIELDS = {
    "auth": "oauth2-proxy",
    "basicAuth": "scram-sha-256",
    "existingSecret": "my-database",
    "secret": "ngc-api",
    "webhookSecret": "team-a/hook-secret",
    "tlsSecret": "tls-7",
    "key": "llama3-8b",
    "passwordKey": "password",
    "hfTokenKey": "hf_token",
}
"""Fields that contain the name of a method, of a Secret or of a key in one."""


@pytest.mark.parametrize("place", PLACES)
def test_name_of_credential_is_recognised(place: str):
    for name in SECRETS:
        if "." in name and place == "shell":
            continue  # no name of a variable
        inputs = PLACES[place](name, WORD)
        for shown in (redact_inputs("kubernetes:a/v1:X", inputs), shown_values.redact_value(inputs)):
            assert WORD not in json.dumps(shown, default=str), name
            assert "[secret" in json.dumps(shown, default=str), name


@pytest.mark.parametrize("place", PLACES)
def test_name_of_login_is_recognised(place: str):
    for name in ("REDISCLI_AUTH", "BASIC_AUTH", "redisAuth", "http-auth"):
        inputs = PLACES[place](name, WORD if "option" not in place else f"me:{WORD}")
        for shown in (redact_inputs("kubernetes:a/v1:X", inputs), shown_values.redact_value(inputs)):
            assert WORD not in json.dumps(shown, default=str), name


@pytest.mark.parametrize("place", PLACES)
def test_similar_name_is_not_redacted(place: str):
    for name, value in LOOK_ALIKES.items():
        inputs = PLACES[place](name, value)
        assert redact_inputs("kubernetes:a/v1:X", inputs) == inputs, name
        assert shown_values.redact_value(inputs) == inputs, name


@pytest.mark.parametrize("name", FIELDS)
def test_field_with_other_name_stays(name: str):
    inputs = {"spec": {name: FIELDS[name], "list": [{name: FIELDS[name]}]}}
    assert redact_inputs("kubernetes:a/v1:X", inputs) == shown_values.redact_value(inputs) == inputs


@pytest.mark.parametrize("name", ["webhookSecret", "session-secret", "githubPat", "buildKey", "cacheKey"])
@pytest.mark.parametrize("value", [WORD, "x7Kp2mQ9vLr4Tn8c", "9f86d081884c7d659a2feaa0c55ad015"])
def test_generated_value_of_unclear_field_is_redacted(name: str, value: str):
    inputs = {"spec": {name: value}}
    assert value not in str(redact_inputs("kubernetes:a/v1:X", inputs))
    assert value not in str(shown_values.redact_value(inputs))


def test_name_with_credential_is_no_key_of_output():
    key = f"nvapi-{'a1B2c3D4' * 8}"
    for inputs in ({"data": {f"webhookSecret-{key}": "ab-c"}}, {"env": {f"{key}_TOKEN": "ab"}}):
        assert key not in str(redact_inputs("kubernetes:a/v1:X", inputs))


@pytest.mark.parametrize("name", ["connectionString", "DATABASE_DSN"])
def test_connection_string_shows_its_server(name: str):
    for value in (f"Server=db.example.com;User Id=sa;Password={WORD};", f"postgres://me:{WORD}@db.example.com/x"):
        for place in ("variable", "field", "YAML", "entry of a ConfigMap"):
            shown = str(redact_inputs("kubernetes:a/v1:X", PLACES[place](name, value)))
            assert WORD not in shown and "db.example.com" in shown, place


@pytest.mark.parametrize(
    "line", ["block cache_key=a1b2c3d4e5 hit", "sort_key: created2at3", "routing_key = tenant7x1", "FIRST_PASS=abc1x2y3"]
)
def test_unclear_name_in_message_stays(line: str):
    assert redact(line) == line
