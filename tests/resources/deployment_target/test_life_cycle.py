"""Deployment targets on a simulated Octopus Server that really connects to listeners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_tentacle.errors import (
    AccessDenied,
    Cancelled,
    Conflict,
    HalfMade,
    NotFound,
    OtherEstate,
    RequestFailed,
    TentacleError,
    Unlooked,
)
from pulumi_tentacle.lab.octopus.render import machine as render
from pulumi_tentacle.lab.octopus.state import Endpoint, Machine, PlannedAnswer
from pulumi_tentacle.lab.tentacle.certificates import Identity
from pulumi_tentacle.resources.model import to_tree
from pulumi_tentacle.resources.values import UNKNOWN
from tests.resources.deployment_target.support import Hurried, Site

LISTENING, POLLING = "TentaclePassive", "TentacleActive"


def other_machine(site: Site, name: str = "web", **endpoint: Any) -> Machine:
    """A target that somebody else registered."""
    described = {"style": LISTENING, "uri": "https://10.0.0.5:10933/", "thumbprint": "CD" * 20, **endpoint}
    octopus = site.octopus
    machine = Machine(
        octopus.next_id("Machines"),
        octopus.default_space.id,
        name,
        Endpoint(**described),
        environment_ids=[octopus.environments[1].id],
        roles=["db"],
        policy_id=octopus.policies[0].id,
        health="Healthy",
    )
    octopus.machines.append(machine)
    return machine


class TestOneLife:
    def test_create_read_delete(self, site: Site) -> None:
        port = site.listen()
        inputs = site.inputs(port, expectedThumbprint=site.identity.thumbprint)
        id, state = site.create(inputs)
        assert id == "Spaces-1/Machines-1"
        assert state | {"uri": "", "serverUrl": "", "installationId": ""} == {
            **inputs,
            "machineId": "Machines-1",
            "uri": "",
            "thumbprint": site.identity.thumbprint,
            "healthStatus": "Healthy",
            "serverUrl": "",
            "installationId": "",
            "incomplete": [],
        }
        assert state["uri"] == f"https://127.0.0.1:{port}/"
        assert (state["serverUrl"], state["installationId"]) == (site.server.url, site.octopus.installation_id)
        assert site.warnings == []

        seen = site.read(id, inputs, state)
        assert seen is not None
        assert (seen.id, seen.inputs, seen.outputs) == (id, inputs, state)
        assert site.changes(seen.inputs, inputs) == []

        site.delete(id, state)
        assert site.octopus.machines == []
        site.delete(id, state)
        assert site.read(id, inputs, state) is None
        assert site.warnings == []
        assert site.octopus.unknown == {}

    def test_progress_tells_what_goes_on(self, site: Site) -> None:
        site.create(site.inputs(site.listen()))
        assert any("looks for the Tentacle" in line for line in site.progress)
        assert any("register the deployment target 'web'" in line for line in site.progress)

    def test_everything_that_can_be_said(self, site: Site) -> None:
        written = {
            "environments": ["test eu", "Environments-1"],
            "roles": ["Web", "app"],
            "tenants": ["acme"],
            "tenantTags": ["ring/early"],
            "tenantedDeployment": "TenantedOrUntenanted",
            "machinePolicy": "strict",
            "disabled": True,
            "upgradeLocked": True,
        }
        inputs = site.inputs(site.listen(), **written)
        id, state = site.create(inputs)
        machine = site.machine
        assert sorted(machine.environment_ids) == ["Environments-1", "Environments-2"]
        assert (machine.tenant_ids, machine.tenant_tags) == (["Tenants-1"], ["Ring/Early"])
        assert (machine.participation, machine.is_disabled) == ("TenantedOrUntenanted", True)
        assert machine.endpoint.version
        assert machine.endpoint.version.upgrade_locked
        assert machine.policy_id == site.octopus.policies[-1].id
        seen = site.read(id, inputs, state)
        assert seen is not None
        assert seen.inputs == inputs

    def test_a_disabled_target_is_not_waited_for(self, site: Site) -> None:
        site.create(site.inputs(site.listen(trusting=False), disabled=True))
        assert "POST /api/Spaces-1/tasks" not in site.octopus.requests

    def test_without_waiting_octopus_checks_by_itself(self, site: Site) -> None:
        inputs = site.inputs(site.listen(), health={"wait": False})
        id, state = site.create(inputs)
        assert [t.name for t in site.octopus.tasks] == ["Health"]
        site.server.tasks.wait(site.octopus.tasks[0].id)
        seen = site.read(id, inputs, state)
        assert seen is not None
        assert seen.outputs["healthStatus"] == "Healthy"

    def test_another_space(self, site: Site) -> None:
        inputs = site.inputs(site.listen(), space="payment systems", environments=["Live"])
        id, state = site.create(inputs)
        assert id == "Spaces-2/Machines-1"
        seen = site.read(id, inputs, state)
        assert seen is not None
        assert seen.inputs == inputs
        site.delete(id, state)
        assert site.octopus.machines == []

    def test_the_space_of_the_configuration(self, site: Site) -> None:
        inputs = site.inputs(site.listen(), environments=["Live"])
        id, _ = site.create(inputs, site.run(space="Payment Systems"))
        assert id == "Spaces-2/Machines-1"


class TestPreview:
    def test_nothing_is_touched_and_what_is_certain_is_known(self, site: Site) -> None:
        outputs = site.preview(site.inputs(10933, expectedThumbprint="AB" * 20))
        assert outputs["uri"] == "https://127.0.0.1:10933/"
        assert outputs["thumbprint"] == "AB" * 20
        assert [outputs[k] for k in ("machineId", "healthStatus", "installationId")] == [UNKNOWN] * 3
        assert outputs["incomplete"] == []
        assert [r for r in site.octopus.requests if not r.startswith("GET")] == []
        assert site.warnings == []

    def test_u68_an_ipv6_address_is_put_in_brackets(self, site: Site) -> None:
        assert site.preview(site.inputs(10933, host="FD00::10"))["uri"] == "https://[fd00::10]:10933/"

    def test_names_that_octopus_does_not_know_are_warnings(self, site: Site) -> None:
        site.preview(
            site.inputs(
                10933,
                environments=["Prod", "Test EU", UNKNOWN],
                machinePolicy="Strickt",
                tenants=UNKNOWN,
                proxy="Gate",
            )
        )
        assert len(site.warnings) == 2
        assert "no environment 'Prod'" in site.warnings[0]
        assert "Did you mean 'Production'?" in site.warnings[0]
        assert "no machine policy 'Strickt'" in site.warnings[1]

    def test_an_unknown_space_is_a_warning_too(self, site: Site) -> None:
        site.preview(site.inputs(10933, space="Payments"))
        assert ["no space 'Payments'" in w for w in site.warnings] == [True]

    def test_a_server_that_does_not_answer_is_a_warning(self, site: Site) -> None:
        site.preview(site.inputs(10933), site.run(api_key="API-WRONG"))
        assert ["could not be checked" in w for w in site.warnings] == [True]

    def test_everything_unknown(self, site: Site) -> None:
        inputs = {"host": UNKNOWN, "environments": UNKNOWN, "roles": UNKNOWN, "space": UNKNOWN, "instance": UNKNOWN}
        outputs = site.preview(inputs)
        assert outputs["uri"] is outputs["thumbprint"] is UNKNOWN
        assert site.octopus.requests == []


class TestNothingIsRegistered:
    def failing(self, site: Site, error: type[TentacleError], port: int = 10933, **changes: Any) -> str:
        with pytest.raises(error) as raised:
            site.create(site.inputs(port, **changes))
        assert type(raised.value) is error
        assert site.octopus.machines == []
        return str(raised.value)

    def test_names_that_octopus_does_not_know(self, site: Site) -> None:
        text = self.failing(
            site, NotFound, environments=["Prodution", "Test EU"], proxy="Gatte", tenants=["Acne"], machinePolicy="x"
        )
        for words in ("'Production'", "'Gate'", "'Acme'", "no machine policy 'x'", "Nothing was registered"):
            assert words in text

    def test_u58_a_tag_of_a_set_that_is_not_for_tenants(self, site: Site) -> None:
        text = self.failing(site, NotFound, tenantTags=["Default Target Tags/web"])
        assert "is for Target" in text

    def test_nobody_listens(self, site: Site) -> None:
        text = self.failing(site, RequestFailed, port=1)
        assert "https://127.0.0.1:1/" in text
        assert "actively refused" in text
        assert "directly, without a proxy" in text

    def test_u55_another_certificate_than_the_expected_one(self, site: Site, other_identity: Identity) -> None:
        port = site.listen(identity=other_identity)
        text = self.failing(site, Conflict, port, expectedThumbprint=site.identity.thumbprint)
        for words in (other_identity.thumbprint, site.identity.thumbprint, "TLS is terminated by something else"):
            assert words in text

    def test_the_next_up_succeeds_when_the_cause_is_mended(self, site: Site, other_identity: Identity) -> None:
        port = site.listen(identity=other_identity)
        self.failing(site, Conflict, port, expectedThumbprint=site.identity.thumbprint)
        site.listeners.pop().close()
        site.listen(port=port)
        _, state = site.create(site.inputs(port, expectedThumbprint=site.identity.thumbprint))
        assert state["incomplete"] == []

    def test_a_missing_permission_is_named(self, site: Site) -> None:
        views = {"MachineView", "EnvironmentView", "MachinePolicyView"}
        key = site.octopus.add_account("reader", views)
        with pytest.raises(AccessDenied, match="permission MachineCreate"):
            site.create(site.inputs(site.listen()), site.run(api_key=key))
        assert site.octopus.machines == []


class TestWhatIsThereAlready:
    def test_u52_a_target_of_that_name_is_never_taken_over(self, site: Site) -> None:
        before = render(other_machine(site, "WEB"))
        with pytest.raises(Conflict) as raised:
            site.create(site.inputs(site.listen()))
        for words in ("Machines-1", "https://10.0.0.5:10933/", "CD" * 20, "Test EU", "Healthy", "another `name`"):
            assert words in str(raised.value)
        assert render(site.machine) == before

    def test_u52_our_own_is_carried_on(self, site: Site) -> None:
        """Same name, thumbprint and address: a run that was killed, or another program's."""
        inputs = site.inputs(site.listen())
        first = site.create(inputs)
        assert site.create(inputs) == first
        more = site.inputs(first[1]["port"], roles=["app", "db"])
        assert site.create(more)[0] == first[0]
        assert sorted(site.machine.roles) == ["app", "db"]

    def test_u04_the_same_certificate_at_another_address_is_a_warning(self, site: Site) -> None:
        before = render(other_machine(site, "PROD", thumbprint=site.identity.thumbprint))
        site.create(site.inputs(site.listen(), name="DEV"))
        assert ["'PROD' (Machines-1, https://10.0.0.5:10933/)" in w for w in site.warnings] == [True]
        assert render(site.octopus.machines[0]) == before

    def test_u04_same_name_and_certificate_at_another_address_is_refused(self, site: Site) -> None:
        other_machine(site, thumbprint=site.identity.thumbprint)
        with pytest.raises(Conflict, match=r"10\.0\.0\.5"):
            site.create(site.inputs(site.listen()))

    def test_u53_a_polling_tentacle_of_that_name(self, site: Site) -> None:
        other_machine(site, style=POLLING, uri="poll://abc/")
        with pytest.raises(Conflict, match="Polling Tentacle"):
            site.create(site.inputs(site.listen()))
        with pytest.raises(NotFound, match="not a Listening Tentacle"):
            site.read("Spaces-1/Machines-1")


class TestHealth:
    def test_a_tentacle_that_does_not_trust_is_half_made_and_mended(self, site: Site) -> None:
        port = site.listen(trusting=False)
        inputs = site.inputs(port)
        with pytest.raises(HalfMade) as raised:
            site.create(inputs)
        error = raised.value
        assert error.id == "Spaces-1/Machines-1"
        state = to_tree(error.state)
        assert state["incomplete"] == error.reasons == sorted(error.reasons)
        assert (state["healthStatus"], state["machineId"]) == ("Unavailable", "Machines-1")
        assert "cannot connect" in str(error)
        assert "Attempted to read past the end of the stream" in str(error)

        with pytest.raises(HalfMade) as read:
            site.read(error.id, inputs, state)
        assert ["is Unavailable" in r for r in read.value.reasons] == [True]
        assert to_tree(read.value.inputs) == inputs
        assert to_tree(read.value.state)["incomplete"] == read.value.reasons

        site.listeners.pop().close()
        site.listen(port=port)
        mended = site.update(error.id, inputs, inputs, state)
        assert (mended["healthStatus"], mended["incomplete"]) == ("Healthy", [])
        seen = site.read(error.id, inputs, mended)
        assert seen is not None
        assert seen.outputs == mended

    def test_it_is_still_half_made_if_nothing_was_mended(self, site: Site) -> None:
        inputs = site.inputs(site.listen(trusting=False))
        with pytest.raises(HalfMade) as created:
            site.create(inputs)
        with pytest.raises(HalfMade) as repaired:
            site.update(created.value.id, inputs, inputs, to_tree(created.value.state))
        assert repaired.value.reasons == created.value.reasons

    def test_a_check_that_does_not_begin(self, site: Site) -> None:
        site.octopus.default_space.task_queue_stopped = True
        site.waiter = Hurried()
        with pytest.raises(HalfMade, match=r"has not begun within health\.timeout"):
            site.create(site.inputs(site.listen()))
        assert site.machine.name == "web"

    def test_u64_a_script_that_never_starts(self, site: Site) -> None:
        site.octopus.default_space.task_queue_stopped = True

        def hang() -> None:
            site.octopus.tasks[-1].state = "Executing"

        site.waiter = Hurried(before_wait=hang)
        with pytest.raises(HalfMade, match=r"the script does not start: look whether security software"):
            site.create(site.inputs(site.listen()))

    def test_without_the_right_to_check_it_is_half_made(self, site: Site) -> None:
        rights = {"MachineView", "MachineCreate", "EnvironmentView", "MachinePolicyView"}
        key = site.octopus.add_account("half", rights)
        with pytest.raises(HalfMade, match="permission TaskCreate"):
            site.create(site.inputs(site.listen()), site.run(api_key=key))
        assert site.machine.name == "web"

    def test_cancelled_after_the_registration(self, site: Site) -> None:
        site.octopus.default_space.task_queue_stopped = True

        def cancel() -> None:
            raise Cancelled("Ctrl-C")

        site.waiter = Hurried(before_wait=cancel)
        with pytest.raises(HalfMade) as raised:
            site.create(site.inputs(site.listen()))
        assert raised.value.id == "Spaces-1/Machines-1"

    def test_a_read_is_content_with_what_the_user_is(self, site: Site) -> None:
        port = site.listen()
        loose, strict = site.inputs(port), site.inputs(port, health={"allowWarnings": False})
        id, state = site.create(loose)
        site.machine.health = "HasWarnings"
        assert site.read(id, loose, state) is not None
        with pytest.raises(HalfMade, match="allowWarnings"):
            site.read(id, strict, state)
        site.machine.health = "Unavailable"
        assert site.read(id, site.inputs(port, health={"wait": False}), state) is not None


class TestLostReplies:
    @pytest.mark.parametrize("after_effect", [True, False])
    def test_u98_a_lost_registration_is_looked_for(self, site: Site, after_effect: bool) -> None:
        site.octopus.planned.append(PlannedAnswer(502, method="POST", path="/machines", after_effect=after_effect))
        id, state = site.create(site.inputs(site.listen()))
        assert (id, state["healthStatus"]) == ("Spaces-1/Machines-1", "Healthy")
        assert site.machine.id == "Machines-1"

    def test_u98_a_lost_change_of_ours_is_repeated(self, site: Site) -> None:
        inputs = site.inputs(site.listen())
        id, state = site.create(inputs)
        site.octopus.planned.append(PlannedAnswer(502, method="PUT", after_effect=True))
        new = site.inputs(state["port"], roles=["db"])
        assert site.update(id, inputs, new, state)["incomplete"] == []
        assert site.machine.roles == ["db"]

    def test_u98_a_lost_delete_is_done(self, site: Site) -> None:
        id, state = site.create(site.inputs(site.listen()))
        site.octopus.planned.append(PlannedAnswer(502, method="DELETE", after_effect=True))
        site.delete(id, state)
        assert site.octopus.machines == []

    def test_u65_limited_requests_are_sent_later(self, site: Site) -> None:
        site.waiter = Hurried()
        site.octopus.planned += [
            PlannedAnswer(429, method=method, path=path, retry_after=30, times=2)
            for method, path in (("GET", "/environments"), ("POST", "/machines"), ("GET", "/discover"))
        ]
        site.create(site.inputs(site.listen(), health={"wait": False}))
        assert site.machine.name == "web"


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
