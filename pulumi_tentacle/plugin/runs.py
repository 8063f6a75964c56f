"""What operations share in one plugin process: configuration, sessions, the Octopus client, cancellation."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pulumi_tentacle.errors import InvalidInput
from pulumi_tentacle.plugin import locks
from pulumi_tentacle.plugin.config import ProviderConfig, load
from pulumi_tentacle.plugin.progress import Display
from pulumi_tentacle.resources.resource import Run

if TYPE_CHECKING:  # loaded by the first operation that needs them, not by the plugin's start
    from pulumi_tentacle.octopus.client import Octopus, OctopusSettings
    from pulumi_tentacle.remoting.node import Nodes
    from pulumi_tentacle.remoting.settings import Settings


class Runs:
    """Makes the `Run` of each operation. Nothing is connected before an operation asks for it."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._config = ProviderConfig()
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._nodes: Nodes | None = None
        self._octopus: Octopus | None = None

    def configure(self, values: Mapping[str, Any]) -> None:
        """Take the provider's configuration. Raises InvalidInput."""
        self._config = load(values)

    def cancel(self) -> None:
        """End every wait. Pulumi sends this at the end of each command too (golden/engine, note 1)."""
        self._cancelled.set()

    def close(self) -> None:
        """Close all sessions."""
        if self._nodes is not None:
            self._nodes.close()
        if self._octopus is not None:
            self._octopus.close()

    def run(self, urn: str, timeout: float = 0) -> Run:
        """The run of one operation on the resource `urn`; `timeout` in seconds as of customTimeouts, 0 for none."""
        return Run(
            urn=urn,
            nodes=self._all_nodes(),
            octopus=self._octopus_client,
            lock=partial(locks.held, cancelled=self._cancelled.is_set),
            progress=partial(self._display.status, urn),
            warn=partial(self._display.warning, urn),
            cancelled=self._cancelled.is_set,
            expires=time.monotonic() + timeout if timeout > 0 else None,
            delete_unreachable=self._config.delete_unreachable,
            delegates=self._config.winrm_transport == "credssp",
        )

    def _all_nodes(self) -> Nodes:
        from pulumi_tentacle.remoting.node import Nodes

        with self._lock:
            if self._nodes is None:
                self._nodes = Nodes(self._settings, self._cancelled)
            return self._nodes

    def _settings(self) -> Settings:
        from pulumi_tentacle.remoting.settings import Settings

        config = self._config
        certificate = config.winrm_transport == "certificate"
        missing = [
            (key, f"this is needed to log on to the nodes; set it with `pulumi config set {secret}tentacle:{key} …`")
            for key, secret, value in (
                ("winrmUsername", "", config.winrm_username),
                ("winrmPassword", "--secret ", config.winrm_password),
            )
            if value is None and not certificate
        ]
        if missing:
            raise InvalidInput(missing)
        return Settings(
            username=config.winrm_username or "",
            password=config.winrm_password.get_secret_value() if config.winrm_password else "",
            transport=config.winrm_transport,
            scheme=config.winrm_scheme,
            port=config.winrm_port,
            ca_certificate=config.winrm_ca_certificate,
            insecure=config.winrm_insecure,
            operation_timeout=config.operation_timeout,
            connect_timeout=config.connect_timeout,
            client_certificate=config.winrm_client_certificate,
            client_key=config.winrm_client_key.get_secret_value() if config.winrm_client_key else None,
        )

    def _octopus_client(self) -> Octopus:
        from pulumi_tentacle.octopus.client import Octopus

        with self._lock:
            if self._octopus is None:
                self._octopus = Octopus(self._octopus_settings(), self._cancelled)
            return self._octopus

    def _octopus_settings(self) -> OctopusSettings:
        from pulumi_tentacle.octopus.client import OctopusSettings

        config = self._config
        if config.octopus_url is None:
            raise InvalidInput(
                [("octopusUrl", "this is needed here; set it with `pulumi config set tentacle:octopusUrl https://…`")]
            )
        if config.octopus_api_key is None and config.octopus_access_token is None:
            command = "pulumi config set --secret tentacle:octopusApiKey API-…"
            raise InvalidInput(
                [("octopusApiKey", f"Octopus needs an API key or an access token; set it with `{command}`")]
            )
        return OctopusSettings(
            url=config.octopus_url,
            api_key=config.octopus_api_key.get_secret_value() if config.octopus_api_key else None,
            access_token=config.octopus_access_token.get_secret_value() if config.octopus_access_token else None,
            ca_certificate=config.octopus_ca_certificate,
            space=config.space,
            timeout=config.operation_timeout,
        )
