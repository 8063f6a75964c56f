"""What every resource is made of: the frame that the plugin drives, and what a run gives it.

Words: `model` (properties), `observe` (facts), `plan` (decisions, pure), `apply` (carrying out).
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, cast

from pulumi_tentacle.errors import Cancelled, DeadlineExceeded, HalfMade, NotImplementedYet, TentacleError, Unlooked
from pulumi_tentacle.resources.changes import Change, compare
from pulumi_tentacle.resources.model import Inputs, State, properties_of
from pulumi_tentacle.resources.values import UNKNOWN

if TYPE_CHECKING:  # loaded by the first operation that needs them, not by the plugin's start
    from pulumi_tentacle.octopus.client import Octopus
    from pulumi_tentacle.remoting.node import Nodes

InputsT = TypeVar("InputsT", bound=Inputs)
StateT = TypeVar("StateT", bound=State)
StepType = TypeVar("StepType", bound="Step")


class Step(Protocol):
    """One change, decided but not yet made."""

    @property
    def words(self) -> str:
        """What it does, as progress line, log line and part of an error: "install service 'X' on NODE2"."""


@dataclass
class Run:
    """What one operation on one resource may use."""

    urn: str
    nodes: Nodes
    octopus: Callable[[], Octopus]
    """The Octopus Server of the provider's configuration; raises InvalidInput if there is none."""
    lock: Callable[[str], AbstractContextManager[None]]
    """Holds what must be one at a time on this machine, by key; waits for it."""
    progress: Callable[[str], None] = lambda text: None
    """Shows a line in the resource's status column."""
    warn: Callable[[str], None] = lambda text: None
    """Shows a warning that stays."""
    cancelled: Callable[[], bool] = lambda: False
    expires: float | None = None
    """When this operation must have ended, by time.monotonic(); from the option customTimeouts."""
    delete_unreachable: bool = False
    delegates: bool = False
    """True if the logon to a node can go on to a second machine, such as a file server."""
    touched: bool = field(default=False, init=False)
    """True once a mutation may have happened: from then on a failure leaves something half-made."""

    def carry_out(self, steps: Iterable[StepType], apply: Callable[[StepType], None]) -> None:
        """Apply steps in order, with progress; a failure names the step.

        Raises:
            TentacleError: of the class of the failure, its text led by the step's words.
        """
        for step in steps:
            self._check_time(step.words)
            self.progress(step.words)
            self.touched = True
            try:
                apply(step)
            except TentacleError as error:
                error.args = (f"While trying to {step.words}: {error}", *error.args[1:])
                raise

    def skip_unreachable(self, address: str, error: Unlooked, left: str) -> None:
        """In Delete: pass over a node that cannot be looked at, with a warning that says what is left there.

        Raises:
            Unlooked: the error, with what to set, unless the configuration lets a delete go on.
        """
        if not self.delete_unreachable:
            error.args = (
                f"{error} If the node is gone for good, set tentacle:deleteUnreachable to true: {left} then.",
            )
            raise error
        self.warn(f"{address} was skipped: {left}. {error}")

    def _check_time(self, words: str) -> None:
        if self.cancelled():
            raise Cancelled(f"Cancelled before this step: {words}.")
        if self.expires is not None and time.monotonic() > self.expires:
            raise DeadlineExceeded(f"The time that customTimeouts allows has passed before this step: {words}.")


@dataclass(frozen=True)
class Found(Generic[InputsT, StateT]):
    """What Read saw. `inputs` and `state` must be complete: they replace what is stored."""

    id: str
    inputs: InputsT
    state: StateT


@dataclass(frozen=True)
class Gone:
    """Certainly not there any more, every place looked at."""


class Resource(ABC, Generic[InputsT, StateT]):
    """One kind of resource. The plugin knows no more of it than this."""

    token: ClassVar[str]
    inputs: type[InputsT]
    state: type[StateT]
    documentation: ClassVar[str]
    """Markdown for the schema: what it is, for a Windows administrator, and an example."""
    delete_before_replace: ClassVar[bool] = True
    updates: ClassVar[frozenset[str]] = frozenset()
    """Properties (snake_case) whose change this version makes in place."""

    def complete(self, inputs: InputsT) -> InputsT:
        """Fill in defaults that depend on other properties; UNKNOWN where those are unknown."""
        return inputs

    def preview(self, inputs: InputsT, old: StateT | None) -> StateT:
        """Outputs as far as they are known before anything is done."""
        shared = {p.name: getattr(inputs, p.name) for p in properties_of(self.inputs)}
        computed = {
            p.name: getattr(old, p.name) if old is not None else UNKNOWN
            for p in properties_of(self.state)
            if p.name not in shared
        }
        return cast(StateT, self.state.model_construct(**{**computed, **shared, "incomplete": []}))

    def diff(self, old: InputsT, new: InputsT) -> list[Change]:
        """The changes between two sets of inputs. Pure."""
        return compare(old, new)

    def check(self, run: Run, inputs: InputsT) -> list[str]:
        """Warnings that a preview shows; may ask Octopus or nodes, must not fail for not reaching them."""
        return []

    @abstractmethod
    def create(self, run: Run, inputs: InputsT) -> tuple[str, StateT]:
        """Make it. Raises HalfMade once something of it exists and it could not be finished."""

    @abstractmethod
    def read(self, run: Run, id: str, inputs: InputsT | None, state: StateT | None) -> Found[InputsT, StateT] | Gone:
        """Look at it; `inputs` and `state` are None for an import.

        Raises:
            Unlooked: it could not be looked at.
            HalfMade: it is there, but not as it should be; `state` complete, with reasons.
        """

    @abstractmethod
    def delete(self, run: Run, id: str, state: StateT) -> None:
        """Take it away; what is gone already is no error."""

    @abstractmethod
    def repair(self, run: Run, id: str, inputs: InputsT, state: StateT) -> StateT:
        """Converge it to `inputs`, whose changes against the state are all in `updates`."""

    def update(self, run: Run, id: str, old: InputsT, new: InputsT, state: StateT) -> StateT:
        """Change it in place, or finish a half-made one when nothing changed.

        Raises:
            NotImplementedYet: a change that this version cannot make in place, named.
        """
        self.refuse_changes(run, old, new)
        return self.repair(run, id, new, state)

    def refuse_changes(self, run: Run, old: InputsT, new: InputsT) -> None:
        """Raises NotImplementedYet for changes that this version cannot make in place, naming them."""
        refused = [change.path for change in self.diff(old, new) if change.property not in self.updates]
        if refused:
            raise NotImplementedYet(
                f"This version of the provider cannot change {', '.join(refused)} in place yet. Nothing was touched. "
                f"Set it back, or replace the resource with `pulumi up --replace {run.urn}`."
            )


def half_made(error: TentacleError, id: str, state: State) -> HalfMade:
    """The error for something that exists but could not be finished."""
    if isinstance(error, HalfMade):
        return error
    return HalfMade(id, state.changed(incomplete=[str(error)]), [str(error)])


AnyResource = Resource[Any, Any]
