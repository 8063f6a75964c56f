"""The Win32 errors of the Cluster service, with the texts of Microsoft's system error codes (windows-cluster.md §1.6).

The texts have no full stop: .NET Framework strips it from a Win32Exception's message (so do the transcripts).
"""

from __future__ import annotations

ACCESS_DENIED = 5
SHARING_PAUSED = 70
INVALID_PARAMETER = 87
DIR_NOT_EMPTY = 145
BAD_PATHNAME = 161
ALREADY_EXISTS = 183
FILE_NOT_FOUND = 2
NOT_SUPPORTED = 50
ALREADY_ASSIGNED = 85
CIRCULAR_DEPENDENCY = 1059
SERVICE_DOES_NOT_EXIST = 1060
SERVICE_SPECIFIC_ERROR = 1066
INVALID_COMPUTERNAME = 1210
RPC_SERVER_UNAVAILABLE = 1722
ENDPOINT_NOT_REGISTERED = 1753
DEPENDENT_RESOURCE_EXISTS = 5001
DEPENDENCY_NOT_FOUND = 5002
DEPENDENCY_ALREADY_EXISTS = 5003
RESOURCE_NOT_FOUND = 5007
OBJECT_ALREADY_EXISTS = 5010
GROUP_NOT_FOUND = 5013
NODE_NOT_RESOURCE_OWNER = 5015
NODE_NOT_GROUP_OWNER = 5016
RESMON_ONLINE_FAILED = 5018
RESOURCE_ONLINE = 5019
INVALID_STATE = 5023
PROPERTIES_STORED = 5024
CORE_RESOURCE = 5026
RESOURCE_FAILED = 5038
NODE_NOT_FOUND = 5042
NETWORK_NOT_FOUND = 5045
NODE_DOWN = 5050
ADDRESS_IN_USE = 5057
NODE_NOT_PAUSED = 5058
OWNER_CANNOT_RUN_RESOURCE = 5071
RESOURCE_TYPE_NOT_FOUND = 5078
NETWORK_NOT_FOUND_FOR_IP = 5894
COMPUTER_ACCOUNT_MISMATCH = 5905

TEXTS = {
    ACCESS_DENIED: "Access is denied",
    SHARING_PAUSED: "The remote server has been paused or is in the process of being started",
    INVALID_PARAMETER: "The parameter is incorrect",
    DIR_NOT_EMPTY: "The directory is not empty",
    BAD_PATHNAME: "The specified path is invalid",
    ALREADY_EXISTS: "Cannot create a file when that file already exists",
    FILE_NOT_FOUND: "The system cannot find the file specified",
    NOT_SUPPORTED: "The request is not supported",
    ALREADY_ASSIGNED: "The local device name is already in use",
    CIRCULAR_DEPENDENCY: "Circular service dependency was specified",
    SERVICE_DOES_NOT_EXIST: "The specified service does not exist as an installed service",
    SERVICE_SPECIFIC_ERROR: "The service has returned a service-specific error code",
    INVALID_COMPUTERNAME: "The format of the specified computer name is invalid",
    RPC_SERVER_UNAVAILABLE: "The RPC server is unavailable",
    ENDPOINT_NOT_REGISTERED: "There are no more endpoints available from the endpoint mapper",
    DEPENDENT_RESOURCE_EXISTS: "The operation cannot be completed because other resources are dependent on this resource",
    DEPENDENCY_NOT_FOUND: "The cluster resource dependency cannot be found",
    DEPENDENCY_ALREADY_EXISTS: "The cluster resource cannot be made dependent on the specified resource because it is"
    " already dependent",
    RESOURCE_NOT_FOUND: "The cluster resource could not be found",
    OBJECT_ALREADY_EXISTS: "The object already exists",
    GROUP_NOT_FOUND: "The cluster group could not be found",
    NODE_NOT_RESOURCE_OWNER: "The operation failed because either the specified cluster node is not the owner of the"
    " resource, or the node is not a possible owner of the resource",
    NODE_NOT_GROUP_OWNER: "The operation failed because either the specified cluster node is not the owner of the"
    " group, or the node is not a possible owner of the group",
    RESMON_ONLINE_FAILED: "The cluster resource could not be brought online by the resource monitor",
    RESOURCE_ONLINE: "The operation could not be completed because the cluster resource is online",
    INVALID_STATE: "The group or resource is not in the correct state to perform the requested operation",
    PROPERTIES_STORED: "The properties were stored but not all changes will take effect until the next time the"
    " resource is brought online",
    CORE_RESOURCE: "The cluster resource could not be deleted since it is a core resource",
    RESOURCE_FAILED: "A cluster resource failed",
    NODE_NOT_FOUND: "The cluster node was not found",
    NETWORK_NOT_FOUND: "The cluster network was not found",
    NODE_DOWN: "The cluster node is down",
    ADDRESS_IN_USE: "The cluster IP address is already in use",
    NODE_NOT_PAUSED: "The cluster node is not paused",
    OWNER_CANNOT_RUN_RESOURCE: "The cluster resource cannot be brought online. The owner node cannot run this resource",
    RESOURCE_TYPE_NOT_FOUND: "The specified resource type was not found",
    NETWORK_NOT_FOUND_FOR_IP: "A matching cluster network for the specified IP address could not be found",
    COMPUTER_ACCOUNT_MISMATCH: "The name of the corresponding computer account doesn't match the Network Name for this"
    " resource",
}


class Refusal(Exception):
    """The Cluster service refuses a request with a Win32 error. `outer` is the cmdlet's own first line, where known."""

    def __init__(self, code: int, outer: str | None = None) -> None:
        super().__init__(f"{code} {text(code)}")
        self.code = code
        self.outer = outer


class NotModelled(Exception):
    """The references do not say what Windows does here. `what` is the key that counts it in `Node.unknown`."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the lab does not know {what}")
        self.what = what


def text(code: int) -> str:
    return TEXTS.get(code, f"Unknown error (0x{code:x})")
