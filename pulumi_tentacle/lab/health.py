"""A health check of every target, as a person would ask for it in Octopus' portal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_tentacle.lab.octopus.task_views import task_text

if TYPE_CHECKING:
    from pulumi_tentacle.lab.server import Lab

SECONDS = 240.0


def check_all(lab: Lab) -> list[dict[str, Any]]:
    """Start a Health task in every space that has targets and wait for it; what came of each target."""
    octopus, server = lab.estate.octopus, lab.octopus_server
    if octopus is None or server is None:
        return []
    results = []
    for space in list(octopus.spaces):
        with lab.estate.lock:
            if not any(m.space_id == space.id for m in octopus.machines):
                continue
            task = server.tasks.start(space.id, "Manual health check", {})
        server.tasks.wait(task.id, SECONDS)
        with lab.estate.lock:
            results += [
                {
                    "id": m.id,
                    "name": m.name,
                    "uri": m.endpoint.uri,
                    "thumbprint": m.endpoint.thumbprint,
                    "healthStatus": m.health,
                    "summary": m.summary,
                    "task": {"id": task.id, "state": task.state, "log": task_text(task)},
                }
                for m in octopus.machines
                if m.space_id == space.id
            ]
    return results
