"""Connections of the pods to the outside: proxy and certificate authorities."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from .arguments import Arguments
from .field_types import ListOf, ObjectName, OrOutput
from .fixes import fix
from .pod import ENV_SCHEMA, SECRET_VALUE_FROM, validate_env_value, validate_managed
from .problems import Problem, problem_error
from .rule import Rule
from .validators import match_pattern, refuse_key

LOCAL_HOSTS = ("localhost", "127.0.0.1", ".svc", ".cluster.local")
"""Hosts that are always reached without the proxy: the pod itself and names of the cluster."""

PROXY_ENV = {
    "HTTP_PROXY": "http_proxy",
    "http_proxy": "http_proxy",
    "HTTPS_PROXY": "https_proxy",
    "https_proxy": "https_proxy",
    "NO_PROXY": "no_proxy",
    "no_proxy": "no_proxy",
}
"""Environment variables of the proxy, each with its field. Libraries read one or the other
spelling."""

CA_ENV = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "PIP_CERT")
"""Environment variables with a bundle of certificate authorities: OpenSSL and Rust, requests, curl,
AWS SDK, pip."""

NATIVE_TLS = "NIM_SDK_USE_NATIVE_TLS"
"""Environment variable with which NIM's downloader uses proxy and authorities (NVIDIA, "Deploy
behind a TLS proxy")."""


def _proxy(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+/?", value, re.ASCII):
        raise problem_error(
            "must be the URL of a proxy without user and password",
            fix(
                "Write it such as {}. Store a URL with a password in a Secret, and refer to it with {}.",
                "http://proxy.example.com:3128",
                SECRET_VALUE_FROM,
            ),
        )
    return validate_env_value(value, info)


if TYPE_CHECKING:
    import pulumi

    ProxyUrl = pulumi.Input[str] | Mapping[str, Any]
    HostPattern = pulumi.Input[str]
else:
    ProxyUrl = Annotated[Any, BeforeValidator(_proxy), WithJsonSchema(ENV_SCHEMA), OrOutput()]
    HostPattern = Annotated[
        str,
        AfterValidator(refuse_key),
        match_pattern(
            r"[^\s,]+", "must be one host, domain or address range", fix("Write each as an item of its own, such as {}.", ".example.com")
        ),
        OrOutput(),
    ]


def _validate_proxies(http: Any, https: Any, no_proxy: Any) -> Iterator[Problem]:
    if no_proxy is not None and http is None and https is None:
        yield Problem(("no_proxy",), "has no effect without a proxy", "Set https_proxy or http_proxy, or remove it.")


class NetworkArgs(Arguments):
    """Proxy, and certificate authorities that the images do not contain.

    They apply to the server, the LoRA loader and the prewarm Job, and do not require root.
    """

    https_proxy: ProxyUrl | None = None
    """Proxy for https (`HTTPS_PROXY`): a URL such as `http://proxy.example.com:3128`, or
    `{"valueFrom": {"secretKeyRef": ...}}` for a URL with a password. It must allow
    authn.nvidia.com, api.ngc.nvidia.com, xfiles.ngc.nvidia.com and, for adapters,
    huggingface.co."""

    http_proxy: ProxyUrl | None = None
    """Proxy for plain http (`HTTP_PROXY`), in the same forms."""

    no_proxy: ListOf[HostPattern] | None = None
    """Hosts, domains (`.example.com`) and address ranges that are reached without the proxy
    (`NO_PROXY`). The pod itself and the names of the cluster always are."""

    ca_config_map: ObjectName | None = None
    """Name of a ConfigMap with certificate authorities, in addition to those in the image. Each key
    is a file of PEM certificates. An init container joins both into one bundle at each start."""

    rules = (Rule(("http_proxy", "https_proxy", "no_proxy"), _validate_proxies, waits=False),)

    @property
    def has_proxy(self) -> bool:
        """True if a proxy is set."""
        return self.http_proxy is not None or self.https_proxy is not None


def validate_network_env(
    env: Mapping[str, Any] | None, loader_env: Mapping[str, Any] | None, network: NetworkArgs | None
) -> Iterator[Problem]:
    """Refuse the variables that `network` sets. Without `network`, the user may set them."""
    managed: dict[str, str] = {}
    if network is not None and network.has_proxy:
        managed |= PROXY_ENV
    if network is not None and network.ca_config_map is not None:
        managed |= dict.fromkeys(CA_ENV, "ca_config_map")
    if managed:
        managed[NATIVE_TLS] = next(iter(managed.values()))
    fields = {name: f"network.{field}" for name, field in managed.items()}
    yield from validate_managed(env, fields)
    yield from validate_managed(loader_env, fields, ("lora", "env"))
