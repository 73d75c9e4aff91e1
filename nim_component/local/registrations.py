"""From the SDK's request to a `Resource`: every field of the protocol in one place."""

from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import alias_pb2, callback_pb2, resource_pb2

from . import markers, wire
from .resources import Options, Resource, Timeouts
from .urns import AliasSpec

HOOKS = ("before_create", "after_create", "before_update", "after_update", "before_delete", "after_delete", "on_error")


def describe_registration(request: resource_pb2.RegisterResourceRequest, *, urn: str, properties: struct_pb2.Struct, id_: str) -> Resource:
    """The record of one registration, options and all."""
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        remote=request.remote,
        id=id_,
        provider=explicit_provider(request),
        providers={package: provider_urn(reference) for package, reference in request.providers.items()},
        options=describe_options(request),
        raw=properties,
    )


def describe_options(request: resource_pb2.RegisterResourceRequest) -> Options:
    """The options of a registration; sets are sorted, since the SDK sends them in any order."""
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
        aliases=(*(AliasSpec(urn=former) for former in request.aliasURNs), *(describe_alias(alias) for alias in aliases_of(request))),
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
        transforms=len(transforms_of(request)),
    )


def describe_read(request: resource_pb2.ReadResourceRequest, *, urn: str, answer: struct_pb2.Struct) -> Resource:
    """The record of one read; `outputs` is what was answered."""
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=True,
        read=True,
        id="" if request.id == markers.UNKNOWN_SENTINEL else request.id,
        provider=provider_urn(request.provider),
        options=Options(
            dependencies=tuple(sorted(request.dependencies)),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            version=request.version,
            plugin_download_url=request.pluginDownloadURL,
        ),
        raw=request.properties,
        raw_outputs=answer,
    )


def aliases_of(message: resource_pb2.RegisterResourceRequest | resource_pb2.TransformResourceOptions) -> list[alias_pb2.Alias]:
    """The aliases of a request or of a transform's options (the SDK's types leave them out)."""
    untyped: Any = message
    return list(untyped.aliases)


def transforms_of(request: resource_pb2.RegisterResourceRequest) -> list[callback_pb2.Callback]:
    """The transforms that a resource declares (the SDK's types leave them out)."""
    untyped: Any = request
    return list(untyped.transforms)


def describe_alias(alias: alias_pb2.Alias) -> AliasSpec:
    """One alias of the request."""
    if alias.HasField("urn"):
        return AliasSpec(urn=alias.urn)
    spec = alias.spec
    return AliasSpec("", spec.name, spec.type, spec.stack, spec.project, spec.parentUrn, spec.noParent)


def explicit_provider(request: resource_pb2.RegisterResourceRequest) -> str:
    """URN of the provider the SDK chose for the resource; the SDK has already looked through the parents' providers."""
    return provider_urn(request.provider)


def provider_urn(reference: str) -> str:
    """The URN in a provider reference, `<urn>::<id>`."""
    return reference.rpartition("::")[0]
