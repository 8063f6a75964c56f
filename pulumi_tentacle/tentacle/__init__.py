"""Tentacle: its command lines, files, certificates and listener. Knows nothing of Pulumi."""
