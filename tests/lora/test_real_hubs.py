"""Answers of real hubs, networks and proxies, with each supported version of huggingface_hub.

The headers and messages are those of huggingface.co.
"""

from __future__ import annotations

import importlib.metadata
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nim_component.lora_loader.no_proxy import simplify
from tests.lora.hub import Hub, Repo, adapter
from tests.lora.libraries import VERSIONS, install
from tests.lora.pod import TOKEN, Pod

WHOLE = adapter(1, 100_000)
WEIGHTS = "adapter_model.safetensors"
ASKED = "Your request to access model org/one"


@pytest.fixture(params=VERSIONS)
def library(request: pytest.FixtureRequest) -> dict[str, str]:
    """Environment that selects a version of huggingface_hub."""
    return install(request.param)


def refused(status: int, message: str = "", code: str = "", what: str = "api") -> dict[str, Any]:
    """Refusal as the hub sends it: in headers."""
    headers = {"X-Error-Message": message, "X-Error-Code": code}
    return {f"{what}_status": status, "headers": {name: value for name, value in headers.items() if value}}


def files(hub: Hub, name: str = WEIGHTS) -> int:
    return sum(each.endswith(name) for each in hub.requests)


def test_selected_library_is_used(hub: Hub, pod: Pod, library: dict[str, str], request: pytest.FixtureRequest) -> None:
    result = pod.run(**library)
    version = request.node.callspec.params["library"]
    wanted = importlib.metadata.version("huggingface_hub") if version == "installed" else version
    assert result.code == 0 and f"with huggingface_hub {wanted}\n" in result.out, result


@pytest.mark.parametrize("trouble", [{"chunked": True}, {"length_off": 5000}], ids=["chunked", "length"])
def test_cut_end_is_verified_by_hash(hub: Hub, pod: Pod, library: dict[str, str], trouble: dict[str, Any]) -> None:
    """All bytes arrived, and the connection breaks before the end of the response."""
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble=trouble)
    result = pod.run(**library)
    assert (result.code, pod.published(), files(hub)) == (0, ["one"], 1), result
    assert "next attempt" not in result.out


def test_refused_range_starts_anew(hub: Hub, pod: Pod, library: dict[str, str]) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"cut_after": 30_000, "times": 1, "no_rest": True})
    result = pod.run(**library)
    assert (result.code, files(hub)) == (0, 3), result
    assert "416 for the rest of the file; it starts anew" in result.out


REFUSALS: dict[str, tuple[dict[str, Any], int, str]] = {
    "fine-grained token": (
        refused(403, "Please enable access to public gated repositories in your fine-grained token settings to view this repository."),
        12,
        "the fine-grained token may not read gated repos (403). Enable public gated repositories in the settings of the token",
    ),
    "review pending": (
        refused(403, f"{ASKED} is awaiting a review from the repo authors.", "GatedRepo", "file"),
        12,
        "the request for access awaits a review by its authors (403). Start again after their approval",
    ),
    "request rejected": (refused(403, f"{ASKED} has been rejected by the repo's authors.", "GatedRepo"), 12, "rejected the request"),
    "request reset": (refused(403, f"{ASKED} has been reset by the repo's authors.", "GatedRepo"), 12, "Request access again"),
    "terms not accepted": (
        refused(403, "Access to model org/one is restricted and you are not in the authorized list.", "GatedRepo"),
        12,
        "Accept its terms on its page with the account of the token",
    ),
    "disabled": (refused(403, "Access to this resource is disabled."), 24, "the hub disabled the repo (403). See its page for the reason"),
    "token expired": (
        refused(401, "Invalid credentials in Authorization header"),
        11,
        "the token is invalid or expired (401). Renew it in its Secret",
    ),
    "another message": (refused(403, "Your plan ends \x1b[31mhere"), 12, "with the message 'Your plan ends"),
    "file missing": ({"missing": WEIGHTS}, 14, f"the commit exists, and has no file {WEIGHTS} (404). Correct its files"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_message_of_hub_decides_the_fix(hub: Hub, pod: Pod, library: dict[str, str], case: str) -> None:
    trouble, code, words = REFUSALS[case]
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble=trouble)
    result = pod.run(HF_TOKEN=TOKEN, **library)
    assert (result.code, pod.published(), pod.staged()) == (code, [], []), result
    assert words in result.last and result.last.startswith("adapter one (org/one@main): ") and result.last.isprintable(), result.last
    assert "next attempt" not in result.out, "no retry can change it"


def test_locked_commit_gone_names_lock(hub: Hub, pod: Pod) -> None:
    locked = {name: {"size": 1, "sha256": "0" * 64} for name in ("adapter_config.json", WEIGHTS)}
    pod.list_adapters({"repo_id": "org/one", "revision": "a" * 40, "locked": locked})
    result = pod.run()
    assert result.code == 13 and "its history was rewritten (404). Lock it again: nim-component adapters lock --upgrade" in result.last
    hub.repos["org/one"].trouble = {"missing": "adapter_config.json"}
    pod.list_adapters({"repo_id": "org/one", "revision": hub.repos["org/one"].commit("main"), "locked": locked})
    result = pod.run()
    assert result.code == 14 and "has no file adapter_config.json (404). Lock it again" in result.last, result


def test_renamed_repository_warns_and_downloads(hub: Hub, pod: Pod, library: dict[str, str]) -> None:
    hub.repos["org/new"] = Repo({"main": WHOLE})
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"renamed": "org/new"})
    result = pod.run(**library)
    assert (result.code, pod.published()) == (0, ["one"]), result
    assert result.out.count("the repo was renamed to org/new. Write the new name") == 1
    hub.repos["org/new"].gated = True
    pod.list_adapters({"repo_id": "org/one", "name": "again"})
    result = pod.run(**library)
    assert result.code == 12 and "it was renamed to org/new; the repo is gated" in result.last, result


def test_blocked_cdn_is_named(hub: Hub, pod: Pod, library: dict[str, str]) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"redirect": "http://localhost:9"})
    result = pod.run(LORA_RETRIES="1", **library)
    assert result.code == 19 and "at localhost, after 2 attempts. Allow localhost in the proxy, firewall" in result.last, result
    trouble = {"redirect": f"http://localhost:{hub.server_port}", "cdn_status": 403}
    hub.repos["org/one"].trouble = trouble
    result = pod.run(HF_TOKEN=TOKEN, **library)
    assert result.code == 19 and "localhost, to which the hub redirects, returned 403. Allow localhost in" in result.last, result


def test_log_names_hosts_of_downloads(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"redirect": f"http://localhost:{hub.server_port}"})
    result = pod.run()
    assert result.code == 0 and "hosts of the downloads: 127.0.0.1, localhost" in result.out, result


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[tuple[Hub, Path]]:
    """A hub with a certificate of an authority that no system trusts."""
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=hub", "-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run([*command, *names, "-keyout", str(key), "-out", str(certificate)], capture_output=True, check=True)
    except OSError:
        pytest.skip("no openssl on PATH")
    hub = Hub({"org/one": Repo({"main": WHOLE})})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    hub.socket = context.wrap_socket(hub.socket, server_side=True)
    tmp_path.chmod(0o755)
    with hub:
        yield hub, certificate


def test_unknown_authority_names_ca_config_map(encrypted: tuple[Hub, Path], pod: Pod, library: dict[str, str]) -> None:
    hub, _ = encrypted
    result = pod.run(HF_ENDPOINT=hub.url.replace("http:", "https:"), **library)
    assert result.code == 25 and "next attempt" not in result.out, result
    assert "the certificate of 127.0.0.1" in result.last and "network.ca_config_map" in result.last, result.last


def test_unknown_authority_of_index_names_ca_config_map(encrypted: tuple[Hub, Path], pod: Pod) -> None:
    """The package index, from which the loader installs its library, has the certificate."""
    hub, _ = encrypted
    index = f"{hub.url.replace('http:', 'https:')}/simple"
    result = pod.run("-S", PIP_INDEX_URL=index, PIP_RETRIES="0", PIP_FIND_LINKS="", timeout=120)
    assert result.code == 10 and "could not be installed" in result.last and "network.ca_config_map" in result.last, result


RANGES = "10.0.0.0/8,fd00::/8,[::1],::1,.svc,127.0.0.0/8"


def test_address_ranges_in_no_proxy_work(hub: Hub, pod: Pod, library: dict[str, str]) -> None:
    """The proxy does not exist, and a range contains the hub."""
    proxy = "http://127.0.0.1:9"
    result = pod.run(NO_PROXY=RANGES, HTTP_PROXY=proxy, HTTPS_PROXY=proxy, http_proxy=proxy, **library)
    assert (result.code, pod.published()) == (0, ["one"]), result
    pod.list_adapters("org/two")
    result = pod.run(NO_PROXY="10.0.0.0/8,fd00::/8", HTTP_PROXY=proxy, http_proxy=proxy, LORA_RETRIES="1", **library)
    assert result.code == 19, "the hub is in no range"


@pytest.mark.parametrize(
    ("value", "hosts", "expected"),
    [
        (RANGES, [], "::1,::1,.svc"),
        (RANGES, ["10.1.2.3", "fd00::5", "hub.example.com"], "::1,::1,.svc,10.1.2.3,fd00::5"),
        ("10.0.0.0/8", ["11.0.0.1"], ""),
        (" a.example.com , *,10.0.0.1:80 ", [], "a.example.com,*,10.0.0.1:80"),
    ],
)
def test_no_proxy_has_simple_forms(value: str, hosts: list[str], expected: str) -> None:
    assert simplify(value, hosts) == expected


def test_wrong_proxy_prints_one_line(hub: Hub, pod: Pod, library: dict[str, str]) -> None:
    result = pod.run(HTTPS_PROXY="ftp://robot:hunter2@proxy:1", https_proxy="ftp://robot:hunter2@proxy:1", NO_PROXY="", **library)
    assert result.code == 19 and "Correct HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY" in result.last, result
    assert "hunter2" not in result.out + result.err + result.termination
