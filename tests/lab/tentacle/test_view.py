from __future__ import annotations

from pulumi_tentacle.lab.tentacle.view import instances
from tests.lab.tentacle.tentacle_node import CONFIGURATION, Installed


def test_instances_as_the_world_shows_them(installed: Installed) -> None:
    installed.do("create-instance", "--instance", "Tentacle", "--config", CONFIGURATION)
    installed.do("new-certificate", "--instance", "Tentacle")
    installed.do("configure", "--instance", "Tentacle", "--trust", "ABCD", "--port", "10940")
    (shown,) = instances(installed.node)
    assert shown == {
        "name": "Tentacle",
        "configuration": CONFIGURATION,
        "home": r"C:\Octopus",
        "applicationDirectory": r"C:\Octopus\Applications",
        "thumbprint": installed.do("show-thumbprint", "--instance", "Tentacle"),
        "trusted": ["ABCD"],
        "port": 10940,
        "listenAddress": None,
        "listening": True,
    }


def test_what_cannot_be_read_is_told(installed: Installed) -> None:
    installed.do("create-instance", "--instance", "Tentacle", "--config", CONFIGURATION)
    installed.node.files.write(CONFIGURATION, b"<octopus-settings><set key=")
    (shown,) = instances(installed.node)
    assert "Unable to parse configuration key" in shown["error"]
    installed.node.files.write(r"C:\ProgramData\Octopus\Tentacle\Instances\broken.config", b"")
    (shown,) = instances(installed.node)
    assert "broken.config" in shown["error"]
