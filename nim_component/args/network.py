"""How the pods reach what lies outside the cluster."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from .arguments import Arguments, Rule
from .field_types import ObjectName, OrOutput, match_pattern, refuse_key
from .pod import ENV_SCHEMA, validate_env_value, validate_managed
from .problems import Problem, problem_error

LOCAL_HOSTS = ("localhost", "127.0.0.1", ".svc", ".cluster.local")
"""What no proxy is asked for: the pod itself and the cluster's own names."""

PROXY_ENV = {
    "HTTP_PROXY": "http_proxy",
    "http_proxy": "http_proxy",
    "HTTPS_PROXY": "https_proxy",
    "https_proxy": "https_proxy",
    "NO_PROXY": "no_proxy",
    "no_proxy": "no_proxy",
}
"""Variables of a proxy, and the field that decides each. Both spellings: libraries disagree about which one they read."""

CA_ENV = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "PIP_CERT")
"""Variables that name a bundle of certificate authorities: OpenSSL and Rust, requests, curl, the AWS SDK, pip."""

NATIVE_TLS = "NIM_SDK_USE_NATIVE_TLS"
"""Makes NIM's downloader heed proxy and authorities (NVIDIA, "Deploy behind a TLS proxy")."""


def _proxy(value: Any, info: ValidationInfo) -> Any:
    checked = validate_env_value(value, info)
    if isinstance(checked, str) and not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+/?", checked, re.ASCII):
        raise problem_error(
            "must be a proxy's URL without user and password",
            "Write http://proxy.example.com:3128; one with a password belongs into a Secret: "
            "{valueFrom: {secretKeyRef: {name: ..., key: ...}}}.",
        )
    return checked


if TYPE_CHECKING:
    import pulumi

    ProxyUrl = pulumi.Input[str] | Mapping[str, Any]
    HostPattern = pulumi.Input[str]
else:
    ProxyUrl = Annotated[Any, BeforeValidator(_proxy), WithJsonSchema(ENV_SCHEMA), OrOutput()]
    HostPattern = Annotated[
        str,
        AfterValidator(refuse_key),
        match_pattern(r"[^\s,]+", "must be one host, domain or address range", "Write each as an item of its own, such as .example.com."),
        OrOutput(),
    ]


def _validate_proxies(http: Any, https: Any, no_proxy: Any) -> Iterator[Problem]:
    if no_proxy is not None and http is None and https is None:
        yield Problem(("no_proxy",), "has no meaning without a proxy", "Give https_proxy or http_proxy, or leave it out.")


class NetworkArgs(Arguments):
    """The way out: a proxy, and certificate authorities that the images do not know. It holds for the server, the LoRA loader and the
    pre-warm Job alike, and needs no root."""

    https_proxy: ProxyUrl | None = None
    """Proxy for https (`HTTPS_PROXY`), such as `http://proxy.example.com:3128`, or `{"valueFrom": {"secretKeyRef": ...}}` when the URL
    holds a password. Default: none. It must let through authn.nvidia.com, api.ngc.nvidia.com, xfiles.ngc.nvidia.com and, for adapters,
    huggingface.co."""

    http_proxy: ProxyUrl | None = None
    """Proxy for plain http (`HTTP_PROXY`), in the same forms. Default: none."""

    no_proxy: list[HostPattern] | None = None
    """Hosts, domains (`.example.com`) and address ranges that are reached directly (`NO_PROXY`). Default: none beside the pod itself and
    the cluster's own names, which always are."""

    ca_config_map: ObjectName | None = None
    """Name of a ConfigMap whose every key is a file of PEM certificates: authorities to trust beside those that the image brings. An init
    container joins both into one bundle at each start. Default: none."""

    rules = (Rule(("http_proxy", "https_proxy", "no_proxy"), _validate_proxies, waits=False),)

    @property
    def has_proxy(self) -> bool:
        """Whether there is a proxy at all."""
        return self.http_proxy is not None or self.https_proxy is not None


def validate_network_env(
    env: Mapping[str, Any] | None, loader_env: Mapping[str, Any] | None, network: NetworkArgs | None
) -> Iterator[Problem]:
    """With a group the component sets these names; without one they are the user's."""
    managed: dict[str, str] = {}
    if network is not None and network.has_proxy:
        managed |= PROXY_ENV
    if network is not None and network.ca_config_map is not None:
        managed |= dict.fromkeys(CA_ENV, "ca_config_map")
    if managed:
        managed[NATIVE_TLS] = next(iter(managed.values()))
    arguments = {name: f"network.{field}" for name, field in managed.items()}
    yield from validate_managed(env, arguments)
    yield from validate_managed(loader_env, arguments, ("lora", "env"))
