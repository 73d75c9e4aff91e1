"""Traefik as controller of Ingresses and Gateways, with the defaults of its own chart."""

import http.client
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.cluster.client import Client, Object, condition, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.pod_network import PodNetwork
from tests.cluster.processes import free_ports

from .certificates import Authority
from .loopback import ADDRESS, listens

NAME = "traefik"
"""Name of the process, the GatewayClass, the IngressClass and each Gateway."""
CLASSES: list[Object] = [
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": NAME},
        "spec": {"controllerName": "traefik.io/gateway-controller"},
    },
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": NAME},
        "spec": {"controller": "traefik.io/ingress-controller"},
    },
]


class Answer(NamedTuple):
    """Answer to a request."""

    status: int
    body: str

    def json(self) -> Any:
        """Return the decoded body."""
        return json.loads(self.body)


class Gateway:
    """The running Traefik. Host names are not resolved: each is at its address."""

    def __init__(self, control_plane: ControlPlane, network: PodNetwork, program: Path, authority: Authority) -> None:
        self._client, self._authority, self._folder = control_plane.client(), authority, control_plane.folder
        self.http, self.https, health = free_ports(3)
        self._tls = ssl.create_default_context(cafile=str(authority.write(self._folder / NAME, ADDRESS) / "ca.crt"))
        for each in CLASSES:
            self._client.create(each)
        control_plane.run(
            NAME,
            [
                str(program),
                "--global.checknewversion=false",
                "--global.sendanonymoususage=false",
                "--log.level=DEBUG",
                f"--entrypoints.web.address={ADDRESS}:{self.http}",
                f"--entrypoints.websecure.address={ADDRESS}:{self.https}",
                "--entrypoints.websecure.http.tls=true",
                f"--entrypoints.{NAME}.address={ADDRESS}:{health}",
                "--ping=true",
                "--providers.kubernetesingress=true",
                "--providers.kubernetesgateway=true",
                f"--providers.kubernetesgateway.statusaddress.ip={ADDRESS}",
            ],
            # Requests to pods go through the proxy; those to loopback do not.
            {"KUBECONFIG": str(control_plane.kubeconfig), "HTTP_PROXY": network.listen_socks()},
        )
        control_plane.wait("Traefik", lambda: listens(self.http) and listens(self.https), log=NAME)

    def add(self, namespace: str, *hosts: str) -> None:
        """Create a Gateway in a namespace with a listener for each scheme, and a certificate."""
        secret = self.add_certificate(namespace, *hosts)
        listeners: list[Object] = [
            {"name": "http", "port": self.http, "protocol": "HTTP"},
            {"name": "https", "port": self.https, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": secret}]}},
        ]
        self._client.create(
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "Gateway",
                "metadata": {"name": NAME, "namespace": namespace},
                "spec": {"gatewayClassName": NAME, "listeners": listeners},
            }
        )

        def is_programmed() -> bool:
            live = self._client.get("gateway.networking.k8s.io/v1", "Gateway", NAME, namespace)
            return condition(live, "Programmed").get("status") == "True"

        wait_until("a Gateway that works", is_programmed)

    def add_certificate(self, namespace: str, *hosts: str) -> str:
        """Create the Secret with a certificate of hosts, and return its name."""
        folder = self._authority.write(self._folder / f"{NAME}-{namespace}", *hosts)
        data = {name: (folder / name).read_text() for name in ("tls.crt", "tls.key")}
        metadata = {"name": "certificate", "namespace": namespace}
        self._client.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "stringData": data})
        return "certificate"

    def get(self, url: str) -> Answer:
        """Return the answer to GET."""
        return self._read(url, "GET")

    def complete(self, url: str, timeout: float = 30, **body: Any) -> Answer:
        """Return the answer to a chat completion. `url` is the address of the server."""
        return self._read(f"{url}/v1/chat/completions", "POST", body, timeout)

    def stream(self, url: str, timeout: float = 30, **body: Any) -> Iterator[str]:
        """Yield the lines of a streamed chat completion as they arrive."""
        connection, response = self._send(f"{url}/v1/chat/completions", "POST", {**body, "stream": True}, timeout)
        try:
            assert response.status == 200, response.read()
            for line in response:
                yield line.decode().rstrip()
        finally:
            connection.close()

    def _read(self, url: str, method: str, body: Any = None, timeout: float = 30) -> Answer:
        connection, response = self._send(url, method, body, timeout)
        try:
            return Answer(response.status, response.read().decode())
        finally:
            connection.close()

    def _send(self, url: str, method: str, body: Any, timeout: float) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        split = urlsplit(url)
        host = split.hostname or ""
        if split.scheme == "https":
            connection: http.client.HTTPConnection = _SecureConnection(host, self.https, timeout=timeout, context=self._tls)
        else:
            connection = http.client.HTTPConnection(ADDRESS, self.http, timeout=timeout)
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, split.path, data, {"Host": host, "Content-Type": "application/json"})
        return connection, connection.getresponse()


class _SecureConnection(http.client.HTTPSConnection):
    """Connection to loopback with the name of a host, which its certificate must have."""

    _context: ssl.SSLContext

    def connect(self) -> None:
        """Connect without a look-up of the host."""
        self._name, self.host = self.host, ADDRESS
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._name)


def wait_for_route(cluster: Client, kind: str, namespace: str, name: str = "llama") -> Object:
    """Wait until a route is accepted with its backends, and return the status of its parent."""

    def poll() -> Object | None:
        live = cluster.get("gateway.networking.k8s.io/v1", kind, name, namespace)
        for parent in live.get("status", {}).get("parents", []):
            if all(condition({"status": parent}, each).get("status") == "True" for each in ("Accepted", "ResolvedRefs")):
                return parent
        return None

    return wait_until(f"an accepted {kind}", poll)
