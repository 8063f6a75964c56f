"""Routes outside of spaces: the root document, spaces, the user, the server's certificate and status."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from starlette.requests import Request

from pulumi_tentacle.lab.octopus import render
from pulumi_tentacle.lab.octopus.errors import missing
from pulumi_tentacle.lab.octopus.requests import PAGING, Caller, Query, caller_of, collection, octopus_of, under_lock
from pulumi_tentacle.lab.octopus.state import Space

Json = dict[str, Any]
Known = Annotated[Caller, Depends(caller_of)]
router = APIRouter()


@router.get("/api", name="root")
@router.get("/api/")
def root(request: Request) -> Json:
    """Anyone may read it: which server this is and what its links are (octopus-api.md §1.2)."""
    octopus = octopus_of(request)
    return {
        "Application": "Octopus Deploy",
        "Version": octopus.version,
        "ApiVersion": "3.0.0",
        "InstallationId": octopus.installation_id,
        "IsEarlyAccessProgram": False,
        "HasLongTermSupport": False,
        "Links": _links(octopus.default_space),
    }


@router.get("/api/serverstatus")
def server_status(caller: Known) -> Json:
    return {
        "Id": "serverstatus",
        "IsDatabaseEncrypted": True,
        "IsUpgradeAvailable": False,
        "MaximumAvailableVersion": None,
        "MaximumAvailableVersionCoveredByLicense": None,
        "MaintenanceExpires": None,
        "IsInMaintenanceMode": False,
        "IsMajorMinorUpgrade": False,
        "IsPotentialClone": False,
        "Links": {"Self": "/api/serverstatus"},
    }


@router.get("/api/users/me")
def current_user(caller: Known) -> Json:
    return render.user(caller.account)


@router.get("/api/users/{user_id}/spaces")
@under_lock
def spaces_of_user(user_id: str, caller: Known) -> list[Json]:
    if user_id != caller.account.id:
        raise missing(user_id)
    return [render.space(s) for s in caller.octopus.spaces]


@router.get("/api/spaces")
@under_lock
def spaces(request: Request, caller: Known) -> Json:
    query = Query(request, ("name", "ids", "partialName", *PAGING))
    return collection(_filtered(caller, query), query, "Space", render.space)


@router.get("/api/spaces/all")
@under_lock
def all_spaces(request: Request, caller: Known) -> list[Json]:
    query = Query(request, ("name", "ids", "partialName"))
    return [render.space(s) for s in _filtered(caller, query)]


@router.get("/api/spaces/{space_id}")
@under_lock
def one_space(space_id: str, caller: Known) -> Json:
    found = next((s for s in caller.octopus.spaces if s.id == space_id), None)
    if found is None:
        raise missing(space_id)
    return render.space(found)


@router.get("/api/configuration/certificates")
def certificates(request: Request, caller: Known) -> Json:
    query = Query(request, PAGING)
    return collection([caller.octopus], query, "CertificateConfiguration", render.certificate)


@router.get("/api/configuration/certificates/{certificate_id}")
def certificate(certificate_id: str, caller: Known) -> Json:
    """Any key may read it: `register-with` reads it with a user's key (octopus-api.md §5)."""
    if certificate_id != "certificate-global":
        raise missing(certificate_id)
    return render.certificate(caller.octopus)


@router.get("/api/configuration/certificates/certificate-global/public-cer")
def public_certificate(caller: Known) -> Response:
    return Response(caller.octopus.certificate.certificate, media_type="application/x-x509-ca-cert")


def _filtered(caller: Caller, query: Query) -> list[Space]:
    kept = [
        s
        for s in caller.octopus.spaces
        if query.keeps("ids", s.id)
        and query.keeps("name", s.name)
        and query.keeps("partialName", s.name, contains=True)
    ]
    return sorted(kept, key=lambda s: s.name.lower())


def _links(default: Space) -> dict[str, str]:
    here = f"/api/{default.id}"
    return {
        "Self": "/api",
        "CertificateConfiguration": "/api/configuration/certificates{/id}{?skip,take,ids,partialName}",
        "CurrentUser": "/api/users/me",
        "DiscoverMachine": here + "/machines/discover{?host,port,type,proxyId}",
        "Environments": here + "/environments{/id}{?name,skip,ids,take,partialName}",
        "MachinePolicies": here + "/machinepolicies{/id}{?skip,take,ids,partialName}",
        "MachineRoles": here + "/machineroles/all",
        "Machines": here + "/machines{/id}{?skip,take,name,ids,partialName,roles,isDisabled,healthStatuses,"
        "commStyles,tenantIds,tenantTags,environmentIds,thumbprint}",
        "Proxies": here + "/proxies{/id}{?skip,take,ids,partialName}",
        "ServerStatus": "/api/serverstatus",
        "SpaceHome": "/api/{spaceId}",
        "Spaces": "/api/spaces{/id}{?name,skip,ids,take,partialName}",
        "TagSets": here + "/tagsets{/id}{?skip,take,ids,partialName}",
        "Tasks": "/api/tasks{/id}{?skip,environment,tenant,name,running,states,take,ids}",
        "Tenants": here + "/tenants{/id}{?skip,name,tags,take,ids,partialName}",
        "Workers": here + "/workers{/id}{?skip,take,name,ids,partialName,isDisabled,healthStatuses,thumbprint}",
    }
