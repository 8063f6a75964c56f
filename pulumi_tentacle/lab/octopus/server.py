"""The simulated Octopus Server as an HTTP application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pulumi_tentacle.lab.http import HttpServer
from pulumi_tentacle.lab.octopus import lookup_routes, machine_routes, system_routes, task_routes
from pulumi_tentacle.lab.octopus.errors import NotModelled, Refusal
from pulumi_tentacle.lab.octopus.requests import Caller, caller_of, octopus_of, route_shape
from pulumi_tentacle.lab.octopus.state import Octopus, PlannedAnswer
from pulumi_tentacle.lab.octopus.tasks import TaskRunner
from pulumi_tentacle.lab.world import Estate

Next = Callable[[Request], Awaitable[Response]]


def application(estate: Estate, octopus: Octopus, tasks: TaskRunner) -> FastAPI:
    """The REST API over that state.

    Every route of a space is reached three ways: `/api/x` (default space), `/api/spaces/{space}/x`,
    `/api/{space}/x` (octopus-api.md §1.2); in this order, as the last pattern would catch the first.
    """
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.state.estate, app.state.octopus, app.state.tasks = estate, octopus, tasks
    app.include_router(system_routes.router)
    for prefix in ("/api", "/api/spaces/{space}", "/api/{space}"):
        for module in (machine_routes, task_routes, lookup_routes):
            app.include_router(module.router, prefix=prefix)
    app.add_api_route("/api/{space}", _space_home, methods=["GET"])
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _unknown_route)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_middleware(BaseHTTPMiddleware, dispatch=_plan)
    app.add_middleware(MethodOverride)
    return app


class OctopusServer:
    """Octopus on the network: `url` answers until `close`."""

    def __init__(self, estate: Estate, octopus: Octopus, address: str, port: int = 0) -> None:
        """Raises AddressTaken."""
        self.tasks = TaskRunner(estate, octopus)
        self._http = HttpServer(application(estate, octopus, self.tasks), address, port)
        self.url = self._http.url

    def close(self) -> None:
        self._http.close()
        self.tasks.close()


class MethodOverride:
    """POST with X-HTTP-Method-Override is what the official .NET client sends for PUT and DELETE (§1.1)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            for name, value in scope["headers"]:
                if name == b"x-http-method-override":
                    scope = {**scope, "method": value.decode("latin-1").upper()}
        await self._app(scope, receive, send)


def _space_home(caller: Caller = Depends(caller_of)) -> dict[str, Any]:  # noqa: B008 - FastAPI's form
    here = f"/api/{caller.space.id}"
    return {"Links": {"Self": here, "Machines": here + "/machines{/id}", "Environments": here + "/environments{/id}"}}


async def _plan(request: Request, call_next: Next) -> Response:
    """Note the request; answer with a planned fault if one matches."""
    octopus, path = octopus_of(request), request.url.path
    octopus.requests.append(f"{request.method} {path}")
    for planned in octopus.planned:
        if planned.times > 0 and planned.method in (None, request.method) and planned.path in path:
            planned.times -= 1
            if planned.after_effect:
                await call_next(request)
            return _planned_response(planned)
    return await call_next(request)


def _planned_response(planned: PlannedAnswer) -> Response:
    headers = {}
    if planned.status == 429:  # octopus-api.md §1.4, rate limiting; the body is not established
        headers = {"Octopus-RateLimit-Policy": "l=200;rpm=600", "Octopus-RateLimit": "r=0;t=18"}
    if planned.retry_after is not None:
        headers["Retry-After"] = str(planned.retry_after)
    return JSONResponse({"ErrorMessage": planned.message}, planned.status, headers)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    if isinstance(error, NotModelled):
        octopus_of(request).count_unknown(error.what)
    return JSONResponse(error.body(), error.status)


def _unknown_route(request: Request, error: Exception) -> Response:
    """No handler: Octopus may have such a route, the lab has not. Counted, as a client may take 404 for "gone"."""
    assert isinstance(error, HTTPException)
    route = f"the route {request.method} {route_shape(request.url.path)}"
    octopus_of(request).count_unknown(route)
    return JSONResponse({"ErrorMessage": f"the lab does not know {route}"}, error.status_code)


def _unreadable(request: Request, error: Exception) -> Response:
    return JSONResponse({"ErrorMessage": "Model validation failed."}, 400)
