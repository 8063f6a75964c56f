"""The command line `pulumi-tentacle`: the only part that sees both the product and the lab."""
