"""The real Pulumi engine, where it is on PATH. Each test gets a copy of a project and a state of its own, on this machine only."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi.automation as auto
import pytest
import yaml

ROOT = Path(__file__).parents[2]
REASON = "no pulumi on PATH: install the Pulumi CLI to run the engine tests (https://www.pulumi.com/docs/install)"


@pytest.fixture(autouse=True, scope="session")
def engine() -> None:
    """Skips where there is no engine, in CI too: it is in no package index, and the GitHub workflow installs it."""
    if shutil.which("pulumi") is None:
        pytest.skip(REASON)


class Project:
    """A copy of a Pulumi project with a file backend beside it."""

    def __init__(self, source: Path, folder: Path, stack: str, config: dict[str, Any] | None) -> None:
        self.folder = folder / "project"
        ignored = shutil.ignore_patterns("rendered", ".*", "__pycache__", "tests", "bench", "docs", "*.egg-info")
        shutil.copytree(source, self.folder, ignore=ignored)
        description = yaml.safe_load((self.folder / "Pulumi.yaml").read_text())
        description["runtime"]["options"]["virtualenv"] = sys.prefix
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(description))
        if config is not None:
            directory = self.folder / description.get("stackConfigDir", ".")
            (directory / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}, sort_keys=False))
        self.backend = state = folder / "state"
        state.mkdir()
        self.environment = {
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_ERROR_OUTPUT_STRING": "1",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            **({} if "KUBECONFIG" in os.environ else {"KUBECONFIG": os.devnull}),
        }
        options = auto.LocalWorkspaceOptions(env_vars=self.environment)
        self.stack = auto.create_or_select_stack(stack, work_dir=str(self.folder), opts=options)

    def files(self, below: str) -> dict[str, Any]:
        """The rendered objects, by path."""
        folder = self.folder / below
        return {str(path.relative_to(folder)): yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/*.yaml"))}

    def up(self) -> list[tuple[str, str]]:
        """Deploys, and says what was done in which order: (operation, logical name)."""
        operations: list[tuple[str, str]] = []

        def watch(event: Any) -> None:
            if event.resource_pre_event:
                metadata = event.resource_pre_event.metadata
                operations.append((str(metadata.op.value), metadata.urn.rpartition("::")[2]))

        self.stack.up(on_event=watch)
        return operations

    def state(self) -> str:
        """Everything that the engine has written down, as it lies in the backend."""
        return "\n".join(path.read_text(encoding="utf-8") for path in self.backend.rglob("*") if path.is_file())

    def close(self) -> None:
        """Forgets the stack: nothing of it lives outside the folder."""
        self.stack.workspace.remove_stack(self.stack.name, force=True)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Makes a project: `project(source, stack, config)`."""
    made: list[Project] = []

    def make(source: Path = ROOT, stack: str = "dev", config: dict[str, Any] | None = None) -> Project:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Project(source, folder, stack, config))
        return made[-1]

    yield make
    for each in made:
        each.close()
