"""`nim-component adapters lock`: resolution of a stack's LoRA adapters into a lock file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .adapters_check import check
from .failure import fail
from .locked import list_warnings, read_locked
from .options import FolderOption, StackOption

if TYPE_CHECKING:
    from ..lora.lockfile import AdapterLock

app = typer.Typer(
    name="adapters",
    help="Lock LoRA adapters; compare a folder or a PVC with the lock.",
    no_args_is_help=True,
)


@app.command()
def lock(
    stack: StackOption = None,
    cwd: FolderOption = Path(),
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Resolve every branch again, also the locked ones.")] = False,
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 if the lock file would change.")] = False,
) -> None:
    """Lock every adapter of the stack to a commit.

    The lock file is beside the stack file. It contains commit, files, hashes, rank and base model.
    Locked adapters stay unchanged without --upgrade. HF_TOKEN and HF_ENDPOINT of the environment
    are used.
    """
    from ..args import LoRAAdapter
    from ..lora.lockfile import AdapterLock, find_split, key_of, write_lock
    from ..lora.resolve import resolve
    from ..lora_loader.outcome import LoadError, clean

    locked = read_locked(stack, cwd)
    path, before = locked.path, locked.lock
    listed = {key_of(each): each for nim in locked.services.values() for each in nim.hf_repo_ids or () if isinstance(each, LoRAAdapter)}
    kept = {key: entry for key, entry in before.adapters.items() if key in listed and not upgrade}
    try:
        found = resolve([adapter for key, adapter in listed.items() if key not in kept]) if set(listed) - set(kept) else {}
    except LoadError as error:
        fail(clean(error))
    failures = {key: outcome for key, outcome in found.items() if isinstance(outcome, LoadError)}
    for failure in failures.values():
        typer.echo(f"error: {clean(failure)}", err=True)
    if failures:
        fail(f"{len(failures)} of {len(listed)} adapters cannot be locked. Nothing was written")
    after = AdapterLock(kept | {key: entry for key, entry in found.items() if not isinstance(entry, LoadError)})
    for line in _changes(before, after):
        typer.echo(line)
    for line in [*list_warnings(locked, after, locked.services), *find_split(after)]:
        typer.echo(f"warning: {line}", err=True)
    text = write_lock(after)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        typer.echo(f"{path.name}: {len(after.adapters)} adapters, nothing changed")
    elif check_only:
        fail(f"{path.name} is out of date: run nim-component adapters lock")
    else:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            fail(f"{path} cannot be written ({error.strerror})")
        typer.echo(f"wrote {path.name}: {len(after.adapters)} adapters")


app.command()(check)


def _changes(before: AdapterLock, after: AdapterLock) -> list[str]:
    """Return a line for each adapter that was added, removed or moved to another commit."""
    lines: list[str] = []
    for key in sorted({*before.adapters, *after.adapters}):
        old, new = before.adapters.get(key), after.adapters.get(key)
        if new is None:
            lines.append(f"- {key}")
        elif old is None:
            size = sum(file.size for file in new.files.values())
            uses = f", uses {', '.join(new.features)}" if new.features else ""
            lines.append(f"+ {key}  {new.commit[:12]}, rank {new.rank}, {size / 1e6:.1f} MB, of {new.base_model}{uses}")
        elif old.commit != new.commit:
            lines.append(f"~ {key}  {old.commit[:12]} -> {new.commit[:12]}")
        if new is not None and new != old and new.weights_only:
            lines.append(f"  {', '.join(file for file in new.files if file.endswith('.bin'))} is a pickle of tensors: no code was found")
    return lines
