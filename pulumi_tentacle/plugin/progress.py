"""What the user sees while an operation runs: status lines of a resource, and warnings that stay."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class Display:
    """Sends messages to the engine's log. Safe to use from any thread; never fails and never waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._stub: Any = None  # the asynchronous form of EngineStub, which has no type of its own

    def connect(self, address: str) -> None:
        """Use the engine at this address from now on."""
        channel = grpc.aio.insecure_channel(address)
        self._stub = engine_pb2_grpc.EngineStub(channel)

    def status(self, urn: str, text: str) -> None:
        """A line in the resource's status column, gone with the next one."""
        self._send(engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=urn, ephemeral=True))

    def warning(self, urn: str, text: str) -> None:
        """A warning that stays in the diagnostics."""
        self._send(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn))

    def _send(self, request: engine_pb2.LogRequest) -> None:
        if self._stub is not None:
            asyncio.run_coroutine_threadsafe(self._log(request), self._loop)

    async def _log(self, request: engine_pb2.LogRequest) -> None:
        try:
            await self._stub.Log(request)
        except grpc.RpcError:
            return  # the engine has gone: nobody is left to tell
