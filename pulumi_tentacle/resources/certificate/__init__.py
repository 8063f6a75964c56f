"""Certificate: see documentation.md."""
