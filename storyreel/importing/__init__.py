"""Bringing a screenplay to a server over a network that may fail at any moment.

It is a client: of the application it knows nothing but the length of the longest screenplay.
"""
