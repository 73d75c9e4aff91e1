"""Programs in other languages create the objects of one in Python, through the plugin."""

import base64
import json
import re
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from tests.cluster.cache import locked
from tests.cluster.client import Client, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.nodes import EIGHT_GPUS

from ..provider.inputs import to_inputs
from .git_server import commit_tree, serve_repository
from .languages import (
    GO,
    JAVA,
    READY_AFTER,
    TYPESCRIPT,
    YAML,
    Language,
    Program,
    copy_project,
    environment_of,
    require_host,
    run,
    write_schema,
)
from .project import ROOT, Project
from .resources import live_deployment, names
from .test_stacks import API_KEY, LOGIN, TOKEN, applied_secret

LANGUAGES = [pytest.param(each, id=each.name) for each in (TYPESCRIPT, GO)]
WITH_JAVA = [*LANGUAGES, pytest.param(JAVA, id="java")]
WITH_YAML = [*LANGUAGES, pytest.param(YAML, id="yaml")]
WITH_ALL = [*WITH_JAVA, pytest.param(YAML, id="yaml")]
PYTHON = """
import pulumi
from nim_component import NIMService

for name, fields in SERVICES.items():
    NIMService(name, fields)
"""
SLOW = {READY_AFTER: "5s"}
SERVICE: dict[str, Any] = {
    "type": "nim:NIMService",
    "properties": {"secrets": {"withoutKey": True}, "env": {"NIM_LOG_LEVEL": "INFO"}, "podAnnotations": SLOW},
}
WRONG = {TYPESCRIPT.name: ("gpu: 1,", "gpuu: 1,"), GO.name: ("Gpu:     pulumi", "Gpuu:     pulumi"), JAVA.name: (".gpu(1)", ".gpuu(1)")}
SEED = yaml.safe_load((ROOT / "stacks" / "Pulumi.dev.yaml").read_text("utf-8"))["config"]["nim:services"]


def python(services: dict[str, Any]) -> str:
    """Return a program in Python with services."""
    return f"SERVICES = {services!r}\n{PYTHON}"


@pytest.fixture
def with_seed_secrets(cluster: Client, namespace: str, nodes) -> None:
    """Create the Secrets and the GPUs of the example of one service."""
    nodes(EIGHT_GPUS)
    cluster.create(applied_secret(namespace, "my-ngc-image-pull-secret", **{".dockerconfigjson": LOGIN, "ngc_api_key": API_KEY}))
    cluster.create(applied_secret(namespace, "huggingface", hf_token=TOKEN))


@pytest.fixture
def in_language(tmp_path: Path, control_plane: ControlPlane) -> Callable[[Language], Program]:
    """Return a function that creates a project of a language on the cluster."""

    def make(language: Language) -> Program:
        return Program(copy_project(language, tmp_path), "languages", KUBECONFIG=str(control_plane.kubeconfig))

    return make


@dataclass(frozen=True)
class Release:
    """A tag of this repository on a git server.

    Attributes:
        package: Source of the plugin, without the scheme.
        environment: Variables of a client.
    """

    package: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """Serve this checkout, with the tag of its version."""
    folder = tmp_path_factory.mktemp("release")
    tag = f"v{version('nim-component')}"
    commit_tree(ROOT, folder / "nim", tag)
    home = {"PULUMI_HOME": str(folder / "home")}
    if (kubernetes := shutil.which("pulumi-resource-kubernetes")) is not None:  # otherwise the CLI downloads it
        command = ("pulumi", "plugin", "install", "resource", "kubernetes", version("pulumi_kubernetes"), "--file", kubernetes)
        code, output = run(folder, *command, environment={**environment_of(folder), **home})
        assert code == 0, output
    try:
        with locked("git-server"), serve_repository(folder / "nim", folder) as certificates:  # one of all parallel processes
            yield Release(f"localhost/org/nim.git/plugin@{tag}", {**home, "SSL_CERT_FILE": str(certificates), "PYTHONPATH": ""})
    except PermissionError as error:
        pytest.skip(f"this user must not listen on port 443 ({error})")


@pytest.fixture
def logo() -> Iterator[str]:
    """Serve a file: the SDK for .NET contains the logo, and the CLI downloads it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"logo")

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/logo.png"
        server.shutdown()


@pytest.mark.parametrize(
    ("runtime", "field"),
    [
        ("nodejs", "disruptionBudget?:"),
        ("python", "def disruption_budget("),
        ("go", "DisruptionBudget "),
        ("dotnet", "DisruptionBudget "),
        ("java", "disruptionBudget()"),
    ],
    ids=["nodejs", "python", "go", "dotnet", "java"],
)
def test_sdk_is_generated(runtime: str, field: str, tmp_path: Path, logo: str):
    require_host(runtime)
    code, output = run(
        tmp_path, "pulumi", "package", "gen-sdk", str(write_schema(tmp_path, logoUrl=logo)), "--language", runtime, "--out", "out",
        environment=environment_of(tmp_path),
    )  # fmt: skip
    assert code == 0, output
    services = [path for path in (tmp_path / "out").rglob("*.*") if path.stem.lower() in ("nimservice", "nim_service", "nimserviceargs")]
    assert any(field in path.read_text("utf-8") for path in services)


@pytest.mark.parametrize(
    ("language", "suffix"),
    [*((each, suffix) for each in (TYPESCRIPT, GO) for suffix in ("", "-platform")), (JAVA, "")],
    ids=lambda each: each or "service" if isinstance(each, str) else each.name,
)
def test_example_has_right_types(language: Language, suffix: str, tmp_path: Path):
    program = Program(copy_project(language, tmp_path), "types")
    program.write_in(language, language.example(suffix))
    code, output = program.check(language)
    assert code == 0, output


@pytest.mark.parametrize("language", WITH_JAVA)
def test_unknown_field_is_a_type_error(language: Language, tmp_path: Path):
    program = Program(copy_project(language, tmp_path), "types")
    program.write_in(language, language.example().replace(*WRONG[language.name]))
    code, output = program.check(language)
    assert code != 0
    assert re.search(r"gpuu", output, re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_platform_renders_as_python(language: Language, tmp_path: Path, project: Callable[..., Project]):
    described = yaml.safe_load((ROOT / "examples/languages" / f"{language.name}-platform" / "Pulumi.yaml").read_text("utf-8"))
    config = yaml.safe_load((ROOT / "examples/languages" / f"{language.name}-platform" / "Pulumi.dev.yaml").read_text("utf-8"))
    program = Program(copy_project(language, tmp_path), "platform", config["config"], KUBECONFIG="/dev/null")
    program.write_in(language, language.example("-platform"), config=described["config"])
    code, output = program.pulumi("up", "--yes", "--skip-preview")
    assert code == 0, output
    expected = project(ROOT / "examples" / "platform")
    expected.stack.up()
    found = with_parsed_data(program.files("rendered/dev"))
    assert len(found) == 11
    assert found == with_parsed_data(expected.files("rendered/dev"))


def with_parsed_data(objects: dict[str, Any]) -> dict[str, Any]:
    """Parse JSON in ConfigMaps and Secrets: languages write it with different spaces."""
    for each in objects.values():
        for key, value in (each.get("data") or {}).items():
            text = base64.b64decode(value).decode() if each["kind"] == "Secret" else value
            each["data"][key] = json.loads(text) if text[:1] in "[{" else text
    return objects


@pytest.mark.parametrize("language", WITH_ALL)
def test_service_is_deployed_changed_and_destroyed(
    language: Language, in_language: Callable[[Language], Program], cluster: Client, namespace: str, with_seed_secrets
):
    assert_lifecycle(in_language(language), language, cluster, namespace)


@pytest.mark.parametrize("language", WITH_YAML)
def test_plugin_of_a_tag_deploys(
    language: Language,
    release: Release,
    tmp_path: Path,
    control_plane: ControlPlane,
    cluster: Client,
    namespace: str,
    with_seed_secrets,
):
    folder = copy_project(language, tmp_path)
    program = Program(folder, "languages", package=release.package, KUBECONFIG=str(control_plane.kubeconfig), **release.environment)
    program.write_in(language, seed_in(language, namespace))
    code, output = program.pulumi("package", "add", f"https://{release.package}")
    assert code == 0, output
    packages = yaml.safe_load((folder / "Pulumi.yaml").read_text("utf-8"))["packages"]
    assert packages["nim"].replace("@v", "@") == release.package.replace("@v", "@")  # an installed one is written without v
    output = assert_lifecycle(program, language, cluster, namespace)
    assert "resource plugin nim" not in output  # a warning that plugin, tag and SDK have other versions


def seed_in(language: Language, namespace: str, batch: str = "128") -> str:
    """Return the program of one service, in a namespace."""
    if language is not YAML:
        return language.service_in(namespace, batch)
    ((name, fields),) = SEED.items()
    fields = {**fields, "namespace": namespace, "pod_annotations": SLOW, "env": {**fields["env"], "NIM_MODEL_MAX_BATCH_SIZE": batch}}
    return yaml.safe_dump({"resources": {name: {"type": "nim:NIMService", "properties": to_inputs(fields)}}})


def assert_lifecycle(program: Program, language: Language, cluster: Client, namespace: str) -> str:
    """Deploy the service, change it, destroy it, and return the output of the change."""
    output = ""
    for batch in ("128", "64"):
        program.write_in(language, seed_in(language, namespace, batch))
        code, output = program.pulumi("up", "--yes", "--skip-preview")
        assert code == 0, output
        assert "ready after" in output, output  # the progress report of the plugin process
        live = live_deployment(cluster, namespace, "llama3-8b")
        assert live["status"]["readyReplicas"] == 1
        env = {each["name"]: each.get("value") for each in live["spec"]["template"]["spec"]["containers"][0]["env"]}
        assert env["NIM_MODEL_MAX_BATCH_SIZE"] == batch
    changed = output
    assert API_KEY not in changed + program.pulumi("stack", "export")[1]
    code, output = program.pulumi("destroy", "--yes", "--skip-preview")
    assert code == 0, output
    wait_until("the end of the Deployment", lambda: not names(cluster, namespace, "Deployment"))
    assert names(cluster, namespace, "Secret") == {"my-ngc-image-pull-secret", "huggingface"}
    return changed


@pytest.mark.parametrize("language", WITH_ALL)
def test_stack_of_python_stays_unchanged(language: Language, in_language: Callable[[Language], Program], namespace: str, with_seed_secrets):
    program = in_language(language)
    program.write_python(python({name: {**fields, "namespace": namespace, "pod_annotations": SLOW} for name, fields in SEED.items()}))
    code, output = program.pulumi("up", "--yes", "--skip-preview")
    assert code == 0, output
    program.write_in(language, seed_in(language, namespace))
    code, output = program.pulumi("preview", "--expect-no-changes")
    assert code == 0, output
    assert re.search(r"\d+ unchanged", output)


class YamlProgram(Program):
    """Two services in YAML, and the same in Python, as one stack."""

    def __init__(self, folder: Path, namespace: str, kubeconfig: Path) -> None:
        super().__init__(folder, "languages", KUBECONFIG=str(kubeconfig))
        self.namespace = namespace

    def write_services(self, **properties: Any) -> None:
        """Write the program, with further properties of the service `llama`."""
        services = {name: deepcopy(SERVICE) for name in ("llama", "other")}  # its YAML has no anchors
        for service in services.values():
            service["properties"]["namespace"] = self.namespace
        services["llama"]["properties"] |= properties
        self.write("yaml", {}, resources=services)


@pytest.fixture
def in_yaml(tmp_path: Path, namespace: str, control_plane: ControlPlane) -> Iterator[YamlProgram]:
    require_host("yaml")
    yield YamlProgram(tmp_path, namespace, control_plane.kubeconfig)


def test_services_in_yaml_equal_those_in_python(in_yaml: YamlProgram, cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    in_yaml.write_services()
    code, output = in_yaml.pulumi("up", "--yes", "--skip-preview")
    assert code == 0, output
    assert live_deployment(cluster, namespace)["status"]["readyReplicas"] == 1
    assert "ready after" in output  # the progress report of the plugin process
    assert "resource hook already registered" not in output
    fields = {"namespace": namespace, "secrets": {"without_key": True}, "env": {"NIM_LOG_LEVEL": "INFO"}, "pod_annotations": SLOW}
    in_yaml.write_python(python({"llama": fields, "other": fields}))
    code, output = in_yaml.pulumi("preview")
    assert (code, "9 unchanged" in output) == (0, True), output


def test_problem_in_yaml_has_its_names(in_yaml: YamlProgram):
    in_yaml.write_services(replicas=3)
    code, output = in_yaml.pulumi("preview")
    assert code != 0
    assert "cache.accessMode: must allow sharing for 3 replicas" in output
    assert "Traceback" not in output
