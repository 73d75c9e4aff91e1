"""Conversion of registration requests of the SDK to `Resource` records."""

from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import alias_pb2, callback_pb2, resource_pb2

from . import markers, urns, wire
from .resources import Options, Resource, Timeouts
from .urns import AliasSpec

HOOKS = ("before_create", "after_create", "before_update", "after_update", "before_delete", "after_delete", "on_error")


def describe_registration(
    request: resource_pb2.RegisterResourceRequest, *, urn: str, properties: struct_pb2.Struct, id_: str, mutable: bool
) -> Resource:
    """Return the record of a registration."""
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        remote=request.remote,
        id=id_,
        provider=urns.parse_provider(request.provider),
        providers={package: urns.parse_provider(reference) for package, reference in request.providers.items()},
        options=describe_options(request),
        mutable=mutable,
        raw=properties,
    )


def describe_options(request: resource_pb2.RegisterResourceRequest) -> Options:
    """Return the options of a registration.

    Sets are sorted, because the SDK sends them in any order.
    """
    timeouts = request.customTimeouts
    return Options(
        dependencies=tuple(sorted(request.dependencies)),
        property_dependencies={key: tuple(sorted(found.urns)) for key, found in sorted(request.propertyDependencies.items())},
        protect=request.protect if request.HasField("protect") else None,
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        hide_diffs=tuple(request.hideDiffs),
        aliases=(*(AliasSpec(urn=former) for former in request.aliasURNs), *map(describe_alias, read_aliases(request))),
        custom_timeouts=Timeouts(
            create=timeouts.create, update=timeouts.update, delete=timeouts.delete, read=str(getattr(timeouts, "read", ""))
        ),
        deleted_with=request.deletedWith,
        replace_with=tuple(request.replace_with),
        replacement_trigger=wire.decode_value(request.replacement_trigger) if request.HasField("replacement_trigger") else None,
        import_id=request.importId,
        version=request.version,
        plugin_download_url=request.pluginDownloadURL,
        hooks={hook: tuple(names) for hook in HOOKS if (names := getattr(request.hooks, hook, ()))},
        transforms=len(read_transforms(request)),
    )


def describe_read(request: resource_pb2.ReadResourceRequest, *, urn: str, outputs: struct_pb2.Struct) -> Resource:
    """Return the record of a read."""
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=True,
        read=True,
        id="" if request.id == markers.UNKNOWN_SENTINEL else request.id,
        provider=urns.parse_provider(request.provider),
        options=Options(
            dependencies=tuple(sorted(request.dependencies)),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            version=request.version,
            plugin_download_url=request.pluginDownloadURL,
        ),
        raw=request.properties,
        raw_outputs=outputs,
    )


def read_aliases(message: resource_pb2.RegisterResourceRequest | resource_pb2.TransformResourceOptions) -> list[alias_pb2.Alias]:
    """Return the aliases of a request or of transformed options.

    The stubs of the SDK lack the field.
    """
    untyped: Any = message
    return list(untyped.aliases)


def read_transforms(request: resource_pb2.RegisterResourceRequest) -> list[callback_pb2.Callback]:
    """Return the transforms of a resource itself. The stubs of the SDK lack the field."""
    untyped: Any = request
    return list(untyped.transforms)


def describe_alias(alias: alias_pb2.Alias) -> AliasSpec:
    """Return an alias of a request."""
    if alias.HasField("urn"):
        return AliasSpec(urn=alias.urn)
    spec = alias.spec
    return AliasSpec("", spec.name, spec.type, spec.stack, spec.project, spec.parentUrn, spec.noParent)
