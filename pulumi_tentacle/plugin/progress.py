"""What the user sees while an operation runs: status lines of a resource, and warnings that stay."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_SECONDS = 5.0  # that an engine may take to accept a message


class Display:
    """Sends messages to the engine's log, from the threads of operations. It never fails."""

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
        sent = self._send(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn))
        if sent is not None:  # before the answer: with the last one the engine goes
            sent.result(_SECONDS)

    def _send(self, request: engine_pb2.LogRequest) -> Future[None] | None:
        if self._stub is None:
            return None
        return asyncio.run_coroutine_threadsafe(self._log(request), self._loop)

    async def _log(self, request: engine_pb2.LogRequest) -> None:
        try:
            await self._stub.Log(request, timeout=_SECONDS)
        except grpc.RpcError:
            return  # the engine has gone: nobody is left to tell
