"""The plugin in this process, over real gRPC: what the engine would call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as pb

from pulumi_tentacle.plugin.properties import from_struct, to_struct
from pulumi_tentacle.plugin.servicer import TentacleServicer


@dataclass
class Failed(Exception):
    """A call that ended with a gRPC error."""

    code: grpc.StatusCode
    message: str
    init_failed: pb.ErrorResourceInitFailed | None = None

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"


@dataclass
class Provider:
    """A client of the plugin. Trees in and out (`Secret`, `UNKNOWN`); `log` holds what the engine would show."""

    stub: Any
    log: list[engine_pb2.LogRequest] = field(default_factory=list)

    def call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self.stub, method)(request, timeout=120)
        except grpc.RpcError as error:
            raise Failed(error.code(), error.details() or "", _init_failed(error)) from None

    def configure(self, **values: Any) -> None:
        self.call("Configure", pb.ConfigureRequest(args=to_struct(values), acceptSecrets=True))

    def check(self, kind: str, inputs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """(inputs with defaults, failures by path)."""
        answer = self.call("Check", pb.CheckRequest(urn=urn(kind), type=token(kind), news=to_struct(inputs)))
        return from_struct(answer.inputs), {f.property: f.reason for f in answer.failures}

    def diff(self, kind: str, old: dict[str, Any], new: dict[str, Any]) -> pb.DiffResponse:
        request = pb.DiffRequest(
            id="id",
            urn=urn(kind),
            type=token(kind),
            old_inputs=to_struct(old),
            olds=to_struct(old),
            news=to_struct(new),
        )
        answer: pb.DiffResponse = self.call("Diff", request)
        return answer

    def create(self, kind: str, inputs: dict[str, Any], *, preview: bool = False) -> tuple[str, dict[str, Any]]:
        request = pb.CreateRequest(urn=urn(kind), type=token(kind), properties=to_struct(inputs), preview=preview)
        answer = self.call("Create", request)
        return answer.id, from_struct(answer.properties)

    def read(
        self, kind: str, id: str, inputs: dict[str, Any] | None = None, state: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """(id, inputs, outputs)."""
        request = pb.ReadRequest(
            id=id, urn=urn(kind), type=token(kind), inputs=to_struct(inputs or {}), properties=to_struct(state or {})
        )
        answer = self.call("Read", request)
        return answer.id, from_struct(answer.inputs), from_struct(answer.properties)

    def update(
        self,
        kind: str,
        id: str,
        old: dict[str, Any],
        new: dict[str, Any],
        state: dict[str, Any],
        *,
        preview: bool = False,
    ) -> dict[str, Any]:
        request = pb.UpdateRequest(
            id=id,
            urn=urn(kind),
            type=token(kind),
            olds=to_struct(state),
            old_inputs=to_struct(old),
            news=to_struct(new),
            preview=preview,
        )
        return from_struct(self.call("Update", request).properties)

    def delete(self, kind: str, id: str, state: dict[str, Any]) -> None:
        self.call("Delete", pb.DeleteRequest(id=id, urn=urn(kind), type=token(kind), properties=to_struct(state)))

    def invoke(self, name: str, **arguments: Any) -> dict[str, Any]:
        answer = self.call("Invoke", pb.InvokeRequest(tok=token(name), args=to_struct(arguments)))
        return from_struct(getattr(answer, "return"))


def token(kind: str) -> str:
    return f"tentacle:index:{kind}"


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::test::{token(kind)}::it"


def _init_failed(error: Any) -> pb.ErrorResourceInitFailed | None:
    from pulumi.runtime.proto import status_pb2

    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            for detail in status.details:
                found = pb.ErrorResourceInitFailed()
                if detail.Unpack(found):
                    return found
    return None


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A plugin on a thread of its own, with an engine that takes its log."""
    log: list[engine_pb2.LogRequest] = []

    class Engine(engine_pb2_grpc.EngineServicer):
        def Log(self, request: engine_pb2.LogRequest, context: Any) -> empty_pb2.Empty:  # noqa: N802  Pulumi's name
            log.append(request)
            return empty_pb2.Empty()

    engine = grpc.server(futures.ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(), engine)
    engine_port = engine.add_insecure_port("127.0.0.1:0")
    engine.start()
    started: futures.Future[int] = futures.Future()
    stop: list[Any] = []

    async def serve() -> None:
        server = grpc.aio.server()
        servicer = TentacleServicer(f"127.0.0.1:{engine_port}")
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        ended = asyncio.Event()
        stop.extend([asyncio.get_running_loop(), ended])
        started.set_result(port)
        await ended.wait()
        await server.stop(grace=0.1)
        servicer.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{started.result(10)}")
    try:
        yield Provider(provider_pb2_grpc.ResourceProviderStub(channel), log)
    finally:
        channel.close()
        stop[0].call_soon_threadsafe(stop[1].set)
        thread.join(20)
        engine.stop(0)
