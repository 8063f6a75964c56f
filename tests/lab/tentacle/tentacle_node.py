"""A node with Tentacle installed, as tests use it."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field

from pulumi_tentacle.lab.node.executables import make_executable
from pulumi_tentacle.lab.node.program import PROGRAMS, Completed, Invocation
from pulumi_tentacle.lab.node.services import find, start, stop
from pulumi_tentacle.lab.tentacle.agent import Agent
from pulumi_tentacle.lab.tentacle.installation import PRODUCT
from pulumi_tentacle.lab.tentacle.settings import read
from pulumi_tentacle.lab.world import Estate, Logon, Node, Product, Service

LOCATION = r"C:\Program Files\Octopus Deploy\Tentacle"
EXECUTABLE = LOCATION + r"\Tentacle.exe"
CONFIGURATION = r"C:\Octopus\Tentacle.config"
SERVICE = "OctopusDeploy Tentacle"
VERSION = "9.2.4285"

_numbers = itertools.count(1)


def own_address() -> str:
    """A loopback address that no other test of any worker uses."""
    process = os.getpid()
    return f"127.{80 + process % 40}.{process // 40 % 254 + 1}.{next(_numbers)}"


@dataclass
class Installed:
    """A node with Tentacle, as tests use it."""

    node: Node
    logon: Logon = field(default_factory=lambda: Logon(r"LAB\Administrator"))
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> Completed:
        """Run Tentacle.exe as a program of the node does: with the estate's lock held."""
        environment = self.node.environment() | self.environment
        with self.node.estate.lock:
            return PROGRAMS["tentacle.exe"](
                Invocation(self.node, self.logon, EXECUTABLE, list(arguments), environment, r"C:\Users\Public")
            )

    def do(self, *arguments: str) -> str:
        """Run something that must succeed; what it printed."""
        completed = self.run(*arguments)
        assert (completed.exit_code, completed.stderr) == (0, "")
        return completed.stdout

    def configured(self, *settings: str) -> Installed:
        """With the instance `Tentacle`, and a service for it."""
        self.do("create-instance", "--instance", "Tentacle", "--config", CONFIGURATION)
        if settings:
            self.do("configure", "--instance", "Tentacle", *settings)
        self.do("service", "--instance", "Tentacle", "--install")
        return self

    @property
    def service(self) -> Service:
        service = find(self.node, SERVICE)
        assert service is not None
        return service

    def start(self) -> Agent:
        with self.node.estate.lock:
            start(self.node, SERVICE, by_cluster=False)
            agent = self.service.process
        assert isinstance(agent, Agent)
        return agent

    def stop(self) -> None:
        with self.node.estate.lock:
            stop(self.node, SERVICE)

    def settings(self, path: str = CONFIGURATION) -> dict[str, str]:
        return read(self.node.files.read(path))

    def log(self, folder: str = r"C:\Octopus\Logs") -> str:
        return self.node.files.read(folder + r"\OctopusTentacle.txt").decode()


def install(name: str = "NODE1", estate: Estate | None = None, version: str = VERSION) -> Installed:
    """A new node, in an estate of its own unless one is given."""
    node = (estate or Estate()).add_node(name, own_address())
    node.files.make_folder(LOCATION)
    node.files.write(EXECUTABLE, make_executable("Tentacle.exe", version))
    node.products.append(Product("{00000000}", PRODUCT, version, LOCATION))
    return Installed(node)
