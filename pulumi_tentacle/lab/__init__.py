"""A simulated estate on loopback addresses; it imports nothing of the product."""
