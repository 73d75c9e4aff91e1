"""Access to the untyped runtime of the Pulumi SDK: start of a program, and its log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

import pulumi
from pulumi.runtime import resource
from pulumi.runtime import settings as runtime_settings
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.proto.source_pb2 import StackTrace

from .resource_monitor import LocalMonitor
from .resources import LogEntry, Severity

SEVERITIES: Final[Mapping[int, Severity]] = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}


@dataclass
class LogEngine:
    """Engine service that receives `pulumi.log` messages.

    Debug messages are dropped; the SDK sends several for each resource.
    """

    entries: list[LogEntry] = field(default_factory=list[LogEntry])

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802
        """Record one message."""
        if severity := SEVERITIES.get(request.severity):
            self.entries.append(LogEntry(severity, request.message, request.urn))

    def RequirePulumiVersion(self, request: Any) -> None:  # noqa: N802
        """Accept any version requirement, because no CLI runs."""


@dataclass(frozen=True)
class LanguageHost:
    """Language host: configures the SDK for one run, and runs the program inside a Stack."""

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
        """Run a program. Requires a running event loop and a context that no other run shares."""
        runtime: Any = runtime_settings
        runtime.set_root_resource(PLACEHOLDER)  # without it, set_mocks creates a Stack and registers its outputs too early
        pulumi.runtime.set_mocks(
            self.monitor.mocks,
            project=self.project,
            stack=self.stack,
            preview=self.preview,
            monitor=self.monitor,
            organization=self.organization,
        )
        runtime.set_root_resource(None)
        # set_mocks does not reset these. Without this, tasks, package references and the engine of
        # an earlier run remain.
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
        omit_stack_traces()
        pulumi.runtime.set_all_config(dict(self.config), sorted(self.secret_keys))
        await pulumi.runtime.run_in_stack(cast(Any, program))


def omit_stack_traces() -> None:
    """Let the SDK register resources without the lines of the program that create them.

    It reads the whole stack for each resource, which takes a tenth of the time of a program with
    hundreds. No CLI shows these lines here.
    """
    sdk: Any = resource
    if hasattr(sdk, "_get_stack_trace"):
        sdk._get_stack_trace = StackTrace


PLACEHOLDER: Final = cast(pulumi.Resource, object())
"""Root resource while `set_mocks` runs."""
