"""The Octopus REST API: one client, and what is asked through it. Knows nothing of Pulumi."""
