"""`pulumi-resource-tentacle`: the plugin's process. The engine starts it, reads its port, and kills it in the end."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys


def main() -> None:
    """Serve until the process is ended. The first argument, if any, is the engine's address."""
    address = next((a for a in sys.argv[1:] if not a.startswith("-")), None)
    gc.disable()  # collecting while modules load finds nothing and costs a tenth of the start
    if address:  # Ctrl-C in the terminal is for the engine, which sends Cancel
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        asyncio.run(_serve(address))
    except KeyboardInterrupt:
        return


async def _serve(engine_address: str | None) -> None:
    import grpc
    from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
    from pulumi.runtime.proto import provider_pb2_grpc

    from pulumi_tentacle.plugin.servicer import TentacleServicer

    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    servicer = TentacleServicer(engine_address)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    gc.enable()
    try:
        await server.wait_for_termination()
    finally:
        servicer.close()
