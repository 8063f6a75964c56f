"""A target that does not get healthy, and replies that get lost."""

from __future__ import annotations

import pytest

from pulumi_tentacle.errors import (
    Cancelled,
    HalfMade,
)
from pulumi_tentacle.lab.octopus.state import PlannedAnswer
from pulumi_tentacle.resources.model import to_tree
from tests.resources.deployment_target.support import Hurried, Site


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
