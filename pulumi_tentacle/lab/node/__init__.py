"""What a simulated Windows node can do. Importing this package registers its cmdlets, programs and scripts."""

from pulumi_tentacle.lab.node import cim as cim
from pulumi_tentacle.lab.node import disk_cmdlets as disk_cmdlets
from pulumi_tentacle.lab.node import download as download
from pulumi_tentacle.lab.node import file_scripts as file_scripts
from pulumi_tentacle.lab.node import files as files
from pulumi_tentacle.lab.node import firewall_cmdlets as firewall_cmdlets
from pulumi_tentacle.lab.node import items as items
from pulumi_tentacle.lab.node import listener_scripts as listener_scripts
from pulumi_tentacle.lab.node import msiexec as msiexec
from pulumi_tentacle.lab.node import netsh as netsh
from pulumi_tentacle.lab.node import registry_keys as registry_keys
from pulumi_tentacle.lab.node import sc as sc
from pulumi_tentacle.lab.node import service_cmdlets as service_cmdlets
from pulumi_tentacle.lab.node import system as system
from pulumi_tentacle.lab.node import tasks as tasks
from pulumi_tentacle.lab.node import tcp as tcp
from pulumi_tentacle.lab.node import volume_cmdlets as volume_cmdlets
