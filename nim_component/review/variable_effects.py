"""Effects of environment variables on keys, traffic, code and rights, by name and value."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from ..text.secret_names import is_probably_secret_variable
from .findings import CRITICAL, WARNING, Severity
from .safe_variables import is_listed
from .values import Redacted, show

RUNS = "It decides which code the pods run, with all their keys."
REMOTE = "The server runs Python code from the model repository, with all keys of the pod."
ADDRESS = "Requests, and what they contain, may go to this address."
AUTHORITIES = "The authorities in it can sign a certificate for any host."
REMOTE_CODE = re.compile(r"(?<!no-)(?<!no_)trust[-_]remote[-_]code(?![\"' ]?[=: ]{1,3}[\"']?(0|false|no|off)\b)", re.IGNORECASE)
"""Option, field or assignment that enables the code of a model repository."""


class Effect(NamedTuple):
    """Effect of a variable, and the severity of its change."""

    rule: str
    severity: Severity
    consequence: str
    new_severity: Severity | None = WARNING
    """Severity in a container that is new; None if it is not reported there."""


_MODELS = "Pods read models from this address, and send {} to it if they have one."
_CLOUD = "Pods send cloud credentials and requests to this address."
_CHECKS = "It may decide whether the pods check the certificate of a server."
_PLACE = "Programs in the container may read models, code or keys from this place."
_LIMITS = "It may decide what the server accepts, or which checks it makes."
_RECORDS = "It may decide where requests, prompts or usage data are sent or recorded."
_DEVICES = "It decides which devices and driver features the container gets."
_OPEN = "With an empty value, the program may accept requests without a key."
_TABLE: tuple[tuple[str, Severity, str, str], ...] = (
    ("destination", CRITICAL, r"HF_(HUB_|INFERENCE_)?ENDPOINT", _MODELS.format("the Hugging Face token")),
    (
        "destination", CRITICAL, r"(NGC|NIM|NVIDIA|NVCF)_\w*(URL|URI|HOST|ENDPOINT|MIRROR|REGISTRY)|NIM_REPOSITORY_OVERRIDE",
        _MODELS.format("the NGC key"),
    ),
    ("destination", CRITICAL, r"AWS_ENDPOINT_URL\w*|S3_ENDPOINT\w*|GOOGLE_CLOUD_UNIVERSE_DOMAIN", _CLOUD),
    ("destination", CRITICAL, r"AZURE_\w*(ENDPOINT|AUTHORITY_HOST)", _CLOUD),
    (
        "destination", CRITICAL, r"(PIP|UV)_\w*(INDEX\w*|FIND_LINKS|TRUSTED_HOST)|NPM_CONFIG_REGISTRY",
        "Pods install packages, which they run, from this address.",
    ),
    (
        "destination", CRITICAL, r"(HTTPS?|ALL|FTP|SOCKS)_PROXY",
        "Requests of the pods pass through this address. It can read those without TLS.",
    ),
    ("destination", WARNING, r"NO_PROXY", "Requests to these addresses do not pass through the proxy."),
    (
        "destination", CRITICAL, r"SSL_CERT_(FILE|DIR)|(REQUESTS|CURL|AWS)_CA_BUNDLE|PIP_CERT|NODE_EXTRA_CA_CERTS|GIT_SSL_CAINFO",
        AUTHORITIES,
    ),
    (
        "destination", CRITICAL,
        r"PYTHONHTTPSVERIFY|NODE_TLS_REJECT_UNAUTHORIZED|GIT_SSL_NO_VERIFY|HF_HUB_DISABLE_SSL_VERIFICATION|NIM_DISABLE_SSL|NIM_SSL_MODE",
        _CHECKS,
    ),
    ("destination", WARNING, r"\w*(SKIP|DISABLE|NO)_(SSL|TLS)\w*|\w*INSECURE\w*|\w*(SSL|TLS)_MODE\w*|(\w*_)?VERIFY(_\w+)?", _CHECKS),
    (
        "destination", CRITICAL, r"SSLKEYLOGFILE",
        "Pods write the keys of their TLS connections into this file. With it, others can read the traffic.",
    ),
    ("destination", CRITICAL, r"RES_OPTIONS|LOCALDOMAIN|HOSTALIASES", "It changes how the pods resolve host names."),
    (
        "destination", WARNING, r"NGC(_CLI)?_(ORG|TEAM)|NIM_FT_MODEL|NIM_MANIFEST_PATH|TIKTOKEN_ENCODINGS_BASE",
        "It decides from where the server reads models or their files.",
    ),
    (
        "destination", WARNING,
        r"HF_HUB_DISABLE_TELEMETRY|VLLM_NO_USAGE_STATS|(VLLM_)?DO_NOT_TRACK|NIM_(TELEMETRY|OTEL)\w*|NIM_ENABLE_OTEL|\w*LOG_REQUESTS|"
        r"OTEL_\w+|SENTRY_\w+|VLLM_TRACE_FUNCTION", _RECORDS,
    ),
    ("rights", CRITICAL, r"AWS_ROLE_ARN", "The processes of the container request the rights of this role in the cloud."),
    (
        "rights", WARNING, r"AWS_PROFILE|AWS_SHARED_CREDENTIALS_FILE|GOOGLE_APPLICATION_CREDENTIALS|HF_TOKEN_PATH",
        "The processes of the container use the keys that it names.",
    ),
    ("rights", WARNING, r"NVIDIA_(DRIVER_CAPABILITIES|DISABLE_REQUIRE|REQUIRE_\w+|MIG_\w+)", _DEVICES),
    (
        "code", CRITICAL,
        r"LD_\w+|GLIBC_TUNABLES|GCONV_PATH|PYTHON\w+|PATH|BASH_ENV|ENV|SHELL|PROMPT_COMMAND|PS4|IFS|PERL5\w*|RUBY(OPT|LIB)|"
        r"NODE_(OPTIONS|PATH)|JAVA_TOOL_OPTIONS|_?JAVA_OPTIONS|CLASSPATH|GIT_(SSH|SSH_COMMAND|CONFIG\w*|EXEC_PATH|PROXY_COMMAND|ASKPASS)|"
        r"PAGER|EDITOR|CUDA_INJECTION\d*_PATH|NVIDIA_\w*LIB\w*|NCCL_(NET_PLUGIN|TUNER_PLUGIN|PROFILER_PLUGIN|PLUGIN\w*|NET)|"
        r"TORCH_EXTENSIONS_DIR|TRITON_\w*(DIR|PATH|PLUGIN)\w*|OMPI_MCA_\w+|PMIX_MCA_\w+|RAY_RUNTIME_ENV\w*|"
        r"VLLM_(PLUGINS|ALLOW_INSECURE_SERIALIZATION|ALLOW_RUNTIME_LORA_UPDATING|SERVER_DEV_MODE)|HF_HUB_TRUST_REMOTE_CODE|"
        r"\w*TRUST_\w*CODE\w*|NIM_CUSTOM_\w*|NIM_\w*(SCRIPT|PLUGIN|HANDLER|ENTRYPOINT)\w*|(VLLM|TRTLLM)_\w*PLUGINS?(_\w+)?|"
        r"HF_MODULES_CACHE|GUNICORN_CMD_ARGS|OPENSSL_(CONF|MODULES|ENGINES)|PIP_CONFIG_FILE|UV_CONFIG_FILE|AWS_CONFIG_FILE|KUBECONFIG",
        RUNS,
    ),
    ("code", WARNING, r"CC|CXX|VIRTUAL_ENV|(UVICORN|FLASK)_APP|PIP_TARGET|VK_LAYER_PATH|MPI_RUN|TORCHINDUCTOR_CACHE_DIR|MALLOC_CONF", RUNS),
    ("code", WARNING, r"(\w*_)?(PLUGINS?|MODULES|EXTENSIONS)", RUNS),
    ("code", WARNING, r"NIM_PASSTHROUGH_ARGS|VLLM_ARGS|NIM_EXTRA_ARGS|\w*_EXTRA_ARGS|\w*CMDLINE\w*", RUNS),
    ("code", WARNING, r"HOME|XDG_\w+|\w*CONFIG_FILE|\w*CHAT_TEMPLATE|NIM_GUIDED_DECODING_BACKEND", _PLACE),
    (
        "destination", WARNING,
        r"\w*(CORS|CHECKSUM|UNSAFE|UNTRUSTED)\w*|\w*ALLOW_(REMOTE|URLS?|ORIGINS?|LOCAL)\w*|NIM_IGNORE_MODEL_DOWNLOAD_FAIL|"
        r"\w*ANONYMOUS\w*|(\w*_)?(AUTHN|AUTHZ|AUTHENTICATION|AUTHORIZATION|RBAC|ACL|ADMISSION|AUTH(?=_))"
        r"(_(ENABLED?|DISABLED?|MODE|TYPE|REQUIRED))?|AUTH",
        _LIMITS,
    ),
)  # fmt: skip
"""Rule, severity, pattern of the name in capitals, and the consequence; the first match counts.

Configurations of clients load code: they can name a program that supplies the credentials.
"""
_KNOWN = tuple((re.compile(pattern), Effect(rule, severity, text)) for rule, severity, pattern, text in _TABLE)
_ALWAYS_REPORTED = (CRITICAL, "code")
"""Severity and rule of the effects that are as severe in a new container."""
_NEUTRAL = re.compile(
    r"(PYTHON(UNBUFFERED|DONTWRITEBYTECODE|HASHSEED|IOENCODING|FAULTHANDLER|UTF8)|LD_BIND_NOW|NIM_CUSTOM_MODEL_NAME|"
    r"OMPI_MCA_(BTL|OOB)_TCP_\w+|NIM_(SERVER|HTTP|HTTP_API|GRPC|GRPC_API)_HOST)=.*|NCCL_NET=(IB|SOCKET)|ENV=[\w-]*|"
    r"SHELL=(/usr)?/bin/(ba|da|z)?sh",
    re.IGNORECASE | re.DOTALL,
)
"""Assignments without one of the effects above, among them addresses of the server itself.

Those that are not in the table of safe variables are reported as unlisted.
"""
_SAFE = re.compile(
    r"(PYTHONHTTPSVERIFY|NODE_TLS_REJECT_UNAUTHORIZED)=(1|true)|"
    r"\w*(TRUST_\w*CODE|DISABLE_SSL|NO_VERIFY|ALLOW_INSECURE|ALLOW_RUNTIME_LORA|DEV_MODE)\w*=(0|false|no|off)?",
    re.IGNORECASE,
)
"""Assignments that enable a check, or disable a danger."""
_PLACE_NAME = re.compile(r"(^|_)(PATH|DIR|HOME|ROOT|CACHE|FILE|SOURCE|DATA)S?$")
_NO_PLACE_NAME = re.compile(r"METRICS|HEALTH|URL|API|ROUTE|PREFIX|BASE|PROBE|NIM_MODEL_PATH")
"""Names of paths in URLs, and of a path with a rule of its own."""
_ADDRESS_NAME = re.compile(r"(^|_)(URL|URI|ENDPOINT|HOST|ADDR|ADDRESS|SERVER|MIRROR|REGISTRY|WEBHOOK|DSN|BROKERS?)S?(_|$)")
_VERSION_NAME = re.compile(r"(^|_)(VERSION|RELEASE|TAG|BUILD)$")
_ADDRESS_VALUE = re.compile(
    r"\A([a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.(?!v\d)[a-z][a-z0-9-]{1,62}\.?|[\w.-]{1,253}(?=:\d)|\[[0-9a-f:]+\])(:\d{1,5})?(/|\Z)",
    re.IGNORECASE,
)
"""Host with a port, or with a last label that is neither a number nor a version."""
_FILE = re.compile(r"[\w.-]+\.(ya?ml|jsonl?|txt|toml|ini|cfg|conf|csv|log|jinja2?|safetensors|gguf|onnx|pem|crt)", re.IGNORECASE)
"""File names whose ending is no top-level domain."""
_IP = re.compile(r"(?<![\d.])\d{1,3}(\.\d{1,3}){3}(?![\d.])")


def find_effect(name: str, value: Any) -> Effect | None:
    """Return the effect of a variable; None for one that concerns no keys, traffic, code or rights.

    Args:
        name: Name of the variable.
        value: Its value, or its `valueFrom`.
    """
    upper, text = re.sub(r"[.-]", "_", name.upper()), show(value)
    if _NEUTRAL.fullmatch(f"{upper}={text}") or is_listed(name, text):
        return None
    if known := _find_known(upper):
        if known.rule == "code" and REMOTE_CODE.search(f"{text} {upper}={text}"):
            return Effect("code", CRITICAL, REMOTE, CRITICAL)
        if _SAFE.fullmatch(f"{upper}={text}"):
            known = known._replace(severity=WARNING)
        new = CRITICAL if (known.severity, known.rule) == _ALWAYS_REPORTED else known.new_severity
        return known._replace(new_severity=None if known.severity is WARNING else new)
    if value == "" and is_probably_secret_variable(name):
        return Effect("destination", WARNING, _OPEN)
    if isinstance(value, str | Redacted):
        if is_address(text) and not (_VERSION_NAME.search(upper) and _IP.fullmatch(text)):
            return Effect("destination", WARNING, ADDRESS, None)
        if _ADDRESS_NAME.search(upper) and re.search(r"[^\d.]", text):
            return Effect("destination", WARNING, ADDRESS, None)
        if text.startswith(("/", "~")) and _PLACE_NAME.search(upper) and not _NO_PLACE_NAME.search(upper):
            return Effect("code", WARNING, _PLACE, None)
    return None


@lru_cache(maxsize=4096)  # the services of a stack repeat most of their names
def _find_known(upper: str) -> Effect | None:
    return next((effect for pattern, effect in _KNOWN if pattern.fullmatch(upper)), None)


def is_address(text: str) -> bool:
    """Return true for a text that is, or contains, an address of a server."""
    is_host = _ADDRESS_VALUE.match(text) is not None and not _FILE.fullmatch(text)
    return "://" in text or is_host or _IP.search(text) is not None
