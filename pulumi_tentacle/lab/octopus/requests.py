"""What every route of the simulated Octopus Server needs from a request: who asks, where, and what is filtered."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

from pulumi_tentacle.lab.octopus.errors import INVALID_KEY, NOT_LOGGED_IN, NotModelled, Refusal, forbidden, missing
from pulumi_tentacle.lab.octopus.state import Account, Octopus, Space
from pulumi_tentacle.lab.world import Estate

Item = TypeVar("Item")
P = ParamSpec("P")
R = TypeVar("R")
Json = dict[str, Any]

KEY_PARAMETERS = ("apikey", "api-key")
DEFAULT_TAKE = 30


@dataclass(frozen=True)
class Caller:
    """An authenticated request: the account, and the space that its path names (the default one if none)."""

    estate: Estate
    octopus: Octopus
    account: Account
    space: Space

    def needs(self, *permissions: str) -> None:
        """Raises Refusal (403) when the account lacks one."""
        for permission in permissions:
            if not self.account.may(permission):
                raise forbidden(permission)


def octopus_of(request: Request) -> Octopus:
    octopus: Octopus = request.app.state.octopus
    return octopus


def estate_of(request: Request) -> Estate:
    estate: Estate = request.app.state.estate
    return estate


def caller_of(request: Request) -> Caller:
    """Authenticate by API key (header or query) or bearer token, and find the space of the path.

    Raises:
        Refusal: 401 without a valid key, 404 for an unknown space.
    """
    octopus = octopus_of(request)
    return Caller(estate_of(request), octopus, _account(request, octopus), _space(request, octopus))


def _account(request: Request, octopus: Octopus) -> Account:
    query = {name.lower(): value for name, value in request.query_params.items()}
    key = request.headers.get("x-octopus-apikey") or query.get("apikey") or query.get("api-key")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if key:
        account = octopus.api_keys.get(key)
    elif scheme.lower() == "bearer":
        account = octopus.access_tokens.get(token.strip())
    else:
        raise Refusal(401, NOT_LOGGED_IN)
    if account is None or not account.active:
        raise Refusal(401, INVALID_KEY)
    return account


def _space(request: Request, octopus: Octopus) -> Space:
    wanted = request.path_params.get("space")
    if wanted is None:
        return octopus.default_space
    found = next((s for s in octopus.spaces if s.id == wanted), None)
    if found is None:
        raise missing(wanted)
    return found


class Query:
    """The query of a list route, names without regard to case.

    A filter that the lab does not apply would silently give another list than the real server's, so any name
    that is not in `known` is refused.
    """

    def __init__(self, request: Request, known: Iterable[str] = ()) -> None:
        self.path = request.url.path
        self.given = {n: v for n, v in request.query_params.items() if n.lower() not in KEY_PARAMETERS}
        self.values = {name.lower(): value for name, value in self.given.items()}
        for name in self.values.keys() - {k.lower() for k in known}:
            raise NotModelled(f"the query parameter '{name}' of {request.method} {route_shape(self.path)}")

    def text(self, name: str) -> str | None:
        return self.values.get(name.lower())

    def texts(self, name: str) -> list[str] | None:
        """A comma list; None when it is not given or empty, which filters nothing."""
        value = self.text(name)
        return [v.strip() for v in value.split(",")] if value else None

    def flag(self, name: str) -> bool | None:
        value = self.text(name)
        return None if value is None else value.lower() == "true"

    def number(self, name: str, default: int) -> int:
        value = self.text(name)
        try:
            return default if value is None else int(value)
        except ValueError:
            raise Refusal(400, "Model validation failed.", [f"The value '{value}' is not valid for {name}."]) from None

    def keeps(self, name: str, value: str | None, *, contains: bool = False) -> bool:
        """Whether an item with this value passes the comma list of that name, without regard to case."""
        wanted = self.texts(name)
        if wanted is None:
            return True
        low = (value or "").lower()
        return any(w.lower() in low if contains else w.lower() == low for w in wanted)

    def keeps_any(self, name: str, values: Sequence[str]) -> bool:
        wanted = self.texts(name)
        return wanted is None or bool({w.lower() for w in wanted} & {v.lower() for v in values})


PAGING = ("skip", "take")


def collection(items: Sequence[Item], query: Query, item_type: str, render: Callable[[Item], Json]) -> Json:
    """One page with its links (octopus-api.md §1.5); `Page.Next` is absent on the last page."""
    skip, take = query.number("skip", 0), query.number("take", DEFAULT_TAKE)
    if take < 1 or skip < 0:
        raise NotModelled(f"what Octopus answers to skip={skip}&take={take}")
    pages = max(1, -(-len(items) // take))
    others = {n: v for n, v in query.given.items() if n.lower() not in PAGING}

    def page(at: int, size: int = take) -> str:
        return f"{query.path}?{urlencode(others | {'skip': at, 'take': size})}"

    links = {
        "Self": page(skip),
        "Template": query.path + "{?skip,take}",
        "Page.All": page(0, 2**31 - 1),
        "Page.Current": page(skip),
        "Page.Last": page((pages - 1) * take),
        **{f"Page.{n}": page(n * take) for n in range(min(pages, 100))},
    }
    if skip:
        links["Page.Previous"] = page(max(0, skip - take))
    if skip + take < len(items):
        links["Page.Next"] = page(skip + take)
    return {
        "ItemType": item_type,
        "TotalResults": len(items),
        "ItemsPerPage": take,
        "NumberOfPages": pages,
        "LastPageNumber": pages - 1,
        "Items": [render(i) for i in items[skip : skip + take]],
        "Links": links,
    }


def route_shape(path: str) -> str:
    """A path with its ids replaced, so that an unknown route is counted once: `/api/{id}/workers`."""
    return "/".join("{id}" if "-" in part and part[-1].isdigit() else part for part in path.split("/"))


def under_lock(handler: Callable[P, R]) -> Callable[P, R]:
    """Run a handler with the estate's lock held: for those that only look at state or change it."""

    @functools.wraps(handler)
    def locked(*args: P.args, **kwargs: P.kwargs) -> R:
        caller = kwargs["caller"]
        assert isinstance(caller, Caller)
        with caller.estate.lock:
            return handler(*args, **kwargs)

    return locked
