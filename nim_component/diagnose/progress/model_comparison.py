"""After `ready`: does the server list what it was asked for? A NIM leaves out an adapter that it cannot load, and is ready all the same."""

from collections.abc import Sequence
from typing import Any

import pulumi

from ...args import NIM
from ...cluster.client import ClusterClient
from ...cluster.connection import resolve_connection
from ...cluster.kubeconfig import NoClusterError
from ..rules.endpoints import MISSING_CURE, describe_missing
from ..served_models import NotAskedError, find_missing
from .run_state import run_state


def compare_models(
    component: pulumi.Resource, name: str, nim: NIM, models: "Sequence[pulumi.Input[str]]", ready: Sequence[pulumi.Resource]
) -> None:
    """Compares, once the resources in `ready` are up, what the server behind the Service `name` lists with `models` (the base model, then
    the adapters). What is missing fails the update or is warned of, as `nim.diagnosis.missing_models` says. A base model whose name was
    only derived from the image is never more than warned of. Where nothing can be compared, that is said, a denial once a run."""
    if nim.diagnosis.missing_models == "ignore" or not nim.replicas:
        return
    connection = resolve_connection(component, nim.diagnosis)
    if connection is None:
        return
    denied: set[str] = run_state().setdefault("proxies that are denied", set[str]())

    async def compare(values: dict[str, Any]) -> None:
        if values["connection"] is None:
            return
        try:
            api = ClusterClient.connect(values["connection"].kubeconfig, values["connection"].context)
        except NoClusterError:
            return
        try:
            async with api:
                found = await find_missing(api, name, values["namespace"], values["port"], values["models"])
        except NotAskedError as error:
            if not error.denied or str(error) not in denied:
                pulumi.log.info(f"{name}: the models that it serves are not compared: {error}", component, ephemeral=True)
            if error.denied:
                denied.add(str(error))
            return
        if not found[0]:
            return
        text = f"{name}: {describe_missing(*found)}. {MISSING_CURE}"
        base_is_guessed = nim.served_model_name is None and found[0] == values["models"][:1]
        if nim.diagnosis.missing_models == "warn" or base_is_guessed:
            pulumi.log.warn(text, component)
        else:
            raise pulumi.RunError(f"{text} With diagnosis.missing_models: warn this is a warning.")

    pulumi.Output.all(
        connection=connection,
        namespace=nim.namespace,
        port=nim.port,
        models=pulumi.Output.all(*models),
        ready=pulumi.Output.all(*(each.urn for each in ready)),
    ).apply(compare)
