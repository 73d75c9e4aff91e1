"""`nim-component adapters check`: comparison of a folder or a PVC with the lock file."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ..extras import describe_missing_extra
from .connection import ContextOption, KubeconfigOption, fail_on_cluster_errors
from .exit_codes import FAILED, INTERRUPTED, TERMINATED
from .failure import enable_json_errors, fail
from .locked import choose_service, list_warnings, read_locked
from .options import FolderOption, StackOption

if TYPE_CHECKING:
    from ..args import NIM, LoRAAdapter
    from ..lora.pvc_check.job import Request
    from ..lora_loader.compare import AdapterComparison

T = TypeVar("T")


def check(
    directory: Annotated[
        Path | None, typer.Argument(help="Folder with one subfolder per adapter, as mounted at $NIM_PEFT_SOURCE.", show_default=False)
    ] = None,
    pvc: Annotated[
        str | None, typer.Option("--pvc", help="Instead of a folder: a PersistentVolumeClaim in the cluster.", show_default=False)
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", help="Namespace of the PVC; default: that of the service.", show_default=False)
    ] = None,
    stack: StackOption = None,
    cwd: FolderOption = Path(),
    service: Annotated[
        str | None,
        typer.Option("--service", help="Service whose adapters are compared; required if there are several.", show_default=False),
    ] = None,
    sub_path: Annotated[
        str | None,
        typer.Option(
            "--sub-path", help="Folder of the PVC with the adapters, '' for its root; default: the component's.", show_default=False
        ),
    ] = None,
    image: Annotated[
        str | None, typer.Option("--image", help="Image with Python 3.10 or newer; default: the service's lora_image.", show_default=False)
    ] = None,
    timeout: Annotated[int, typer.Option("--timeout", min=1, help="Seconds to wait for the result from a PVC.")] = 300,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    as_json: Annotated[bool, typer.Option("--json", callback=enable_json_errors, help="Print JSON instead of lines.")] = False,
) -> None:
    """Compare a folder or a PVC with the lock file.

    Every locked adapter must exist, and every file must equal its locked record. No request is sent
    to the hub, and nothing is changed. A PVC is read by a short-lived Job in the cluster, which
    mounts it read-only and is removed afterwards. This requires the extra `diagnose`.
    """
    if (directory is None) == (pvc is None):
        raise typer.BadParameter("give either a folder or --pvc")
    locked = read_locked(stack, cwd)
    name, nim, adapters = choose_service(locked, service)
    for line in list_warnings(locked, locked.lock, [name]):
        typer.echo(f"warning: {line}", err=True)
    if directory is not None:
        found = compare_here(directory, adapters)
        where = str(directory)
    else:
        request = request_for(nim, adapters, str(pvc), namespace, sub_path, image, timeout)
        kubeconfig = kubeconfig or locked.config.get("kubernetes:kubeconfig")
        context = context or locked.config.get("kubernetes:context")
        found = compare_there(request, kubeconfig, context, quiet=as_json)
        where = f"PVC {request.namespace}/{request.pvc}"
    show(name, where, adapters, found, as_json)


def compare_here(directory: Path, adapters: list[LoRAAdapter]) -> AdapterComparison:
    """Compare a folder of this machine, with the code of the loader."""
    from ..lora.adapter_list import spec_of
    from ..lora_loader.adapter_list import read_spec
    from ..lora_loader.compare import compare
    from ..lora_loader.outcome import LoadError, clean

    try:
        return compare(directory, [read_spec(spec_of(each)) for each in adapters])
    except LoadError as error:
        fail(clean(error))


def request_for(
    nim: NIM, adapters: list[LoRAAdapter], pvc: str, namespace: str | None, sub_path: str | None, image: str | None, timeout: int
) -> Request:
    """Return the Job's request, with the identity that the service's own pods have.

    Values from a stack file are plain: no field is an Output here.
    """
    import re
    import secrets

    from ..lora.adapter_list import PUBLISHED
    from ..lora.pvc_check.job import Request

    volume = nim.lora.volume
    directory = "/".join(filter(None, (volume and volume.directory, PUBLISHED))) if sub_path is None else sub_path.strip("/")
    if ".." in directory.split("/") or not re.fullmatch(r"[A-Za-z0-9._/-]*", directory):
        raise typer.BadParameter("--sub-path: write a folder of the PVC, such as team/llama/adapters")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", pvc):
        raise typer.BadParameter("--pvc: write the name of a PersistentVolumeClaim")
    pull_secrets = (nim.secrets.ngc_image_secret, *(nim.secrets.extra_image_secrets or ()))
    return Request(
        name=f"nim-lora-check-{secrets.token_hex(4)}",
        namespace=namespace or str(nim.namespace),
        pvc=pvc,
        directory=directory,
        adapters=adapters,
        image=image or str(nim.lora_image),
        timeout=timeout,
        pull_policy=nim.image_pull_policy,
        pull_secrets=tuple(each for each in pull_secrets if isinstance(each, str)),
        user=None if nim.run_as_user is None else int(str(nim.run_as_user)),
        group=None if nim.run_as_group is None else int(str(nim.run_as_group)),
        volume_group=None if nim.fs_group is None else int(str(nim.fs_group)),
    )


def compare_there(request: Request, kubeconfig: str | None, context: str | None, quiet: bool) -> AdapterComparison:
    """Compare a PVC by a Job in the cluster."""
    from ..cluster.kubeconfig import is_installed

    if not is_installed():
        fail(describe_missing_extra("diagnose", "lightkube"))
    from ..cluster.writing_client import WritingClient
    from ..lora.pvc_check.runner import CheckError, check_pvc

    def say(text: str) -> None:
        if not quiet or text.startswith("warning: "):
            typer.echo(text, err=True)

    async def run() -> AdapterComparison:
        async with WritingClient.connect(kubeconfig, context) as api:
            return await check_pvc(api, request, say)

    try:
        with fail_on_cluster_errors():
            return until_stopped(run())
    except CheckError as error:
        fail(f"PVC {request.namespace}/{request.pvc}: {error}")


def until_stopped(work: Awaitable[T]) -> T:
    """Run work to its end; SIGTERM and SIGHUP cancel it as Ctrl-C does, so that it cleans up."""

    async def run() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        for name in ("SIGTERM", "SIGHUP"):  # Windows lacks SIGHUP and signal handlers of a loop
            with contextlib.suppress(NotImplementedError, AttributeError):
                loop.add_signal_handler(getattr(signal, name), task.cancel)
        return await work

    try:
        return asyncio.run(run())
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except asyncio.CancelledError:
        typer.echo("error: stopped", err=True)
        raise typer.Exit(TERMINATED) from None


def show(service: str, where: str, adapters: list[LoRAAdapter], found: AdapterComparison, as_json: bool) -> None:
    """Print the result, and exit with 1 if an adapter differs from its locked record."""
    from ..text.sanitizing import sanitize

    rows = [(each, sanitize(problem) if problem is not None else None) for each, problem in zip(adapters, found.problems, strict=True)]
    if as_json:
        listed = [to_json(each, problem) for each, problem in rows]
        result = {"service": service, "where": where, "ok": not found.wrong, "adapters": listed, "unlisted": list(found.unlisted)}
        typer.echo(json.dumps(result, indent=2))
    else:
        for each, problem in rows:
            typer.echo(f"{each.served_name}: {problem or f'as locked, commit {each.locked.commit[:12] if each.locked else None}'}")
        for name in found.unlisted:
            typer.echo(f"warning: {name} is not listed, and the server may serve it", err=True)
        if found.left_out:
            typer.echo(f"warning: {found.left_out} more are not listed", err=True)
    if found.wrong:  # with --json the result is already printed
        typer.echo(f"error: {found.wrong} adapters of {service} differ from their locked records", err=True)
        raise typer.Exit(FAILED)


def to_json(adapter: LoRAAdapter, problem: str | None) -> dict[str, Any]:
    """Return the JSON of one adapter."""
    about = {"adapter": adapter.served_name, "repo_id": adapter.repo_id, "revision": adapter.revision}
    return {**about, "commit": adapter.locked and adapter.locked.commit, "ok": problem is None, "problem": problem}
