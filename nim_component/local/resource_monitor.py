"""Resource monitor: records requests of the SDK, and responds as the engine does in a preview."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import callback_pb2, provider_pb2, resource_pb2

from . import kubernetes_provider, markers, urns, wire
from .engine_settings import read_settings
from .registrations import describe_read, describe_registration, read_transforms
from .resources import LogEntry, Resource
from .transforms import CallbackClient, run_transforms

T = TypeVar("T")
Read = Callable[[str, str], Mapping[str, Any] | None]
"""Function from type and id to the properties of a resource, or None if they are unknown.

Its exceptions end the program, as a missing resource does.
"""
Call = Callable[[str, Mapping[str, Any]], Mapping[str, Any] | None]
"""Function from token and arguments of an invoke to its result, or None if it is unknown."""


class NoMocks(Mocks):
    """Argument that `MockMonitor` requires.

    `LocalMonitor` overrides every method that would use it.
    """

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Never called."""
        raise NotImplementedError

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """Never called."""
        raise NotImplementedError


class LocalMonitor(MockMonitor):
    """Monitor of one run.

    Requests arrive on several threads of the SDK at a time, so shared fields are used only under
    `lock`.
    """

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        config: Mapping[str, str],
        organization: str = "organization",
        read: Read | None = None,
        call: Call | None = None,
    ):
        super().__init__(NoMocks())
        self.settings = read_settings(config, project=project, stack=stack, organization=organization)
        self.project, self.stack, self.config = project, stack, config
        self.read, self.call = read, call
        self.records: dict[str, Resource] = {}
        self.registered_outputs: dict[str, struct_pb2.Struct] = {}
        self.notes: list[LogEntry] = []
        self.callbacks = CallbackClient()
        self.lock = threading.Lock()
        self.transforms_by_urn: dict[str, Sequence[callback_pb2.Callback]] = {}
        self.stack_transforms: list[callback_pb2.Callback] = []
        self.cluster_scoped: set[tuple[str, str]] = set()

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:  # noqa: N802
        """Transform and record a registration.

        The response contains the inputs. The SDK resolves all other properties as unknown.
        """
        with self.lock:
            self.inherit_options(request)
            transforms = self.collect_transforms(request)
        own_transforms = read_transforms(request)
        if transforms:
            request = run_transforms(request, transforms, self.callbacks)
        urn = urns.make(self.stack, self.project, request.parent, request.type, request.name)
        if request.custom or request.remote:
            self.settings.refuse_default_provider(request.type, request.provider)
        with self.lock:
            provider = self.records.get(urns.parse_provider(request.provider))
        properties, id_ = self.identify(request, urn, provider)
        mutable = kubernetes_provider.is_mutable(request.type, provider and provider.inputs, self.config)
        resource = describe_registration(request, urn=urn, properties=properties, id_=id_, mutable=mutable)
        with self.lock:
            self.record(resource)
            self.transforms_by_urn[urn] = own_transforms
            if request.remote:
                text = "is created by the program of its provider, which the local engine does not run: its children are not shown"
                self.notes.append(LogEntry("warning", f"{request.type} {text}", urn))
        # A local component registers its outputs later, so the response has none.
        outputs = mark_secrets(properties, request.additionalSecretOutputs) if request.custom else struct_pb2.Struct()
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=outputs)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802
        """Record a read. Without a result of `read`, only the id is known."""
        urn = urns.make(self.stack, self.project, request.parent, request.type, request.name)
        self.settings.refuse_default_provider(request.type, request.provider)
        known = request.id and request.id != markers.UNKNOWN_SENTINEL
        found = self.read(request.type, request.id) if self.read and known else None
        properties = mark_secrets(wire.encode(found or {}), request.additionalSecretOutputs)
        with self.lock:
            self.record(describe_read(request, urn=urn, outputs=properties))
        return build_read_response(urn, request.id if known else "", properties)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:  # noqa: N802
        """Record the outputs of a component or of the stack."""
        with self.lock:
            self.registered_outputs[request.urn] = request.outputs
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> Any:  # noqa: N802
        """Return the result of an invoke.

        `getResource`, which resolves a resource reference, reads the records.
        """
        arguments = wire.decode(request.args)
        if request.tok == "pulumi:pulumi:getResource":
            with self.lock:
                record = self.records.get(str(arguments.get("urn")))
            if record is None:
                raise pulumi.RunError(f"unknown resource {arguments.get('urn')}")
            state = {"urn": record.urn, "id": record.id, "state": record.inputs}
            return set_return(resource_pb2.ResourceInvokeResponse(), state)
        self.settings.refuse_default_provider(request.tok, request.provider)
        result = self.invoke(request.tok, arguments)
        response: Any = set_return(resource_pb2.ResourceInvokeResponse(), result or {})
        if result is None and "unknown" in response.DESCRIPTOR.fields_by_name:  # older SDKs lack the field
            response.unknown = True
        return response

    def Call(self, request: resource_pb2.ResourceCallRequest) -> provider_pb2.CallResponse:  # noqa: N802
        """Return the result of a method call on a resource."""
        return set_return(provider_pb2.CallResponse(), self.invoke(request.tok, wire.decode(request.args)) or {})

    def ExistsResource(self, request: Any) -> Any:  # noqa: N802
        """Return true if `read` returns the resource."""
        exists = bool(self.read and self.read(request.type, request.id) is not None)
        return resource_pb2.ExistsResourceResponse(exists=exists)

    def RegisterStackTransform(self, request: callback_pb2.Callback) -> empty_pb2.Empty:  # noqa: N802
        """Record a transform for all later registrations."""
        with self.lock:
            self.stack_transforms.append(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: callback_pb2.Callback) -> empty_pb2.Empty:  # noqa: ARG002, N802
        """Accept a transform of invokes. It is not run, because no provider is invoked."""
        return empty_pb2.Empty()

    def invoke(self, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the result of `call`. If it is unknown, log a warning, once for each function."""
        result = self.call(token, arguments) if self.call else None
        if result is None:
            text = "is a function of its provider, which the local engine does not run: values from its result are unknown or missing"
            note = LogEntry("warning", f"{token} {text}")
            with self.lock:
                self.notes.extend([note] if note not in self.notes else [])
        return result

    def inherit_options(self, request: resource_pb2.RegisterResourceRequest) -> None:
        """Copy the options that the Pulumi engine itself inherits from the parent."""
        parent = self.records.get(request.parent)
        if parent is None:
            return
        options = parent.options
        if not request.deletedWith:
            request.deletedWith = options.deleted_with
        if not request.HasField("protect") and options.protect is not None:
            request.protect = options.protect
        if not request.HasField("retainOnDelete") and options.retain_on_delete is not None:
            request.retainOnDelete = options.retain_on_delete

    def collect_transforms(self, request: resource_pb2.RegisterResourceRequest) -> list[callback_pb2.Callback]:
        """Return the transforms of a resource, its parents from the nearest up, and its stack."""
        transforms = read_transforms(request)
        ancestor = request.parent
        while ancestor:
            transforms.extend(self.transforms_by_urn.get(ancestor, ()))
            record = self.records.get(ancestor)
            ancestor = record.parent if record else ""
        return transforms + self.stack_transforms

    def identify(self, request: resource_pb2.RegisterResourceRequest, urn: str, provider: Resource | None) -> tuple[struct_pb2.Struct, str]:
        """Return the properties of a resource with name and namespace, and its id."""
        if not (request.custom and kubernetes_provider.is_object(request.type)):
            return request.object, ""
        with self.lock:
            cluster_scoped = frozenset(self.cluster_scoped)
        given = provider.inputs.get("namespace") if provider else self.config.get("kubernetes:namespace")
        namespace = given if isinstance(given, str) else ""
        rule = self.settings.find_naming_rule(request.type)
        properties, id_ = kubernetes_provider.identify(
            request.type, urn, request.object, namespace, cluster_scoped, lambda: rule.make_name(urn)
        )
        if defined := kubernetes_provider.find_cluster_scoped_kind(request.type, properties):
            with self.lock:
                self.cluster_scoped.add(defined)
        return properties, id_

    def record(self, resource: Resource) -> None:
        """Record a resource. Raise RunError if its URN is already recorded."""
        if resource.urn in self.records:
            raise pulumi.RunError(f"Duplicate resource URN '{resource.urn}'; try giving it a unique name")
        self.records[resource.urn] = resource


def mark_secrets(properties: struct_pb2.Struct, names: Sequence[str]) -> struct_pb2.Struct:
    """Return the properties with those in `names` (`additional_secret_outputs`) marked secret."""
    plain = [name for name in names if name in properties.fields and not wire.is_secret(properties.fields[name])]
    if not plain:
        return properties
    marked = struct_pb2.Struct()
    marked.CopyFrom(properties)
    for name in plain:
        marked.fields[name].struct_value.CopyFrom(wire.wrap_secret(properties.fields[name]))
    return marked


def set_return(response: T, result: Mapping[str, Any]) -> T:
    """Set the field `return` of a response, whose name is a keyword of Python."""
    untyped: Any = response
    getattr(untyped, "return").CopyFrom(wire.encode(result))
    return response


def build_read_response(urn: str, id_: str, properties: struct_pb2.Struct) -> resource_pb2.ReadResourceResponse:
    """Return a response to a read. Newer SDKs use its field `id`, which older SDKs lack."""
    response = resource_pb2.ReadResourceResponse(urn=urn, properties=properties)
    if "id" in response.DESCRIPTOR.fields_by_name:
        setattr(response, "id", id_)  # noqa: B010 (missing in the types of some SDK versions)
    return response
