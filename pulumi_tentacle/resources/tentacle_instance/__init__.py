"""TentacleInstance: see documentation.md."""
