"""The commands of Tentacle.exe; importing this package registers them."""

from pulumi_tentacle.lab.tentacle.commands import agent as agent
from pulumi_tentacle.lab.tentacle.commands import certificates as certificates
from pulumi_tentacle.lab.tentacle.commands import configure as configure
from pulumi_tentacle.lab.tentacle.commands import help as help
from pulumi_tentacle.lab.tentacle.commands import instances as instances
from pulumi_tentacle.lab.tentacle.commands import service as service
from pulumi_tentacle.lab.tentacle.commands import show as show
from pulumi_tentacle.lab.tentacle.commands import trust as trust
from pulumi_tentacle.lab.tentacle.commands import watchdog as watchdog
