"""The resource monitor: answers the SDK's requests as the engine does in a dry run, and records every one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import callback_pb2, provider_pb2, resource_pb2

from . import kubernetes_provider, markers, urns, wire
from .registrations import describe_read, describe_registration, explicit_provider, transforms_of
from .resources import LogEntry, Resource
from .transforms import Callbacks, run_transforms

T = TypeVar("T")
Read = Callable[[str, str], Mapping[str, Any] | None]
"""Answers a read of (type, id); None: nothing is known. What it raises fails the program, as a missing resource does."""
Call = Callable[[str, Mapping[str, Any]], Mapping[str, Any] | None]
"""Answers a function call of (token, arguments); None: nothing is known."""


class NoMocks(Mocks):
    """The SDK asks for one; the monitor below answers everything itself."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise NotImplementedError

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError


class LocalMonitor(MockMonitor):
    """Requests come from the SDK's worker threads, many at a time: what is shared is touched under the lock only."""

    def __init__(self, *, project: str, stack: str, config: Mapping[str, str], read: Read | None = None, call: Call | None = None):
        super().__init__(NoMocks())
        self.project, self.stack, self.config = project, stack, config
        self.read, self.call = read, call
        self.records: dict[str, Resource] = {}
        self.registered_outputs: dict[str, struct_pb2.Struct] = {}
        self.notes: list[LogEntry] = []
        self.callbacks = Callbacks()
        self.lock = threading.Lock()
        self.transforms_of: dict[str, Sequence[callback_pb2.Callback]] = {}
        self.stack_transforms: list[callback_pb2.Callback] = []
        self.cluster_scoped: set[tuple[str, str]] = set()

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:  # noqa: N802
        """Transforms, then records. The answer is the inputs; what they do not say, the SDK resolves as unknown."""
        with self.lock:
            self.inherit(request)
            transforms = self.transforms_for(request)
        own_transforms = transforms_of(request)
        if transforms:
            request = run_transforms(request, transforms, self.callbacks)
        urn = urns.make(self.stack, self.project, request.parent, request.type, request.name)
        properties, id_ = self.check(request, urn)
        record = describe_registration(request, urn=urn, properties=properties, id_=id_)
        with self.lock:
            self.claim(record)
            self.transforms_of[urn] = own_transforms
            if request.remote:
                text = "is made by its provider's own program, which the local engine does not run: its children are not shown"
                self.notes.append(LogEntry("warning", f"{request.type} {text}", urn))
        # A local component's outputs are what it registers later, so the engine answers none here.
        answer = hide(properties, request.additionalSecretOutputs) if request.custom else struct_pb2.Struct()
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=answer)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802
        """Asks `read`; without an answer only the id is known."""
        urn = urns.make(self.stack, self.project, request.parent, request.type, request.name)
        known = request.id and request.id != markers.UNKNOWN_SENTINEL
        answer = self.read(request.type, request.id) if self.read and known else None
        properties = hide(wire.encode(answer or {}), request.additionalSecretOutputs)
        with self.lock:
            self.claim(describe_read(request, urn=urn, answer=properties))
        return read_response(urn, request.id if known else "", properties)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:  # noqa: N802
        """Remembers a component's or the stack's outputs."""
        with self.lock:
            self.registered_outputs[request.urn] = request.outputs
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> Any:  # noqa: N802
        """Answers a function call; `getResource` (a resource reference resolved) from the records."""
        arguments = wire.decode(request.args)
        if request.tok == "pulumi:pulumi:getResource":
            with self.lock:
                record = self.records.get(str(arguments.get("urn")))
            if record is None:
                raise pulumi.RunError(f"unknown resource {arguments.get('urn')}")
            state = {"urn": record.urn, "id": record.id, "state": record.inputs}
            return answer_of(resource_pb2.ResourceInvokeResponse(), state)
        answer = self.answer_call(request.tok, arguments)
        response: Any = answer_of(resource_pb2.ResourceInvokeResponse(), answer or {})
        if answer is None and "unknown" in response.DESCRIPTOR.fields_by_name:  # older SDKs cannot be told
            response.unknown = True
        return response

    def Call(self, request: resource_pb2.ResourceCallRequest) -> provider_pb2.CallResponse:  # noqa: N802
        """Answers a method call on a resource."""
        return answer_of(provider_pb2.CallResponse(), self.answer_call(request.tok, wire.decode(request.args)) or {})

    def ExistsResource(self, request: Any) -> Any:  # noqa: N802
        """Only an answer of `read` can say that something exists."""
        exists = bool(self.read and self.read(request.type, request.id) is not None)
        return resource_pb2.ExistsResourceResponse(exists=exists)

    def RegisterStackTransform(self, request: callback_pb2.Callback) -> empty_pb2.Empty:  # noqa: N802
        """A transform for every resource registered from now on."""
        with self.lock:
            self.stack_transforms.append(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: callback_pb2.Callback) -> empty_pb2.Empty:  # noqa: ARG002, N802
        """Accepted, not run: nothing is really invoked."""
        return empty_pb2.Empty()

    def answer_call(self, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What `call` says; of what nobody answers, the log says so, once a function."""
        answer = self.call(token, arguments) if self.call else None
        if answer is None:
            text = "is a function of its provider, which does not run here: what comes of its result is unknown or missing"
            note = LogEntry("warning", f"{token} {text}")
            with self.lock:
                self.notes.extend([note] if note not in self.notes else [])
        return answer

    def inherit(self, request: resource_pb2.RegisterResourceRequest) -> None:
        """What the engine itself hands from parent to child, whatever the SDK sent."""
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

    def transforms_for(self, request: resource_pb2.RegisterResourceRequest) -> list[callback_pb2.Callback]:
        """The resource's own transforms, then its parents' from the nearest up, then the stack's."""
        transforms = transforms_of(request)
        ancestor = request.parent
        while ancestor:
            transforms.extend(self.transforms_of.get(ancestor, ()))
            record = self.records.get(ancestor)
            ancestor = record.parent if record else ""
        return transforms + self.stack_transforms

    def check(self, request: resource_pb2.RegisterResourceRequest, urn: str) -> tuple[struct_pb2.Struct, str]:
        """Name, namespace and id of a Kubernetes object, which its provider settles before anything is created."""
        if not (request.custom and kubernetes_provider.is_object(request.type)):
            return request.object, ""
        with self.lock:
            provider = self.records.get(explicit_provider(request))
            cluster_scoped = frozenset(self.cluster_scoped)
        given = provider.inputs.get("namespace") if provider else self.config.get("kubernetes:namespace")
        namespace = given if isinstance(given, str) else ""
        properties, id_ = kubernetes_provider.identify(request.type, urn, request.object, namespace, cluster_scoped)
        if defined := kubernetes_provider.cluster_scoped_definition(request.type, properties):
            with self.lock:
                self.cluster_scoped.add(defined)
        return properties, id_

    def claim(self, record: Resource) -> None:
        """Records a resource under its URN, which only one may have."""
        if record.urn in self.records:
            raise pulumi.RunError(f"Duplicate resource URN '{record.urn}'; try giving it a unique name")
        self.records[record.urn] = record


def hide(properties: struct_pb2.Struct, names: Sequence[str]) -> struct_pb2.Struct:
    """The properties with those marked secret that `additional_secret_outputs` names."""
    plain = [name for name in names if name in properties.fields and not wire.is_secret(properties.fields[name])]
    if not plain:
        return properties
    hidden = struct_pb2.Struct()
    hidden.CopyFrom(properties)
    for name in plain:
        hidden.fields[name].struct_value.CopyFrom(wire.wrap_secret(properties.fields[name]))
    return hidden


def answer_of(response: T, answer: Mapping[str, Any]) -> T:
    """A response with its answer in the field `return`, a keyword to which no attribute leads."""
    untyped: Any = response
    getattr(untyped, "return").CopyFrom(wire.encode(answer))
    return response


def read_response(urn: str, id_: str, properties: struct_pb2.Struct) -> resource_pb2.ReadResourceResponse:
    """Newer SDKs take the id from the answer, older ones from the request and know no such field."""
    response = resource_pb2.ReadResourceResponse(urn=urn, properties=properties)
    if "id" in response.DESCRIPTOR.fields_by_name:
        setattr(response, "id", id_)  # noqa: B010 (not in every SDK's types)
    return response
