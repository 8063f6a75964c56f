"""Active Directory, as far as network names need it: computer objects and who may create them.

The cluster's own computer object (`CLUSTER$`), not the administrator, makes the object of a role's name, in its own
container; or it takes a pre-staged, disabled one over which it has full control (windows-cluster.md §2.4).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from pulumi_tentacle.lab.cluster import win32
from pulumi_tentacle.lab.cluster.win32 import Refusal


@dataclass
class ComputerObject:
    """A computer account. `keeper` is the id of the Network Name resource that works with it."""

    name: str
    container: str
    enabled: bool = True
    full_control: set[str] = field(default_factory=set)
    keeper: str | None = None
    guid: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass
class Directory:
    """The computer objects by upper-case name; per container the accounts that may create such objects there."""

    domain: str
    computers: dict[str, ComputerObject] = field(default_factory=dict)
    creators: dict[str, set[str]] = field(default_factory=dict)

    @property
    def default_container(self) -> str:
        return "CN=Computers," + ",".join(f"DC={part}" for part in self.domain.split("."))

    def add(self, computer: ComputerObject) -> ComputerObject:
        self.computers[computer.name.upper()] = computer
        return computer

    def find(self, name: str) -> ComputerObject | None:
        return self.computers.get(name.upper())

    def grant_create(self, account: str, container: str) -> None:
        self.creators.setdefault(container, set()).add(account)

    def revoke_create(self, account: str, container: str) -> None:
        self.creators.get(container, set()).discard(account)

    def claim(self, name: str, account: str, container: str, keeper: str) -> ComputerObject:
        """The object for a network name, made or taken over by `account`.

        Raises Refusal: 5 without the right to create or to own it, 5905 when another uses an object of that name.
        """
        found = self.find(name)
        if found is None:
            if account not in self.creators.get(container, set()):
                raise Refusal(win32.ACCESS_DENIED)
            return self.add(ComputerObject(name, container, full_control={account}, keeper=keeper))
        if found.keeper != keeper and found.enabled:
            raise Refusal(win32.COMPUTER_ACCOUNT_MISMATCH)
        if account not in found.full_control:
            raise Refusal(win32.ACCESS_DENIED)
        found.enabled, found.keeper = True, keeper
        return found

    def release(self, keeper: str) -> None:
        """The network name is deleted: its object stays, disabled, for the cluster to take again."""
        for computer in self.computers.values():
            if computer.keeper == keeper:
                computer.enabled, computer.keeper = False, None
