"""The functions: what a program can look up without managing it."""
