"""Sessions to Windows nodes: PSRP for cmdlets and constant scripts, WinRS for programs."""
