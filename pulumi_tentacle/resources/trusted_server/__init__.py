"""TrustedServer: see documentation.md."""
