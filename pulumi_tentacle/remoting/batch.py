"""Several reads as one pipeline of statements, and its transcript cut back into answers.

Nothing in PSRP names the statement that an object comes from, `Completed` is no proof that each was answered, and
an error in one can hide the output of all later ones (golden/psrp.md). So each statement is followed by another that
puts out a marker, and only what stands before a marker (or before the error that ended the batch) counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_tentacle.remoting.commands import Pipeline, command
from pulumi_tentacle.remoting.records import Event, Failure, Output, Transcript


def with_markers(pipelines: Sequence[Pipeline], token: str) -> list[Pipeline]:
    """The statements of the batch. `token` must be unguessable: output that begins with it counts as a marker."""
    return [
        statement
        for number, pipeline in enumerate(pipelines)
        for statement in (pipeline, command("Write-Output", InputObject=_marker(token, number)))
    ]


def cut(transcript: Transcript, token: str, count: int) -> list[list[Event]]:
    """The events of each answered statement, in order; shorter than `count` where statements were not answered.

    A statement is answered when its marker came, or when its error ended the batch.
    """
    answered: list[list[Event]] = []
    current: list[Event] = []
    for event in transcript.events:
        if len(answered) < count and event == Output(_marker(token, len(answered))):
            answered.append(current)
            current = []
        else:
            current.append(event)
    if not transcript.completed and len(answered) < count and any(isinstance(event, Failure) for event in current):
        answered.append(current)
    return answered


def _marker(token: str, number: int) -> str:
    return f"{token}:{number}"
