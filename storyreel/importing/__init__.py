"""Bringing a screenplay to a server over a network that may fail at any moment.

Nothing here imports the application but for its limits. What it can do, every client can.
"""
