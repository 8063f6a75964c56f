"""A simulated Octopus Server: its REST API over HTTP, and discovery and health checks that really connect."""
