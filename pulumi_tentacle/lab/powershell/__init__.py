"""A simulated PowerShell: the pipeline engine and the cmdlets that work on any object."""
