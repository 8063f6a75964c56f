"""The lab's own HTTP server: the installers to download, and the control that the command line talks to.

The control answers only below a random token in the path; it is in the document of `lab start`, which only the
user may read. The downloads are for the nodes, and for everyone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Body, FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from pulumi_tentacle.lab.faulting import FAULTS, FaultRefused
from pulumi_tentacle.lab.health import check_all
from pulumi_tentacle.lab.http import HttpServer
from pulumi_tentacle.lab.report import world

if TYPE_CHECKING:
    from pulumi_tentacle.lab.server import Lab

PORT = 8090


class ControlServer:
    """Serves the downloads and the control of a lab until `close`."""

    def __init__(self, lab: Lab, address: str, port: int = PORT) -> None:
        """Raises AddressTaken: another lab has this network."""
        self._token = secrets.token_urlsafe(24)
        self._http = HttpServer(application(lab, self._token), address, port)
        self.url = f"{self._http.url}/{self._token}"

    def download_url(self, file_name: str) -> str:
        return f"{self._http.url}/downloads/{file_name}"

    def close(self) -> None:
        self._http.close()


def application(lab: Lab, token: str) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/downloads/{file_name}")
    def download(file_name: str) -> Response:
        for installer in lab.estate.installers:
            if installer.file_name == file_name:
                return Response(installer.data, media_type="application/octet-stream")
        raise HTTPException(404)

    @app.get(f"/{token}/document")
    def document() -> dict[str, Any]:
        return lab.document()

    @app.get(f"/{token}/world")
    def report() -> dict[str, Any]:
        return world(lab.estate)

    @app.post(f"/{token}/faults/{{name}}")
    def fault(name: str, arguments: Annotated[dict[str, Any], Body()]) -> JSONResponse:
        return _played(lab, FAULTS.get(name), arguments)

    @app.post(f"/{token}/health")
    def health() -> list[dict[str, Any]]:
        return check_all(lab)

    @app.post(f"/{token}/stop")
    def stop() -> dict[str, Any]:
        lab.stop_requested.set()
        return {}

    return app


def _played(lab: Lab, play: Callable[..., str] | None, arguments: dict[str, Any]) -> JSONResponse:
    if play is None:
        return JSONResponse({"error": f"there is no such fault; there are: {', '.join(sorted(FAULTS))}"}, 404)
    try:
        return JSONResponse({"result": play(lab, **arguments)})
    except FaultRefused as refused:
        return JSONResponse({"error": str(refused)}, 400)
