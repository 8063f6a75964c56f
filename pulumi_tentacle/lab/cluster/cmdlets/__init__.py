"""The FailoverClusters module: one file for each kind of thing that its cmdlets are about."""
