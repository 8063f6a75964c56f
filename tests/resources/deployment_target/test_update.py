"""Changes, drift, import, and targets that are not ours any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_tentacle.errors import (
    Conflict,
    HalfMade,
    NotFound,
    OtherEstate,
    RequestFailed,
    Unlooked,
)
from pulumi_tentacle.lab.octopus.render import machine as render
from pulumi_tentacle.lab.octopus.state import Endpoint
from pulumi_tentacle.lab.tentacle.certificates import Identity
from pulumi_tentacle.resources.model import to_tree
from tests.resources.deployment_target.support import LISTENING, POLLING, Site, other_machine

NEW: dict[str, tuple[Any, Callable[[Any], Any], Any]] = {
    "roles": (["db", "app"], lambda m: sorted(m.roles), ["app", "db"]),
    "environments": (["Test EU"], lambda m: m.environment_ids, ["Environments-2"]),
    "name": ("shop", lambda m: m.name, "shop"),
    "tenants": (["Acme"], lambda m: (m.tenant_ids, m.participation), (["Tenants-1"], "Tenanted")),
    "tenantTags": (["Ring/Late"], lambda m: (m.tenant_tags, m.participation), (["Ring/Late"], "Tenanted")),
    "machinePolicy": ("Strict", lambda m: m.policy_id, "MachinePolicies-3"),
    "disabled": (True, lambda m: m.is_disabled, True),
    "upgradeLocked": (True, lambda m: m.endpoint.version.upgrade_locked, True),
    "host": ("127.0.0.2", lambda m: m.endpoint.uri.split(":")[1], "//127.0.0.2"),
    "health": ({"timeout": 5}, lambda m: m.health, "Healthy"),
    "expectedThumbprint": ("{T}", lambda m: m.health, "Healthy"),
}


class TestUpdate:
    @pytest.mark.parametrize("name", sorted(NEW))
    def test_a_change_in_place(self, site: Site, name: str) -> None:
        value, look, expected = NEW[name]
        port = site.listen()
        if name == "host":
            site.listeners[0].listen_on(["127.0.0.1", "127.0.0.2"], port)
        old = site.inputs(port)
        id, state = site.create(old)
        new = site.inputs(port, **{name: site.identity.thumbprint if value == "{T}" else value})
        after = site.update(id, old, new, state)
        assert look(site.machine) == expected
        assert after["incomplete"] == []
        seen = site.read(id, new, after)
        assert seen is not None
        assert site.changes(seen.inputs, new) == []
        assert seen.outputs == after

    def test_another_port_and_certificate(self, site: Site, other_identity: Identity) -> None:
        """What follows when the Tentacle's certificate was rotated and it moved."""
        old = site.inputs(site.listen(), expectedThumbprint=site.identity.thumbprint)
        id, state = site.create(old)
        new = site.inputs(site.listen(identity=other_identity), expectedThumbprint=other_identity.thumbprint)
        after = site.update(id, old, new, state)
        assert after["thumbprint"] == site.machine.endpoint.thumbprint == other_identity.thumbprint
        assert after["healthStatus"] == "Healthy"

    def test_a_proxy_is_named_in_the_error(self, site: Site) -> None:
        """The lab knows no connections through a proxy; that it is asked for one is what counts here."""
        old = site.inputs(site.listen())
        id, state = site.create(old)
        with pytest.raises(RequestFailed, match="through the proxy 'Gate'"):
            site.update(id, old, site.inputs(state["port"], proxy="gate"), state)
        assert site.machine.endpoint.proxy_id is None

    def test_a_name_that_is_taken(self, site: Site) -> None:
        before = render(other_machine(site, "shop"))
        old = site.inputs(site.listen())
        id, state = site.create(old)
        with pytest.raises(Conflict, match="'shop'"):
            site.update(id, old, site.inputs(state["port"], name="shop"), state)
        assert render(site.octopus.machines[0]) == before

    def test_drift_is_found_and_mended(self, site: Site) -> None:
        inputs = site.inputs(site.listen(), roles=["Web", "app"])
        id, state = site.create(inputs)
        site.machine.roles = ["WEB", "stranger"]
        site.machine.environment_ids = ["Environments-1", "Environments-2"]
        site.machine.policy_id = "MachinePolicies-3"
        seen = site.read(id, inputs, state)
        assert seen is not None
        assert seen.inputs["roles"] == ["stranger", "Web"]
        assert seen.inputs["environments"] == ["Production", "Test EU"]
        assert seen.inputs["machinePolicy"] == "Strict"
        assert site.changes(seen.inputs, inputs) == ["environments", "machinePolicy", "roles"]
        site.update(id, seen.inputs, inputs, seen.outputs)
        again = site.read(id, inputs, state)
        assert again is not None
        assert again.inputs == inputs

    def test_a_thumbprint_changed_in_octopus_is_half_made_and_mended(self, site: Site) -> None:
        inputs = site.inputs(site.listen(), expectedThumbprint=site.identity.thumbprint)
        id, state = site.create(inputs)
        site.machine.endpoint.thumbprint = "EF" * 20
        with pytest.raises(HalfMade, match=f"expectedThumbprint is {site.identity.thumbprint}") as raised:
            site.read(id, inputs, state)
        mended = site.update(id, inputs, inputs, to_tree(raised.value.state))
        assert mended["thumbprint"] == site.machine.endpoint.thumbprint == site.identity.thumbprint

    def test_a_target_that_was_deleted_says_what_to_do(self, site: Site) -> None:
        inputs = site.inputs(site.listen())
        id, state = site.create(inputs)
        site.octopus.machines.clear()
        with pytest.raises(NotFound, match="pulumi refresh"):
            site.update(id, inputs, inputs, state)


class TestImport:
    def test_by_id_alone(self, site: Site) -> None:
        inputs = site.inputs(site.listen(), roles=["Web"], tenants=["Acme"])
        id, _ = site.create(inputs)
        seen = site.read(id)
        assert seen is not None
        assert seen.inputs == inputs
        assert seen.outputs["incomplete"] == []

    def test_u97_an_id_in_another_case(self, site: Site) -> None:
        site.create(site.inputs(site.listen()))
        seen = site.read("spaces-1/MACHINES-1")
        assert seen is not None
        assert seen.id == "Spaces-1/Machines-1"

    def test_from_another_space(self, site: Site) -> None:
        site.create(site.inputs(site.listen(), space="Spaces-2", environments=["Live"]))
        seen = site.read("Spaces-2/Machines-1")
        assert seen is not None
        assert seen.inputs["space"] == "Payment Systems"
        from_there = site.read("Spaces-2/Machines-1", run=site.run(space="Spaces-2"))
        assert from_there is not None
        assert "space" not in from_there.inputs

    def test_another_policy_is_told_by_name_the_default_one_is_not(self, site: Site) -> None:
        id, _ = site.create(site.inputs(site.listen()))
        seen = site.read(id)
        assert seen is not None
        assert "machinePolicy" not in seen.inputs
        site.machine.policy_id = "MachinePolicies-3"
        seen = site.read(id)
        assert seen is not None
        assert seen.inputs["machinePolicy"] == "Strict"


class TestTakenOver:
    """Somebody registered another Tentacle by force under the same name: the id stays, the rest is the other's."""

    @pytest.fixture
    def taken(self, site: Site) -> tuple[str, dict[str, Any], dict[str, Any]]:
        inputs = site.inputs(site.listen())
        id, state = site.create(inputs)
        site.machine.endpoint = Endpoint(LISTENING, "https://10.0.0.5:10933/", "CD" * 20)
        return id, inputs, state

    def test_a_refresh_says_so_and_keeps_what_is_ours(self, site: Site, taken: tuple[str, Any, Any]) -> None:
        id, inputs, state = taken
        with pytest.raises(HalfMade, match=r"10\.0\.0\.5") as raised:
            site.read(id, inputs, state)
        assert to_tree(raised.value.inputs) == inputs
        assert to_tree(raised.value.state) | {"incomplete": []} == state

    def test_an_update_leaves_it_alone(self, site: Site, taken: tuple[str, Any, Any]) -> None:
        id, inputs, state = taken
        before = render(site.machine)
        with pytest.raises(Conflict, match="by force"):
            site.update(id, inputs, inputs, state)
        assert render(site.machine) == before

    def test_a_delete_leaves_it_alone_with_a_warning(self, site: Site, taken: tuple[str, Any, Any]) -> None:
        id, _, state = taken
        site.delete(id, state)
        assert site.machine.endpoint.thumbprint == "CD" * 20
        assert ["was left in Octopus" in w for w in site.warnings] == [True]

    def test_u53_so_with_another_style(self, site: Site, taken: tuple[str, Any, Any]) -> None:
        id, inputs, state = taken
        site.machine.endpoint = Endpoint(POLLING, "poll://abc/", site.identity.thumbprint)
        with pytest.raises(HalfMade, match="Polling Tentacle"):
            site.read(id, inputs, state)


class TestAnotherServer:
    def test_u89_no_operation_touches_another_installation(self, site: Site) -> None:
        inputs = site.inputs(site.listen())
        id, state = site.create(inputs)
        ours, site.octopus.installation_id = site.octopus.installation_id, "another-one"
        seen = site.read(id, inputs, state)
        assert seen is not None
        assert seen.outputs == state
        assert ours in site.warnings[0]
        assert "another-one" in site.warnings[0]
        with pytest.raises(OtherEstate, match="octopusUrl back"):
            site.delete(id, state)
        with pytest.raises(OtherEstate):
            site.update(id, inputs, inputs, state)
        assert site.machine.name == "web"

    def test_another_address_of_the_same_server_is_noted(self, site: Site) -> None:
        inputs = site.inputs(site.listen())
        id, state = site.create(inputs)
        site.url = site.server.url.replace("127.0.0.1", "localhost")
        seen = site.read(id, inputs, state)
        assert seen is not None
        assert seen.outputs == state | {"serverUrl": site.url}

    def test_a_space_that_the_account_does_not_see_proves_nothing(self, site: Site) -> None:
        inputs = site.inputs(site.listen(), space="Payment Systems", environments=["Live"])
        id, state = site.create(inputs)
        site.octopus.spaces.pop()
        seen = site.read(id, inputs, state)
        assert seen is not None
        assert "may not see it" in site.warnings[0]
        with pytest.raises(Unlooked, match="pulumi state delete"):
            site.delete(id, state)
