"""The one place that touches the SDK's untyped runtime: how a program is started, and where its log goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

import pulumi
from pulumi.runtime import settings as runtime_settings
from pulumi.runtime.proto import engine_pb2

from .resource_monitor import LocalMonitor
from .resources import LogEntry, Severity

SEVERITIES: Final[Mapping[int, Severity]] = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}


@dataclass
class LogEngine:
    """The engine as `pulumi.log` sees it. Debug lines, of which the SDK writes several for each resource, are dropped."""

    entries: list[LogEntry] = field(default_factory=list[LogEntry])

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802
        """Takes one message."""
        if severity := SEVERITIES.get(request.severity):
            self.entries.append(LogEntry(severity, request.message, request.urn))

    def RequirePulumiVersion(self, request: Any) -> None:  # noqa: N802
        """There is no CLI whose version could be wrong."""


@dataclass(frozen=True)
class Host:
    """The language host's part: sets the SDK up for one run, and runs the program inside a Stack."""

    monitor: LocalMonitor
    log: LogEngine
    project: str
    stack: str
    organization: str
    root_directory: str | None
    preview: bool
    config: Mapping[str, str]
    secret_keys: frozenset[str]

    async def run(self, program: Callable[[], object]) -> None:
        """To be run in a context of its own, on a running loop."""
        runtime: Any = runtime_settings
        runtime.set_root_resource(PLACEHOLDER)  # else set_mocks makes a Stack itself, and registers its outputs before there are any
        pulumi.runtime.set_mocks(
            self.monitor.mocks,
            project=self.project,
            stack=self.stack,
            preview=self.preview,
            monitor=self.monitor,
            organization=self.organization,
        )
        runtime.set_root_resource(None)
        # These outlive set_mocks: a run before this one must not leave its tasks, its package references or its engine here.
        fresh: dict[str, Any] = {
            "engine": self.log,
            "outputs": set(),
            "lock": threading.Lock(),
            "package_refs": {},
            "base_providers_by_ref": {},
            "root_directory": self.root_directory,
            "legacy_apply_enabled": False,
        }
        for name, value in fresh.items():
            setattr(runtime.SETTINGS, name, value)
        pulumi.runtime.set_all_config(dict(self.config), sorted(self.secret_keys))
        await pulumi.runtime.run_in_stack(cast(Any, program))


PLACEHOLDER: Final = cast(pulumi.Resource, object())
