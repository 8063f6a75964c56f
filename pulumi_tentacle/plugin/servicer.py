"""Pulumi's resource provider protocol. It dispatches by table and knows nothing of any resource."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any, NoReturn, TypeVar

from google.protobuf import empty_pb2
from pulumi.provider.provider import Provider
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as pb

from pulumi_tentacle.errors import HalfMade, InvalidInput, NotImplementedYet, TentacleError
from pulumi_tentacle.plugin import operations, status, table
from pulumi_tentacle.plugin.config import ProviderConfig, load
from pulumi_tentacle.plugin.progress import Display
from pulumi_tentacle.plugin.properties import from_struct, keep_secrets, plain, to_struct
from pulumi_tentacle.plugin.runs import Runs
from pulumi_tentacle.plugin.schema import plugin_version, schema_json
from pulumi_tentacle.resources.model import Secret, properties_of
from pulumi_tentacle.resources.resource import AnyResource

T = TypeVar("T")
_THREADS = 128  # operations wait for nodes and for each other's locks; a waiting thread costs next to nothing


def _answers(method: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., Coroutine[Any, Any, T]]:
    """Turn our errors into gRPC errors. Anything else is a bug of ours: UNKNOWN, with a request to report it."""

    @wraps(method)
    async def answered(self: TentacleServicer, request: Any, context: Any) -> T:
        try:
            return await method(self, request, context)
        except HalfMade as error:
            await _abort(context, error, status.half_made_details(error))
        except TentacleError as error:
            await _abort(context, error)

    return answered


async def _abort(context: Any, error: TentacleError, details: status.Metadata = ()) -> NoReturn:
    await context.abort(status.code_of(error), str(error), details)
    raise AssertionError("abort always raises")


class TentacleServicer(ProviderServicer):
    """The provider as the engine sees it."""

    def __init__(self, engine_address: str | None) -> None:
        super().__init__(Provider(plugin_version(), ""), [], engine_address or "")
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="operation")
        self._display = Display(asyncio.get_running_loop())
        self._runs = Runs(self._display)
        if engine_address:
            self._display.connect(engine_address)

    def close(self) -> None:
        """End waits and close sessions."""
        self._runs.cancel()
        self._executor.shutdown(cancel_futures=True)
        self._runs.close()

    async def _work(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)

    # The plugin itself

    async def Handshake(self, request: pb.ProviderHandshakeRequest, context: Any) -> pb.ProviderHandshakeResponse:
        """The engine introduces itself."""
        return pb.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=True)

    async def Attach(self, request: plugin_pb2.PluginAttach, context: Any) -> empty_pb2.Empty:
        """An engine attaches to a plugin that somebody else started (PULUMI_DEBUG_PROVIDERS)."""
        self.engine_address = request.address
        self._display.connect(request.address)
        return empty_pb2.Empty()

    async def GetSchema(self, request: pb.GetSchemaRequest, context: Any) -> pb.GetSchemaResponse:
        """The schema, for SDKs and YAML programs."""
        return pb.GetSchemaResponse(schema=schema_json())

    async def Cancel(self, request: empty_pb2.Empty, context: Any) -> empty_pb2.Empty:
        """Ctrl-C, or the end of the command: nothing may wait any longer."""
        self._runs.cancel()
        return empty_pb2.Empty()

    # Configuration

    async def CheckConfig(self, request: pb.CheckRequest, context: Any) -> pb.CheckResponse:
        """Validate provider inputs. The answer marks secrets, so that they are never stored in clear."""
        news = from_struct(request.news)
        secret = {p.alias for p in properties_of(ProviderConfig) if p.secret}
        try:
            load({k: v for k, v in plain(news).items() if k != "version"}, environment={})
        except InvalidInput as error:
            return pb.CheckResponse(failures=_failures(error))
        marked = {k: Secret(v) if k in secret and not isinstance(v, Secret) else v for k, v in news.items()}
        return pb.CheckResponse(inputs=to_struct(marked))

    async def DiffConfig(self, request: pb.DiffRequest, context: Any) -> pb.DiffResponse:
        """Never a replacement: the engine would replace every resource of this provider."""
        old, new = plain(from_struct(request.old_inputs)), plain(from_struct(request.news))
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        kind = pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE
        return pb.DiffResponse(changes=kind, diffs=changed)

    @_answers
    async def Configure(self, request: pb.ConfigureRequest, context: Any) -> pb.ConfigureResponse:
        """Take the configuration; nothing is connected yet."""
        values = plain(from_struct(request.args))
        self._runs.configure({k: v for k, v in values.items() if k != "version"})
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=True)

    # Resources

    @_answers
    async def Check(self, request: pb.CheckRequest, context: Any) -> pb.CheckResponse:
        """Validate inputs as far as they are known, and add defaults. Touches no network."""
        news = from_struct(request.news)
        try:
            checked = operations.check(_resource(request), news)
        except InvalidInput as error:
            return pb.CheckResponse(failures=_failures(error))
        return pb.CheckResponse(inputs=to_struct(checked))

    @_answers
    async def Diff(self, request: pb.DiffRequest, context: Any) -> pb.DiffResponse:
        """Compare inputs. Touches no network."""
        return operations.diff(_resource(request), from_struct(request.old_inputs), from_struct(request.news))

    @_answers
    async def Create(self, request: pb.CreateRequest, context: Any) -> pb.CreateResponse:
        """Make a resource, or tell in a preview what is known of it."""
        resource, inputs = _resource(request), from_struct(request.properties)
        run = self._runs.run(request.urn, request.timeout)
        if request.preview:
            outputs = await self._work(operations.preview, resource, run, inputs, None)
            return pb.CreateResponse(properties=to_struct(keep_secrets(outputs, inputs)))
        id, outputs = await self._work(operations.create, resource, run, inputs)
        return pb.CreateResponse(id=id, properties=to_struct(keep_secrets(outputs, inputs)))

    @_answers
    async def Read(self, request: pb.ReadRequest, context: Any) -> pb.ReadResponse:
        """Look at a resource: in a refresh with what is stored, for an import by its id alone."""
        stored, inputs = from_struct(request.properties), from_struct(request.inputs)
        run = self._runs.run(request.urn, request.timeout)
        try:
            seen = await self._work(operations.read, _resource(request), run, request.id, inputs, stored)
        except HalfMade as error:
            found = keep_secrets(operations.half_made_inputs(error, inputs), inputs)
            await _abort(context, error, status.half_made_details(error, found))
        if seen is None:
            return pb.ReadResponse(id="")
        return pb.ReadResponse(
            id=seen.id,
            inputs=to_struct(keep_secrets(seen.inputs, inputs)),
            properties=to_struct(keep_secrets(seen.outputs, stored, inputs)),
        )

    @_answers
    async def Update(self, request: pb.UpdateRequest, context: Any) -> pb.UpdateResponse:
        """Change a resource in place, or finish a half-made one."""
        resource, run = _resource(request), self._runs.run(request.urn, request.timeout)
        olds, old_inputs, news = map(from_struct, (request.olds, request.old_inputs, request.news))
        work = operations.preview_update if request.preview else operations.update
        outputs = await self._work(work, resource, run, request.id, old_inputs, news, olds)
        return pb.UpdateResponse(properties=to_struct(keep_secrets(outputs, news)))

    @_answers
    async def Delete(self, request: pb.DeleteRequest, context: Any) -> empty_pb2.Empty:
        """Take a resource away."""
        run = self._runs.run(request.urn, request.timeout)
        await self._work(operations.delete, _resource(request), run, request.id, from_struct(request.properties))
        return empty_pb2.Empty()

    # Functions

    @_answers
    async def Invoke(self, request: pb.InvokeRequest, context: Any) -> pb.InvokeResponse:
        """Call a function."""
        function = table.function(request.tok)
        if function is None:
            raise NotImplementedYet(f"This version of the provider has no function {request.tok}.")
        try:
            answer = await self._work(operations.call, function, self._runs.run(""), from_struct(request.args))
        except InvalidInput as error:
            return pb.InvokeResponse(failures=_failures(error))
        response = pb.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(answer))  # a keyword in Python
        return response


def _resource(request: Any) -> AnyResource:
    token = request.type or request.urn.split("::")[2].rpartition("$")[2]
    resource = table.resource(token)
    if resource is None:
        raise NotImplementedYet(f"This version of the provider has no resource {token}.")
    return resource


def _failures(error: InvalidInput) -> list[pb.CheckFailure]:
    return [pb.CheckFailure(property=path, reason=reason) for path, reason in error.failures]
