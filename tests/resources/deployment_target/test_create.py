"""Registering a deployment target, on a simulated Octopus Server that really connects to listeners."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pulumi_tentacle.errors import (
    AccessDenied,
    Conflict,
    InvalidInput,
    NotFound,
    RequestFailed,
    TentacleError,
)
from pulumi_tentacle.lab.octopus.render import machine as render
from pulumi_tentacle.lab.tentacle.certificates import Identity
from pulumi_tentacle.resources.values import UNKNOWN
from tests.resources.deployment_target.support import POLLING, Site, other_machine


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

    def test_without_a_server_configured_a_preview_says_nothing(self, site: Site) -> None:
        def missing() -> Any:
            raise InvalidInput([("octopusUrl", "this is needed here")])

        run = site.run()
        run.octopus = missing
        assert site.preview(site.inputs(10933), run)["uri"] == "https://127.0.0.1:10933/"
        assert site.warnings == []

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


def test_u65_six_targets_at_once_share_a_client_and_its_lists(site: Site) -> None:
    run = site.run()
    wanted = [site.inputs(site.listen(), name=f"web{n}", health={"wait": False}) for n in range(6)]
    with ThreadPoolExecutor(6) as executor:
        ids = [id for id, _ in executor.map(lambda inputs: site.create(inputs, run), wanted)]
    assert sorted(ids) == [f"Spaces-1/Machines-{n}" for n in range(1, 7)]
    for path in ("/api", "/api/spaces/all", "/api/Spaces-1/environments/all", "/api/Spaces-1/machinepolicies/all"):
        assert site.octopus.requests.count(f"GET {path}") == 1, path
