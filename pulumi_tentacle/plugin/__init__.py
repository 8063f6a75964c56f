"""The resource provider plugin: Pulumi's gRPC protocol on one side, the resources on the other."""
