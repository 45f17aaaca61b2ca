"""Clients talk to real processes, as journeys do."""

from tests.journeys.conftest import processes, world_env

__all__ = ["processes", "world_env"]
