"""Errors as the engine understands them: real gRPC codes and a text for a person.

UNKNOWN and INTERNAL make the engine believe that the resource's state is unknown, so they are left to our own
bugs (reference: pulumi provider_plugin.go `resourceStateAndError`).
"""

from __future__ import annotations

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

from pulumi_tentacle import errors
from pulumi_tentacle.plugin.properties import to_struct
from pulumi_tentacle.resources.model import State, to_tree, without_unknowns

Metadata = tuple[tuple[str, bytes], ...]

_CODES: list[tuple[type[errors.TentacleError], grpc.StatusCode]] = [
    (errors.InvalidInput, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.NotImplementedYet, grpc.StatusCode.UNIMPLEMENTED),
    (errors.LogonRefused, grpc.StatusCode.UNAUTHENTICATED),
    (errors.DeadlineExceeded, grpc.StatusCode.DEADLINE_EXCEEDED),
    (errors.OtherEstate, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.Unlooked, grpc.StatusCode.UNAVAILABLE),
    (errors.AccessDenied, grpc.StatusCode.PERMISSION_DENIED),
    (errors.Conflict, grpc.StatusCode.ALREADY_EXISTS),
    (errors.NotFound, grpc.StatusCode.NOT_FOUND),
    (errors.Refused, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.Lost, grpc.StatusCode.ABORTED),
    (errors.Cancelled, grpc.StatusCode.CANCELLED),
    (errors.HalfMade, grpc.StatusCode.FAILED_PRECONDITION),
]


def code_of(error: errors.TentacleError) -> grpc.StatusCode:
    """The gRPC code for one of our errors."""
    return next(code for kind, code in _CODES if isinstance(error, kind))


def half_made_details(error: errors.HalfMade, inputs: dict[str, object] | None = None) -> Metadata:
    """Trailing metadata with `ErrorResourceInitFailed`: the engine keeps what exists and asks for an Update next."""
    assert isinstance(error.state, State)
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id,
        properties=to_struct(without_unknowns(to_tree(error.state))),
        reasons=error.reasons,
        inputs=to_struct(inputs) if inputs is not None else None,
    )
    status = status_pb2.Status(code=code_of(error).value[0], message=str(error))
    status.details.add().Pack(detail)
    return (("grpc-status-details-bin", status.SerializeToString()),)
