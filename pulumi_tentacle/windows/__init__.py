"""What Windows offers on a node: services, files, firewall, MSI, storage, failover clusters. Knows nothing of Pulumi."""
