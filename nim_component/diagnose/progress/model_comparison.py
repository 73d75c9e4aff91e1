"""Comparison of the requested models with the served ones, after `ready`.

A NIM server that cannot load an adapter becomes ready without it.
"""

from collections.abc import Sequence
from typing import Any

import pulumi

from ...args import NIM
from ...cluster.client import ClusterClient
from ...cluster.connection import resolve_connection
from ...cluster.kubeconfig import NoClusterError
from ..rules.endpoints import MISSING_MODEL_FIX, describe_missing
from ..served_models import ModelListError, find_missing
from .run_state import run_state


def compare_models(
    component: pulumi.Resource, name: str, nim: NIM, models: "Sequence[pulumi.Input[str]]", ready: Sequence[pulumi.Resource]
) -> None:
    """Compare the requested models with those that the server lists.

    A missing model fails the update or is a warning, by `nim.diagnosis.missing_models`. For a base
    model whose name was derived from the image it is always a warning. If nothing can be compared,
    the reason is logged; a missing permission is logged once per run.

    Args:
        component: The NIMService.
        name: Name of its Service.
        nim: The arguments of the service.
        models: The requested models: the base model, then the adapters.
        ready: Resources that must be ready before the comparison.
    """
    if nim.diagnosis.missing_models == "ignore" or not nim.replicas:
        return
    connection = resolve_connection(component, nim.diagnosis)
    if connection is None:
        return
    logged_denials: set[str] = run_state().setdefault("logged denials", set[str]())

    async def compare(values: dict[str, Any]) -> None:
        if values["connection"] is None:
            return
        try:
            client = ClusterClient.connect(values["connection"].kubeconfig, values["connection"].context)
        except NoClusterError:
            return
        try:
            async with client:
                missing, listed = await find_missing(client, name, values["namespace"], values["port"], values["models"])
        except ModelListError as error:
            if not error.denied or str(error) not in logged_denials:
                pulumi.log.info(f"{name}: the models that it serves are not compared: {error}", component, ephemeral=True)
            if error.denied:
                logged_denials.add(str(error))
            return
        if not missing:
            return
        text = f"{name}: {describe_missing(missing, listed)}. {MISSING_MODEL_FIX}"
        base_name_is_derived = nim.served_model_name is None and missing == values["models"][:1]
        if nim.diagnosis.missing_models == "warn" or base_name_is_derived:
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
