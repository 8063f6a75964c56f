"""DeploymentTarget: see documentation.md."""
