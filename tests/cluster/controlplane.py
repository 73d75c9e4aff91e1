"""Control plane of processes that use the loopback interface only.

The processes are etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok.
"""

import base64
import contextlib
import secrets
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import yaml

from .client import Client, is_ready
from .nodes import STORAGE_CLASS
from .pod_network import egress_config
from .processes import Children, free_ports

STAGES = Path(__file__).parent / "stages"
CONTEXTS = ("nim", "staging", "prod")
"""Contexts of the kubeconfig: the current one first, then those in the project's stacks."""
ADMIN = "admin"
VISITOR = "visitor"
"""A user without permissions until a test binds a role to it."""


class ControlPlane:
    """A cluster without machines.

    Example:
        `with ControlPlane(programs) as control_plane: control_plane.client()`
    """

    def __init__(self, programs: Mapping[str, Path], folder: Path | None = None) -> None:
        self.programs = programs
        self.folder = folder or Path(tempfile.mkdtemp(prefix="nim-component-cluster-"))
        self.seconds_to_ready = 0.0
        self.storage = ""
        """etcd's URL."""
        self._tokens = {user: secrets.token_hex(16) for user in (ADMIN, VISITOR)}
        self._children = Children(self.folder)
        self._commands: dict[str, list[str]] = {}
        self._variables: dict[str, Mapping[str, str]] = {}

    def __enter__(self) -> "ControlPlane":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def kubeconfig(self) -> Path:
        """Path of the administrator's kubeconfig."""
        return self.kubeconfig_of(ADMIN)

    def kubeconfig_of(self, user: str) -> Path:
        """Return the path of the kubeconfig of a user: `ADMIN` or `VISITOR`."""
        return self.folder / ("kubeconfig" if user == ADMIN else f"kubeconfig-{user}")

    def client(self, user: str = ADMIN) -> Client:
        """Return a new client."""
        return Client(self.kubeconfig_of(user))

    def start(self) -> None:
        """Start all programs and wait until pods can be scheduled.

        If another process takes a port between its choice and its use, ports are chosen again.
        """
        began = time.monotonic()
        for attempt in range(3):
            try:
                self._start_storage_and_api()
                break
            except RuntimeError as error:
                for name in list(self._commands):
                    self.halt(name)
                if attempt == 2 or "address already in use" not in str(error):
                    raise
        for name in ("kube-controller-manager", "kube-scheduler", "kwok"):
            self.resume(name)
        client = self.client()
        client.apply(STORAGE_CLASS)
        self.wait("the default service account", lambda: client.find("v1", "ServiceAccount", "default", "default") is not None)
        self.seconds_to_ready = time.monotonic() - began

    def stop(self) -> None:
        """Stop every process and remove every file."""
        self._children.stop_all()

    def run(self, name: str, command: list[str], variables: Mapping[str, str] | None = None) -> None:
        """Start one more program, such as a controller, with environment variables."""
        self._commands[name], self._variables[name] = command, variables or {}
        self.resume(name)

    def halt(self, name: str) -> None:
        """Stop one program."""
        with contextlib.suppress(KeyError):
            self._children.stop(name)

    def resume(self, name: str) -> None:
        """Start one program again, with the same options."""
        self._children.start(name, self._commands[name], self._variables.get(name))

    @contextlib.contextmanager
    def without(self, *names: str) -> Generator[None]:
        """Stop programs for the duration of the context."""
        for name in names:
            self.halt(name)
        try:
            yield
        finally:
            for name in names:
                self.resume(name)

    def resume_api(self) -> None:
        """Start the API server again and wait until it is ready."""
        self.resume("kube-apiserver")
        self.wait("kube-apiserver", lambda: is_ready(self.kubeconfig))

    def _start_storage_and_api(self) -> None:
        etcd, peers, api = free_ports(3)
        self._write_files(api)
        self.storage = f"http://127.0.0.1:{etcd}"
        self._commands = self._list_commands(peers, api)
        self.resume("etcd")
        self.resume("kube-apiserver")
        self.wait("kube-apiserver", lambda: (self.folder / "certificates/apiserver.crt").exists() and is_ready(self.kubeconfig))

    def wait(self, what: str, ready: Callable[[], bool], seconds: float = 60, *, log: str = "kube-apiserver") -> None:
        """Wait until a condition is true.

        Raises:
            RuntimeError: A program has ended, or the time is over; the text has the end of `log`.
        """
        end = time.monotonic() + seconds
        while not ready():
            self._children.check()
            if time.monotonic() > end:
                raise RuntimeError(f"{what} was not ready after {seconds} s:\n{self._children.read_log_end(log)}")
            time.sleep(0.1)

    def _write_files(self, api: int) -> None:
        (self.folder / "service-accounts.key").write_text(make_ec_key())
        groups = {ADMIN: "system:masters", VISITOR: "visitors"}
        lines = [f'{token},{user},{user},"{groups[user]}"\n' for user, token in self._tokens.items()]
        (self.folder / "tokens.csv").write_text("".join(lines))
        (self.folder / "egress.yaml").write_text(yaml.safe_dump(egress_config(self.folder)))
        (self.folder / "stages.yaml").write_text("---\n".join(file.read_text() for file in sorted(STAGES.glob("*.yaml"))))
        for user, token in self._tokens.items():
            self.kubeconfig_of(user).write_text(
                yaml.safe_dump(
                    {
                        "apiVersion": "v1",
                        "kind": "Config",
                        "current-context": CONTEXTS[0],
                        "contexts": [{"name": name, "context": {"cluster": "nim", "user": user}} for name in CONTEXTS],
                        "clusters": [
                            {
                                "name": "nim",
                                "cluster": {
                                    "server": f"https://127.0.0.1:{api}",
                                    "certificate-authority": str(self.folder / "certificates/apiserver.crt"),
                                },
                            }
                        ],
                        "users": [{"name": user, "user": {"token": token}}],
                    }
                )
            )
        for file in self.folder.iterdir():
            if file.is_file():
                file.chmod(0o600)

    def _list_commands(self, peers: int, api: int) -> dict[str, list[str]]:
        folder, key = self.folder, str(self.folder / "service-accounts.key")
        storage, peer = self.storage, f"http://127.0.0.1:{peers}"
        # By default, clients limit their request rate for clusters with thousands of nodes.
        as_admin = [
            f"--kubeconfig={self.kubeconfig}",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
            "--leader-elect=false",
            "--secure-port=0",
        ]
        flags = {
            "etcd": [
                f"--data-dir={folder / 'etcd'}",
                f"--listen-client-urls={storage}",
                f"--advertise-client-urls={storage}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}",
                "--unsafe-no-fsync",
            ],
            "kube-apiserver": [
                f"--etcd-servers={storage}",
                f"--cert-dir={folder / 'certificates'}",
                f"--secure-port={api}",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                "--endpoint-reconciler-type=none",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={key}",
                f"--service-account-signing-key-file={key}",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--authorization-mode=RBAC",
                f"--token-auth-file={folder / 'tokens.csv'}",
                f"--egress-selector-config-file={folder / 'egress.yaml'}",
                "--enable-priority-and-fairness=false",
                "--max-requests-inflight=0",
                "--max-mutating-requests-inflight=0",
            ],
            "kube-controller-manager": [
                *as_admin,
                f"--service-account-private-key-file={key}",
                "--pvclaimbinder-sync-period=1s",
                "--node-monitor-grace-period=5m",
                "--horizontal-pod-autoscaler-sync-period=2s",
            ],
            "kube-scheduler": as_admin,
            "kwok": [f"--kubeconfig={self.kubeconfig}", "--manage-all-nodes=true", f"--config={folder / 'stages.yaml'}"],
        }
        return {name: [str(self.programs[name]), *options] for name, options in flags.items()}


def make_ec_key() -> str:
    """Return a private key for service account tokens: SEC1, P-256.

    Any 255 random bits are valid.
    """
    scalar = bytes([secrets.randbelow(128), *secrets.token_bytes(31)])
    der = bytes.fromhex("30310201010420") + scalar + bytes.fromhex("a00a06082a8648ce3d030107")
    return f"-----BEGIN EC PRIVATE KEY-----\n{base64.b64encode(der).decode()}\n-----END EC PRIVATE KEY-----\n"
