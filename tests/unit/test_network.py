"""Proxy and certificate authorities, which only containers with downloads get."""

import subprocess
from pathlib import Path
from typing import Any

import pulumi
import pytest

from nim_component import NetworkArgs, NIMService
from nim_component.kubernetes.own_programs import JOIN
from nim_component.testing import record

from .seed import LORA, REFERENCE, recorded, serve

PROXY = "http://proxy.example.com:3128"
LOCAL = "localhost,127.0.0.1,.svc,.cluster.local"
BUNDLE = "/opt/authorities/bundle/ca-certificates.crt"
DOWNLOADERS = ("nim", "download-loras")


def env_of(container: str, **network: Any) -> dict[str, Any]:
    """Return the variables that the option set adds to a container."""
    before = recorded(**LORA).env("llama", container)
    after = recorded(**LORA, network=NetworkArgs(**network)).env("llama", container)
    assert before.items() <= after.items()
    return {name: value for name, value in after.items() if name not in before}


@pytest.mark.parametrize("container", DOWNLOADERS)
class TestProxy:
    def test_https_proxy_sets_both_cases_and_no_proxy(self, container: str):
        assert env_of(container, https_proxy=PROXY) == {
            "HTTPS_PROXY": PROXY,
            "https_proxy": PROXY,
            "NO_PROXY": LOCAL,
            "no_proxy": LOCAL,
            "NIM_SDK_USE_NATIVE_TLS": "1",
        }

    def test_http_proxy_is_rendered(self, container: str):
        env = env_of(container, http_proxy=PROXY)
        assert (env["HTTP_PROXY"], env["http_proxy"]) == (PROXY, PROXY)
        assert not {"HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE"} & env.keys()

    def test_user_hosts_follow_local_hosts(self, container: str):
        env = env_of(container, https_proxy=PROXY, no_proxy=[".example.com", "10.0.0.0/8"])
        assert env["NO_PROXY"] == env["no_proxy"] == f"{LOCAL},.example.com,10.0.0.0/8"

    @pytest.mark.parametrize("key", ["valueFrom", "value_from"])
    def test_proxy_may_come_from_secret(self, container: str, key: str):
        reference = {"secretKeyRef": {"name": "proxy", "key": "url"}}
        env = env_of(container, https_proxy={key: reference})
        assert env["HTTPS_PROXY"] == env["https_proxy"] == reference


def test_proxy_adds_only_variables():
    assert strip_env(recorded(network=NetworkArgs(https_proxy=PROXY)).pod("llama")) == strip_env(recorded().pod("llama"))


def strip_env(pod: dict[str, Any]) -> dict[str, Any]:
    return {**pod, "containers": [{key: value for key, value in each.items() if key != "env"} for each in pod["containers"]]}


class TestAuthorities:
    @pytest.mark.parametrize("container", DOWNLOADERS)
    def test_bundle_is_mounted_and_in_environment(self, container: str):
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "PIP_CERT")
        assert env_of(container, ca_config_map="corporate") == {**dict.fromkeys(names, BUNDLE), "NIM_SDK_USE_NATIVE_TLS": "1"}
        mounts = recorded(**LORA, network=NetworkArgs(ca_config_map="corporate")).container("llama", container)["volumeMounts"]
        assert mounts[-1] == {"name": "ca-bundle", "mountPath": "/opt/authorities/bundle", "readOnly": True}

    def test_authorities_container_is_exact_and_first(self):
        seen = recorded(**LORA, image="a/b/c:1", network=NetworkArgs(ca_config_map="corporate"))
        first, second = seen.pod("llama")["initContainers"]
        size = {"cpu": "100m", "memory": "64Mi"}
        assert second["name"] == "download-loras"
        assert first == {
            "name": "join-authorities",
            "image": "a/b/c:1",
            "imagePullPolicy": "IfNotPresent",
            "command": [
                *("sh", "-ec", JOIN, "sh"),
                *("/etc/ssl/certs/ca-certificates.crt", "/opt/authorities/own", BUNDLE),
            ],
            "resources": {"requests": size, "limits": size},
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            },
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": [
                {"name": "ca-own", "mountPath": "/opt/authorities/own", "readOnly": True},
                {"name": "ca-bundle", "mountPath": "/opt/authorities/bundle"},
            ],
        }

    def test_authorities_volumes_are_exact(self):
        volumes = recorded(network=NetworkArgs(ca_config_map="corporate")).pod("llama")["volumes"]
        assert volumes[-2:] == [{"name": "ca-own", "configMap": {"name": "corporate"}}, {"name": "ca-bundle", "emptyDir": {}}]

    def test_config_map_name_may_be_output(self):
        seen = record(lambda: serve(network=NetworkArgs(ca_config_map=pulumi.Output.from_input("corporate"))))
        assert seen.pod("llama")["volumes"][-2]["configMap"] == {"name": "corporate"}


@pytest.mark.parametrize("network", [None, NetworkArgs()], ids=["none", "empty"])
def test_no_network_changes_nothing(network: NetworkArgs | None):
    assert recorded(**LORA, network=network).pod("llama") == recorded(**LORA).pod("llama")


class TestJoining:
    """The script, run as a process."""

    def join(self, tmp_path: Path, system: str | None, own: dict[str, str]) -> str:
        (tmp_path / "own").mkdir()
        if system is not None:
            (tmp_path / "system.crt").write_text(system)
        for name, text in own.items():
            (tmp_path / "own" / name).write_text(text)
        paths = [str(tmp_path / name) for name in ("system.crt", "own", "joined")]
        subprocess.run(["sh", "-ec", JOIN, "sh", *paths], check=True, env={"PATH": "/usr/bin:/bin"})
        return (tmp_path / "joined").read_text()

    def test_bundle_joins_files_with_newlines(self, tmp_path: Path):
        joined = self.join(tmp_path, "A", {"b.crt": "B", "c; touch x.pem": "C"})
        assert joined.split("\n") == ["A", "B", "C", ""]
        assert sorted(each.name for each in tmp_path.iterdir()) == ["joined", "own", "system.crt"]

    def test_image_without_bundle_uses_given_authorities(self, tmp_path: Path):
        assert self.join(tmp_path, None, {"b.crt": "B"}) == "B\n"

    def test_empty_config_map_keeps_image_authorities(self, tmp_path: Path):
        assert self.join(tmp_path, "A", {}) == "A\n"

    def test_unwritable_bundle_fails_container(self, tmp_path: Path):
        paths = [str(tmp_path), str(tmp_path), str(tmp_path / "nowhere" / "joined")]
        assert subprocess.run(["sh", "-ec", JOIN, "sh", *paths], capture_output=True).returncode != 0


def test_password_in_output_proxy_is_refused_and_redacted():
    def program() -> object:
        return serve(network=NetworkArgs(https_proxy=pulumi.Output.from_input("http://me:hunter2@proxy:1")))

    with pytest.raises(Exception, match="network.https_proxy: must be the URL of a proxy without user and password") as caught:
        record(program)
    assert "hunter2" not in str(caught.value)


def test_unknown_key_in_proxy_reference_is_refused():
    reference = {"valueFrom": {"secretKeyRef": {"nam": "x"}}}
    with pytest.raises(ValueError, match=r"network\.https_proxy\.valueFrom\.secretKeyRef\.nam: is not a field"):
        record(lambda: NIMService("llama", {"secrets": REFERENCE, "network": {"https_proxy": reference}}))
