"""SharedDisk: see documentation.md."""
