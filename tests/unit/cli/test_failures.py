"""Errors of commands: printed, and nothing is written."""

import json
from pathlib import Path

import pytest
import typer

from nim_component.cli.connection import fail_on_cluster_errors
from nim_component.cluster.errors import FailedRequestError, UnreachableError

from .project import PROGRAM, Command, Result, snapshot, write


def test_run_error_prints_its_text_only(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", "import pulumi\nraise pulumi.RunError('web: image: give a tag')\n")
    assert cli("up") == Result(
        1, "Local engine, no cluster is contacted: rendering stack dev of project demo\n", "error: web: image: give a tag\n"
    )


def test_traceback_has_frames_of_the_program_only(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", "def fail():\n    return 1 / 0\n\nfail()\n")
    result = cli("up")
    assert result.code == 1
    assert "ZeroDivisionError: division by zero" in result.err
    assert f'File "{folder}/__main__.py", line 2, in fail' in result.err
    assert "engine.py" not in result.err
    assert "runpy" not in result.err


def test_traceback_keeps_program_modules_named_like_ours(cli: Command, folder: Path) -> None:
    """Frames are selected by path, not by file name."""
    write(folder, "local/__init__.py", "")
    write(folder, "local/engine.py", "def fail(_):\n    return 1 / 0\n")
    write(folder, "__main__.py", "import pulumi\nfrom local.engine import fail\npulumi.Output.from_input(1).apply(fail)\n")
    result = cli("up")
    assert f'File "{folder}/local/engine.py", line 2, in fail' in result.err
    assert "site-packages" not in result.err


def test_installed_packages_are_not_program_files(folder: Path) -> None:
    from nim_component.local.program import PACKAGE, is_program_file

    assert is_program_file(folder / "local/engine.py", folder)
    assert not is_program_file(folder / ".venv/lib/python3.12/site-packages/pulumi/output.py", folder)
    assert not is_program_file(PACKAGE / "cli/up.py", PACKAGE.parent)
    assert not is_program_file(Path("<frozen runpy>"), folder)


def test_schema_violation_is_printed_and_nothing_is_written(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", PROGRAM.replace('"side:1"', '"side:1", "imagePullPolice": "Always"'))
    before = snapshot(folder)
    result = cli("up")
    assert result.code == 1
    assert "Deployment default/web (urn:pulumi:dev::demo::kubernetes:apps/v1:Deployment::web): " in result.err
    assert "containers[1].imagePullPolice: unknown field. Did you mean 'imagePullPolicy'?" in result.err
    assert snapshot(folder) == before


def test_stack_sets_the_kubernetes_version(cli: Command, folder: Path) -> None:
    write(folder, "Pulumi.dev.yaml", 'config: {kubernetesVersion: "1.30"}\n')
    assert json.loads(cli("preview", "--json").out)["kubernetesVersion"] == "1.30"


def test_option_overrides_the_kubernetes_version(cli: Command) -> None:
    assert json.loads(cli("preview", "--json", "--kubernetes-version", "1.31").out)["kubernetesVersion"] == "1.31"


def test_unknown_stack_lists_known_stacks(cli: Command) -> None:
    result = cli("up", "--stack", "prod")
    assert result.code == 1
    assert "Known: dev. Choose a stack with --stack." in result.err


def test_unknown_option_exits_with_2(cli: Command) -> None:
    assert cli("up", "--nonsense").code == 2


@pytest.mark.parametrize(
    ("stack", "text"),
    [
        ("", "stack '': not a valid name. Write `dev`, or `organization/demo/dev`."),
        ("../dev", "stack '../dev': not a valid name."),
        ("acme/other/dev", "stack 'acme/other/dev': belongs to another project than demo. Write `organization/demo/dev`."),
        ("a/b/c/dev", "belongs to another project than demo"),
    ],
)
def test_invalid_stack_name_runs_nothing(cli: Command, folder: Path, stack: str, text: str) -> None:
    result = cli("up", "--stack", stack)
    assert result.code == 1
    assert text in result.err
    assert not (folder / "out").exists()


@pytest.mark.parametrize("stack", ["dev", "acme/dev", "acme/demo/dev"])
def test_qualified_stack_name_is_accepted(cli: Command, stack: str) -> None:
    assert cli("preview", "--stack", stack).code == 0


def test_misspelt_key_prints_the_nearest_key(cli: Command, folder: Path) -> None:
    write(folder, "Pulumi.yaml", "name: demo\nruntime: python\nconfig: {image: {type: string, default: 'web:1'}}\n")
    write(folder, "Pulumi.dev.yaml", "config: {imge: 'web:2'}\n")
    assert "'demo:imge' is not declared in Pulumi.yaml. Did you mean 'image'?" in cli("preview").out
    write(folder, "Pulumi.yaml", "name: demo\nruntime: python\nconfig: {image: {type: string}}\n")
    assert "missing configuration value 'image'" in cli("preview").err
    assert "'demo:imge' is not declared in Pulumi.yaml. Did you mean 'image'?" in cli("preview").err


def test_syntax_error_has_no_engine_frames(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", "import pulumi\nx = (\n")
    result = cli("preview")
    assert "SyntaxError: '(' was never closed" in result.err
    assert "runpy" not in result.err


def test_json_contains_the_error(cli: Command, folder: Path):
    write(folder, "__main__.py", PROGRAM + "raise pulumi.RunError(f\"no room for {config.get('image')}\")\n")
    for command in ("preview", "up"):
        code, out, err = cli(command, "--json")
        assert (code, err) == (1, "error: no room for web:1\n")
        assert json.loads(out) == {"engine": "local", "command": command, "project": "demo", "stack": "dev", "error": "no room for web:1"}
    found = json.loads(cli("preview", "--json", "--stack", "nowhere").out)
    assert (found["project"], found["stack"]) == (None, None) and "nowhere" in found["error"]


@pytest.mark.parametrize("command", ["explain", "check"])
def test_rendering_stack_is_not_searched_in_cluster(cli: Command, command: str) -> None:
    """The current context may be any cluster, so `explain` and `check` must not use it."""
    result = cli(command, "--stack", "dev", "--json")
    assert result.code == 1
    assert "the stack dev renders to files and has no cluster" in json.loads(result.out)["error"]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (FailedRequestError(429), "error: the API server answered with status 429: it starts or is overloaded. Run the command again\n"),
        (FailedRequestError(500), "error: the API server answered with status 500: see its log. Run the command again\n"),
        (
            UnreachableError("ConnectError"),
            "error: the cluster does not respond (ConnectError). Check --kubeconfig, --context and the network to the cluster\n",
        ),
    ],
)
def test_answering_server_is_no_network_fault(error: Exception, text: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(typer.Exit) as caught, fail_on_cluster_errors():
        raise error
    assert (caught.value.exit_code, capsys.readouterr().err) == (1, text)
