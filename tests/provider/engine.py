"""A plugin process, and the servers of an engine that it calls: a monitor, and a log."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, resource_pb2, resource_pb2_grpc

from nim_component.local import wire
from nim_component.local.markers import SIGNATURE
from nim_component.local.resource_monitor import LocalMonitor
from nim_component.local.resources import Resource
from nim_component.provider.names import COMPONENT

ROOT = Path(__file__).parents[2]


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Monitor of one run over gRPC: the local engine's, with the hooks that are registered."""

    def __init__(self) -> None:
        self.local = LocalMonitor(project="project", stack="dev", config={})
        self.hooks: list[str] = []
        self.invoked: list[str] = []

    def SupportsFeature(self, request: Any, context: Any) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def RegisterResource(self, request: Any, context: Any) -> Any:
        return self.local.RegisterResource(request)

    def ReadResource(self, request: Any, context: Any) -> Any:
        return self.local.ReadResource(request)

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        return self.local.RegisterResourceOutputs(request)

    def Invoke(self, request: Any, context: Any) -> Any:
        self.invoked.append(request.tok)
        return self.local.Invoke(request)

    def RegisterResourceHook(self, request: Any, context: Any) -> Any:
        self._register(request.name, context)
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: Any, context: Any) -> Any:
        self._register(request.name, context)
        return empty_pb2.Empty()

    def _register(self, name: str, context: Any) -> None:
        if name in self.hooks:  # as the engine does
            context.abort(grpc.StatusCode.UNKNOWN, f'resource hook already registered for name "{name}"')
        self.hooks.append(name)

    @property
    def resources(self) -> list[Resource]:
        return list(self.local.records.values())


class Log(engine_pb2_grpc.EngineServicer):
    """Log of an engine."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def Log(self, request: Any, context: Any) -> Any:
        self.lines.append(request.message)
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Any) -> Any:
        return engine_pb2.GetRootResourceResponse()

    def SetRootResource(self, request: Any, context: Any) -> Any:
        return engine_pb2.SetRootResourceResponse()


def output_value(value: Any, *, secret: bool = False) -> dict[str, Any]:
    """Return an Output as the engine passes it inside of other values."""
    return {SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": value, "secret": secret}


class Plugin:
    """Client of a plugin process."""

    def __init__(self, channel: grpc.Channel, log: Log) -> None:
        self.stub, self.log = provider_pb2_grpc.ResourceProviderStub(channel), log

    def schema(self) -> str:
        return self.stub.GetSchema(provider_pb2.GetSchemaRequest(), timeout=60).schema

    def construct(self, address: str, name: str, inputs: Mapping[str, Any], *, preview: bool = False, **options: Any) -> Any:
        request = provider_pb2.ConstructRequest(
            project="project", stack="dev", type=COMPONENT, name=name, monitorEndpoint=address, dryRun=preview,
            inputs=wire.encode(inputs), **options,
        )  # fmt: skip
        return self.stub.Construct(request, timeout=120)


@contextmanager
def serve(add: Any, servicer: Any) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(8))
    add(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@contextmanager
def serve_monitor() -> Iterator[tuple[str, Monitor]]:
    monitor = Monitor()
    with serve(resource_pb2_grpc.add_ResourceMonitorServicer_to_server, monitor) as address:
        yield address, monitor


@contextmanager
def start_plugin(**environment: str) -> Iterator[Plugin]:
    log = Log()
    with serve(engine_pb2_grpc.add_EngineServicer_to_server, log) as engine:
        env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        process = subprocess.Popen([sys.executable, str(ROOT / "plugin"), engine], stdout=subprocess.PIPE, text=True, env=env)
        try:
            assert process.stdout is not None
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                yield Plugin(channel, log)
        finally:
            process.kill()
            process.wait()
