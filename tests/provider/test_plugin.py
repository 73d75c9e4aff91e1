"""The plugin process, over gRPC as the engine calls it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import grpc
import pytest

from nim_component import NIMService
from nim_component.local import wire
from nim_component.local.markers import UNKNOWN, Secret
from nim_component.provider.schema import read_schema
from nim_component.testing import record

from .engine import ROOT, Monitor, Plugin, output_value, serve_monitor, start_plugin
from .inputs import to_inputs

KEYLESS: dict[str, Any] = {"secrets": {"without_key": True}}
KEY = "nvapi-" + "a1B2" * 16
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: a
clusters: [{name: a, cluster: {server: "http://127.0.0.1:9"}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
users: [{name: a, user: {token: x}}]
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    kubeconfig = tmp_path_factory.mktemp("kube") / "config"
    kubeconfig.write_text(KUBECONFIG, "utf-8")
    with start_plugin(KUBECONFIG=str(kubeconfig)) as started:
        yield started


@pytest.fixture
def run() -> Iterator[tuple[str, Monitor]]:
    with serve_monitor() as started:
        yield started


def test_schema_is_that_of_the_package(plugin: Plugin):
    schema = json.loads(plugin.schema())
    assert schema.pop("version")
    assert schema == read_schema()


def test_construct_registers_the_children_of_python(plugin: Plugin, run: tuple[str, Monitor]):
    address, monitor = run
    fields = {**KEYLESS, "gpu": 2, "ingress": {"hosts": ["llama.example.com"]}}
    response = plugin.construct(address, "llama", to_inputs(fields), preview=True)
    expected = record(lambda: NIMService("llama", cast("Any", fields)), project="project", stack="dev").run
    children = sorted((each.type, each.name, repr(each.inputs)) for each in monitor.resources)
    assert children == sorted(
        (each.type, each.name, repr(each.inputs)) for each in expected.resources if each.type != "pulumi:pulumi:Stack"
    )
    assert response.urn.endswith("::nim:index:NIMService::llama")
    state = wire.decode(response.state)
    assert (state["url"], state["port"]) == ("http://llama.default.svc.cluster.local:8000", 8000)


def test_services_of_one_run_share_the_hooks(plugin: Plugin, run: tuple[str, Monitor]):
    address, monitor = run
    for name in ("one", "two"):
        plugin.construct(address, name, to_inputs(KEYLESS))
    assert sorted(monitor.hooks) == ["nim-component-begin", "nim-component-end", "nim-component-failed", "nim-component-hold"]
    with serve_monitor() as (other, next_run):
        plugin.construct(other, "one", to_inputs(KEYLESS))
        assert sorted(next_run.hooks) == sorted(monitor.hooks)


def test_problems_are_one_text_without_class_names(plugin: Plugin, run: tuple[str, Monitor]):
    with pytest.raises(grpc.RpcError) as raised:
        plugin.construct(run[0], "llama", {"secrets": {"withoutKey": True, "ngcApiKey": KEY}, "gpuu": 1})
    error: Any = raised.value
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert error.details().startswith("NIMService 'llama' has 2 problems:")
    assert "gpuu: unknown field" in error.details()
    assert "secrets.ngcApiKey: must be a Pulumi secret" in error.details()
    assert KEY not in f"{error.details()}{error.trailing_metadata()}"
    assert "class" not in error.details()


def test_problem_of_an_output_is_one_text(plugin: Plugin, run: tuple[str, Monitor]):
    with pytest.raises(grpc.RpcError) as raised:
        plugin.construct(run[0], "llama", {**to_inputs(KEYLESS), "mem": Secret("20Gi")}, preview=True)
    error: Any = raised.value
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "mem: must not be a secret" in error.details()
    assert "Traceback" not in error.details()


def test_secret_and_unknown_values_pass(plugin: Plugin, run: tuple[str, Monitor]):
    address, monitor = run
    response = plugin.construct(
        address, "llama", {"secrets": {"ngcApiKey": output_value(KEY, secret=True)}, "image": UNKNOWN}, preview=True
    )
    (deployment,) = [each for each in monitor.resources if each.type.endswith(":Deployment")]
    assert deployment.inputs["spec"]["template"]["spec"]["containers"][0]["image"] is UNKNOWN
    shown = [(each.name, each.inputs) for each in monitor.resources if each.type != "kubernetes:core/v1:Secret"]
    assert KEY not in f"{shown}{response}{plugin.log.lines}"
    assert [each.type for each in monitor.resources].count("kubernetes:core/v1:Secret") == 2


def test_options_reach_the_children(plugin: Plugin, run: tuple[str, Monitor]):
    address, monitor = run
    plugin.construct(address, "llama", to_inputs(KEYLESS), preview=True, protect=True)
    assert {each.options.protect for each in monitor.resources} == {True}


def test_plugin_without_engine_explains_itself():
    run = subprocess.run(
        [sys.executable, str(ROOT / "plugin")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "This program is a Pulumi plugin: the engine starts it with its address.\n"


def test_schema_is_returned_without_the_kubernetes_sdk():
    """The engine starts a second process for the schema."""
    program = "import sys; from nim_component.provider.server import NIMProvider; NIMProvider(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert "pulumi" in modules
    assert not {"pulumi_kubernetes", "pydantic", "nim_component.args"} & set(modules)


def test_component_is_imported_while_the_program_starts(tmp_path: Path):
    """The engine starts the program when it has the port. No component is constructed here."""
    imported = "nim_component.component.service"
    command = [sys.executable, "-X", "importtime", str(ROOT / "plugin"), "127.0.0.1:9"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        (tmp_path / "imports").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=env, text=True) as process,
    ):
        try:
            assert process.stdout is not None and int(process.stdout.readline())
            assert imported not in (tmp_path / "imports").read_text()
            end = time.monotonic() + 60
            while imported not in (tmp_path / "imports").read_text():
                assert time.monotonic() < end
                time.sleep(0.1)
        finally:
            process.kill()


def test_plugin_folder_is_no_project():
    assert {each.name for each in Path(ROOT / "plugin").iterdir() if each.name != "__pycache__"} >= {"PulumiPlugin.yaml", "__main__.py"}
    assert not (ROOT / "PulumiPlugin.yaml").exists()
