"""Resource transforms, called through the callback server of the SDK as the engine does."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import pulumi
from google.protobuf import struct_pb2
from pulumi.runtime.proto import alias_pb2, callback_pb2, callback_pb2_grpc, resource_pb2

from . import markers, wire
from .registrations import read_aliases

MAX_MESSAGE = 400 * 1024 * 1024
"""Bytes. Limit of the SDK's own channels."""


@dataclass
class CallbackClient:
    """Connections to the callback servers of the program. In practice there is one server."""

    channels: dict[str, grpc.Channel] = field(default_factory=dict[str, grpc.Channel])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def invoke(self, callback: callback_pb2.Callback, request: bytes) -> bytes:
        """Call a callback of the program.

        Raises:
            pulumi.RunError: The callback raised an exception, whose text is included.
        """
        with self.lock:
            if callback.target not in self.channels:
                limits = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)]
                self.channels[callback.target] = grpc.insecure_channel(callback.target, options=limits)
            channel = self.channels[callback.target]
        try:
            stub: Any = callback_pb2_grpc.CallbacksStub(channel)
            response: callback_pb2.CallbackInvokeResponse = stub.Invoke(
                callback_pb2.CallbackInvokeRequest(token=callback.token, request=request)
            )
        except grpc.RpcError as error:
            details = error.details() if isinstance(error, grpc.Call) else str(error)
            raise pulumi.RunError(f"a transform failed: {details}") from None
        return response.response

    def close(self) -> None:
        """Close the connections."""
        for channel in self.channels.values():
            channel.close()
        self.channels.clear()


def run_transforms(
    request: resource_pb2.RegisterResourceRequest, transforms: Sequence[callback_pb2.Callback], callbacks: CallbackClient
) -> resource_pb2.RegisterResourceRequest:
    """Return a request after its transforms. Each receives the result of the one before."""
    properties, options = upgrade_outputs(request.object), read_options(request)
    for transform in transforms:
        transform_request = resource_pb2.TransformRequest(
            type=request.type, name=request.name, custom=request.custom, parent=request.parent, properties=properties, options=options
        )
        response = resource_pb2.TransformResponse.FromString(callbacks.invoke(transform, transform_request.SerializeToString()))
        if response.HasField("properties"):
            properties = upgrade_outputs(response.properties)
        if response.HasField("options"):
            options = response.options
    changed = resource_pb2.RegisterResourceRequest()
    changed.CopyFrom(request)
    changed.object.CopyFrom(wire.encode(wire.decode(properties)))
    write_options(changed, options)
    return changed


def read_options(request: resource_pb2.RegisterResourceRequest) -> resource_pb2.TransformResourceOptions:
    """Return the options of a request in the form that transforms receive."""
    options = resource_pb2.TransformResourceOptions(
        depends_on=sorted(request.dependencies),
        ignore_changes=request.ignoreChanges,
        replace_on_changes=request.replaceOnChanges,
        version=request.version,
        aliases=[*(alias_pb2.Alias(urn=urn) for urn in request.aliasURNs), *read_aliases(request)],
        provider=request.provider,
        providers=request.providers,
        plugin_download_url=request.pluginDownloadURL,
        deleted_with=request.deletedWith,
        replace_with=request.replace_with,
        additional_secret_outputs=request.additionalSecretOutputs,
        hide_diff=request.hideDiffs,
    )
    setattr(options, "import", request.importId)  # a keyword of Python
    if request.HasField("customTimeouts"):
        options.custom_timeouts.CopyFrom(request.customTimeouts)
    if request.HasField("hooks"):
        options.hooks.CopyFrom(request.hooks)
    if request.HasField("replacement_trigger"):
        options.replacement_trigger.CopyFrom(request.replacement_trigger)
    if request.HasField("protect"):
        options.protect = request.protect
    if request.HasField("retainOnDelete"):
        options.retain_on_delete = request.retainOnDelete
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def write_options(request: resource_pb2.RegisterResourceRequest, options: resource_pb2.TransformResourceOptions) -> None:
    """Write transformed options into a request."""
    repeated = (
        (request.dependencies, options.depends_on),
        (request.ignoreChanges, options.ignore_changes),
        (request.replaceOnChanges, options.replace_on_changes),
        (request.replace_with, options.replace_with),
        (request.additionalSecretOutputs, options.additional_secret_outputs),
        (request.hideDiffs, options.hide_diff),
    )
    for old, new in repeated:
        old[:] = list(new)
    del request.aliasURNs[:]
    request.ClearField("aliases")
    request.MergeFrom(resource_pb2.RegisterResourceRequest(aliases=read_aliases(options)))
    request.providers.clear()
    request.providers.update(options.providers)
    request.provider = options.provider
    request.version = options.version
    request.pluginDownloadURL = options.plugin_download_url
    request.deletedWith = options.deleted_with
    request.importId = str(getattr(options, "import"))
    request.customTimeouts.CopyFrom(options.custom_timeouts)
    request.hooks.CopyFrom(options.hooks)
    request.ClearField("protect")
    if options.HasField("protect"):
        request.protect = options.protect
    request.ClearField("retainOnDelete")
    if options.HasField("retain_on_delete"):
        request.retainOnDelete = options.retain_on_delete
    request.ClearField("replacement_trigger")
    if options.HasField("replacement_trigger"):
        request.replacement_trigger.CopyFrom(options.replacement_trigger)
    request.deleteBeforeReplaceDefined = options.HasField("delete_before_replace")
    request.deleteBeforeReplace = options.delete_before_replace


def upgrade_outputs(struct: struct_pb2.Struct) -> struct_pb2.Struct:
    """Return a copy with output values in place of secret and unknown values.

    The SDK turns output values into Outputs. It would pass a plain unknown value as None, and would
    move a plain secret up to the top-level property.
    """
    upgraded = struct_pb2.Struct()
    upgraded.CopyFrom(struct)
    upgrade_values(upgraded.fields.values())
    return upgraded


def upgrade_values(values: Iterable[struct_pb2.Value]) -> None:
    """Replace secret and unknown values in place."""
    for value in values:
        kind = value.WhichOneof("kind")
        if kind == "list_value":
            upgrade_values(value.list_value.values)
        elif kind == "string_value" and value.string_value == markers.UNKNOWN_SENTINEL:
            value.CopyFrom(wire.add_signature(markers.OUTPUT))
        elif kind == "struct_value":
            if wire.is_secret(value):
                inner = struct_pb2.Value()
                inner.CopyFrom(value.struct_value.fields["value"])
                output = wire.add_signature(markers.OUTPUT, secret=True)
                if not (inner.HasField("string_value") and inner.string_value == markers.UNKNOWN_SENTINEL):
                    output.struct_value.fields["value"].CopyFrom(inner)
                value.CopyFrom(output)
            elif markers.SIGNATURE not in value.struct_value.fields:
                upgrade_values(value.struct_value.fields.values())
