"""Routes of what a target refers to: environments, policies, proxies, tenants, tag sets, roles, workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar

from fastapi import APIRouter, Depends
from starlette.requests import Request

from pulumi_tentacle.lab.octopus import render
from pulumi_tentacle.lab.octopus.errors import forbidden, missing
from pulumi_tentacle.lab.octopus.requests import PAGING, Caller, Query, caller_of, collection, under_lock
from pulumi_tentacle.lab.octopus.state import Octopus, by_id

Json = dict[str, Any]
Known = Annotated[Caller, Depends(caller_of)]
router = APIRouter()


class _Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def space_id(self) -> str: ...
    @property
    def name(self) -> str: ...


Item = TypeVar("Item", bound=_Named)


@dataclass(frozen=True)
class Lookup(Generic[Item]):
    """A kind of thing that is only read: its path, the permission to see it and its JSON."""

    segment: str
    item_type: str
    permission: str
    items: Callable[[Octopus], list[Item]]
    render: Callable[[Item], Json]

    def visible(self, caller: Caller, query: Query) -> list[Item]:
        """Lists are filtered, not refused, for a key that may not see them (Issues 2955)."""
        if not caller.account.may(self.permission):
            return []
        return sorted(
            (
                item
                for item in self.items(caller.octopus)
                if item.space_id == caller.space.id
                and query.keeps("ids", item.id)
                and query.keeps("name", item.name)
                and query.keeps("partialName", item.name, contains=True)
            ),
            key=lambda item: item.name.lower(),
        )


FILTERS = ("ids", "name", "partialName")


def _add(lookup: Lookup[Item], versions: str = "") -> None:
    """Register list, `all` and single routes; `versions` is the suffix of a newer form of the list."""

    @under_lock
    def listed(request: Request, caller: Known) -> Json:
        query = Query(request, (*FILTERS, *PAGING))
        return collection(lookup.visible(caller, query), query, lookup.item_type, lookup.render)

    @under_lock
    def everything(request: Request, caller: Known) -> list[Json]:
        return [lookup.render(item) for item in lookup.visible(caller, Query(request, FILTERS))]

    @under_lock
    def one(item_id: str, caller: Known) -> Json:
        found = by_id(lookup.items(caller.octopus), caller.space.id, item_id)
        if found is None:
            raise missing(item_id)
        if not caller.account.may(lookup.permission):
            raise forbidden(lookup.permission)
        return lookup.render(found)

    path = f"/{lookup.segment}{versions}"
    router.add_api_route(path, listed, methods=["GET"])
    if not versions:
        router.add_api_route(f"{path}/all", everything, methods=["GET"])
        router.add_api_route(f"{path}/{{item_id}}", one, methods=["GET"])


_add(
    Lookup("environments", "Environment", "EnvironmentView", lambda o: o.environments, render.environment_v2),
    versions="/v2",
)
_add(Lookup("environments", "Environment", "EnvironmentView", lambda o: o.environments, render.environment))
_add(Lookup("machinepolicies", "MachinePolicy", "MachinePolicyView", lambda o: o.policies, render.policy))
_add(Lookup("proxies", "Proxy", "ProxyView", lambda o: o.proxies, render.proxy))
_add(Lookup("tenants", "Tenant", "TenantView", lambda o: o.tenants, render.tenant))
_add(Lookup("tagsets", "TagSet", "TagSetView", lambda o: o.tag_sets, render.tag_set))


@router.get("/machineroles/all")
@under_lock
def roles(caller: Known) -> list[str]:
    return sorted({r for m in caller.octopus.machines if m.space_id == caller.space.id for r in m.roles})


@router.get("/workers/all")
@under_lock
def workers(request: Request, caller: Known) -> list[Json]:
    """Read only: workers matter to a target because one may be the same Tentacle."""
    query = Query(request, ("ids", "thumbprint"))
    return [
        render.machine(worker, whole=False)
        for worker in caller.octopus.workers
        if worker.space_id == caller.space.id
        and query.keeps("ids", worker.id)
        and query.keeps("thumbprint", worker.endpoint.thumbprint)
    ]
