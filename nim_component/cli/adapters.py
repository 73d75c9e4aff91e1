"""`adapters lock` and `adapters check`: what a stack's LoRA adapters are, and whether a directory holds them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from .engine import FolderOption, StackOption, attempt

if TYPE_CHECKING:
    from ..args import NIM
    from ..lora.lockfile import Lock

app = typer.Typer(
    name="adapters",
    help="LoRA adapters: lock them to commits and hashes, check a directory against the lock.",
    no_args_is_help=True,
)


@app.command()
def lock(
    stack: StackOption = None,
    cwd: FolderOption = Path(),
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Ask again what each branch means, also where it is locked.")] = False,
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 when the lock file would change.")] = False,
) -> None:
    """Resolve every adapter of the stack to a commit, with files, hashes, rank and base model, into a file beside the stack file.

    What is locked stays as it is, unless --upgrade is given. HF_TOKEN and HF_ENDPOINT of the environment are used.
    """
    from ..args import LoRAAdapter
    from ..lora.loader.outcome import LoadError, clean
    from ..lora.lockfile import Lock, key_of, write_lock
    from ..lora.resolve import resolve

    path, before, services = _read(stack, cwd)
    listed = {key_of(each): each for nim in services.values() for each in nim.hf_repo_ids or () if isinstance(each, LoRAAdapter)}
    kept = {key: entry for key, entry in before.adapters.items() if key in listed and not upgrade}
    try:
        found = resolve([adapter for key, adapter in listed.items() if key not in kept]) if set(listed) - set(kept) else {}
    except LoadError as error:
        _fail(clean(error))
    failures = {key: outcome for key, outcome in found.items() if isinstance(outcome, LoadError)}
    for failure in failures.values():
        typer.echo(f"error: {clean(failure)}", err=True)
    if failures:
        _fail(f"nothing was written: {len(failures)} of {len(listed)} adapters cannot be locked")
    after = Lock(kept | {key: entry for key, entry in found.items() if not isinstance(entry, LoadError)})
    for line in _changes(before, after):
        typer.echo(line)
    text = write_lock(after)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        typer.echo(f"{path.name}: {len(after.adapters)} adapters, nothing changed")
    elif check_only:
        _fail(f"{path.name} is out of date: run nim-component adapters lock")
    else:
        path.write_text(text, encoding="utf-8")
        typer.echo(f"wrote {path.name}: {len(after.adapters)} adapters")


@app.command()
def check(
    directory: Annotated[Path, typer.Argument(help="Folder with one folder an adapter: what is mounted at $NIM_PEFT_SOURCE.")],
    stack: StackOption = None,
    cwd: FolderOption = Path(),
    service: Annotated[str | None, typer.Option("--service", help="The service whose adapters lie there, when there are several.")] = None,
) -> None:
    """Compare a directory with the lock file: each adapter there, each file the one that was locked. No request is made."""
    from ..args import LoRAAdapter
    from ..lora.lockfile import apply_lock, compare

    path, locked, services = _read(stack, cwd)
    with_adapters = {name: nim for name, nim in services.items() if nim.hf_repo_ids}
    if service is None and len(with_adapters) != 1:
        _fail(f"name the service with --service; with adapters: {', '.join(with_adapters) or 'none'}")
    name = service or next(iter(with_adapters))
    if name not in with_adapters:
        _fail(f"--service {name}: no service with adapters; there are: {', '.join(with_adapters) or 'none'}")
    nim, missing = apply_lock(with_adapters[name], locked)
    if missing:
        _fail(f"{path.name} is out of date:\n" + "\n".join(f"  {problem}" for problem in missing))
    wrong = 0
    for adapter in nim.hf_repo_ids or ():
        if isinstance(adapter, LoRAAdapter) and adapter.locked is not None:
            problem = compare(directory / adapter.served_name, adapter.locked)
            typer.echo(f"{adapter.served_name}: {problem or f'as locked, commit {adapter.locked.commit[:12]}'}")
            wrong += problem is not None
    if wrong:
        _fail(f"{wrong} adapters of {name} are not as they were locked")


def _read(stack: str | None, cwd: Path) -> tuple[Path, Lock, dict[str, NIM]]:
    """The lock file's place, what stands in it, and the stack's services as the program reads them."""
    from ..local.project import choose_stack, find_project, load_stack
    from ..lora.lockfile import Lock, LockError, lock_path, read_lock
    from ..stack import read_adapters

    project = attempt(lambda: find_project(cwd), None)
    loaded = attempt(lambda: load_stack(project, choose_stack(project, stack)), None)
    path = lock_path(project.stack_folder, loaded.name)
    try:
        locked = read_lock(path)
    except LockError as error:
        _fail(str(error))
    return path, locked or Lock(), attempt(lambda: read_adapters(project.name, loaded.config), None)


def _changes(before: Lock, after: Lock) -> list[str]:
    """A line for each adapter that came, went or became another commit."""
    lines: list[str] = []
    for key in sorted({*before.adapters, *after.adapters}):
        old, new = before.adapters.get(key), after.adapters.get(key)
        if new is None:
            lines.append(f"- {key}")
        elif old is None:
            size = sum(file.size for file in new.files.values())
            lines.append(f"+ {key}  {new.commit[:12]}, rank {new.rank}, {size / 1e6:.1f} MB, of {new.base_model}")
        elif old.commit != new.commit:
            lines.append(f"~ {key}  {old.commit[:12]} -> {new.commit[:12]}")
    return lines


def _fail(text: str) -> NoReturn:
    typer.echo(f"error: {text}", err=True)
    raise typer.Exit(1)
