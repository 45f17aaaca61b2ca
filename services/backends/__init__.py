"""Ports to the world, each with its embedded default and its real ones."""
