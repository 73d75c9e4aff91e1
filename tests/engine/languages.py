"""Programs in other Pulumi languages, with the SDK that the CLI generates from the schema."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_component.provider.provider import NIMProvider
from tests.cluster.cache import provide_folder

from .project import ROOT

EXAMPLES = ROOT / "examples" / "languages"
READY_AFTER = "cluster-tests/ready-after"
"""Annotation of pods that are ready later: a progress report needs time to read them."""


@dataclass(frozen=True)
class Language:
    """A language of Pulumi programs: its tools, and edits of its example of one service.

    Attributes:
        name: Folder of the example. The example of a platform has the suffix `-platform`.
        runtime: Name in `Pulumi.yaml`.
        tool: Program that installs packages.
        main: File of the program.
        check: Command that checks types.
        field: Text of the example, and its replacement with further fields.
    """

    name: str
    runtime: str
    tool: str | None
    main: str
    check: Sequence[str] = ()
    field: tuple[str, str] = ("", "")

    def example(self, suffix: str = "") -> str:
        """Return the program of an example."""
        return (EXAMPLES / f"{self.name}{suffix}" / self.main).read_text("utf-8")

    def service_in(self, namespace: str, batch: str = "128") -> str:
        """Return the example of one service, in a namespace, with pods that take a while."""
        old, new = self.field
        text = self.example()
        assert old in text
        text = text.replace(old, old + new.replace("NAMESPACE", namespace).replace("SLOW", READY_AFTER))
        return text.replace('"128"', f'"{batch}"')


TYPESCRIPT = Language(
    "typescript",
    "nodejs",
    "npm",
    "index.ts",
    ("npx", "--no-install", "tsc", "-p", "."),
    ("gpu: 1,", 'namespace: "NAMESPACE", podAnnotations: { "SLOW": "5s" },'),
)
GO = Language(
    "go",
    "go",
    "go",
    "main.go",
    ("go", "vet", "."),
    ("pulumi.Int(1),", 'Namespace: pulumi.String("NAMESPACE"), PodAnnotations: pulumi.StringMap{"SLOW": pulumi.String("5s")},'),
)
JAVA = Language(
    "java",
    "java",
    "mvn",
    "src/main/java/nim/App.java",
    ("mvn", "--quiet", "--batch-mode", "compile"),
    (".gpu(1)", '.namespace("NAMESPACE").podAnnotations(Map.of("SLOW", "5s"))'),
)
YAML = Language("yaml", "yaml", None, "Main.yaml")


def require_host(runtime: str, tool: str | None = None) -> None:
    """Skip a test without the language host, which is part of the Pulumi CLI, or a tool."""
    for program in (f"pulumi-language-{runtime}", tool):
        if program is not None and shutil.which(program) is None:
            pytest.skip(f"no {program} on PATH")


def write_schema(folder: Path, **changes: str) -> Path:
    """Write the schema as the plugin returns it, with changes."""
    path = folder / "schema.json"
    path.write_text(json.dumps({**json.loads(NIMProvider().schema or ""), **changes}), "utf-8")
    return path


def environment_of(folder: Path) -> dict[str, str]:
    """Return variables for the CLI, with a state below a folder."""
    state = folder / "state"
    state.mkdir(exist_ok=True)
    return {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PYTHONPATH": str(ROOT),
        "GOFLAGS": "-trimpath",  # packages are compiled once for all folders
    }


def run(folder: Path, *command: str, environment: dict[str, str] | None = None) -> tuple[int, str]:
    """Run a command, and return its exit code and output."""
    found = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False)
    return found.returncode, found.stdout + found.stderr


def provide_project(language: Language) -> Path:
    """Return a project with the generated SDK and the packages of the examples.

    The first call installs them; they are kept in the user's cache.
    """
    require_host(language.runtime, language.tool)
    source = next(each for each in (EXAMPLES / f"{language.name}-platform", EXAMPLES / language.name) if each.exists())
    files = [path for path in sorted(source.iterdir()) if path.is_file() and path.name != "Pulumi.dev.yaml"]
    _, version = run(ROOT, "pulumi", "version")
    parts = [NIMProvider().schema or "", version, *(path.read_text("utf-8") for path in files if path.name != language.main)]

    def fill(folder: Path) -> None:
        for path in files:
            shutil.copy(path, folder)
        schema = str(write_schema(folder))
        if language is JAVA:  # the host of Java cannot link packages in every version
            add_java_package(folder, schema)
            return
        code, output = run(folder, "pulumi", "package", "add", schema, environment=environment_of(folder))
        assert code == 0, output

    return provide_folder(f"sdk-{language.name}", sha256("\0".join(parts).encode()).hexdigest()[:12], fill)


def add_java_package(folder: Path, package: str) -> None:
    """Generate the SDK where `pulumi package add` writes it."""
    options = ("--language", "java", "--local", "--out", "sdks")
    code, output = run(folder, "pulumi", "package", "gen-sdk", package, *options, environment=environment_of(folder))
    assert code == 0, output
    (folder / "sdks" / "java").rename(folder / "sdks" / "nim-component-nim")


class Program:
    """A project of a folder with its own state, and a plugin: by default that of this checkout."""

    def __init__(self, folder: Path, name: str, config: dict[str, Any] | None = None, package: str | None = None, **variables: str) -> None:
        self.folder, self.name, self.config = folder, name, config or {}
        self.environment = {**environment_of(folder), **variables}
        self.package = package or self._write_plugin()

    def _write_plugin(self) -> str:
        """Write the plugin of this checkout. It runs in the environment of the tests."""
        plugin = self.folder / "plugin"
        shutil.copytree(ROOT / "plugin", plugin, ignore=shutil.ignore_patterns("requirements.txt", "__pycache__"))
        (plugin / "PulumiPlugin.yaml").write_text(yaml.safe_dump({"runtime": {"name": "python", "options": {"virtualenv": sys.prefix}}}))
        return str(plugin)

    def write(self, runtime: Any, files: Mapping[str, str], **project: Any) -> None:
        """Write the files of a program, and select its runtime."""
        described = {"name": self.name, "runtime": runtime, "packages": {"nim": self.package}, **project}
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(described, sort_keys=False))
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, "utf-8")
        if not (self.folder / "Pulumi.dev.yaml").exists():
            (self.folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": self.config}))
            code, output = self.pulumi("stack", "init", "dev")
            assert code == 0, output

    def write_python(self, text: str) -> None:
        """Write a program in Python."""
        self.write({"name": "python", "options": {"virtualenv": sys.prefix}}, {"__main__.py": text})

    def write_in(self, language: Language, text: str, **project: Any) -> None:
        """Write a program in a language."""
        self.write(language.runtime, {language.main: text}, **project)

    def pulumi(self, *arguments: str) -> tuple[int, str]:
        """Run a command of the CLI, and return its exit code and output."""
        return run(self.folder, "pulumi", *arguments, "--non-interactive", "--color=never", environment=self.environment)

    def check(self, language: Language) -> tuple[int, str]:
        """Check the types of the program."""
        return run(self.folder, *language.check, environment=self.environment)

    def files(self, below: str) -> dict[str, Any]:
        """Return the rendered objects, by path."""
        folder = self.folder / below
        return {str(path.relative_to(folder)): yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.glob("*/*.yaml"))}


def copy_project(language: Language, folder: Path) -> Path:
    """Copy the project of a language, for one test. One in YAML is empty."""
    if language is YAML:
        require_host(YAML.runtime)
        (folder / "project").mkdir()
        return folder / "project"
    ignored = shutil.ignore_patterns("state", "whole", "schema.json", "Pulumi*.yaml")
    shutil.copytree(provide_project(language), folder / "project", symlinks=True, ignore=ignored)
    return folder / "project"
