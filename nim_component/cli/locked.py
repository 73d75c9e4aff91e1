"""Services and lock file of a stack: the input of the `adapters` commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .failure import fail, run_or_fail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..args import NIM, LoRAAdapter
    from ..lora.lockfile import AdapterLock
    from ..lora.server_fit import ServerFacts


@dataclass(frozen=True)
class Locked:
    """The parts of a stack that concern adapters."""

    path: Path
    """Path of the lock file, which may not exist yet."""
    lock: AdapterLock
    """Content of the lock file; empty if it does not exist."""
    services: Mapping[str, NIM]
    config: Mapping[str, str]
    """Configuration of the stack."""
    servers: Mapping[str, ServerFacts]
    """Facts of the servers, by service."""


def read_locked(stack: str | None, cwd: Path) -> Locked:
    """Read project, stack file and lock file. The program does not run. Errors end the command."""
    from ..local.project import find_project, find_stack
    from ..lora.lockfile import AdapterLock, LockError, lock_path, read_lock
    from ..stack.fields import read_adapters, read_server_facts

    project = run_or_fail(lambda: find_project(cwd), None)
    loaded = run_or_fail(lambda: find_stack(project, stack), None)
    path = lock_path(project.stack_folder, loaded.name)
    try:
        lock = read_lock(path) or AdapterLock()
    except LockError as error:
        fail(str(error))
    services = run_or_fail(lambda: read_adapters(project.name, loaded.config), None)
    return Locked(path, lock, services, loaded.config, read_server_facts(project.name, loaded.config))


def choose_service(locked: Locked, service: str | None) -> tuple[str, NIM, list[LoRAAdapter]]:
    """Return the named service, or the only one with adapters, with its locked adapters.

    An adapter that is not locked ends the command.
    """
    from ..args import LoRAAdapter
    from ..lora.lockfile import apply_lock

    with_adapters = {name: nim for name, nim in locked.services.items() if nim.hf_repo_ids}
    available = ", ".join(with_adapters) or "none"
    if service is None and len(with_adapters) != 1:
        fail(f"--service: is required unless exactly one service has adapters. Services with adapters: {available}")
    name = service or next(iter(with_adapters))
    if name not in with_adapters:
        fail(f"--service {name}: is not a service with adapters. Services with adapters: {available}")
    nim, missing = apply_lock(with_adapters[name], locked.lock)
    if missing and not locked.path.is_file():
        fail(f"{locked.path.name}: does not exist, so there is nothing to compare with. Run nim-component adapters lock")
    if missing:
        fail(f"{locked.path.name} is out of date:\n" + "\n".join(f"  {problem}" for problem in missing))
    return name, nim, [each for each in nim.hf_repo_ids or () if isinstance(each, LoRAAdapter)]


def list_warnings(locked: Locked, lock: AdapterLock, services: Iterable[str]) -> list[str]:
    """Return a line for each locked adapter that a server refuses, or may not load."""
    from ..args import LoRAAdapter
    from ..args.fixes import written_in
    from ..lora.lockfile import apply_lock
    from ..lora.server_fit import find_doubts, find_problems

    lines: list[str] = []
    for name in services:
        adapters = [each for each in apply_lock(locked.services[name], lock)[0].hf_repo_ids or () if isinstance(each, LoRAAdapter)]
        server = locked.servers[name]
        with written_in("yaml"):
            lines += [f"{name}: {problem.render()} A preview refuses it." for problem in find_problems(adapters, server)]
        lines += [f"{name}: {doubt}" for doubt in find_doubts(adapters, server)]
    return lines
