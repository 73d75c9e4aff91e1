"""A Pulumi project with a local state, for one test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi.automation as auto
import yaml

from tests.logical_names import logical_names

ROOT = Path(__file__).parents[2]
Operation = tuple[str, str]
"""Operation of the engine, and the logical name of the resource without its content hash."""


class Project:
    """A copy of a Pulumi project with a file backend.

    Without `config`, the stack file is used unchanged.
    """

    def __init__(
        self, source: Path, folder: Path, stack: str, config: dict[str, Any] | None = None, environment: dict[str, str] | None = None
    ) -> None:
        self.folder = folder / "project"
        ignored = shutil.ignore_patterns("rendered", ".*", "__pycache__", "tests", "bench", "docs", "*.egg-info")
        shutil.copytree(source, self.folder, ignore=ignored)
        description = yaml.safe_load((self.folder / "Pulumi.yaml").read_text())
        description["runtime"]["options"]["virtualenv"] = sys.prefix
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(description))
        self._stack_file = self.folder / description.get("stackConfigDir", ".") / f"Pulumi.{stack}.yaml"
        if config is not None:
            self._stack_file.write_text(yaml.safe_dump({"config": config}, sort_keys=False))
        self.backend = state = folder / "state"
        state.mkdir()
        self.environment = {
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_ERROR_OUTPUT_STRING": "1",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            **(environment or {}),
        }
        options = auto.LocalWorkspaceOptions(env_vars=self.environment)
        self.stack = auto.create_or_select_stack(stack, work_dir=str(self.folder), opts=options)

    @property
    def config(self) -> dict[str, Any]:
        """Configuration in the stack file."""
        return yaml.safe_load(self._stack_file.read_text())["config"]

    @config.setter
    def config(self, config: dict[str, Any]) -> None:
        written = yaml.safe_load(self._stack_file.read_text())
        self._stack_file.write_text(yaml.safe_dump({**written, "config": config}, sort_keys=False))

    def change(self, service: str, **fields: Any) -> None:
        """Change arguments of a service in `nim:services`."""
        config = self.config
        config["nim:services"][service].update(fields)
        self.config = config

    def set_secret(self, key: str, value: str) -> None:
        """Set a secret configuration value."""
        self.stack.set_config(key, auto.ConfigValue(value, secret=True))

    def write_program(self, text: str) -> None:
        """Replace the program of the project."""
        (self.folder / "__main__.py").write_text(text)

    def files(self, below: str) -> dict[str, Any]:
        """Return the rendered objects, by path."""
        folder = self.folder / below
        return {str(path.relative_to(folder)): yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/*.yaml"))}

    def up(self) -> list[Operation]:
        """Deploy as `pulumi up` does, after a preview, and return the operations in their order.

        The Automation API deploys without a preview.
        """
        operations: list[Operation] = []

        def watch(event: Any) -> None:
            if event.resource_pre_event:
                metadata = event.resource_pre_event.metadata
                (name,) = logical_names([metadata.urn])
                operations.append((str(metadata.op.value), name))

        self.stack.preview()
        self.stack.up(on_event=watch)
        return operations

    def preview(self) -> dict[str, int]:
        """Return the number of resources by operation of a preview."""
        return dict(self.stack.preview().change_summary)

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a command of the CLI in its own session, so that a test can kill it."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--stack", self.stack.name, "--non-interactive", "--color=never"],
            cwd=self.folder,
            env={**os.environ, **self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **variables: str) -> "tuple[int, str]":
        """Run a command of the CLI, and return its exit code and output."""
        process = self.start(*arguments, **variables)
        output, _ = process.communicate()
        return process.returncode, output

    def state(self) -> str:
        """Return the whole state: the files of the backend and the exported state."""
        stored = [path.read_text(encoding="utf-8") for path in self.backend.rglob("*") if path.is_file()]
        _, exported = self.run("stack", "export")  # the Automation API would also export the secrets
        return "\n".join([*stored, exported])

    def close(self) -> None:
        """Remove the stack.

        Its other files are in the folder, its objects in the test's namespace.
        """
        self.stack.workspace.remove_stack(self.stack.name, force=True)
