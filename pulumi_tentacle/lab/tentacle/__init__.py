"""Tentacle.exe, its service and its listener; importing this package registers program and service."""

from pulumi_tentacle.lab.tentacle import agent as agent
from pulumi_tentacle.lab.tentacle import executable as executable
