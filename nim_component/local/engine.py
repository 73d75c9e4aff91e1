"""Execution of a Pulumi program in this process, through the mock interface of the SDK."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import io
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from ..text import redaction
from . import markers, sdk, urns
from .configuration import to_text
from .resource_monitor import Call, LocalMonitor, Read
from .resources import LogEntry, Run, sort_resources


def execute(
    program: Callable[[], object],
    *,
    project: str,
    stack: str,
    config: Mapping[str, object] | None = None,
    secret_keys: Iterable[str] = (),
    organization: str = "organization",
    root_directory: str | None = None,
    read: Read | None = None,
    call: Call | None = None,
    preview: bool = True,
    capture: bool = False,
    on_failure: Callable[[Run], None] | None = None,
) -> Run:
    """Run a program as the language host does, and return its registrations.

    Exceptions of the program, in a constructor or in an apply, are raised unchanged.

    Args:
        program: Function that registers resources.
        project: Name of the project.
        stack: Name of the stack.
        config: Configuration by full key (`project:key`). Values that are not strings are passed as
            JSON, like those of a stack file.
        secret_keys: Keys whose values are secret.
        organization: Name of the organization.
        root_directory: Folder of the project.
        read: Function that returns the properties of a resource that the program reads.
        call: Function that returns the result of an invoke.
        preview: False runs the program as `up` does: outputs that are unknown in a preview are
            missing.
        capture: True adds the standard output of the program to the log.
        on_failure: Function that receives the registrations before an exception.
    """
    settings = {key: to_text(value) for key, value in (config or {}).items()}
    monitor = LocalMonitor(project=project, stack=stack, config=settings, organization=organization, read=read, call=call)
    log = sdk.LogEngine()
    host = sdk.LanguageHost(monitor, log, project, stack, organization, root_directory, preview, settings, frozenset(secret_keys))

    def run() -> None:
        with capture_output(log) if capture else contextlib.nullcontext():
            try:
                run_loop(lambda: host.run(program))
            except SystemExit as end:
                if end.code not in (None, 0):  # As in the CLI, `sys.exit(0)` is the end of a program.
                    raise

    try:
        run_isolated(run)
    except BaseException:
        if on_failure:
            on_failure(build_run(monitor, log.entries))
        raise
    finally:
        monitor.callbacks.close()
    return build_run(monitor, log.entries)


def build_run(monitor: LocalMonitor, log: list[LogEntry]) -> Run:
    """Return the result of a run, with its resources in a fixed order."""
    outputs = monitor.registered_outputs
    records = [replace(record, raw_outputs=outputs[urn]) if urn in outputs else record for urn, record in monitor.records.items()]
    ordered = sort_resources(records)
    exported = [record.outputs for record in ordered if record.type == urns.STACK_TYPE]
    return Run(
        project=monitor.project,
        stack=monitor.stack,
        resources=ordered,
        outputs=dict(sorted(exported[0].items())) if exported else {},
        log=[*log, *monitor.notes],
    )


def run_isolated(run: Callable[[], None]) -> None:
    """Call `run` in a new context, because the SDK stores its state in context variables.

    Inside a running event loop, such as that of an asynchronous test, it runs on another thread,
    because event loops cannot be nested.
    """
    context = contextvars.copy_context()
    if not has_running_loop():
        context.run(run)
        return
    failures: list[BaseException] = []

    def call() -> None:
        try:
            context.run(run)
        except BaseException as error:  # noqa: BLE001 (raised again in the thread of the caller)
            failures.append(error)

    thread = threading.Thread(target=call, name="pulumi-program")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def has_running_loop() -> bool:
    """Return true if this thread runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def run_loop(start: Callable[[], Any]) -> None:
    """Run a coroutine on a new event loop, then end its tasks and threads and close it.

    The exception handler is silent: a failed program leaves futures that nothing awaits, and the
    warnings of asyncio about them do not help users.
    """
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        loop.run_until_complete(start())
    finally:
        try:
            loop.run_until_complete(cancel_tasks())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()


async def cancel_tasks() -> None:
    """Cancel all tasks but the current one."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class LogStream(io.TextIOBase):
    """Text stream that writes its lines to the log."""

    def __init__(self, log: sdk.LogEngine):
        super().__init__()
        self.log, self.rest = log, ""

    def write(self, text: str, /) -> int:
        """Log complete lines. An incomplete line is kept until its end."""
        *lines, self.rest = (self.rest + text).split("\n")
        self.log.entries.extend(LogEntry("info", line) for line in lines if line.strip())
        return len(text)

    def writable(self) -> bool:
        """Return true."""
        return True


@contextlib.contextmanager
def capture_output(log: sdk.LogEngine) -> Any:
    """Write standard output to the log."""
    stream = LogStream(log)
    with contextlib.redirect_stdout(stream):
        try:
            yield
        finally:
            stream.write("\n" if stream.rest else "")


def find_secret_texts(run: Run) -> set[str]:
    """Return all texts inside secret values of a run, to redact them in output."""
    found: set[str] = set()

    def collect(value: Any, inside: bool) -> None:
        match value:
            case markers.Secret():
                collect(value.value, True)
            case dict():
                entries = cast("dict[str, Any]", value)
                for item in entries.values():
                    collect(item, inside)
            case list():
                items = cast("list[Any]", value)
                for item in items:
                    collect(item, inside)
            case str() if inside and len(value) > 2:
                found.add(value)
            case _:
                pass

    for resource in run.resources:
        collect(resource.inputs, False)
        collect(resource.outputs, False)
    return found


def redact_secrets(text: str, secrets: set[str]) -> str:
    """Return a text in which secrets and probable credentials are replaced by `[secret]`."""
    return redaction.redact(text, secrets, markers.SECRET_TEXT)
