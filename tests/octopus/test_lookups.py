"""What a target refers to, by name, slug or id."""

from __future__ import annotations

import httpx
import pytest

from pulumi_tentacle.errors import NotFound
from pulumi_tentacle.octopus import lookups
from pulumi_tentacle.octopus.lookups import ENVIRONMENT, PROXY
from pulumi_tentacle.octopus.names import Item, choice_of
from tests.octopus.support import Server, VirtualWaiter, client, routes

SPACE = Item("Spaces-1", "Default")
ENVIRONMENTS = [
    {"Id": "Environments-1", "Name": "Production", "Slug": "production"},
    {"Id": "Environments-2", "Name": "Environments-1", "Slug": "odd"},
    {"Id": "Environments-3", "Name": "Test EU", "Slug": "test-eu"},
]
TAG_SETS = [
    {
        "Name": "Ring",
        "Scopes": ["Tenant"],
        "Tags": [{"CanonicalTagName": "Ring/Early"}, {"CanonicalTagName": "Ring/Late"}],
    },
    {"Name": "Default Target Tags", "Scopes": ["Target"], "Tags": [{"CanonicalTagName": "Default Target Tags/web"}]},
    {"Name": "Old", "Tags": [{"CanonicalTagName": "Old/VIP"}]},
]


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("production", "Environments-1"),
        ("Environments-1", "Environments-2"),  # a name goes before an id
        ("TEST-EU", "Environments-3"),
        ("environments-3", "Environments-3"),
    ],
)
def test_name_before_slug_before_id(text: str, id: str) -> None:
    octopus = client(routes(api__Spaces_1__environments__all=ENVIRONMENTS), VirtualWaiter())
    assert lookups.find(octopus, SPACE, ENVIRONMENT, text).id == id


def test_a_missing_name_is_told_with_near_names_and_where() -> None:
    octopus = client(routes(api__Spaces_1__environments__all=ENVIRONMENTS), VirtualWaiter())
    with pytest.raises(NotFound, match=r"no environment 'Prodution' in space 'Default'\. Did you mean 'Production'\?"):
        lookups.find(octopus, SPACE, ENVIRONMENT, "Prodution")


def test_what_the_program_made_meanwhile_is_found_and_lists_are_read_once() -> None:
    waiter = VirtualWaiter()
    server = Server(waiter, httpx.Response(200, json=ENVIRONMENTS[:1]), httpx.Response(200, json=ENVIRONMENTS))
    octopus = client(server, waiter)
    for text in ("Production", "production", "Test EU", "Environments-3"):
        lookups.find(octopus, SPACE, ENVIRONMENT, text)
    assert len(server.requests) == 2


def test_none_at_all_may_be_a_missing_permission() -> None:
    octopus = client(routes(api__Spaces_1__proxies__all=[]), VirtualWaiter())
    with pytest.raises(NotFound, match="none that this account may see"):
        lookups.find(octopus, SPACE, PROXY, "Gate")


def test_u58_a_tag_of_a_set_that_is_not_for_tenants_is_refused() -> None:
    octopus = client(routes(api__Spaces_1__tagsets__all=TAG_SETS), VirtualWaiter())
    assert lookups.tenant_tag(octopus, SPACE, "ring/early") == "Ring/Early"
    assert lookups.tenant_tag(octopus, SPACE, "Old/VIP") == "Old/VIP"
    with pytest.raises(NotFound, match=r"'Default Target Tags/web' is no tenant tag.*is for Target.*'Ring/Early'"):
        lookups.tenant_tag(octopus, SPACE, "Default Target Tags/web")
    with pytest.raises(NotFound, match=r"no tenant tag 'Ring/Eary'.*Did you mean 'Ring/Early'"):
        lookups.tenant_tag(octopus, SPACE, "Ring/Eary")


def test_an_account_that_may_not_see_policies_gets_the_server_s_default() -> None:
    def forbidden(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, json={"ErrorMessage": "Missing permission: MachinePolicyView"})

    assert lookups.default_policy(client(forbidden, VirtualWaiter()), SPACE) is None


@pytest.mark.parametrize(
    ("text", "names", "end"),
    [
        ("x", [], " (there is none that this account may see)."),
        ("prod", ["Test", "Production", "Prod2"], ". Did you mean 'Prod2' or 'Production'?"),
        ("Testing", ["Test", "Production"], ". Did you mean 'Test'?"),
        ("qa", ["b", "A1"], ". There are: 'A1', 'b'."),
        (
            "qa",
            [f"e{n:02}" for n in range(12)],
            ". There are: " + ", ".join(f"'e{n:02}'" for n in range(10)) + " and others.",
        ),
    ],
)
def test_how_a_sentence_about_a_missing_name_ends(text: str, names: list[str], end: str) -> None:
    assert choice_of(text, names) == end
