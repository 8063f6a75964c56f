"""Starts the plugin from a checkout, for `pulumi package add`."""

from pulumi_tentacle.plugin.main import main

main()
