"""The namespaces that a stack creates, and their use by its services."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s
from pydantic import ValidationError

from ..args import NIM
from ..args.arguments import field_adapter
from ..args.error import ArgumentValueError, describe_owner
from ..args.namespace import ENFORCE, EXISTING, NamespaceArgs
from ..args.problems import Problem, find_problems
from ..names import STANDARD_LABELS
from .configuration import read_mapping
from .fields import NAMESPACES


def read_namespaces(config: pulumi.Config) -> dict[str, NamespaceArgs]:
    """Return the validated namespaces of a stack by name.

    Raises:
        ArgumentValueError: With all problems of all namespaces.
    """
    namespaces: dict[str, NamespaceArgs] = {}
    problems: list[Problem] = []
    owner = f"{config.name}:{NAMESPACES}"
    for name, fields in (read_mapping(config, NAMESPACES) or {}).items():
        found = list(_validate_name(name))
        if not isinstance(fields, Mapping | None):
            found.append(Problem((), "must be a mapping", "Write the options of the namespace below its name, or nothing."))
        else:
            try:
                namespaces[name] = NamespaceArgs.read(cast("Mapping[str, Any]", fields or {}), owner)
            except ArgumentValueError as error:
                found += error.problems
        problems += [replace(each, path=(name, *each.path)) for each in found]
    if problems:
        raise ArgumentValueError(owner, problems)
    return namespaces


def validate_pod_security(nim: NIM, namespaces: Mapping[str, NamespaceArgs]) -> Iterator[Problem]:
    """Check that the namespace of a service allows its cache on a node's file system."""
    args = namespaces.get(nim.namespace) if isinstance(nim.namespace, str) else None
    if args is not None and args.pod_security != "privileged" and nim.cache.host_path is not None:
        message = f"is refused by Pod Security {args.pod_security!r} of namespace {nim.namespace}"
        fix = f"Use a PVC, or set pod_security: privileged in {NAMESPACES}: {{{nim.namespace}: ...}}."
        yield Problem(("cache", "host_path"), message, fix)


def provide_namespaces(namespaces: Mapping[str, NamespaceArgs]) -> "dict[str, pulumi.Output[str]]":
    """Create the namespaces; return their names as Outputs that depend on them."""
    provided: dict[str, pulumi.Output[str]] = {}
    for name, args in namespaces.items():
        options = pulumi.ResourceOptions(retain_on_delete=True if args.retain else None)
        namespace = k8s.core.v1.Namespace(name, metadata=_render_metadata(name, args), opts=options)
        # Not `metadata.name`: the URN is known at every preview, and so are the URLs of the
        # services.
        provided[name] = namespace.urn.apply(lambda _, name=name: name)
    return provided


def _render_metadata(name: str, args: NamespaceArgs) -> "k8s.meta.v1.ObjectMetaArgsDict":
    _, managed_by = STANDARD_LABELS
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": name,
        "labels": {**(args.labels or {}), managed_by: "pulumi", ENFORCE: args.pod_security},
    }
    if args.annotations:
        metadata["annotations"] = dict(args.annotations)
    return metadata


def use_namespaces(name: str, nim: NIM, provided: "Mapping[str, pulumi.Output[str]]") -> NIM:
    """Return a service whose objects depend on its namespace, if the stack creates the namespace.

    A namespace that is an Output also turns off reads of existing Secrets: in a new namespace they
    cannot exist at the first preview.
    """
    namespace = nim.namespace
    if not isinstance(namespace, str) or namespace not in provided:
        return nim
    secrets = nim.secrets
    references = (secrets.ngc_image_secret, secrets.ngc_secret_group, secrets.hf_token_group, *(secrets.extra_image_secrets or ()))
    if secrets.verify and any(isinstance(each, str) for each in references):
        pulumi.log.info(
            f"{describe_owner(name)}: its Secrets are not read, because this program creates namespace {namespace}. "
            "Create them there, or use secrets: {ngc_api_key: {config: ngcApiKey}}."
        )
    return nim.model_copy(update={"namespace": provided[namespace]})


def warn_of_unused(nims: Mapping[str, NIM], namespaces: Mapping[str, NamespaceArgs]) -> None:
    """Log a warning for each namespace that no service uses."""
    used = {nim.namespace for nim in nims.values() if isinstance(nim.namespace, str)}
    for name in namespaces:
        if name not in used:
            pulumi.log.warn(f"{NAMESPACES}: no service uses namespace {name}. Set namespace: {name} in nim:defaults or in a service.")


def _validate_name(name: str) -> Iterator[Problem]:
    if name in EXISTING:
        yield Problem((), "exists in every cluster", "Remove it from the stack file, or use another name.")
    try:
        field_adapter(NIM, "namespace").validate_python(name)
    except ValidationError as error:
        yield from find_problems(error)
