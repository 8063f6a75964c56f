"""ClusterRole: see documentation.md."""
