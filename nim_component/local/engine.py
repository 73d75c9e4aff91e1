"""Runs a Pulumi program in this process, without the Pulumi CLI, on the SDK's own extension point."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import io
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from . import markers, sdk, urns
from .configuration import to_text
from .resource_monitor import Call, LocalMonitor, Read
from .resources import LogEntry, Run, arrange


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
    """Runs `program` as the language host does and returns what it registered.

    `config` has full keys (`project:key`); values that are not texts are written as JSON, as a stack file's are. `read(type, id)` and
    `call(token, args)` answer reads and function calls; None means that nothing is known. `preview=False` runs the program as an `up`
    does: outputs that nobody answered are then missing instead of unknown. `capture` takes what the program prints into the log.
    Whatever the program raises, in a constructor or in an apply, is raised here unchanged; `on_failure` gets what there was before.
    """
    settings = {key: to_text(value) for key, value in (config or {}).items()}
    monitor = LocalMonitor(project=project, stack=stack, config=settings, read=read, call=call)
    log = sdk.LogEngine()
    host = sdk.Host(monitor, log, project, stack, organization, root_directory, preview, settings, frozenset(secret_keys))

    def run() -> None:
        with captured(log) if capture else contextlib.nullcontext():
            run_loop(lambda: host.run(program))

    try:
        isolated(run)
    except BaseException:
        if on_failure:
            on_failure(finish(monitor, log.entries))
        raise
    finally:
        monitor.callbacks.close()
    return finish(monitor, log.entries)


def finish(monitor: LocalMonitor, log: list[LogEntry]) -> Run:
    """The run's result, in a fixed order."""
    outputs = monitor.registered_outputs
    records = [replace(record, raw_outputs=outputs[urn]) if urn in outputs else record for urn, record in monitor.records.items()]
    arranged = arrange(records)
    exported = [record.outputs for record in arranged if record.type == urns.STACK_TYPE]
    return Run(
        project=monitor.project,
        stack=monitor.stack,
        resources=arranged,
        outputs=dict(sorted(exported[0].items())) if exported else {},
        log=[*log, *monitor.notes],
    )


def isolated(run: Callable[[], None]) -> None:
    """Calls `run` in a context of its own: the SDK keeps settings, config and the root stack in context variables.

    Inside a running event loop (an asynchronous test) it is called on another thread, since loops do not nest.
    """
    context = contextvars.copy_context()
    if not inside_loop():
        context.run(run)
        return
    failures: list[BaseException] = []

    def call() -> None:
        try:
            context.run(run)
        except BaseException as error:  # noqa: BLE001 (handed to the caller's thread)
            failures.append(error)

    thread = threading.Thread(target=call, name="pulumi-program")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def inside_loop() -> bool:
    """Whether this thread is running an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def run_loop(start: Callable[[], Any]) -> None:
    """Runs a coroutine on a fresh loop and leaves nothing behind: no tasks, no worker threads, no open loop.

    A program that failed leaves futures nobody will ask for; asyncio's complaints about those are not the user's concern.
    """
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        loop.run_until_complete(start())
    finally:
        try:
            loop.run_until_complete(cancel_rest())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()


async def cancel_rest() -> None:
    """Ends every task but this one."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


class Lines(io.TextIOBase):
    """A text stream whose lines become log entries."""

    def __init__(self, log: sdk.LogEngine):
        super().__init__()
        self.log, self.rest = log, ""

    def write(self, text: str, /) -> int:
        """Takes whole lines; the rest waits for its end."""
        *lines, self.rest = (self.rest + text).split("\n")
        self.log.entries.extend(LogEntry("info", line) for line in lines if line.strip())
        return len(text)

    def writable(self) -> bool:
        """It is."""
        return True


@contextlib.contextmanager
def captured(log: sdk.LogEngine) -> Any:
    """What is printed meanwhile goes to the log."""
    lines = Lines(log)
    with contextlib.redirect_stdout(lines):
        try:
            yield
        finally:
            lines.write("\n" if lines.rest else "")


def find_secret_texts(run: Run) -> set[str]:
    """Every text that stands in a secret of the run: what must not be printed."""
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
    """A text for the screen, without the secrets."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, markers.SECRET_TEXT)
    return text
